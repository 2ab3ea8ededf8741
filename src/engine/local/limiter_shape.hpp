// The two traffic shapes of a qps rule, with Sentinel's formulas. WarmUp says which rate is allowed
// now: a cold system gets a third and reaches the full rate after the period under load (Guava's
// warming bucket upside down, cold factor 3). Pacer is a virtual schedule: each request gets the
// next free place on the time line. Not thread-safe: called under the resource's lock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace hongyan::local {

/// A count out of a rule's number: rounded down, 0 for anything that is not above 0, and never so
/// large that sums overflow.
[[nodiscard]] constexpr std::int64_t whole(double value) {
    constexpr double most = 1e15;
    if (!(value > 0)) return 0;
    return static_cast<std::int64_t>(std::min(value, most));
}

class WarmUp {
  public:
    /// A cold one. rate must be above 0.
    WarmUp(double rate, int period_seconds, std::int64_t now_us);

    /// Requests per second allowed now; between rate / 3 and rate.
    [[nodiscard]] double allowed(std::int64_t now_us);
    /// The rate of a cold system; allowed() is never less.
    [[nodiscard]] double coldest() const { return rate_ / cold_factor; }
    void passed(std::int64_t amount) { this_second_.passed += amount; }
    void refused() { this_second_.refused = true; }
    /// Another rate or period; the system stays as warm as it is.
    void configure(double rate, int period_seconds);

  private:
    static constexpr int cold_factor = 3;
    struct Second {
        std::int64_t passed = 0;
        bool refused = false;
    };
    void fill(std::int64_t second);

    double rate_ = 1;
    double slope_ = 0;
    std::int64_t warning_ = 0;  ///< below so many stored tokens the system is warm
    std::int64_t most_ = 0;     ///< stored tokens of a cold system
    std::int64_t stored_ = 0;
    std::int64_t filled_second_ = 0;
    Second this_second_;
};

class Pacer {
  public:
    /// How long a request of this cost (in time) would wait for its place.
    [[nodiscard]] std::int64_t wait_ns(std::int64_t now_ns, std::int64_t cost_ns) const {
        return std::max<std::int64_t>(0, last_ns_ + cost_ns - now_ns);
    }
    void take(std::int64_t now_ns, std::int64_t cost_ns) {
        last_ns_ = std::max(now_ns, last_ns_ + cost_ns);
    }
    /// The time that amount requests take at this rate; at most 126 years, so that nothing
    /// overflows.
    [[nodiscard]] static std::int64_t cost_ns(double rate, int amount) {
        return static_cast<std::int64_t>(std::min(1e9 / rate * amount + 0.5, 4e18));
    }

  private:
    std::int64_t last_ns_ = std::numeric_limits<std::int64_t>::min() /
                            2;  ///< the place given last; may be ahead of now
};

}  // namespace hongyan::local
