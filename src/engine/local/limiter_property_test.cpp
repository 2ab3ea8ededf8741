#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "engine/local/limiter.hpp"

namespace hongyan::local {
namespace {

constexpr std::string_view name = "api:/messages/send";

LimitRule rule_of(LimitType type, double max_value,
                  LimitBehavior behavior = LimitBehavior::reject) {
    LimitRule rule;
    rule.id = 1 + static_cast<std::int64_t>(type);
    rule.resource = name;
    rule.type = type;
    rule.max_value = max_value;
    rule.behavior = behavior;
    return rule;
}

/// Most cost that any window (t - span, t] holds; an admission always starts or ends the worst one.
std::int64_t most_in_any_window(const std::vector<std::pair<std::int64_t, int>>& passed,
                                std::int64_t span_ms) {
    std::int64_t most = 0;
    std::int64_t sum = 0;
    std::size_t oldest = 0;
    for (const auto& [at_ms, cost] : passed) {
        sum += cost;
        while (passed[oldest].first <= at_ms - span_ms) sum -= passed[oldest++].second;
        most = std::max(most, sum);
    }
    return most;
}

/// Gaps between arrivals: sometimes bursts, sometimes a steady stream, sometimes long silence.
Millis random_gap(std::mt19937_64& random, int mean_ms) {
    switch (random() % 8) {
        case 0:
            return Millis(static_cast<std::int64_t>(random() % 3000));
        case 1:
            return Millis(static_cast<std::int64_t>(random() % 120));
        case 2:
        case 3:
            return Millis(static_cast<std::int64_t>(random() % (2 * mean_ms + 1)));
        default:
            return Millis(0);
    }
}

TEST(limiter_property, no_window_at_any_offset_holds_more_than_the_limit) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        ManualClock clock;
        LocalLimiter limits(clock);
        const int per_second = 1 + static_cast<int>(random() % 40);
        LimitRule window = rule_of(LimitType::window, 1 + static_cast<int>(random() % 200));
        window.window_seconds = 1 + static_cast<int>(random() % 20);
        limits.set_rules({rule_of(LimitType::qps, per_second + 0.7), window});
        std::vector<std::pair<std::int64_t, int>> passed;
        for (int i = 0; i < 10'000; ++i) {
            clock.advance(random_gap(random, 1000 / per_second));
            const int cost = random() % 5 == 0 ? 1 + static_cast<int>(random() % 3) : 1;
            if (limits.admit(name, cost).ok) passed.emplace_back(clock.now_ms(), cost);
        }
        EXPECT_GT(passed.size(), 50U);
        EXPECT_LE(most_in_any_window(passed, 1000), per_second);
        EXPECT_LE(most_in_any_window(passed, window.window_seconds * 1000), window.max_value);
    }
}

TEST(limiter_property,
     retry_after_is_honest_for_every_rule_and_not_longer_than_needed_without_warm_up) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        ManualClock clock;
        LocalLimiter limits(clock);
        const auto behavior = static_cast<LimitBehavior>(seed % 4);
        const double per_second = 0.2 + static_cast<double>(random() % 4000) / 100;
        LimitRule window = rule_of(LimitType::window, 3 + static_cast<int>(random() % 200));
        window.window_seconds = 1 + static_cast<int>(random() % 20);
        limits.set_rules({rule_of(LimitType::qps, per_second, behavior), window});
        const bool warming =
            behavior == LimitBehavior::warm_up || behavior == LimitBehavior::warm_up_pacing;
        for (int i = 0; i < 3'000; ++i) {
            clock.advance(random_gap(random, 20));
            const Admission refused = limits.admit(name);
            if (refused.ok) continue;
            ASSERT_GE(refused.retry_after, Millis{1});
            if (!warming) {
                clock.advance(refused.retry_after - Millis{1});
                ASSERT_FALSE(limits.admit(name).ok) << i;
                clock.advance(Millis{1});
            } else {
                clock.advance(refused.retry_after);
            }
            ASSERT_TRUE(limits.admit(name).ok)
                << i << " " << per_second << " " << to_text(behavior);
        }
    }
}

