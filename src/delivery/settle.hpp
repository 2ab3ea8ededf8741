// settle: what follows from the answer to an attempt. One table by outcome class (below), one pure
// function; its answer, with the reason in words and the version of the rule, is written into the
// trace.
//
//   class                  then
//   accepted               success
//   transient, token       again after a random pause, until retry_attempts or the deadline
//   unknown                as transient, or held for a decision if unknown_policy is hold
//   rate_limited, quota    again when the provider said, or after a pause; ends only by the
//   deadline configuration          again after the longest pause, so that it passes once mended;
//   ends only by the deadline recipient_permanent    failed message_permanent      failed
//
// The pause before attempt n+1 is random between 0 and base * 2^(n-1), at most the longest pause
// ("full jitter", Brooker, AWS Architecture Blog 2015), so that many messages that failed together
// do not come back together.
#pragma once

#include <cstdint>
#include <string>

#include "model/message.hpp"

namespace hongyan::delivery {

struct RetryRule {
    std::int32_t attempts = 8;
    std::int64_t base_ms = 1'000;
    std::int64_t max_ms = 600'000;
    std::int64_t deadline_ms = 24LL * 3'600'000;  ///< age, from ready, at which trying ends
    bool hold_unknown = false;

    /// Changes with every value above, e.g. "retry-8x1000-600000-24h-send".
    [[nodiscard]] std::string version() const;
};

struct Decision {
    MessageStatus status = MessageStatus::success;
    std::int64_t next_attempt_ms = 0;  ///< of status retrying
    std::string reason;                ///< "" for success
    bool is_free =
        false;  ///< of status retrying: the attempt does not count against retry_attempts
};

/// message.attempts is the number of the attempt that outcome answers; seed makes the pause
/// repeatable.
[[nodiscard]] Decision decide(const Message& message, const Outcome& outcome, const RetryRule& rule,
                              std::int64_t now_ms, std::uint64_t seed);

}  // namespace hongyan::delivery
