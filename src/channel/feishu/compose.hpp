// Makes the JSON of a Feishu message from a message's text and its options: the same forms (text,
// post, card) for the robot and for the application, which wrap them differently. Pure, safe from
// every thread.
#pragma once

#include <string>

#include "channel/feishu/settings.hpp"
#include "contract/channel.hpp"

namespace hongyan::feishu {

/// A message's form and what stands in it, as JSON text.
struct Composed {
    std::string type;     ///< text, post, interactive, image, share_chat
    std::string content;  ///< JSON object as the application's API wants it
};

[[nodiscard]] Composed compose(const Content& content, const Options& options);

/// The robot's body: the type and either "content" or "card"; timestamp_s and sign only if sign is
/// not "".
[[nodiscard]] std::string robot_body(const Composed& message, std::string_view timestamp_s,
                                     std::string_view sign);

/// The application's body: content is a JSON text inside a JSON string.
[[nodiscard]] std::string app_body(const Composed& message, std::string_view receive_id,
                                   std::string_view token);

/// The robot's signature: HMAC-SHA256 of nothing, keyed with "timestamp\nsecret", in base64.
[[nodiscard]] std::string robot_sign(std::string_view timestamp_s, std::string_view secret);

}  // namespace hongyan::feishu
