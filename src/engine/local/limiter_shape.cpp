#include "engine/local/limiter_shape.hpp"

namespace hongyan::local {
namespace {

constexpr std::int64_t us_per_second = 1'000'000;

}  // namespace

WarmUp::WarmUp(double rate, int period_seconds, std::int64_t now_us)
    : filled_second_(now_us / us_per_second) {
    configure(rate, period_seconds);
    stored_ = most_;
}

void WarmUp::configure(double rate, int period_seconds) {
    const double warmth =
        most_ > 0 ? static_cast<double>(stored_) / static_cast<double>(most_) : 1.0;
    const double work = std::max(1, period_seconds) * rate;
    rate_ = rate;
    warning_ = whole(work) / (cold_factor - 1);
    most_ = warning_ + whole(2 * work / (1.0 + cold_factor));
    slope_ =
        most_ > warning_ ? (cold_factor - 1.0) / rate / static_cast<double>(most_ - warning_) : 0;
    stored_ = whole(warmth * static_cast<double>(most_));
}

double WarmUp::allowed(std::int64_t now_us) {
    const std::int64_t second = now_us / us_per_second;
    if (second > filled_second_) fill(second);
    if (stored_ < warning_) return rate_;
    constexpr double nudge =
        1 + 1e-12;  // 300 / 3 must not come out as 99.99999999999999 and be rounded down
    return nudge / (static_cast<double>(stored_ - warning_) * slope_ + 1.0 / rate_);
}

void WarmUp::fill(std::int64_t second) {
    const std::int64_t elapsed = second - filled_second_;
    const Second last = elapsed == 1 ? this_second_ : Second{};
    // Where somebody was refused there was load enough. Sentinel looks at the passed ones alone,
    // and a system held at a third of its rate that passes one less than that, by rounding, would
    // count as idle and stay cold for ever.
    const bool idle = last.passed < whole(rate_) / cold_factor && !last.refused;
    if (stored_ < warning_ || (stored_ > warning_ && idle)) {
        stored_ = std::min(
            most_, whole(static_cast<double>(stored_) + static_cast<double>(elapsed) * rate_));
    }
    stored_ = std::max<std::int64_t>(0, stored_ - last.passed);
    filled_second_ = second;
    this_second_ = {};
}

}  // namespace hongyan::local