TEST(limiter_property, concurrency_equals_a_model_and_is_never_negative) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        ManualClock clock;
        LocalLimiter limits(clock);
        int max_value = 10;
        int inside = 0;
        limits.set_rules({rule_of(LimitType::concurrency, max_value)});
        for (int i = 0; i < 20'000; ++i) {
            const auto dice = random() % 100;
            if (dice < 50) {
                const bool ok = limits.admit(name).ok;
                ASSERT_EQ(ok, inside < max_value);
                inside += ok;
            } else if (dice < 98) {
                limits.leave(name);
                inside = std::max(0, inside - 1);
            } else {
                max_value = static_cast<int>(random() % 20);
                limits.set_rules({rule_of(LimitType::concurrency, max_value)});
            }
            ASSERT_EQ(limits.usage().at(0).current, inside);
        }
    }
}

TEST(limiter_property, paced_requests_start_at_least_one_interval_apart) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        ManualClock clock;
        LocalLimiter limits(clock);
        const std::int64_t interval_ms = 1 + static_cast<std::int64_t>(random() % 50);
        limits.set_rules({rule_of(LimitType::qps, 1000.0 / static_cast<double>(interval_ms),
                                  LimitBehavior::pacing)});
        std::int64_t last_start = 0;
        for (int i = 0; i < 5'000; ++i) {
            clock.advance(random_gap(random, static_cast<int>(interval_ms)));
            const Admission admission = limits.admit(name);
            if (!admission.ok) continue;
            ASSERT_LE(admission.wait, Millis{500});
            const std::int64_t start = clock.now_ms() + admission.wait.count();
            if (admission.wait > Millis{0}) {
                ASSERT_EQ(start, last_start + interval_ms);
            }
            ASSERT_GE(start, last_start + interval_ms);
            last_start = start;
        }
    }
}

/// Requests that start in each second under more load than the rule ever allows.
std::vector<int> saturate(Limiter& limits, ManualClock& clock, int seconds, int tries_per_10_ms) {
    std::vector<int> starts(static_cast<std::size_t>(seconds) + 2);
    const std::int64_t begin = clock.now_ms();
    for (int tick = 0; tick < seconds * 100; ++tick) {
        for (int i = 0; i < tries_per_10_ms; ++i) {
            const Admission admission = limits.admit(name);
            if (!admission.ok) continue;
            const std::int64_t at = (clock.now_ms() + admission.wait.count() - begin) / 1000;
            ++starts[static_cast<std::size_t>(at)];
        }
        clock.advance(Millis{10});
    }
    starts.resize(static_cast<std::size_t>(seconds));
    return starts;
}

TEST(limiter_property, warm_up_starts_at_a_third_and_reaches_the_full_rate_after_the_period) {
    for (const LimitBehavior behavior : {LimitBehavior::warm_up, LimitBehavior::warm_up_pacing}) {
        for (const int rate : {30, 100, 300, 1000, 1234}) {
            SCOPED_TRACE(std::string(to_text(behavior)) + " " + std::to_string(rate));
            ManualClock clock;
            LocalLimiter limits(clock);
            limits.set_rules({rule_of(LimitType::qps, rate, behavior)});
            const std::vector<int> starts = saturate(limits, clock, 20, rate / 30 + 1);
            EXPECT_NEAR(starts[0], rate / 3.0, rate * 0.05 + 1);
            EXPECT_LT(starts[5], rate * 0.75);
            EXPECT_GT(starts[5], rate / 3.0);
            EXPECT_TRUE(std::is_sorted(starts.begin(), starts.begin() + 8,
                                       [&](int a, int b) { return a < b - rate * 0.03 - 1; }));
            for (std::size_t second = 12; second < 20; ++second)
                EXPECT_NEAR(starts[second], rate, rate * 0.02 + 1);
        }
    }
}

TEST(limiter_property, an_idle_system_gets_cold_again_and_a_raised_limit_keeps_it_warm) {
    ManualClock clock;
    LocalLimiter limits(clock);
    limits.set_rules({rule_of(LimitType::qps, 300, LimitBehavior::warm_up)});
    (void)saturate(limits, clock, 15, 10);
    limits.set_rules({rule_of(LimitType::qps, 600, LimitBehavior::warm_up)});
    EXPECT_NEAR(saturate(limits, clock, 3, 20)[2], 600, 10);
    clock.advance(Millis{30'000});
    EXPECT_NEAR(saturate(limits, clock, 1, 20)[0], 200, 10);
}

TEST(limiter_property, a_small_warm_up_rule_lets_somebody_in) {
    ManualClock clock;
    LocalLimiter limits(clock);
    limits.set_rules({rule_of(LimitType::qps, 2, LimitBehavior::warm_up)});
    EXPECT_NEAR(saturate(limits, clock, 40, 1)[39], 2, 1);
}

}  // namespace
}  // namespace hongyan::local
