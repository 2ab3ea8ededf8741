// SlidingCount: how much was counted in the last `span`, never too little. The span is cut into 100
// buckets; the sum takes in the current bucket and every bucket that the span touches, so that no
// interval of that length, at any offset, can hold more than a limit checked against it. The price
// is that a count may stay up to one bucket (1 %) too long. Two buckets of half a second, the usual
// choice, let half as much again through at a bucket's edge; ten would cost 10 % of the rate for
// the same promise. Not thread-safe: the limiter calls it under the resource's lock.
#pragma once

#include <array>
#include <cstdint>

namespace hongyan::local {

class SlidingCount {
  public:
    static constexpr std::int64_t buckets = 100;

    explicit SlidingCount(std::int64_t span_us) : length_us_(span_us / buckets) {}

    /// The count of the span that ends now.
    [[nodiscard]] std::int64_t sum(std::int64_t now_us) {
        if (now_us >= newest_end_us_) advance(now_us);
        return sum_;
    }
    void add(std::int64_t now_us, std::int64_t amount) {
        if (now_us >= newest_end_us_) advance(now_us);
        at(newest_) += amount;
        sum_ += amount;
    }
    /// When the sum will be at most this (0 or more), if nothing is added: now_us or later.
    [[nodiscard]] std::int64_t time_when_at_most(std::int64_t most, std::int64_t now_us);
    /// The same contents over another span; what is not known exactly is taken as later, never as
    /// earlier.
    [[nodiscard]] SlidingCount with_span(std::int64_t span_us, std::int64_t now_us) const;
    [[nodiscard]] std::int64_t span_us() const { return length_us_ * buckets; }

  private:
    static constexpr std::int64_t slots =
        buckets + 1;  ///< the span touches one bucket more than it is long
    void advance(std::int64_t now_us);
    [[nodiscard]] std::int64_t& at(std::int64_t bucket) {
        return counts_[static_cast<std::size_t>(bucket % slots)];
    }

    std::int64_t length_us_;
    std::int64_t newest_ = 0;         ///< number of the current bucket since the clock's start
    std::int64_t newest_end_us_ = 0;  ///< saves a division on most calls
    std::int64_t sum_ = 0;
    std::array<std::int64_t, slots> counts_{};
};

}  // namespace hongyan::local
