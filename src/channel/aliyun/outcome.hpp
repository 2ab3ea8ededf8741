// What an answer of Aliyun SMS means. Pure, safe from every thread.
#pragma once

#include <string_view>

#include "contract/outbound.hpp"
#include "model/message.hpp"

namespace hongyan::aliyun {

/// The class of a code that came with an HTTP status; see outcome.cpp for codes nobody has listed.
[[nodiscard]] OutcomeClass class_of_code(std::string_view code, int http_status);

/// The outcome of an answer; HTTP 200 is no success by itself. attempts counts this one.
[[nodiscard]] Outcome judge_answer(const OutboundReply& reply, int attempts);

}  // namespace hongyan::aliyun
