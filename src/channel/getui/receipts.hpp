// Getui's receipts: one JSON object a line, each with a signature over its ids and the master
// secret. Pure, safe from every thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contract/provider.hpp"

namespace hongyan::getui {

/// md5(appid + cid + taskid + msgid + master secret) in hex.
[[nodiscard]] std::string receipt_signature(std::string_view app_id, std::string_view client_id,
                                            std::string_view task_id, std::string_view message_id,
                                            std::string_view master_secret);

/// Errors: unauthorized (a line of another app or with a wrong signature: none is believed),
/// bad_request.
[[nodiscard]] Result<CallbackAnswer> read_receipts(std::string_view body, std::string_view app_id,
                                                   std::string_view master_secret);

}  // namespace hongyan::getui
