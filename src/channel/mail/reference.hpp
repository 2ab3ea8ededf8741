// Signed names of messages that travel outside and come back: the reference in a return path (VERP)
// and in X-Hongyan-Ref, short enough for a local part and indifferent to upper and lower case, and
// the sealed token of an unsubscribe URL, which holds the recipient as well. The same message has
// the same ones at every attempt. Pure, safe from every thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.hpp"
#include "base/result.hpp"

namespace hongyan::mail {

/// What a reference is for; one made for one purpose proves nothing for another.
enum class Purpose : std::uint8_t { bounce, unsubscribe };

/// "ID-MAC": the id in decimal and 80 bits of HMAC-SHA256 in 16 letters of base32; at most 36
/// bytes.
[[nodiscard]] std::string signed_reference(std::string_view key, Purpose purpose, MessageId id);

/// The first valid reference that occurs anywhere in text. Tries at most 100 candidates.
[[nodiscard]] std::optional<MessageId> find_reference(std::string_view text, std::string_view key,
                                                      Purpose purpose);

struct TokenContent {
    MessageId id = 0;
    std::string recipient;
};

/// URL-safe text; AES-256-GCM under a key made from key, the nonce made from the content.
[[nodiscard]] std::string seal_token(std::string_view key, const TokenContent& content);
/// Errors: unauthorized.
[[nodiscard]] Result<TokenContent> open_token(std::string_view key, std::string_view token);

}  // namespace hongyan::mail
