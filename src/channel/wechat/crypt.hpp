// The signatures and the encryption of callbacks from WeChat and WeCom. What is signed is sorted by
// bytes and hashed with SHA-1; what is encrypted is AES-256-CBC, padded to blocks of 32 bytes, with
// the id of the receiver behind the message. Pure, safe from every thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hongyan::wechat {

/// Hex of SHA-1 over the parts, sorted and joined.
[[nodiscard]] std::string signature_of(std::vector<std::string_view> parts);

/// What is wrong with an EncodingAESKey, or nothing.
[[nodiscard]] std::optional<std::string> check_encoding_key(std::string_view encoding_aes_key);

/// The message inside. Errors: unauthorized (it was not encrypted with this key for this receiver).
[[nodiscard]] Result<std::string> decrypt_message(std::string_view encoding_aes_key,
                                                  std::string_view receiver_id,
                                                  std::string_view base64);

}  // namespace hongyan::wechat
