// What the answers of Feishu mean: the tables of codes of the robot and of the application's API.
// HTTP 200 is no success by itself, and HTTP 400 carries a code that tells more. Pure, safe from
// every thread.
#pragma once

#include "contract/outbound.hpp"
#include "model/message.hpp"

namespace hongyan::feishu {

[[nodiscard]] Outcome judge_robot(const OutboundReply& reply);
[[nodiscard]] Outcome judge_app(const OutboundReply& reply);

}  // namespace hongyan::feishu
