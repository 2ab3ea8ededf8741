#include "engine/local/limiter_rule.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hongyan::local {
namespace {

constexpr std::int64_t us_per_ms = 1'000;
constexpr std::int64_t us_per_second = 1'000'000;

/// The time a rule's window covers. Below one request per second it is stretched until one request
/// fits in.
std::int64_t span_us(const LimitRule& rule) {
    if (rule.type == LimitType::window) return std::max(1, rule.window_seconds) * us_per_second;
    if (!(rule.max_value > 0) || rule.max_value >= 1) return us_per_second;
    constexpr double most_seconds = 366.0 * 86'400;
    return std::llround(std::min(1 / rule.max_value, most_seconds) * us_per_second /
                        SlidingCount::buckets) *
           SlidingCount::buckets;
}

Millis at_least_1_ms(std::int64_t time_us) {
    return Millis(std::max<std::int64_t>(1, (time_us + 999) / 1000));
}

}  // namespace

LastHour::Sums LastHour::sums(std::int64_t now_us) const {
    const std::int64_t first = now_us / 60'000'000 - minutes + 1;
    Sums sums;
    for (const Slot& slot : slots_) {
        if (slot.minute < first) continue;
        sums.passed += slot.passed;
        sums.refused += slot.refused;
    }
    return sums;
}

LimitState::LimitState(LimitRule rule, std::int64_t now_us)
    : rule_(std::move(rule)), window_(span_us(rule_)) {
    derive(now_us);
}

void LimitState::change(LimitRule rule, std::int64_t now_us) {
    rule_ = std::move(rule);
    if (span_us(rule_) != window_.span_us()) window_ = window_.with_span(span_us(rule_), now_us);
    derive(now_us);
}

void LimitState::derive(std::int64_t now_us) {
    const bool shaped = rule_.type == LimitType::qps && rule_.max_value > 0;
    const LimitBehavior behavior = rule_.behavior;
    const bool warming =
        behavior == LimitBehavior::warm_up || behavior == LimitBehavior::warm_up_pacing;
    paced_ =
        shaped && (behavior == LimitBehavior::pacing || behavior == LimitBehavior::warm_up_pacing);
    limit_ = whole(rule_.max_value);
    if (shaped) limit_ = std::max<std::int64_t>(1, limit_);
    window_seconds_ =
        rule_.type == LimitType::concurrency
            ? 0
            : static_cast<int>((window_.span_us() + us_per_second - 1) / us_per_second);
    if (!shaped || !warming) {
        warm_up_.reset();
    } else if (warm_up_) {
        warm_up_->configure(rule_.max_value, rule_.warm_up_seconds);
    } else {
        warm_up_.emplace(rule_.max_value, rule_.warm_up_seconds, now_us);
    }
}

/// What the window may hold now. A warm-up leaves room for one at least: a rule of 2 per second
/// would otherwise start at 0, never be used, and so never get warm.
std::int64_t LimitState::capacity(std::int64_t now_us) {
    if (!warm_up_) return limit_;
    return std::max<std::int64_t>(1, std::min(limit_, whole(warm_up_->allowed(now_us))));
}

LimitState::Verdict LimitState::check(const Arrival& arrival) {
    if (limit_ == 0) return {false, 0, closed_retry_after};
    if (paced_) return check_pace(arrival);
    if (rule_.type != LimitType::concurrency) return check_window(arrival);
    if (arrival.inside < limit_) return {};
    return {false, 0, crowded_retry_after};
}

LimitState::Verdict LimitState::check_window(const Arrival& arrival) {
    const std::int64_t most = capacity(arrival.now_us) - arrival.cost;
    if (window_.sum(arrival.now_us) <= most) return {};
    return {false, 0, retry_after(arrival, most)};
}

