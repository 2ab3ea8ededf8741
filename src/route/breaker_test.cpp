#include "route/breaker.hpp"

#include <gtest/gtest.h>

namespace hongyan::route {
namespace {

constexpr std::int64_t start = 1'800'000'000'000;

BreakerRule small_rule() {
    BreakerRule rule;
    rule.window_seconds = 10;
    rule.min_calls = 4;
    rule.open_ms = 1'000;
    rule.max_open_ms = 3'000;
    rule.probes = 2;
    return rule;
}

void fail(Breaker& breaker, std::int64_t at, int times) {
    for (int i = 0; i < times; ++i) breaker.record(at, true, 10);
}

TEST(Breaker, stays_closed_below_the_least_number_of_calls) {
    Breaker breaker(small_rule());
    fail(breaker, start, 3);
    EXPECT_EQ(breaker.state(start), BreakerState::closed);
    fail(breaker, start, 1);
    EXPECT_EQ(breaker.state(start), BreakerState::open);
    EXPECT_EQ(breaker.reason(), "opened: 4 of 4 calls failed in 10 s");
}

TEST(Breaker, forgets_what_is_older_than_its_window) {
    Breaker breaker(small_rule());
    fail(breaker, start, 3);
    for (int i = 0; i < 2; ++i) breaker.record(start + 11'000, false, 10);
    fail(breaker, start + 11'000, 1);
    EXPECT_EQ(breaker.state(start + 11'000), BreakerState::closed);
    EXPECT_EQ(breaker.counts(start + 11'000).calls, 3);
}

TEST(Breaker, lets_probes_through_when_half_open_and_closes_when_all_succeed) {
    Breaker breaker(small_rule());
    fail(breaker, start, 4);
    EXPECT_FALSE(breaker.admit(start + 999));
    const auto later = start + 1'000;
    EXPECT_TRUE(breaker.admit(later));
    EXPECT_TRUE(breaker.admit(later));
    EXPECT_FALSE(breaker.admit(later)) << "only two probes";
    breaker.record(later, false, 10);
    EXPECT_EQ(breaker.state(later), BreakerState::half_open);
    breaker.record(later, false, 10);
    EXPECT_EQ(breaker.state(later), BreakerState::closed);
}

TEST(Breaker, opens_for_longer_with_each_relapse_up_to_its_bound) {
    Breaker breaker(small_rule());
    fail(breaker, start, 4);
    std::int64_t at = start;
    for (const std::int64_t pause : {1'000, 2'000, 3'000, 3'000}) {
        EXPECT_EQ(breaker.open_until_ms() - at, pause);
        at += pause;
        ASSERT_TRUE(breaker.admit(at));
        breaker.record(at, true, 10);
        ASSERT_EQ(breaker.state(at), BreakerState::open);
    }
}

TEST(Breaker, opens_on_slow_calls_that_succeed) {
    auto rule = small_rule();
    rule.slow_ms = 100;
    Breaker breaker(rule);
    for (int i = 0; i < 4; ++i) breaker.record(start, false, 100);
    EXPECT_EQ(breaker.state(start), BreakerState::open);
    EXPECT_NE(breaker.reason().find("took 100 ms or longer"), std::string::npos);
}

TEST(Breaker, gives_a_probe_back_that_never_left) {
    Breaker breaker(small_rule());
    fail(breaker, start, 4);
    const auto later = start + 1'000;
    EXPECT_TRUE(breaker.admit(later));
    EXPECT_TRUE(breaker.admit(later));
    breaker.forget();
    EXPECT_TRUE(breaker.admit(later));
}

TEST(Breaker, is_closed_and_forgetful_after_an_operator_says_so) {
    Breaker breaker(small_rule());
    fail(breaker, start, 4);
    breaker.reset(start + 1);
    EXPECT_EQ(breaker.state(start + 1), BreakerState::closed);
    fail(breaker, start + 1, 3);
    EXPECT_EQ(breaker.state(start + 1), BreakerState::closed);
}

}  // namespace
}  // namespace hongyan::route
