// What Apple's answers mean: one table from status and reason to the class of the outcome. Pure,
// safe from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/enums.hpp"

namespace hongyan::apns {

/// The body of an answer that is not 200.
struct Refusal {
    std::string reason;             ///< "" if the body was none of Apple's
    std::int64_t timestamp_ms = 0;  ///< 410: when Apple last knew the token to be dead
};

[[nodiscard]] Refusal read_refusal(std::string_view body);
[[nodiscard]] OutcomeClass class_of(int status, std::string_view reason);

}  // namespace hongyan::apns
