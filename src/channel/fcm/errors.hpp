// What FCM's answers mean: error document to class of the outcome. Pure, safe from every thread.
#pragma once

#include <string>
#include <string_view>

#include "model/enums.hpp"

namespace hongyan::fcm {

/// The error document of a refused message.
struct Refusal {
    std::string code;     ///< details[].errorCode, else error.status, "" if it is none of FCM's
    std::string message;  ///< Google's sentence
    bool names_token = false;  ///< a field violation of message.token
    bool is_fcm = false;       ///< code is FCM's own, not the status of Google's gateway
};

[[nodiscard]] Refusal read_refusal(std::string_view body);
[[nodiscard]] OutcomeClass class_of(int http_status, const Refusal& refusal);

}  // namespace hongyan::fcm
