// What the answers of WeChat and WeCom mean: three tables of errcode. All come with HTTP 200. Pure,
// safe from every thread.
#pragma once

#include <string>

#include "contract/outbound.hpp"
#include "kit/http_account.hpp"
#include "model/message.hpp"

namespace hongyan::wechat {

/// repeat: the answer to the attempt before was lost, so that "the same message again" is good
/// news.
[[nodiscard]] Outcome judge_official(const OutboundReply& reply, bool repeat);
/// one_user: the message went to one person only, whom "invaliduser" then means.
[[nodiscard]] Outcome judge_wecom(const OutboundReply& reply, bool one_user);
[[nodiscard]] Outcome judge_wecom_robot(const OutboundReply& reply);

/// Both platforms answer the same way to the request of a token.
[[nodiscard]] Result<kit::Token> read_access_token(const OutboundReply& reply);

}  // namespace hongyan::wechat
