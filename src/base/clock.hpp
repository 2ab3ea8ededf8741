// Time as a value that is passed in: wall time for what people see and schedule, steady time for
// durations. Everything that asks for time takes a Clock&, so that tests run on ManualClock. All
// members are safe from every thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace hongyan {

using Millis = std::chrono::milliseconds;

class Clock {
  public:
    virtual ~Clock() = default;
    /// Wall time: milliseconds since 1970-01-01T00:00:00Z.
    [[nodiscard]] virtual std::int64_t now_ms() const = 0;
    /// Steady time in microseconds from an arbitrary start; never goes back.
    [[nodiscard]] virtual std::int64_t steady_us() const = 0;
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] std::int64_t now_ms() const override;
    [[nodiscard]] std::int64_t steady_us() const override;
};

/// A clock that stands still until it is told to move; for tests.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(std::int64_t start_ms = 1'800'000'000'000) : now_ms_(start_ms) {}
    [[nodiscard]] std::int64_t now_ms() const override { return now_ms_.load(); }
    [[nodiscard]] std::int64_t steady_us() const override { return steady_us_.load(); }
    /// Moves wall and steady time on together.
    void advance(Millis step) {
        now_ms_ += step.count();
        steady_us_ += step.count() * 1000;
    }

  private:
    std::atomic<std::int64_t> now_ms_;
    std::atomic<std::int64_t> steady_us_{0};
};

}  // namespace hongyan
