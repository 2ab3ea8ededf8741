// Signing and verifying of webhooks as the Standard Webhooks specification has it: what is signed
// is "id.timestamp.body", with HMAC-SHA256 (secrets "whsec_...", signature "v1,...") or Ed25519
// (keys "whsk_...", verified with "whpk_...", signature "v1a,..."). Used by the webhook channel and
// by the reports to senders. Pure, safe from every thread; an Error's detail never holds a secret.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace hongyan::kit {

/// What is wrong with a secret as an operator gives it, or nothing. Right are "whsec_" and base64
/// of 24 to 64 bytes (the prefix may be missing), and "whsk_" and base64 of an Ed25519 key: its 32
/// byte seed, or the seed and the 32 bytes of the public key.
[[nodiscard]] std::optional<std::string> check_webhook_secret(std::string_view secret);

/// A fresh "whsec_..." of 32 random bytes.
[[nodiscard]] std::string make_webhook_secret();

/// "v1,BASE64" or "v1a,BASE64" by the secret's kind; "" if check_webhook_secret() would complain.
[[nodiscard]] std::string sign_webhook(std::string_view id, std::int64_t timestamp_s,
                                       std::string_view body, std::string_view secret);

/// The value of the header webhook-signature: one signature for each secret, as while one replaces
/// another. Unreadable secrets are left out.
[[nodiscard]] std::string sign_webhook(std::string_view id, std::int64_t timestamp_s,
                                       std::string_view body, std::span<const std::string> secrets);

/// The public half of a "whsk_..." key as "whpk_...", for the receiver; "" if it is no such key.
[[nodiscard]] std::string public_webhook_key(std::string_view secret);

using WebhookHeaders = std::vector<std::pair<std::string, std::string>>;

/// True if any signature fits any of secrets ("whsec_", "whsk_" or "whpk_"). headers have names in
/// any case. Errors: unauthorized (no signature fits, time stamp too old or too new), bad_request
/// (a header is missing or malformed). The caller must see to it that the same id has no effect
/// twice.
[[nodiscard]] Result<Done> verify_webhook(const WebhookHeaders& headers, std::string_view body,
                                          std::span<const std::string> secrets, std::int64_t now_ms,
                                          Millis tolerance = Millis(300'000));

}  // namespace hongyan::kit