Millis LimitState::retry_after(const Arrival& arrival, std::int64_t most) {
    if (warm_up_) {  // until then the system may cool; the cold rate is what can be promised
        const std::int64_t free_us =
            window_.time_when_at_most(std::max<std::int64_t>(0, most), arrival.now_us);
        const std::int64_t later =
            std::max<std::int64_t>(1, whole(rate_if_refused(free_us))) - arrival.cost;
        if (most < 0 || later < most)
            most = std::max<std::int64_t>(1, whole(warm_up_->coldest())) - arrival.cost;
    }
    if (most < 0) return closed_retry_after;
    return at_least_1_ms(window_.time_when_at_most(most, arrival.now_us) - arrival.now_us);
}

double LimitState::rate_if_refused(std::int64_t at_us) const {
    WarmUp later = *warm_up_;
    later.refused();
    return later.allowed(at_us);
}

LimitState::Verdict LimitState::check_pace(const Arrival& arrival) {
    const std::int64_t now_ns = arrival.now_us * 1000;
    const std::int64_t most_ns = std::max(0, rule_.max_queueing_ms) * 1'000'000LL;
    const double rate_now = rate(arrival.now_us);
    const std::int64_t wait_ns = pacer_.wait_ns(now_ns, Pacer::cost_ns(rate_now, arrival.cost));
    if (wait_ns <= most_ns) return {true, wait_ns, Millis{0}};
    std::int64_t over_us = (wait_ns - most_ns + 999) / 1000;
    if (warm_up_ && rate_if_refused(arrival.now_us + over_us + us_per_ms) < rate_now) {
        const std::int64_t cold_ns =
            pacer_.wait_ns(now_ns, Pacer::cost_ns(warm_up_->coldest(), arrival.cost));
        over_us = (cold_ns - most_ns + 999) / 1000;
    }
    return {false, 0, at_least_1_ms(over_us)};
}

void LimitState::take(const Arrival& arrival) {
    ++passed_;
    last_hour_.pass(arrival.now_us);
    if (rule_.type == LimitType::concurrency) return;
    window_.add(arrival.now_us, arrival.cost);
    if (paced_)
        pacer_.take(arrival.now_us * 1000, Pacer::cost_ns(rate(arrival.now_us), arrival.cost));
    if (warm_up_) warm_up_->passed(arrival.cost);
}

void LimitState::refuse(std::int64_t now_us, std::int64_t wall_ms) {
    ++refused_;
    last_hour_.refuse(now_us);
    last_refusal_ms_ = wall_ms;
    if (warm_up_) warm_up_->refused();
}

std::int64_t LimitState::remaining(const Arrival& arrival) {
    if (limit_ == 0) return 0;
    if (rule_.type == LimitType::concurrency)
        return std::max<std::int64_t>(0, limit_ - arrival.inside);
    if (!paced_)
        return std::max<std::int64_t>(0, capacity(arrival.now_us) - window_.sum(arrival.now_us));
    const std::int64_t cost_ns = std::max<std::int64_t>(1, Pacer::cost_ns(rate(arrival.now_us), 1));
    const std::int64_t most_ns = std::max(0, rule_.max_queueing_ms) * 1'000'000LL;
    const std::int64_t free_ns = most_ns + cost_ns - pacer_.wait_ns(arrival.now_us * 1000, cost_ns);
    return std::clamp<std::int64_t>(free_ns / cost_ns, 0, limit_);
}

LimitUsage LimitState::usage(const Arrival& arrival) const {
    LimitState copy = *this;  // looking must not change what the warm-up does next
    LimitUsage usage;
    usage.rule = rule_;
    const bool concurrency = rule_.type == LimitType::concurrency;
    usage.current =
        static_cast<double>(concurrency ? arrival.inside : copy.window_.sum(arrival.now_us));
    // Millionths: the warm-up's rate carries a rounding guard that nobody wants to see.
    usage.allowed = copy.warm_up_ ? std::round(copy.warm_up_->allowed(arrival.now_us) * 1e6) / 1e6
                                  : rule_.max_value;
    usage.passed = passed_;
    usage.refused = refused_;
    usage.last_refusal_ms = last_refusal_ms_;
    const auto hour = last_hour_.sums(arrival.now_us);
    usage.passed_last_hour = hour.passed;
    usage.refused_last_hour = hour.refused;
    return usage;
}

}  // namespace hongyan::local
