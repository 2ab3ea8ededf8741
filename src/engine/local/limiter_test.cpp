#include "engine/local/limiter.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

namespace hongyan::local {
namespace {

constexpr std::string_view send = "api:/messages/send";

LimitRule rule_of(LimitType type, double max_value,
                  LimitBehavior behavior = LimitBehavior::reject) {
    LimitRule rule;
    rule.id = 1 + static_cast<std::int64_t>(type);
    rule.resource = send;
    rule.type = type;
    rule.max_value = max_value;
    rule.behavior = behavior;
    return rule;
}

struct limiter : testing::Test {
    ManualClock clock;
    LocalLimiter limits{clock};

    int admitted(int tries) {
        int count = 0;
        for (int i = 0; i < tries; ++i) count += limits.admit(send).ok;
        return count;
    }
    LimitUsage only_usage() { return limits.usage().at(0); }
};

TEST_F(limiter, knows_its_words) {
    EXPECT_EQ(limit_type_from_text("window"), LimitType::window);
    EXPECT_EQ(limit_behavior_from_text("warm_up_pacing"), LimitBehavior::warm_up_pacing);
    EXPECT_EQ(limit_type_from_text("QPS"), std::nullopt);
    EXPECT_EQ(to_text(LimitType::concurrency), "concurrency");
    EXPECT_EQ(to_text(LimitBehavior::pacing), "pacing");
}

TEST_F(limiter, an_unknown_resource_is_admitted_and_not_counted) {
    limits.set_rules({rule_of(LimitType::qps, 1)});
    const Admission admission = limits.admit("other");
    EXPECT_TRUE(admission.ok);
    EXPECT_FALSE(admission.entered);
    EXPECT_EQ(admission.limit, 0);
    limits.leave("other");
}

TEST_F(limiter, a_qps_rule_admits_its_number_in_a_second_and_says_what_is_left) {
    limits.set_rules({rule_of(LimitType::qps, 3)});
    for (std::int64_t left = 2; left >= 0; --left) {
        const Admission admission = limits.admit(send);
        EXPECT_TRUE(admission.ok);
        EXPECT_EQ(admission.limit, 3);
        EXPECT_EQ(admission.remaining, left);
        EXPECT_EQ(admission.window_seconds, 1);
    }
    const Admission refused = limits.admit(send);
    EXPECT_FALSE(refused.ok);
    EXPECT_EQ(refused.remaining, 0);
    EXPECT_EQ(refused.resource, send);
    EXPECT_EQ(refused.rule_id, 1);
    EXPECT_EQ(refused.retry_after, Millis{1010});
    EXPECT_EQ(limit_text(refused), "api:/messages/send allows 3 requests per second");
    clock.advance(Millis{1009});
    EXPECT_FALSE(limits.admit(send).ok);
    clock.advance(Millis{1});
    EXPECT_EQ(admitted(10), 3);
}

TEST_F(limiter, a_steady_stream_gets_at_least_99_percent_of_the_limit) {
    limits.set_rules({rule_of(LimitType::qps, 1000)});
    int count = 0;
    for (int i = 0; i < 10'000; ++i) {
        count += admitted(2);
        clock.advance(Millis{1});
    }
    EXPECT_GE(count, 9'900);
    EXPECT_LE(count, 10'000);
}

TEST_F(limiter, a_window_rule_counts_over_its_seconds) {
    LimitRule rule = rule_of(LimitType::window, 100);
    rule.window_seconds = 60;
    limits.set_rules({rule});
    EXPECT_EQ(admitted(150), 100);
    clock.advance(Millis{60'000});
    const Admission refused = limits.admit(send);
    EXPECT_FALSE(refused.ok);
    EXPECT_EQ(refused.retry_after, Millis{600});
    EXPECT_EQ(limit_text(refused), "api:/messages/send allows 100 requests in 60 seconds");
    clock.advance(refused.retry_after);
    EXPECT_EQ(admitted(150), 100);
}

TEST_F(limiter, a_refused_request_uses_up_nothing_of_the_other_layers) {
    LimitRule window = rule_of(LimitType::window, 10);
    window.window_seconds = 60;
    limits.set_rules({rule_of(LimitType::qps, 100), window, rule_of(LimitType::concurrency, 2)});
    EXPECT_EQ(admitted(50), 2);
    auto usage = limits.usage();
    ASSERT_EQ(usage.size(), 3U);
    for (const LimitUsage& one : usage) EXPECT_EQ(one.current, 2) << to_text(one.rule.type);
    EXPECT_EQ(usage[1].refused, 48);  // concurrency has id 2
    EXPECT_EQ(usage[0].refused + usage[2].refused, 0);
    EXPECT_EQ(usage[1].last_refusal_ms, clock.now_ms());
    for (int i = 0; i < 8; ++i) {
        limits.leave(send);
        EXPECT_EQ(admitted(1), 1);
    }
    limits.leave(send);
    EXPECT_EQ(admitted(1), 0);  // now the window is full
    EXPECT_EQ(limits.usage()[1].current, 1);
}

TEST_F(limiter, retry_after_is_that_of_the_slowest_refusing_rule) {
    LimitRule window = rule_of(LimitType::window, 1);
    window.window_seconds = 10;
    limits.set_rules({rule_of(LimitType::qps, 1), window});
    EXPECT_TRUE(limits.admit(send).ok);
    const Admission refused = limits.admit(send);
    EXPECT_EQ(refused.retry_after, Millis{10'100});
    EXPECT_EQ(refused.type, LimitType::window);
    clock.advance(refused.retry_after);
    EXPECT_TRUE(limits.admit(send).ok);
}

TEST_F(limiter, concurrency_is_kept_over_changes_of_rules) {
    limits.set_rules({rule_of(LimitType::concurrency, 5)});
    EXPECT_EQ(admitted(10), 5);
    EXPECT_EQ(limits.admit(send).retry_after, crowded_retry_after);
    limits.set_rules({});
    EXPECT_TRUE(limits.admit(send).entered);  // counted inside though no rule is left
    limits.set_rules({rule_of(LimitType::concurrency, 8)});
    EXPECT_EQ(only_usage().current, 6);
    EXPECT_EQ(admitted(10), 2);
    limits.set_rules({rule_of(LimitType::concurrency, 3)});
    for (int i = 0; i < 5; ++i) limits.leave(send);
    EXPECT_EQ(admitted(1), 0);
    limits.leave(send);
    EXPECT_EQ(admitted(1), 1);
}

TEST_F(limiter, leaving_too_often_never_makes_the_count_negative) {
    limits.set_rules({rule_of(LimitType::concurrency, 2)});
    EXPECT_EQ(admitted(1), 1);
    for (int i = 0; i < 5; ++i) limits.leave(send);
    EXPECT_EQ(only_usage().current, 0);
    EXPECT_EQ(admitted(5), 2);
}

TEST_F(limiter, a_changed_maximum_keeps_what_the_window_holds) {
    limits.set_rules({rule_of(LimitType::qps, 10)});
    EXPECT_EQ(admitted(20), 10);
    limits.set_rules({rule_of(LimitType::qps, 15)});
    EXPECT_EQ(admitted(20), 5);
    limits.set_rules({rule_of(LimitType::qps, 5)});
    clock.advance(Millis{1010});
    EXPECT_EQ(admitted(20), 5);
    EXPECT_EQ(only_usage().passed, 20);
}

TEST_F(limiter, a_changed_window_length_keeps_what_the_window_holds) {
    LimitRule rule = rule_of(LimitType::window, 10);
    rule.window_seconds = 10;
    limits.set_rules({rule});
    EXPECT_EQ(admitted(7), 7);
    clock.advance(Millis{5'000});
    rule.window_seconds = 60;
    limits.set_rules({rule});
    EXPECT_EQ(admitted(20), 3);
    clock.advance(Millis{50'000});
    rule.window_seconds = 3;
    limits.set_rules({rule});
    EXPECT_EQ(admitted(20), 10);
}

TEST_F(limiter, a_disabled_or_removed_rule_stops_at_once) {
    LimitRule rule = rule_of(LimitType::qps, 1);
    limits.set_rules({rule});
    EXPECT_EQ(admitted(5), 1);
    rule.enabled = false;
    limits.set_rules({rule});
    EXPECT_EQ(admitted(5), 5);
    EXPECT_FALSE(only_usage().rule.enabled);
    rule.enabled = true;
    limits.set_rules({rule});
    EXPECT_EQ(admitted(5), 0);
    limits.set_rules({});
    EXPECT_EQ(admitted(5), 5);
    EXPECT_TRUE(limits.usage().empty());
}

TEST_F(limiter, nothing_above_zero_refuses_everything) {
    for (const double max_value : {0.0, -1.0, -1e300, std::numeric_limits<double>::quiet_NaN()}) {
        for (const LimitType type : {LimitType::qps, LimitType::concurrency, LimitType::window}) {
            for (const auto behavior :
                 {LimitBehavior::reject, LimitBehavior::warm_up, LimitBehavior::pacing}) {
                limits.set_rules({rule_of(type, max_value, behavior)});
                const Admission refused = limits.admit(send);
                EXPECT_FALSE(refused.ok);
                EXPECT_EQ(refused.retry_after, closed_retry_after);
                EXPECT_EQ(refused.remaining, 0);
            }
        }
    }
}

TEST_F(limiter, very_large_values_refuse_nothing) {
    for (const double max_value : {1e12, 1e300, std::numeric_limits<double>::infinity()}) {
        for (const LimitType type : {LimitType::qps, LimitType::concurrency, LimitType::window}) {
            for (std::size_t i = 0; i < limit_behavior_names.size(); ++i) {
                limits.set_rules({rule_of(type, max_value, static_cast<LimitBehavior>(i))});
                EXPECT_EQ(admitted(1000), 1000)
                    << max_value << to_text(type) << limit_behavior_names[i];
            }
        }
    }
}

TEST_F(limiter, half_a_request_per_second_is_one_in_two_seconds) {
    limits.set_rules({rule_of(LimitType::qps, 0.5)});
    int count = 0;
    for (int i = 0; i < 20'200; ++i) {
        count += admitted(1);
        clock.advance(Millis{1});
    }
    EXPECT_EQ(count, 10);
    const Admission refused = limits.admit(send);
    EXPECT_EQ(refused.window_seconds, 2);
    EXPECT_EQ(limit_text(refused), "api:/messages/send allows 1 request in 2 seconds");
}

TEST_F(limiter, a_cost_above_the_limit_says_that_waiting_does_not_help) {
    limits.set_rules({rule_of(LimitType::qps, 10)});
    EXPECT_TRUE(limits.admit(send, 7).ok);
    const Admission refused = limits.admit(send, 4);
    EXPECT_FALSE(refused.ok);
    EXPECT_EQ(refused.remaining, 3);
    EXPECT_EQ(refused.retry_after, Millis{1010});
    EXPECT_TRUE(limits.admit(send, 3).ok);
    EXPECT_EQ(limits.admit(send, 11).retry_after, closed_retry_after);
}

TEST_F(limiter, pacing_spaces_requests_exactly) {
    LimitRule rule = rule_of(LimitType::qps, 10, LimitBehavior::pacing);
    rule.max_queueing_ms = 500;
    limits.set_rules({rule});
    for (int i = 0; i < 6; ++i) {
        const Admission admission = limits.admit(send);
        EXPECT_TRUE(admission.ok);
        EXPECT_EQ(admission.wait, Millis{100 * i});
        EXPECT_EQ(admission.remaining, 5 - i);
    }
    const Admission refused = limits.admit(send);
    EXPECT_FALSE(refused.ok);
    EXPECT_EQ(refused.retry_after, Millis{100});
    clock.advance(Millis{99});
    EXPECT_EQ(limits.admit(send).retry_after, Millis{1});
    clock.advance(Millis{1});
    EXPECT_EQ(limits.admit(send).wait, Millis{500});
    clock.advance(Millis{10'000});
    EXPECT_EQ(limits.admit(send).wait, Millis{0});  // idle time is not saved up
    EXPECT_EQ(limits.admit(send).wait, Millis{100});
}

TEST_F(limiter, pacing_does_not_drift_where_a_request_takes_no_whole_milliseconds) {
    LimitRule rule = rule_of(LimitType::qps, 3000, LimitBehavior::pacing);
    rule.max_queueing_ms = 1'000'000;
    limits.set_rules({rule});
    for (int i = 0; i < 9'000; ++i) {
        const Admission admission = limits.admit(send);
        ASSERT_EQ(admission.wait.count(), (i + 2) / 3) << i;  // i / 3 ms, rounded up
    }
}

TEST_F(limiter, usage_changes_nothing) {
    limits.set_rules({rule_of(LimitType::qps, 300, LimitBehavior::warm_up)});
    EXPECT_EQ(only_usage().allowed, 100);
    for (int i = 0; i < 1000; ++i) {
        clock.advance(Millis{50});
        (void)limits.usage();
    }
    EXPECT_EQ(admitted(500), 100);
    EXPECT_EQ(only_usage().current, 100);
}

TEST_F(limiter, many_threads_never_get_more_than_the_limits_together) {
    LimitRule window = rule_of(LimitType::window, 30'000);
    limits.set_rules({window, rule_of(LimitType::concurrency, 3)});
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::atomic<int> admissions{0};
    const auto work = [&] {
        for (int i = 0; i < 20'000; ++i) {
            if (!limits.admit(send).ok) continue;
            const int now_inside = ++inside;
            for (int seen = most;
                 now_inside > seen && !most.compare_exchange_weak(seen, now_inside);) {
            }
            ++admissions;
            --inside;
            limits.leave(send);
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work);
    for (int i = 0; i < 200; ++i) {
        LimitRule extra = rule_of(LimitType::qps, 1e9);
        extra.resource = "other" + std::to_string(i % 7);
        limits.set_rules({window, rule_of(LimitType::concurrency, 3), extra});
        (void)limits.usage();
    }
    for (auto& thread : threads) thread.join();
    EXPECT_LE(most, 3);
    EXPECT_LE(admissions, 30'000);
    for (const LimitUsage& usage : limits.usage()) {
        if (usage.rule.type == LimitType::concurrency) {
            EXPECT_EQ(usage.current, 0);
        }
        if (usage.rule.type == LimitType::window) {
            EXPECT_EQ(usage.current, admissions);
        }
    }
}

}  // namespace
}  // namespace hongyan::local
