#include "channel/mail/reference.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::mail {
namespace {

constexpr std::size_t mac_letters = 16;
constexpr std::size_t max_digits = 19;
constexpr std::size_t max_candidates = 100;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t id_bytes = 8;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t max_token_bytes = 1024;

std::string base32(std::string_view bytes) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";
    std::string out;
    std::uint32_t bits = 0;
    int have = 0;
    for (const char c : bytes) {
        bits = (bits << 8) | static_cast<unsigned char>(c);
        for (have += 8; have >= 5; have -= 5) out += letters[(bits >> (have - 5)) & 31];
    }
    return out;
}

std::string mac_of(std::string_view key, Purpose purpose, std::string_view digits) {
    std::string text = purpose == Purpose::bounce ? "bounce " : "unsubscribe ";
    text += digits;
    return base32(std::string_view(hmac_sha256(key, text)).substr(0, mac_letters * 5 / 8));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The id before and the MAC behind the hyphen at that place, if both have the form and match.
std::optional<MessageId> reference_at(std::string_view text, std::size_t hyphen,
                                      std::string_view key, Purpose purpose) {
    std::size_t start = hyphen;
    while (start > 0 && hyphen - start < max_digits && is_digit(text[start - 1])) --start;
    const std::string_view digits = text.substr(start, hyphen - start);
    const auto id = parse_int(digits);
    if (!id || *id <= 0) return std::nullopt;
    const std::string mac = to_lower(text.substr(hyphen + 1, mac_letters));
    if (!equal_in_constant_time(mac, mac_of(key, purpose, std::to_string(*id)))) {
        return std::nullopt;
    }
    return *id;
}

/// True if the hyphen could be inside a reference; cheap, before any HMAC is computed.
bool is_candidate(std::string_view text, std::size_t hyphen) {
    if (hyphen == 0 || !is_digit(text[hyphen - 1])) return false;
    const std::string_view mac = text.substr(hyphen + 1, mac_letters);
    return mac.size() == mac_letters && std::all_of(mac.begin(), mac.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
           });
}

std::string sealing_key(std::string_view key) {
    return hmac_sha256(key, "hongyan unsubscribe token");
}

Error not_ours() {
    return make_error(ErrorCode::unauthorized, "the token is not one of ours, or was changed");
}

}  // namespace

std::string signed_reference(std::string_view key, Purpose purpose, MessageId id) {
    std::string out = std::to_string(id);
    const std::string mac = mac_of(key, purpose, out);
    return out.append("-").append(mac);
}

std::optional<MessageId> find_reference(std::string_view text, std::string_view key,
                                        Purpose purpose) {
    if (key.empty()) return std::nullopt;
    std::size_t tried = 0;
    for (auto at = text.find('-'); at != text.npos && tried < max_candidates;
         at = text.find('-', at + 1)) {
        if (!is_candidate(text, at)) continue;
        ++tried;
        if (auto id = reference_at(text, at, key, purpose)) return id;
    }
    return std::nullopt;
}

std::string seal_token(std::string_view key, const TokenContent& content) {
    std::string plain;
    for (int shift = 56; shift >= 0; shift -= 8) {
        plain += static_cast<char>((content.id >> shift) & 0xFF);
    }
    plain += content.recipient;
    const std::string secret = sealing_key(key);
    // Made from the content: the same message has the same token, and no nonce serves two contents.
    const std::string nonce = hmac_sha256(secret, plain).substr(0, nonce_bytes);
    return to_base64url(nonce + aes_gcm_encrypt(secret, nonce, plain));
}

Result<TokenContent> open_token(std::string_view key, std::string_view token) {
    if (key.empty() || token.size() > max_token_bytes) return not_ours();
    const auto bytes = from_base64(token);
    if (!bytes || bytes->size() < nonce_bytes + id_bytes + tag_bytes) return not_ours();
    const std::string_view all = *bytes;
    auto plain =
        aes_gcm_decrypt(sealing_key(key), all.substr(0, nonce_bytes), all.substr(nonce_bytes));
    if (!plain) return not_ours();
    TokenContent content;
    for (std::size_t i = 0; i < id_bytes; ++i) {
        content.id = static_cast<MessageId>((static_cast<std::uint64_t>(content.id) << 8) |
                                            static_cast<unsigned char>((*plain)[i]));
    }
    content.recipient = plain->substr(id_bytes);
    return content;
}

}  // namespace hongyan::mail
