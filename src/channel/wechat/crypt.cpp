#include "channel/wechat/crypt.hpp"

#include <algorithm>

#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::wechat {
namespace {

constexpr std::size_t encoded_key_size = 43;
constexpr std::size_t key_bytes = 32;
constexpr std::size_t vector_bytes = 16;
constexpr std::size_t random_bytes = 16;
constexpr std::size_t length_bytes = 4;
constexpr std::size_t block_bytes = 32;  // of the padding, twice the cipher's own

Error refused() { return make_error(ErrorCode::unauthorized, "The callback cannot be decrypted."); }

/// The 43 characters carry two bits too many; what they are does not matter.
std::optional<std::string> key_of(std::string_view encoded) {
    if (encoded.size() != encoded_key_size) return std::nullopt;
    std::string text(encoded);
    static constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto last = alphabet.find(text.back());
    if (last == alphabet.npos) return std::nullopt;
    text.back() = alphabet[last & ~std::size_t{3}];
    auto key = from_base64(text + "=");
    if (!key || key->size() != key_bytes) return std::nullopt;
    return key;
}

std::size_t big_endian(std::string_view four) {
    std::size_t value = 0;
    for (const char c : four) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

}  // namespace

std::string signature_of(std::vector<std::string_view> parts) {
    std::sort(parts.begin(), parts.end());
    std::string all;
    for (const auto part : parts) all += part;
    return to_hex(sha1(all));
}

std::optional<std::string> check_encoding_key(std::string_view encoding_aes_key) {
    if (encoding_aes_key.empty() || key_of(encoding_aes_key)) return std::nullopt;
    return "must be the 43 letters and digits of the EncodingAESKey";
}

Result<std::string> decrypt_message(std::string_view encoding_aes_key, std::string_view receiver_id,
                                    std::string_view base64) {
    const auto key = key_of(encoding_aes_key);
    const auto sealed = from_base64(base64);
    if (!key || !sealed || sealed->empty()) return refused();
    auto clear = aes_256_cbc_decrypt(*key, std::string_view(*key).substr(0, vector_bytes), *sealed);
    if (!clear || clear->empty()) return refused();
    const auto pad = static_cast<unsigned char>(clear->back());
    if (pad == 0 || pad > block_bytes || pad > clear->size()) return refused();
    const auto whole = std::string_view(*clear).substr(0, clear->size() - pad);
    if (whole.size() < random_bytes + length_bytes) return refused();
    const std::size_t length = big_endian(whole.substr(random_bytes, length_bytes));
    const auto rest = whole.substr(random_bytes + length_bytes);
    if (length > rest.size() || rest.substr(length) != receiver_id) return refused();
    return std::string(rest.substr(0, length));
}

}  // namespace hongyan::wechat
