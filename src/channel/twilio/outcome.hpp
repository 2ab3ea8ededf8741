// What an answer of Twilio means. Pure, safe from every thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "contract/outbound.hpp"
#include "model/message.hpp"

namespace hongyan::twilio {

/// The class of an error code that came with an HTTP status; attempts counts this one. See
/// outcome.cpp for codes nobody has listed.
[[nodiscard]] OutcomeClass class_of_code(std::int64_t code, int http_status, int attempts);

/// Why nobody should write to a recipient again after this code; "" if that does not follow.
[[nodiscard]] std::string_view suppression_of(std::int64_t code);

/// The outcome of an answer to a new message.
[[nodiscard]] Outcome judge_answer(const OutboundReply& reply, int attempts);

}  // namespace hongyan::twilio
