#include "universe/twilio/signature.hpp"

#include <algorithm>

#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::universe::twilio {

std::string sign_callback(std::string_view auth_token, std::string_view url, Fields fields) {
    std::sort(fields.begin(), fields.end());
    std::string text(url);
    for (const auto& [name, value] : fields) text += name + value;
    return to_base64(hmac_sha1(auth_token, text));
}

std::string write_form(const Fields& fields) {
    std::string text;
    for (const auto& [name, value] : fields) {
        text += (text.empty() ? "" : "&") + percent_encoded(name) + "=" + percent_encoded(value);
    }
    return text;
}

}  // namespace hongyan::universe::twilio
