// What a message carries to the service and back in OutId: its token, which is unlike those of
// other installations on the same account, and its trace id, so that a receipt finds the message
// even when the answer with the BizId was lost. Pure, safe from every thread.
#pragma once

#include <string>
#include <string_view>

#include "model/message.hpp"

namespace hongyan::aliyun {

/// "0b7e3c52-....msg_1968453871263744005"
[[nodiscard]] std::string correlation_of(const Message& message);
/// The message a correlation belongs to; 0 if it is not one of ours.
[[nodiscard]] MessageId message_id_in(std::string_view correlation);

}  // namespace hongyan::aliyun
