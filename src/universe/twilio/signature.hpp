// X-Twilio-Signature as Twilio makes it, and forms as it writes them. Pure functions, safe from
// every thread.
#pragma once

#include <string>
#include <string_view>

#include "universe/twilio/messages.hpp"

namespace hongyan::universe::twilio {

/// base64 of HMAC-SHA1 over the URL followed by the fields in the order of their names.
[[nodiscard]] std::string sign_callback(std::string_view auth_token, std::string_view url,
                                        Fields fields);

/// "a=1&b=%E4%BD%A0"
[[nodiscard]] std::string write_form(const Fields& fields);

}  // namespace hongyan::universe::twilio
