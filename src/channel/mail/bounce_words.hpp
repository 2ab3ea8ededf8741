// The words by which bounces that are only text are known, in lower case. A table of data: servers
// write them in their own language and change them rarely.
#pragma once

#include <string_view>

namespace hongyan::mail {

/// Behind any of these stands a copy of the original mail.
inline constexpr std::string_view original_marks[]{
    "--- below this line is a copy of",
    "--- this is a copy of the message",
    "------ this is a copy of",
    "--- the header of the original message",
    "--- original message",
    "----- message header follows",
    "----- original message",
    "--- unsent message",
    "original message headers:",
    "--- original message follows",
};

/// Any of these makes a text a bounce.
inline constexpr std::string_view bounce_phrases[]{
    "qmail-send program",
    "wasn't able to deliver your message",
    "created automatically by mail delivery software",
    "could not be delivered",
    "couldn't be delivered",
    "unable to deliver",
    "did not reach some or all of the intended recipients",
    "did not reach the following recipient",
    "delivery has failed to these recipients",
    "delivery to the following recipient",
    "could not be reached",
    "following address(es) failed",
    "following addresses had permanent fatal errors",
    "delivery failed",
    "delivery failure",
    "delivery status notification",
    "mail delivery failed",
    "undeliverable",
    "undelivered mail",
    "returned mail",
    "message undeliverable",
    "delivery error",
    "delivery incomplete",
    "has been delayed",
    "not been delivered",
    "退信",
    "被退回",
    "无法投递",
    "投递失败",
};

inline constexpr std::string_view delayed_phrases[]{
    "has been delayed",
    "will be retried",
    "still being retried",
    "delivery delayed",
    "has not been delivered",
    "has not yet been delivered",
    "do not need to resend",
    "continue to try",
    "will keep trying",
    "this is only a warning",
    "投递延迟",
};

inline constexpr std::string_view soft_phrases[]{
    "mailbox full", "mailbox is full", "over quota", "quota exceeded", "exceeded storage",
    "temporarily",  "try again later", "greylist",   "timed out",      "connection refused",
    "邮箱已满",     "空间不足",        "容量已满",
};

inline constexpr std::string_view hard_phrases[]{
    "user unknown",
    "unknown user",
    "no such user",
    "no such mailbox",
    "no mailbox here",
    "mailbox not found",
    "mailbox unavailable",
    "recipient not found",
    "recipnotfound",
    "address not found",
    "address rejected",
    "recipient rejected",
    "does not exist",
    "doesn't exist",
    "invalid recipient",
    "unrouteable address",
    "e-mail account does not",
    "account disabled",
    "account has been disabled",
    "no longer active",
    "couldn't find any host named",
    "不存在",
    "无此用户",
    "邮箱已停用",
    "地址错误",
};

}  // namespace hongyan::mail
