#include "universe/web_push/vapid_check.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::universe::web_push {
namespace {

/// The value of a parameter of "vapid t=..., k=...".
std::string parameter(std::string_view header, std::string_view name) {
    for (const auto& part : split(header, ',')) {
        const auto text = trim(part);
        const auto equals = text.find('=');
        if (equals != text.npos && trim(text.substr(0, equals)) == name)
            return std::string(trim(text.substr(equals + 1)));
    }
    return {};
}

boost::json::object part_of(std::string_view encoded) {
    const auto text = from_base64(encoded);
    if (!text) return {};
    boost::system::error_code failed;
    auto value = boost::json::parse(*text, failed);
    if (failed || !value.is_object()) return {};
    return std::move(value.get_object());
}

std::string text_of(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

/// "" or what is wrong with the claims.
std::string wrong_claims(const boost::json::object& claims, std::string_view origin,
                         std::int64_t now) {
    if (text_of(claims, "aud") != origin) {
        return "aud is " + text_of(claims, "aud") + ", it must be the endpoint's origin " +
               std::string(origin);
    }
    const auto* expires = claims.if_contains("exp");
    if (expires == nullptr || !expires->is_int64()) return "exp is missing";
    if (expires->get_int64() <= now) return "the token has expired";
    if (expires->get_int64() > now + 86'400) return "exp is more than 24 hours ahead";
    const auto subject = text_of(claims, "sub");
    if (!subject.starts_with("mailto:") && !subject.starts_with("https:"))
        return "sub is neither a mailto: nor an https: URL";
    return "";
}

}  // namespace

VapidFinding check_vapid(std::string_view authorization, std::string_view origin,
                         std::int64_t now_ms) {
    if (!equals_ignoring_case(authorization.substr(0, 6), "vapid "))
        return {401, "a VAPID header is required", "", ""};
    const std::string token = parameter(authorization.substr(6), "t");
    const std::string key = parameter(authorization.substr(6), "k");
    const auto parts = split(token, '.');
    const auto point = from_base64(key);
    if (parts.size() != 3 || !point || point->size() != 65)
        return {401, "t or k of the VAPID header is missing or malformed", "", ""};
    if (text_of(part_of(parts[0]), "alg") != "ES256") return {403, "alg is not ES256", "", ""};
    const auto signature = from_base64(parts[2]);
    const std::string signed_part = token.substr(0, token.rfind('.'));
    if (!signature || signature->size() != 64 ||
        !verify_signature(SigningKey::Kind::ec_p256, *point, signed_part, *signature))
        return {403, "the signature does not fit k", "", ""};
    const auto claims = part_of(parts[1]);
    if (auto wrong = wrong_claims(claims, origin, now_ms / 1000); !wrong.empty())
        return {403, std::move(wrong), "", ""};
    return {0, "", to_base64url(*point), text_of(claims, "sub")};
}

}  // namespace hongyan::universe::web_push
