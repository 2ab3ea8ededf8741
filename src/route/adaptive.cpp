#include "route/adaptive.hpp"

#include <algorithm>

namespace hongyan::route {
namespace {

constexpr double shrink_factor = 0.7;
constexpr double weight_of_new = 0.1;
/// The best is forgotten slowly, or one lucky call would call all later ones slow for ever.
constexpr std::int64_t best_lives_ms = 60'000;

}  // namespace

Adaptive::Adaptive(AdaptiveRule rule) : rule_(rule), limit_(1) {
    limit_ = std::clamp(rule.start, rule.min, std::max(rule.min, rule.max));
}

void Adaptive::set_rule(const AdaptiveRule& rule) {
    rule_ = rule;
    limit_ = std::clamp<double>(limit_, rule.min, std::max(rule.min, rule.max));
}

void Adaptive::shrink(std::int64_t now_ms) {
    const auto pause = static_cast<std::int64_t>(std::max(smoothed_ms_, 10.0));
    if (now_ms - shrunk_ms_ < pause) return;
    shrunk_ms_ = now_ms;
    limit_ = std::max<double>(rule_.min, limit_ * shrink_factor);
}

void Adaptive::record(std::int64_t now_ms, bool pushed_back, double duration_ms, int in_flight) {
    if (pushed_back) {
        shrink(now_ms);
        return;
    }
    smoothed_ms_ = smoothed_ms_ == 0 ? duration_ms
                                     : smoothed_ms_ + weight_of_new * (duration_ms - smoothed_ms_);
    if (best_ms_ == 0 || duration_ms < best_ms_ || now_ms - best_since_ms_ > best_lives_ms) {
        best_ms_ =
            now_ms - best_since_ms_ > best_lives_ms && best_ms_ != 0 ? smoothed_ms_ : duration_ms;
        best_since_ms_ = now_ms;
    }
    const double slow_from = std::max<double>(rule_.slow_floor_ms, best_ms_ * rule_.slow_factor);
    if (rule_.slow_factor > 0 && smoothed_ms_ > slow_from) {
        shrink(now_ms);
    } else if (in_flight * 2 >= limit_) {  // unused room proves nothing
        limit_ = std::min<double>(rule_.max, limit_ + 1.0 / limit_);
    }
}

}  // namespace hongyan::route
