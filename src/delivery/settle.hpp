// settle: what follows from the answer to an attempt. One table by outcome class that operators
// read and change (GET and PUT /api/outcomes), one pure function; its answer, with the reason in
// words and the version of the rule, is written into the trace. As delivered:
//
//   class                action   then
//   accepted             -        success
//   transient, token     retry    again on another account at once, else after a random pause,
//   until
//                                 retry_attempts or the deadline
//   unknown              retry    again on the same account, or held for a decision if the template
//   or
//                                 unknown_outcome says hold; safe repeats are made in any case
//   rate_limited         wait     another account at once, else when the provider said, or after a
//                                 pause; ends only by the deadline
//   quota                wait     when the provider said, or after a pause
//   configuration        wait     another account at once, else after pauses that double up to the
//                                 longest, so that it passes once mended
//   recipient_permanent, message_permanent   fail
//
// Where trying ends, by a refusal too, and the answer to an attempt was lost before, the status is
// unknown, not failed.
//
// The pause before attempt n+1 is random between 0 and base * 2^(n-1), at most the longest pause
// ("full jitter", Brooker, AWS Architecture Blog 2015), so that many messages that failed together
// do not come back together.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
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

enum class Action : std::uint8_t {
    retry,  ///< again after a pause; the attempt counts
    wait,   ///< again after a pause; the attempt does not count
    hold,   ///< status unknown, until a receipt or an operator decides
    fail,   ///< status failed
};
inline constexpr std::array<std::string_view, 4> action_names{"retry", "wait", "hold", "fail"};

/// The longest time that a provider's Retry-After closes an account.
inline constexpr std::int64_t longest_account_pause_ms = 3'600'000;

/// What an operator set for one class; 0 in a number: RetryRule holds.
struct OutcomeRule {
    Action action = Action::retry;
    bool fail_over = false;  ///< try another account at once, if one can take the message
    std::int32_t attempts = 0;
    std::int64_t base_ms = 0;
    std::int64_t max_ms = 0;
    std::int64_t version = 1;  ///< rises with each change
};
using OutcomeTable = std::array<OutcomeRule, outcome_class_names.size()>;
/// The table above.
[[nodiscard]] OutcomeTable default_outcomes();

/// E.g. "retry-8x1000-600000-24h-send", with "-transient-v3" behind it once an operator has changed
/// the rule of that class.
[[nodiscard]] std::string rule_version(const RetryRule& rule, const OutcomeTable& table,
                                       OutcomeClass kind);

/// What else the decision depends on.
struct Circumstances {
    bool other_account =
        false;                 ///< an account that this message has not failed on could take it now
    bool safe_repeat = false;  ///< the provider recognises a repeat of an unknown attempt
    std::optional<bool> hold_unknown;  ///< the template's word, before the server's
};

struct Decision {
    MessageStatus status = MessageStatus::success;
    std::int64_t next_attempt_ms = 0;  ///< of status retrying
    std::string reason;                ///< "" for success
    bool is_free =
        false;  ///< of status retrying: the attempt does not count against retry_attempts
    bool fails_over = false;
};

/// message.attempts is the number of the attempt that outcome answers; seed makes the pause
/// repeatable.
[[nodiscard]] Decision decide(const Message& message, const Outcome& outcome, const RetryRule& rule,
                              const OutcomeTable& table, const Circumstances& circumstances,
                              std::int64_t now_ms, std::uint64_t seed);
/// With the table as delivered, and no circumstances.
[[nodiscard]] Decision decide(const Message& message, const Outcome& outcome, const RetryRule& rule,
                              std::int64_t now_ms, std::uint64_t seed);

}  // namespace hongyan::delivery
