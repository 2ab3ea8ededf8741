// What an answer of Tencent Cloud SMS means. Pure, safe from every thread.
#pragma once

#include <string_view>

#include "contract/outbound.hpp"
#include "model/message.hpp"

namespace hongyan::tencent {

/// The class of a code, of the whole call or of its one number; see outcome.cpp for codes nobody
/// has listed.
[[nodiscard]] OutcomeClass class_of_code(std::string_view code);

/// The outcome of an answer for one number; HTTP 200 is no success by itself.
[[nodiscard]] Outcome judge_answer(const OutboundReply& reply);

}  // namespace hongyan::tencent
