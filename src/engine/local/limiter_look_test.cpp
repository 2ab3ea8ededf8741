// Looking at limits without using them up, and what they did in the last hour.
#include <gtest/gtest.h>

#include <random>

#include "engine/local/limiter.hpp"

namespace hongyan::local {
namespace {

constexpr std::string_view send = "api:/messages/send";

LimitRule rule_of(LimitType type, double max_value, std::int64_t id) {
    LimitRule rule;
    rule.id = id;
    rule.resource = send;
    rule.type = type;
    rule.max_value = max_value;
    return rule;
}

struct LimiterLook : testing::Test {
    ManualClock clock;
    LocalLimiter limits{clock};
};

TEST_F(LimiterLook, a_look_says_what_the_next_request_will_hear) {
    std::mt19937 dice(3);
    for (const auto behavior : {LimitBehavior::reject, LimitBehavior::warm_up,
                                LimitBehavior::pacing, LimitBehavior::warm_up_pacing}) {
        auto qps = rule_of(LimitType::qps, 20, 1);
        qps.behavior = behavior;
        auto window = rule_of(LimitType::window, 100, 2);
        window.window_seconds = 10;
        limits.set_rules({qps, window, rule_of(LimitType::concurrency, 5, 3)});
        int inside = 0;
        for (int i = 0; i < 2'000; ++i) {
            clock.advance(Millis(static_cast<int>(dice() % 60)));
            if (inside > 0 && dice() % 2 == 0) {
                limits.leave(send);
                --inside;
            }
            const int cost = 1 + static_cast<int>(dice() % 3);
            for (int looks = static_cast<int>(dice() % 3); looks > 0; --looks)
                static_cast<void>(limits.would_admit(send, cost));
            const auto look = limits.would_admit(send, cost);
            const auto real = limits.admit(send, cost);
            ASSERT_EQ(look.ok, real.ok) << i;
            if (real.ok) {
                ASSERT_EQ(look.wait, real.wait) << i;
                ++inside;
            } else {
                ASSERT_EQ(look.retry_after, real.retry_after) << i;
                ASSERT_EQ(look.rule_id, real.rule_id) << i;
            }
        }
        while (inside-- > 0) limits.leave(send);
    }
}

TEST_F(LimiterLook, a_look_counts_nothing) {
    limits.set_rules({rule_of(LimitType::qps, 1, 1)});
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(limits.would_admit(send).ok);
    EXPECT_FALSE(limits.would_admit(send, 2).ok);
    const auto usage = limits.usage().at(0);
    EXPECT_EQ(usage.passed + usage.refused + usage.passed_last_hour + usage.refused_last_hour, 0);
    EXPECT_TRUE(limits.would_admit("nobody limits this").ok);
    EXPECT_EQ(limits.would_admit("nobody limits this").rule_id, 0);
}

TEST_F(LimiterLook, a_disabled_rule_is_not_asked) {
    auto rule = rule_of(LimitType::qps, 0, 1);
    EXPECT_TRUE((limits.set_rules({rule}), !limits.would_admit(send).ok));
    rule.enabled = false;
    limits.set_rules({rule});
    EXPECT_TRUE(limits.would_admit(send).ok);
}

TEST_F(LimiterLook, the_last_hour_forgets_minute_by_minute) {
    limits.set_rules({rule_of(LimitType::qps, 1, 1)});
    for (int minute = 0; minute < 90; ++minute) {
        EXPECT_TRUE(limits.admit(send).ok);
        EXPECT_FALSE(limits.admit(send).ok);
        const auto usage = limits.usage().at(0);
        EXPECT_EQ(usage.passed_last_hour, std::min(minute + 1, 60));
        EXPECT_EQ(usage.refused_last_hour, std::min(minute + 1, 60));
        clock.advance(Millis(60'000));
    }
    clock.advance(Millis(3'600'000));
    EXPECT_EQ(limits.usage().at(0).passed_last_hour, 0);
    EXPECT_EQ(limits.usage().at(0).passed, 90);
}

TEST_F(LimiterLook, an_engine_without_a_look_of_its_own_judges_by_its_gauges) {
    limits.set_rules({rule_of(LimitType::qps, 3, 1)});
    const Limiter& plain = limits;
    static_cast<void>(limits.admit(send));
    EXPECT_TRUE(plain.Limiter::would_admit(send, 2).ok);
    EXPECT_FALSE(plain.Limiter::would_admit(send, 3).ok);
    EXPECT_EQ(plain.Limiter::would_admit(send, 3).rule_id, 1);
}

}  // namespace
}  // namespace hongyan::local
