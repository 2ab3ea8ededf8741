// Pace: how fast one bind may submit. A token bucket keeps to the configured rate; when the centre
// throttles, the rate is halved and the bind pauses, and step by step it gets its rate back. Used
// on the account's thread only; times are steady microseconds.
#pragma once

#include <cstdint>

namespace hongyan::smpp {

struct PaceRules {
    double per_second = 0;  ///< 0: no limit until the centre throttles
    std::int64_t pause_us = 1'000'000;
    std::int64_t pause_max_us = 5'000'000;
};

class Pace {
  public:
    explicit Pace(const PaceRules& rules);
    /// Takes leave for one submit; false if it is too early.
    [[nodiscard]] bool take(std::int64_t now_us);
    /// When take() may succeed again.
    [[nodiscard]] std::int64_t next_us(std::int64_t now_us) const;
    /// The centre refused a submit for its rate. Refusals of submits that left before the pause do
    /// not count again.
    void on_throttled(std::int64_t now_us);
    void on_accepted(std::int64_t now_us);
    /// Where a pause under way ends; 0 if there is none.
    [[nodiscard]] std::int64_t paused_until_us(std::int64_t now_us) const;
    /// Submits a second at present; 0 is no limit.
    [[nodiscard]] double rate() const { return rate_; }

  private:
    void refill(std::int64_t now_us);
    void measure(std::int64_t now_us);

    const PaceRules rules_;
    double rate_;
    double ceiling_;
    double tokens_ = 1;
    std::int64_t refilled_us_ = 0;
    std::int64_t paused_until_us_ = 0;
    std::int64_t pause_us_;
    std::int64_t raised_us_ = 0;
    // What was really sent, to know what half of it is.
    std::int64_t second_began_us_ = 0;
    double sent_this_second_ = 0;
    double sent_last_second_ = 0;
};

}  // namespace hongyan::smpp
