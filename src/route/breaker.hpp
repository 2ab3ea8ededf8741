// Breaker: decides from the outcomes of the last seconds whether a provider account may be used. It
// opens when too many calls failed or were slow, stays open for a time that doubles with each
// relapse, then lets a few probes through (half open) and closes when they succeed. Pure: time is
// passed in; not thread-safe, its owner locks. The states are those of Nygard, Release It!, ch. 5.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace hongyan::route {

enum class BreakerState : std::uint8_t { closed, open, half_open };
inline constexpr std::array<std::string_view, 3> breaker_state_names{"closed", "open", "half_open"};

struct BreakerRule {
    int window_seconds = 20;   ///< outcomes older than this do not count; 1 to 300
    int min_calls = 20;        ///< fewer calls in the window never open it
    double error_ratio = 0.5;  ///< opens at this share of errors; above 1 = never
    double slow_ratio = 0.8;   ///< opens at this share of slow calls; above 1 = never
    int slow_ms = 5'000;       ///< a call is slow from here on
    int open_ms = 5'000;       ///< first time of being open; doubles with each relapse
    int max_open_ms = 300'000;
    int probes = 3;  ///< calls let through when half open; all must succeed
};

class Breaker {
  public:
    explicit Breaker(BreakerRule rule = {}) : rule_(rule) {}
    void set_rule(const BreakerRule& rule) { rule_ = rule; }

    /// The state at now; an open one becomes half open when its time is over.
    [[nodiscard]] BreakerState state(std::int64_t now_ms);
    /// True if one call may start now; in half open it counts as a probe.
    [[nodiscard]] bool admit(std::int64_t now_ms);
    /// A call that admit() let through has ended. failed: the provider's fault, not the message's.
    void record(std::int64_t now_ms, bool failed, std::int64_t duration_ms);
    /// A call that admit() let through never left; its probe is given back.
    void forget();
    /// When an open one lets probes through; 0 unless open.
    [[nodiscard]] std::int64_t open_until_ms() const {
        return state_ == BreakerState::open ? until_ms_ : 0;
    }
    /// Why it changed last, with the figures: "opened: 14 of 22 calls failed in 20 s".
    [[nodiscard]] const std::string& reason() const { return reason_; }
    [[nodiscard]] std::int64_t changed_ms() const { return changed_ms_; }
    /// An operator's word: closed and forgetful.
    void reset(std::int64_t now_ms);

    struct Counts {
        std::int64_t calls = 0;
        std::int64_t errors = 0;
        std::int64_t slow = 0;
    };
    [[nodiscard]] Counts counts(std::int64_t now_ms) const;

  private:
    static constexpr std::size_t slots = 10;
    struct Slot {
        std::int64_t index = -1;
        Counts counts;
    };
    [[nodiscard]] std::int64_t slot_ms() const { return rule_.window_seconds * 1000 / 10; }
    void open(std::int64_t now_ms, std::string reason);
    void close(std::int64_t now_ms, std::string reason);
    void judge(std::int64_t now_ms);

    BreakerRule rule_;
    BreakerState state_ = BreakerState::closed;
    std::array<Slot, slots> slots_{};
    std::int64_t until_ms_ = 0;
    std::int64_t changed_ms_ = 0;
    int relapses_ = 0;
    int probes_out_ = 0;
    int probes_ok_ = 0;
    std::string reason_ = "closed from the start";
};

}  // namespace hongyan::route
