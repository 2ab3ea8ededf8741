// The JSON of messages:send, made from a message and its options. Pure, safe from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "channel/fcm/settings.hpp"

namespace hongyan::fcm {

/// What the body is made from besides the options.
struct Draft {
    std::string_view registration_token = {};
    std::string_view title = {};
    std::string_view body = {};
    std::string_view message_token = {};     ///< "" = do not tag with it
    std::int64_t time_to_live_seconds = -1;  ///< -1 = FCM's own
    std::int64_t now_seconds = 0;
};

/// Error: content_invalid with the sizes when notification and data have more than limit bytes.
[[nodiscard]] Result<std::string> make_body(const Draft& draft, const Options& options,
                                            std::size_t limit);

}  // namespace hongyan::fcm
