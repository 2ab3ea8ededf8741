#include "contract/pool_rule.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace hongyan {
namespace {

PoolRule sender() { return {"message_sender", 20, 100, 10'000, 0.8, 0.2}; }

PoolState pool_of(int size, std::int64_t queue_size) {
    PoolState state;
    state.size = size;
    state.queue_size = queue_size;
    return state;
}

TEST(pool_rule, grows_by_a_fifth_at_once_and_says_why) {
    PoolState state = pool_of(20, 9120);
    const PoolDecision decision = decide_pool_size(sender(), state, 5);
    EXPECT_TRUE(decision.changed);
    EXPECT_EQ(decision.size, 24);
    EXPECT_EQ(state.size, 24);
    EXPECT_EQ(decision.reason, "queue 9,120 of 10,000 is 91 %, over the 80 % mark: 20 → 24");
}

TEST(pool_rule, grows_once_a_second_until_the_maximum) {
    PoolState state = pool_of(20, 10'000);
    std::vector<int> sizes;
    for (std::int64_t now = 0; now < 10'000; now += 100) {
        const PoolDecision decision = decide_pool_size(sender(), state, now);
        if (!decision.changed) continue;
        EXPECT_EQ(now % 1000, 0);
        sizes.push_back(decision.size);
    }
    EXPECT_EQ(sizes, (std::vector<int>{24, 28, 33, 39, 46, 55, 66, 79, 94, 100}));
}

TEST(pool_rule, a_pool_of_one_grows_and_shrinks_by_one) {
    const PoolRule rule{"small", 1, 3, 10, 0.8, 0.2};
    PoolState state = pool_of(1, 9);
    EXPECT_EQ(decide_pool_size(rule, state, 0).size, 2);
    state.queue_size = 1;
    EXPECT_EQ(decide_pool_size(rule, state, 1'000).size, 2);
    EXPECT_EQ(decide_pool_size(rule, state, 10'999).size, 2);
    const PoolDecision decision = decide_pool_size(rule, state, 11'000);
    EXPECT_EQ(decision.size, 1);
    EXPECT_EQ(decision.reason, "queue 1 of 10 is 10 %, under the 20 % mark for 10 s: 2 → 1");
}

TEST(pool_rule, shrinks_by_a_tenth_for_every_ten_calm_seconds_down_to_the_core) {
    PoolState state = pool_of(100, 0);
    int changes = 0;
    std::int64_t last = 0;
    for (std::int64_t now = 0; now <= 400'000; now += 500) {
        if (!decide_pool_size(sender(), state, now).changed) continue;
        EXPECT_GE(now - last, 10'000);
        last = now;
        ++changes;
    }
    EXPECT_EQ(state.size, 20);
    EXPECT_GT(changes, 10);
}

TEST(pool_rule, one_look_above_the_lower_mark_starts_the_ten_seconds_again) {
    PoolState state = pool_of(50, 100);
    (void)decide_pool_size(sender(), state, 0);
    state.queue_size = 2'000;  // exactly at the mark is not below it
    (void)decide_pool_size(sender(), state, 9'000);
    state.queue_size = 100;
    (void)decide_pool_size(sender(), state, 9'500);
    EXPECT_FALSE(decide_pool_size(sender(), state, 10'000).changed);
    EXPECT_FALSE(decide_pool_size(sender(), state, 19'499).changed);
    EXPECT_EQ(decide_pool_size(sender(), state, 19'500).size, 45);
}

TEST(pool_rule, between_the_marks_nothing_happens) {
    PoolState state = pool_of(50, 8'000);
    for (std::int64_t now = 0; now < 100'000; now += 1'000) {
        const PoolDecision decision = decide_pool_size(sender(), state, now);
        EXPECT_FALSE(decision.changed);
        EXPECT_EQ(decision.reason, "");
    }
}

TEST(pool_rule, an_oscillating_queue_changes_the_size_at_most_once_in_ten_seconds) {
    for (const std::int64_t half_period : {300, 1'000, 4'000, 9'000, 11'000, 25'000}) {
        PoolState state = pool_of(40, 0);
        std::optional<std::int64_t> last_change;
        std::optional<std::int64_t> last_turn;
        int last_step = 0;
        bool quiet_since_change = true;
        for (std::int64_t now = 0; now < 600'000; now += 100) {
            state.queue_size = (now / half_period) % 2 == 0 ? 9'500 : 500;
            if (state.queue_size == 500) quiet_since_change = true;
            const int before = state.size;
            if (!decide_pool_size(sender(), state, now).changed) continue;
            const int step = state.size > before ? 1 : -1;
            if (last_change && quiet_since_change) {
                EXPECT_GE(now - *last_change, 10'000) << half_period;
            }
            if (step != last_step) {
                if (last_turn) {
                    EXPECT_GE(now - *last_turn, 10'000) << half_period;
                }
                last_turn = now;
            }
            last_step = step;
            last_change = now;
            quiet_since_change = false;
        }
        EXPECT_TRUE(last_change) << half_period;
    }
}

TEST(pool_rule, changed_bounds_hold_at_once_and_the_reason_names_them) {
    PoolRule rule = sender();
    PoolState state = pool_of(0, 0);
    EXPECT_EQ(decide_pool_size(rule, state, 0).reason, "core_pool_size is 20: 0 → 20");
    rule.core_pool_size = 30;
    EXPECT_EQ(decide_pool_size(rule, state, 1).reason, "core_pool_size is 30: 20 → 30");
    rule.core_pool_size = 5;
    rule.max_pool_size = 12;
    state.queue_size = 10'000;
    EXPECT_EQ(decide_pool_size(rule, state, 2).reason, "max_pool_size is 12: 30 → 12");
    EXPECT_FALSE(decide_pool_size(rule, state, 3).changed);
    rule.max_pool_size = 200;
    EXPECT_EQ(decide_pool_size(rule, state, 4).size, 14);
}

TEST(pool_rule, random_queues_never_leave_the_bounds_or_turn_twice_in_ten_seconds) {
    std::mt19937_64 random(20'261'123);
    for (int run = 0; run < 50; ++run) {
        SCOPED_TRACE(run);
        PoolRule rule = sender();
        rule.core_pool_size = 1 + static_cast<int>(random() % 30);
        rule.max_pool_size = rule.core_pool_size + static_cast<int>(random() % 100);
        PoolState state = pool_of(rule.core_pool_size, 0);
        std::int64_t now = 0;
        std::int64_t last_turn = -1'000'000;
        int last_step = 0;
        for (int tick = 0; tick < 2'000; ++tick) {
            now += static_cast<std::int64_t>(random() % 3'000);
            state.queue_size = static_cast<std::int64_t>(random() % 3 * 4'900);
            const int before = state.size;
            const PoolDecision decision = decide_pool_size(rule, state, now);
            ASSERT_GE(state.size, rule.core_pool_size);
            ASSERT_LE(state.size, rule.max_pool_size);
            ASSERT_EQ(decision.changed, before != state.size);
            ASSERT_EQ(decision.changed, !decision.reason.empty());
            if (!decision.changed) continue;
            const int step = state.size > before ? 1 : -1;
            if (step != last_step) {
                ASSERT_GE(now - last_turn, 10'000);
                last_turn = now;
            }
            last_step = step;
        }
    }
}

TEST(pool_rule, use_near_a_mark_is_written_with_enough_digits) {
    PoolState state = pool_of(20, 8'001);
    EXPECT_EQ(decide_pool_size(sender(), state, 0).reason,
              "queue 8,001 of 10,000 is 80.01 %, over the 80.00 % mark: 20 → 24");
}

TEST(pool_rule, a_wrong_row_is_refused_by_column) {
    EXPECT_TRUE(check_pool_rule(sender()).empty());
    PoolRule rule = sender();
    rule.max_pool_size = 10;
    auto problems = check_pool_rule(rule);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].path, "max_pool_size");
    EXPECT_EQ(problems[0].detail,
              "max_pool_size is 10; it must be at least core_pool_size, which is 20");
    rule = sender();
    std::swap(rule.scale_up_threshold, rule.scale_down_threshold);
    problems = check_pool_rule(rule);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].path, "scale_down_threshold");
    EXPECT_EQ(problems[0].detail,
              "scale_down_threshold is 0.8; it must be 0 or more and below scale_up_threshold, "
              "which is 0.2");
    rule = {"x", 0, -1, 0, std::numeric_limits<double>::quiet_NaN(), 0.2};
    EXPECT_EQ(check_pool_rule(rule).size(), 5U);
}

TEST(pool_rule, a_wrong_row_changes_nothing_and_says_so) {
    PoolRule rule = sender();
    rule.core_pool_size = 200;
    PoolState state = pool_of(20, 10'000);
    const PoolDecision decision = decide_pool_size(rule, state, 0);
    EXPECT_FALSE(decision.changed);
    EXPECT_EQ(decision.size, 20);
    EXPECT_EQ(decision.reason,
              "the rule of pool message_sender cannot be used: max_pool_size is 100; it must be at "
              "least core_pool_size, "
              "which is 200");
}

}  // namespace
}  // namespace hongyan
