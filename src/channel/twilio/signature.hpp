// X-Twilio-Signature: how Twilio proves that a callback is its own. Pure functions, safe from every
// thread.
#pragma once

#include <string>
#include <string_view>

#include "channel/twilio/url.hpp"

namespace hongyan::twilio {

/// base64 of HMAC-SHA1 over the URL and the form's fields, sorted by name; a value that stands
/// twice under one name counts once.
[[nodiscard]] std::string callback_signature(std::string_view auth_token, std::string_view url,
                                             const Form& form);

/// True if signature fits the URL as it is, or with the scheme's own port added or the port taken
/// away: proxies and Twilio do not agree on that. Compares in constant time.
[[nodiscard]] bool signature_fits(std::string_view auth_token, std::string_view url,
                                  const Form& form, std::string_view signature);

}  // namespace hongyan::twilio
