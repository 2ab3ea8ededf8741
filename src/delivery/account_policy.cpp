#include "delivery/account_policy.hpp"

#include <algorithm>

namespace hongyan::delivery {

route::BreakerRule AccountPolicy::breaker() const {
    route::BreakerRule rule;
    rule.window_seconds = breaker_window_seconds;
    rule.min_calls = breaker_min_calls;
    rule.error_ratio = breaker_error_ratio;
    rule.slow_ratio = breaker_slow_ratio;
    rule.slow_ms = breaker_slow_ms;
    rule.open_ms = breaker_open_ms;
    rule.probes = breaker_probes;
    return rule;
}

route::AdaptiveRule AccountPolicy::adaptive(std::size_t provider_max) const {
    route::AdaptiveRule rule;
    rule.max = max_in_flight > 0 ? max_in_flight : static_cast<int>(provider_max);
    rule.min = std::min(min_in_flight, rule.max);
    rule.start = std::min(rule.max, std::max(rule.min, 32));
    rule.slow_factor = slow_factor;
    return rule;
}

const shape::Object& describe(shape::Tag<AccountPolicy>) {
    using P = AccountPolicy;
    using shape::field;
    static const shape::Object object =
        shape::object<P>(
            "AccountPolicy", "How hard an account may be driven, and when it is left alone.",
            field("min_in_flight", &P::min_in_flight,
                  "The adaptive limit of messages under way never falls below this.")
                .between(1, 100'000)
                .default_value(1),
            field("max_in_flight", &P::max_in_flight,
                  "And never rises above this; 0 is the provider's default.")
                .between(0, 100'000)
                .default_value(0),
            field("rate_per_second", &P::rate_per_second,
                  "Messages per second as agreed with the provider; 0 is no limit.")
                .between(0.0, 1e6)
                .default_value(0.0),
            field("burst", &P::burst,
                  "Messages that may go at once after a pause; 0 is a tenth of a second's worth.")
                .between(0, 1'000'000)
                .default_value(0),
            field("slow_factor", &P::slow_factor,
                  "The limit shrinks when calls take so many times as long as the best of late; 0: "
                  "delay is no signal.")
                .between(0.0, 100.0)
                .default_value(2.0),
            field("breaker_window_seconds", &P::breaker_window_seconds,
                  "The breaker judges the calls of so many seconds.")
                .between(1, 300)
                .default_value(20),
            field("breaker_min_calls", &P::breaker_min_calls,
                  "Fewer calls in the window never open it.")
                .between(1, 100'000)
                .default_value(20),
            field("breaker_error_ratio", &P::breaker_error_ratio,
                  "It opens at this share of failed calls; above 1 is never.")
                .between(0.01, 2.0)
                .default_value(0.5),
            field("breaker_slow_ratio", &P::breaker_slow_ratio,
                  "It opens at this share of slow calls; above 1 is never.")
                .between(0.01, 2.0)
                .default_value(0.8),
            field("breaker_slow_ms", &P::breaker_slow_ms, "A call is slow from here on.")
                .between(1, 600'000)
                .default_value(5'000),
            field("breaker_open_ms", &P::breaker_open_ms,
                  "So long it stays open at first; the time doubles with each relapse, up to 5 "
                  "minutes.")
                .between(100, 300'000)
                .default_value(5'000),
            field("breaker_probes", &P::breaker_probes,
                  "Calls that it then lets through; all must succeed.")
                .between(1, 100)
                .default_value(3))
            .rule<P>([](const P& policy, shape::Problems& problems) {
                if (policy.max_in_flight > 0 && policy.min_in_flight > policy.max_in_flight)
                    problems.add("min_in_flight", "out_of_range",
                                 "must not be above max_in_flight");
            });
    return object;
}

}  // namespace hongyan::delivery
