#include "channel/twilio/signature.hpp"

#include <map>
#include <set>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::twilio {

std::string callback_signature(std::string_view auth_token, std::string_view url,
                               const Form& form) {
    std::map<std::string_view, std::set<std::string_view>> sorted;
    for (const auto& [name, value] : form) sorted[name].insert(value);
    std::string text(url);
    for (const auto& [name, values] : sorted) {
        for (const std::string_view value : values) text.append(name).append(value);
    }
    return to_base64(hmac_sha1(auth_token, text));
}

bool signature_fits(std::string_view auth_token, std::string_view url, const Form& form,
                    std::string_view signature) {
    const auto fits = [&](std::string_view candidate) {
        return equal_in_constant_time(callback_signature(auth_token, candidate, form), signature);
    };
    auto parts = split_url(url);
    bool good = fits(url);
    if (!parts) return good;
    const bool had_port = !parts->port.empty();
    parts->port = had_port ? "" : parts->scheme == "https://" ? ":443" : ":80";
    const bool other = fits(join(*parts));
    return good || other;
}

}  // namespace hongyan::twilio
