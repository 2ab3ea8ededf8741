// What Google checks of a message before it takes it, and the error document for each finding.
// Pure, safe from every thread.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "universe/core/service.hpp"

namespace hongyan::universe::fcm {

/// One refusal in Google's words.
struct Finding {
    int http_status = 400;
    std::string status;      ///< "INVALID_ARGUMENT"
    std::string error_code;  ///< FCM's own, "" = none
    std::string message;
    std::string field;  ///< "message.token", "" = none
};

[[nodiscard]] ServiceReply error_reply(const Finding& finding);

/// Empty status if the message can be taken. limit is of notification and data together.
[[nodiscard]] Finding check_message(const boost::json::object& message, std::size_t limit,
                                    const std::vector<std::string>& unregistered);

/// A finding by FCM's error code, e.g. "UNREGISTERED".
[[nodiscard]] Finding finding_of(std::string_view error_code);

}  // namespace hongyan::universe::fcm
