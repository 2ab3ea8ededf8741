// Limiter: says at the door whether a request may come in. A resource ("api:/messages/send") may
// have any number of rules in three layers: requests per second, requests inside at one time,
// requests in a sliding window. All enabled rules must agree; a refused request uses up nothing of
// any of them. The pseudo resource "global" is a resource like any other: the caller asks it first
// and leaves it again if the second resource refuses. Never blocks, all members are safe from every
// thread and cheap enough for the I/O thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "model/enums.hpp"

namespace hongyan {

enum class LimitType : std::uint8_t { qps, concurrency, window };
inline constexpr std::array<std::string_view, 3> limit_type_names{"qps", "concurrency", "window"};

/// What a qps rule does with a request; the two other types always refuse at their limit.
enum class LimitBehavior : std::uint8_t {
    reject,   ///< refuse above max_value
    warm_up,  ///< the same, but a cold system starts at a third and reaches max_value after
              ///< warm_up_seconds of load
    pacing,   ///< let requests pass evenly spaced; each waits up to max_queueing_ms for its turn
    warm_up_pacing,  ///< pacing at the warm-up's rate
};
inline constexpr std::array<std::string_view, 4> limit_behavior_names{"reject", "warm_up", "pacing",
                                                                      "warm_up_pacing"};

[[nodiscard]] constexpr std::string_view to_text(LimitType v) {
    return limit_type_names[static_cast<std::size_t>(v)];
}
[[nodiscard]] constexpr std::string_view to_text(LimitBehavior v) {
    return limit_behavior_names[static_cast<std::size_t>(v)];
}
[[nodiscard]] constexpr std::optional<LimitType> limit_type_from_text(std::string_view text) {
    return from_text<LimitType>(limit_type_names, text);
}
[[nodiscard]] constexpr std::optional<LimitBehavior> limit_behavior_from_text(
    std::string_view text) {
    return from_text<LimitBehavior>(limit_behavior_names, text);
}

struct LimitRule {
    std::int64_t id = 0;  ///< the row; a rule that keeps its id and type keeps what it has counted
    std::string resource;
    LimitType type = LimitType::qps;
    double max_value = 0;    ///< 0 or less (or not a number) refuses everything; 0.5 per second is
                             ///< one in two seconds
    int window_seconds = 1;  ///< for type window
    bool enabled = true;
    LimitBehavior behavior = LimitBehavior::reject;
    int warm_up_seconds = 10;
    int max_queueing_ms = 500;
};

/// The answer to one request. limit, remaining and window_seconds are what a RateLimit header
/// should show: of the refusing rule, or of the rule that has the least left. They are 0 when no
/// rule applies; window_seconds is 0 for concurrency.
struct Admission {
    bool ok = true;
    bool entered =
        false;  ///< counted as inside: call leave() once when it is done. Never true when refused
    Millis wait{0};  ///< > 0 with ok: go on only after this pause
    Millis retry_after{
        0};  ///< >= 1 ms when refused: then it would be admitted, if nobody else came
    std::int64_t limit = 0;
    std::int64_t remaining = 0;
    int window_seconds = 0;
    std::int64_t rule_id = 0;
    LimitType type = LimitType::qps;
    std::string_view resource = {};  ///< "" when no rule applies; lives as long as the limiter
};

/// retry_after of a request that time alone does not admit: max_value is 0, or its cost is above
/// the limit. By then an operator may have changed the rule.
inline constexpr Millis closed_retry_after{60'000};
/// retry_after at a concurrency limit, a guess: nobody knows when a request inside will leave.
inline constexpr Millis crowded_retry_after{100};

/// The refusing rule in words: "api:/messages/send allows 1000 requests per second".
[[nodiscard]] inline std::string limit_text(const Admission& admission) {
    const std::string start = std::string(admission.resource) + " allows " +
                              std::to_string(admission.limit) +
                              (admission.limit == 1 ? " request" : " requests");
    if (admission.type == LimitType::concurrency) return start + " at the same time";
    if (admission.window_seconds <= 1) return start + " per second";
    return start + " in " + std::to_string(admission.window_seconds) + " seconds";
}

struct LimitUsage {
    LimitRule rule;
    double current = 0;                 ///< requests in the last second, inside, or in the window
    double allowed = 0;                 ///< max_value, or the warm-up's rate of this second
    std::int64_t passed = 0;            ///< requests this rule has let pass
    std::int64_t refused = 0;           ///< requests this rule has refused
    std::int64_t last_refusal_ms = 0;   ///< wall time, 0 = never
    std::int64_t passed_last_hour = 0;  ///< of the last 60 minutes, this one included
    std::int64_t refused_last_hour = 0;
};

class Limiter {
  public:
    virtual ~Limiter() = default;
    /// cost counts in the qps and window layers, at least 1; inside, each request is one. An
    /// unknown resource is admitted.
    [[nodiscard]] virtual Admission admit(std::string_view resource, int cost = 1) = 0;
    /// What admit() would say at this moment, without using up or counting anything. An engine that
    /// cannot look so closely judges by what usage() shows.
    [[nodiscard]] virtual Admission would_admit(std::string_view resource, int cost = 1) const {
        Admission answer;
        for (const auto& one : usage()) {
            if (!one.rule.enabled || one.rule.resource != resource) continue;
            const bool is_inside = one.rule.type == LimitType::concurrency;
            const double after = one.current + (is_inside ? 1 : cost);
            answer.limit = static_cast<std::int64_t>(one.allowed);
            answer.remaining = static_cast<std::int64_t>(one.allowed - one.current);
            answer.rule_id = one.rule.id;
            answer.type = one.rule.type;
            answer.window_seconds = is_inside ? 0 : one.rule.window_seconds;
            answer.ok = after <= one.allowed;
            if (answer.ok) continue;
            answer.retry_after = is_inside ? crowded_retry_after : Millis(1'000);
            break;
        }
        return answer;
    }
    /// A request whose Admission said entered is done.
    virtual void leave(std::string_view resource) = 0;
    /// Replaces all rules at once. Requests inside stay counted; windows, schedules and warmth of
    /// rules that stay are kept.
    virtual void set_rules(std::vector<LimitRule> rules) = 0;
    /// Every rule, the disabled ones too, by resource and id.
    [[nodiscard]] virtual std::vector<LimitUsage> usage() const = 0;
};

}  // namespace hongyan
