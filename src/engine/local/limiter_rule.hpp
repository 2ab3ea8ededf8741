// LimitState: one rule with everything it has counted. The limiter asks check() of all rules of a
// resource, and calls take() on all of them only if all agreed, so that a refused request uses up
// nothing. Not thread-safe: called under the resource's lock, which is what makes "check, then
// take" one step.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "contract/limiter.hpp"
#include "engine/local/limiter_shape.hpp"
#include "engine/local/limiter_window.hpp"

namespace hongyan::local {

/// One request at the door.
struct Arrival {
    std::int64_t now_us = 0;
    std::int64_t inside = 0;  ///< requests of the resource that are in
    int cost = 1;
};

/// Passed and refused requests of the last 60 minutes, minute by minute.
class LastHour {
  public:
    void pass(std::int64_t now_us) { ++slot(now_us).passed; }
    void refuse(std::int64_t now_us) { ++slot(now_us).refused; }
    struct Sums {
        std::int64_t passed = 0;
        std::int64_t refused = 0;
    };
    [[nodiscard]] Sums sums(std::int64_t now_us) const;

  private:
    static constexpr std::int64_t minutes = 60;
    struct Slot {
        std::int64_t minute = -1;
        std::uint32_t passed = 0;
        std::uint32_t refused = 0;
    };
    Slot& slot(std::int64_t now_us) {
        const std::int64_t minute = now_us / 60'000'000;
        Slot& found = slots_[static_cast<std::size_t>(minute % minutes)];
        if (found.minute != minute) found = {minute, 0, 0};
        return found;
    }
    std::array<Slot, minutes> slots_{};
};

class LimitState {
  public:
    LimitState(LimitRule rule, std::int64_t now_us);

    struct Verdict {
        bool ok = true;
        std::int64_t wait_ns = 0;  ///< with ok
        Millis retry_after{0};     ///< when not ok
    };
    [[nodiscard]] Verdict check(const Arrival& arrival);
    void take(const Arrival& arrival);
    void refuse(std::int64_t now_us, std::int64_t wall_ms);
    /// Takes over a changed row of the same id and type, and keeps what was counted.
    void change(LimitRule rule, std::int64_t now_us);
    /// What a RateLimit header should show now; inside counts the request itself, if it was
    /// admitted.
    [[nodiscard]] std::int64_t remaining(const Arrival& arrival);
    [[nodiscard]] std::int64_t limit() const { return limit_; }
    [[nodiscard]] int window_seconds() const { return window_seconds_; }
    [[nodiscard]] LimitUsage usage(const Arrival& arrival) const;
    [[nodiscard]] const LimitRule& rule() const { return rule_; }

  private:
    void derive(std::int64_t now_us);
    [[nodiscard]] double rate(std::int64_t now_us) {
        return warm_up_ ? warm_up_->allowed(now_us) : rule_.max_value;
    }
    [[nodiscard]] std::int64_t capacity(std::int64_t now_us);
    [[nodiscard]] Verdict check_window(const Arrival& arrival);
    [[nodiscard]] Verdict check_pace(const Arrival& arrival);
    [[nodiscard]] Millis retry_after(const Arrival& arrival, std::int64_t most);
    /// The warm-up's rate at a later time, if this request is refused and nobody comes until then.
    [[nodiscard]] double rate_if_refused(std::int64_t at_us) const;

    LimitRule rule_;
    // What follows from the rule:
    bool paced_ = false;
    std::int64_t limit_ = 0;  ///< per window_seconds_
    int window_seconds_ = 0;
    // What was counted:
    SlidingCount window_;
    std::optional<WarmUp> warm_up_;
    Pacer pacer_;
    std::int64_t passed_ = 0;
    std::int64_t refused_ = 0;
    std::int64_t last_refusal_ms_ = 0;
    LastHour last_hour_;
};

}  // namespace hongyan::local
