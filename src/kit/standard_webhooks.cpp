#include "kit/standard_webhooks.hpp"

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::kit {
namespace {

constexpr std::string_view shared_prefix = "whsec_";
constexpr std::string_view private_prefix = "whsk_";
constexpr std::string_view public_prefix = "whpk_";
constexpr std::size_t seed_bytes = 32;
constexpr std::size_t public_bytes = 32;
constexpr std::size_t shared_bytes_min = 24;
constexpr std::size_t shared_bytes_max = 64;

std::optional<std::string> decoded(std::string_view text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return std::nullopt;
    return from_base64(text.substr(prefix.size()));
}

/// The key of the HMAC. Receivers' libraries take secrets of any length; only what an operator sets
/// anew is held to the specification's 24 to 64 bytes.
std::optional<std::string> shared_key(std::string_view secret) {
    const bool has_prefix = secret.starts_with(shared_prefix);
    auto key = decoded(secret, has_prefix ? shared_prefix : "");
    if (!key || key->empty()) return std::nullopt;
    return key;
}

std::optional<SigningKey> private_key(std::string_view secret) {
    const auto bytes = decoded(secret, private_prefix);
    if (!bytes) return std::nullopt;
    if (bytes->size() != seed_bytes && bytes->size() != seed_bytes + public_bytes) {
        return std::nullopt;
    }
    const std::string_view whole = *bytes;
    auto key = SigningKey::from_raw(SigningKey::Kind::ed25519, whole.substr(0, seed_bytes));
    if (!key) return std::nullopt;
    const bool has_public = whole.size() > seed_bytes;
    if (has_public && key->public_key() != whole.substr(seed_bytes)) return std::nullopt;
    return std::move(*key);
}

std::string signed_bytes(std::string_view id, std::string_view timestamp, std::string_view body) {
    std::string bytes;
    bytes.reserve(id.size() + timestamp.size() + body.size() + 2);
    bytes.append(id).append(1, '.').append(timestamp).append(1, '.').append(body);
    return bytes;
}

std::string_view header_of(const WebhookHeaders& headers, std::string_view name) {
    for (const auto& [key, value] : headers) {
        if (equals_ignoring_case(key, name)) return value;
    }
    return {};
}

/// The key that verifies v1a: given as it is, or as the private key's other half.
std::optional<std::string> verifying_key(std::string_view secret) {
    if (auto key = decoded(secret, public_prefix)) return key;
    const auto key = private_key(secret);
    if (!key) return std::nullopt;
    return key->public_key();
}

bool fits(std::string_view signature, std::string_view bytes, std::string_view secret) {
    if (signature.starts_with("v1a,")) {
        const auto raw = from_base64(signature.substr(4));
        const auto key = verifying_key(secret);
        return raw && key && key->size() == public_bytes &&
               verify_signature(SigningKey::Kind::ed25519, *key, bytes, *raw);
    }
    if (!signature.starts_with("v1,")) return false;
    if (secret.starts_with(private_prefix) || secret.starts_with(public_prefix)) return false;
    const auto key = shared_key(secret);
    return key && equal_in_constant_time(to_base64(hmac_sha256(*key, bytes)), signature.substr(3));
}

bool any_fits(std::string_view signatures, std::string_view bytes,
              std::span<const std::string> secrets) {
    constexpr int most_signatures = 16;
    int tried = 0;
    for (const std::string& signature : split(signatures, ' ')) {
        if (signature.empty()) continue;
        if (++tried > most_signatures) return false;
        for (const std::string& secret : secrets) {
            if (fits(signature, bytes, secret)) return true;
        }
    }
    return false;
}

}  // namespace

std::optional<std::string> check_webhook_secret(std::string_view secret) {
    if (secret.starts_with(private_prefix)) {
        if (private_key(secret)) return std::nullopt;
        return "must be whsk_ and base64 of an Ed25519 key of 32 or 64 bytes";
    }
    const auto key = shared_key(secret);
    if (key && key->size() >= shared_bytes_min && key->size() <= shared_bytes_max) {
        return std::nullopt;
    }
    return "must be whsec_ and base64 of 24 to 64 random bytes";
}

std::string make_webhook_secret() {
    return std::string(shared_prefix) + to_base64(random_bytes(32));
}

std::string sign_webhook(std::string_view id, std::int64_t timestamp_s, std::string_view body,
                         std::string_view secret) {
    const std::string bytes = signed_bytes(id, std::to_string(timestamp_s), body);
    if (secret.starts_with(private_prefix)) {
        const auto key = private_key(secret);
        return key ? "v1a," + to_base64(key->sign(bytes)) : "";
    }
    const auto key = shared_key(secret);
    return key ? "v1," + to_base64(hmac_sha256(*key, bytes)) : "";
}

std::string sign_webhook(std::string_view id, std::int64_t timestamp_s, std::string_view body,
                         std::span<const std::string> secrets) {
    std::string all;
    for (const std::string& secret : secrets) {
        const std::string one = sign_webhook(id, timestamp_s, body, secret);
        if (one.empty()) continue;
        all += (all.empty() ? "" : " ") + one;
    }
    return all;
}

std::string public_webhook_key(std::string_view secret) {
    const auto key = private_key(secret);
    return key ? std::string(public_prefix) + to_base64(key->public_key()) : "";
}

Result<Done> verify_webhook(const WebhookHeaders& headers, std::string_view body,
                            std::span<const std::string> secrets, std::int64_t now_ms,
                            Millis tolerance) {
    const auto id = header_of(headers, "webhook-id");
    const auto timestamp = header_of(headers, "webhook-timestamp");
    const auto signatures = header_of(headers, "webhook-signature");
    if (id.empty() || timestamp.empty() || signatures.empty()) {
        return make_error(ErrorCode::bad_request,
                          "webhook-id, webhook-timestamp and webhook-signature must be given.");
    }
    const auto seconds = parse_int(timestamp);
    constexpr std::int64_t last_second = 253'402'300'799;  // of the year 9999
    if (!seconds || *seconds < 0 || *seconds > last_second) {
        return make_error(ErrorCode::bad_request, "webhook-timestamp is not a time in seconds.");
    }
    if (!any_fits(signatures, signed_bytes(id, timestamp, body), secrets)) {
        return make_error(ErrorCode::unauthorized, "No signature of the webhook fits.");
    }
    const std::int64_t age_ms = now_ms - *seconds * 1000;
    if (age_ms > tolerance.count() || age_ms < -tolerance.count()) {
        return make_error(ErrorCode::unauthorized, "webhook-timestamp is too far from now.");
    }
    return Done{};
}

}  // namespace hongyan::kit
