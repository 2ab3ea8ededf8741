// Pace: a token bucket, for an account's messages per second. Pure; not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>

namespace hongyan::route {

class Pace {
  public:
    /// per_second 0 = unlimited; burst is what may go at once after a pause.
    void set(double per_second, double burst) {
        per_second_ = per_second;
        burst_ = std::max(1.0, burst);
        tokens_ = std::min(tokens_, burst_);
    }
    [[nodiscard]] double per_second() const { return per_second_; }
    /// Whole messages that may go now; at most most.
    [[nodiscard]] int available(std::int64_t now_ms, int most) {
        if (per_second_ <= 0) return most;
        refill(now_ms);
        return std::min(most, static_cast<int>(tokens_));
    }
    void take(std::int64_t now_ms) {
        if (per_second_ <= 0) return;
        refill(now_ms);
        tokens_ -= 1;
    }
    /// Milliseconds until the next message may go; 0 = now.
    [[nodiscard]] std::int64_t wait_ms(std::int64_t now_ms) {
        if (per_second_ <= 0) return 0;
        refill(now_ms);
        if (tokens_ >= 1) return 0;
        return static_cast<std::int64_t>((1 - tokens_) * 1000 / per_second_) + 1;
    }

  private:
    void refill(std::int64_t now_ms) {
        if (at_ms_ == 0) at_ms_ = now_ms;
        const auto passed = std::max<std::int64_t>(0, now_ms - at_ms_);
        tokens_ = std::min(burst_, tokens_ + static_cast<double>(passed) * per_second_ / 1000);
        at_ms_ = now_ms;
    }

    double per_second_ = 0;
    double burst_ = 1;
    double tokens_ = 1;
    std::int64_t at_ms_ = 0;
};

}  // namespace hongyan::route
