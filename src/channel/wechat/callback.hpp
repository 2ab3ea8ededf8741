// Reads what WeChat and WeCom call back with: the check of the URL, and events in XML or JSON, in
// clear or encrypted. Templates and subscriptions end in receipts. Pure, safe from every thread.
#pragma once

#include <string>
#include <vector>

#include "contract/provider.hpp"

namespace hongyan::wechat {

/// What a callback is verified with; views of an account's settings.
struct CallbackKeys {
    std::string_view token = {};
    std::string_view encoding_aes_key = {};           ///< "" = events come in clear
    std::string_view previous_encoding_aes_key = {};  ///< "" = none; still taken after a change
    std::string_view receiver_id = {};                ///< appid or corpid
    std::int64_t tolerance_s = 3'600;
    bool echo_encrypted = false;  ///< WeCom: the check of the URL is encrypted as well
};

/// Errors: unauthorized (signature, time stamp, key, or no token to verify with), bad_request.
[[nodiscard]] Result<CallbackAnswer> read_callback(const Callback& callback,
                                                   const CallbackKeys& keys, std::int64_t now_ms);

}  // namespace hongyan::wechat
