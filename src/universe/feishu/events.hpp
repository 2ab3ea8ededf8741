// Events from Feishu to an application's callback: "message read" of schema 2.0, encrypted and
// signed if the application has a key. Safe from every thread.
#pragma once

#include <string>

#include "universe/core/world.hpp"

namespace hongyan::universe::feishu {

struct ReadEvent {
    std::string message_id;
    std::string reader_id;
};

/// Sends the event by the chaos script's will; nothing without a callback_url.
void send_read_event(World& world, const ReadEvent& event);

/// AES-256-CBC with a random vector in front, in base64.
[[nodiscard]] std::string seal(std::string_view encrypt_key, std::string_view text);

}  // namespace hongyan::universe::feishu
