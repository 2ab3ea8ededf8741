// Histogram: latencies in nanoseconds in logarithmic buckets with 64 steps to each power of two, so
// every quantile is right to 1.6 % from 1 ns to hours. Used by the load generator's one thread;
// recording allocates nothing.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace hongyan::bench {

class Histogram {
  public:
    void record(std::uint64_t nanoseconds) {
        ++buckets_[index_of(nanoseconds)];
        ++count_;
        max_ = std::max(max_, nanoseconds);
    }

    /// The upper end of the bucket that holds the given share (0..1) of all values; 0 when empty.
    [[nodiscard]] std::uint64_t quantile(double share) const {
        const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t index = 0; index < buckets_.size(); ++index) {
            seen += buckets_[index];
            if (seen > wanted) return std::min(upper_end(index), max_);
        }
        return max_;
    }

    [[nodiscard]] std::uint64_t max() const { return max_; }
    [[nodiscard]] std::uint64_t count() const { return count_; }

  private:
    static constexpr std::size_t steps = 64;

    static std::size_t index_of(std::uint64_t value) {
        if (value < 2 * steps) return static_cast<std::size_t>(value);
        const auto shift = static_cast<std::size_t>(std::bit_width(value)) - 7;
        return (shift + 1) * steps + static_cast<std::size_t>(value >> shift) - steps;
    }

    static std::uint64_t upper_end(std::size_t index) {
        if (index < 2 * steps) return index;
        const std::size_t shift = index / steps - 1;
        const std::uint64_t sub = index % steps + steps;
        return ((sub + 1) << shift) - 1;
    }

    std::array<std::uint64_t, 60 * steps> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace hongyan::bench
