// Events from WeChat to an account's callback: that a template message or a subscription message
// was delivered or not, in XML or JSON, in clear or encrypted, signed as WeChat does. Safe from
// every thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "universe/core/world.hpp"

namespace hongyan::universe::wechat {

struct Finished {
    std::string openid;
    std::int64_t msgid = 0;
    std::string template_id;
    std::string failure;  ///< "" = delivered, else "user block" and the like
    bool subscription = false;
};

/// Sends the event by the chaos script's will; nothing without a callback_url.
void send_event(World& world, const Finished& finished);

/// AES-256-CBC with PKCS#7 to 32 bytes: random text, length, message, receiver; in base64.
[[nodiscard]] std::string seal(std::string_view encoding_aes_key, std::string_view random,
                               std::string_view message, std::string_view receiver_id);

/// Hex of SHA-1 over the sorted and joined words.
[[nodiscard]] std::string sign(std::string_view token, std::string_view timestamp,
                               std::string_view nonce, std::string_view sealed = {});

}  // namespace hongyan::universe::wechat
