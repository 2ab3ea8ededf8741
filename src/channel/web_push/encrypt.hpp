// The encryption of a payload for one browser (RFC 8291 with the content coding aes128gcm of RFC
// 8188): one record, a fresh key and salt for each message. Pure, safe from every thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/signing.hpp"
#include "channel/web_push/settings.hpp"

namespace hongyan::web_push {

/// What must be new for each message.
struct Fresh {
    SigningKey key;
    std::string salt;  ///< 16 bytes
};
[[nodiscard]] Fresh make_fresh();

/// Header and record. Error: recipient_invalid when the browser's key is no point of the curve.
[[nodiscard]] Result<std::string> encrypt(std::string_view text, const Subscription& subscription,
                                          const Fresh& fresh);

}  // namespace hongyan::web_push
