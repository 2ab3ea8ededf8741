// The JSON of messages to WeCom, by an application and by a robot, which have most forms in common.
// Pure, safe from every thread.
#pragma once

#include <string>

#include "channel/wechat/address.hpp"
#include "channel/wechat/settings.hpp"
#include "model/message.hpp"

namespace hongyan::wechat {

/// Errors: content_invalid (longer than the settings allow).
[[nodiscard]] Result<std::string> wecom_body(const Message& message, const WecomTarget& target,
                                             const WecomOptions& options,
                                             const WecomSettings& settings);
[[nodiscard]] Result<std::string> wecom_robot_body(const Message& message,
                                                   const WecomRobotOptions& options,
                                                   const WecomRobotSettings& settings);

}  // namespace hongyan::wechat
