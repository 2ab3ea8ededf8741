#include "universe/apns/provider_token.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::universe::apns {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::size_t max_seen = 10'000;

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

bool is_signed(const Team& team, std::string_view token) {
    const auto dot = token.rfind('.');
    const auto signature = from_base64(token.substr(dot + 1));
    return signature && signature->size() == 64 &&
           verify_signature(SigningKey::Kind::ec_p256, team.public_key, token.substr(0, dot),
                            *signature);
}

}  // namespace

std::string TokenCheck::reason(const Team& team, std::string_view authorization,
                               std::int64_t now_ms) {
    if (authorization.empty()) return "MissingProviderToken";
    if (!equals_ignoring_case(authorization.substr(0, 7), "bearer ")) return "InvalidProviderToken";
    const std::string token(authorization.substr(7));
    const auto parts = split(token, '.');
    if (parts.size() != 3) return "InvalidProviderToken";
    const auto header = part_of(parts[0]);
    const auto claims = part_of(parts[1]);
    if (text_of(header, "alg") != "ES256" || text_of(header, "kid") != team.key_id ||
        text_of(claims, "iss") != team.team_id || !is_signed(team, token))
        return "InvalidProviderToken";
    const auto* issued = claims.if_contains("iat");
    if (issued == nullptr || !issued->is_int64()) return "InvalidProviderToken";
    const std::int64_t age = now_ms - issued->get_int64() * 1000;
    if (age > 60 * minute_ms) return "ExpiredProviderToken";
    if (age < -5 * minute_ms) return "InvalidProviderToken";

    auto seen = seen_.lock();
    std::erase_if(*seen, [&](const auto& e) { return e.second < now_ms - 60 * minute_ms; });
    if (seen->contains(token)) return "";
    std::int64_t recent = 0;
    for (const auto& [known, at] : *seen) recent += at > now_ms - 20 * minute_ms ? 1 : 0;
    if (recent >= team.updates_per_20_minutes || seen->size() >= max_seen)
        return "TooManyProviderTokenUpdates";
    (*seen)[token] = now_ms;
    return "";
}

std::size_t TokenCheck::known(std::int64_t now_ms) {
    auto seen = seen_.lock();
    std::size_t recent = 0;
    for (const auto& [token, at] : *seen) recent += at > now_ms - 20 * minute_ms ? 1 : 0;
    return recent;
}

}  // namespace hongyan::universe::apns
