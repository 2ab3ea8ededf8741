#include "route/adaptive.hpp"

#include <gtest/gtest.h>

#include "route/pace.hpp"

namespace hongyan::route {
namespace {

constexpr std::int64_t start = 1'800'000'000'000;

TEST(Adaptive, grows_by_one_for_each_full_window_while_it_is_used) {
    Adaptive limit({1, 100, 10, 2.0, 50});
    for (int i = 0; i < 11; ++i) limit.record(start + i, false, 20, limit.limit());
    EXPECT_EQ(limit.limit(), 11);
    for (int i = 0; i < 100; ++i) limit.record(start + i, false, 20, 1);
    EXPECT_EQ(limit.limit(), 11) << "unused room proves nothing";
}

TEST(Adaptive, shrinks_once_for_a_burst_of_refusals_and_never_below_its_bound) {
    Adaptive limit({4, 100, 40, 2.0, 50});
    for (int i = 0; i < 20; ++i) limit.record(start, true, 5, 40);
    EXPECT_EQ(limit.limit(), 28);
    for (int i = 1; i < 40; ++i) limit.record(start + i * 1'000, true, 5, 40);
    EXPECT_EQ(limit.limit(), 4);
}

TEST(Adaptive, shrinks_when_calls_take_twice_as_long_as_the_best_of_late) {
    Adaptive limit({1, 100, 50, 2.0, 50});
    for (int i = 0; i < 20; ++i) limit.record(start + i, false, 40, 50);
    const int before = limit.limit();
    for (int i = 0; i < 60; ++i) limit.record(start + 1'000 + i * 100, false, 400, 50);
    EXPECT_LT(limit.limit(), before / 2);
}

TEST(Adaptive, keeps_to_new_bounds_at_once) {
    Adaptive limit({1, 100, 50, 2.0, 50});
    limit.set_rule({1, 10, 10, 2.0, 50});
    EXPECT_EQ(limit.limit(), 10);
}

TEST(Pace, lets_no_more_through_than_its_rate_and_burst) {
    Pace pace;
    pace.set(100, 5);
    int sent = 0;
    for (std::int64_t at = start; at < start + 1'000; ++at) {
        while (pace.available(at, 1'000) > 0) {
            pace.take(at);
            ++sent;
        }
    }
    EXPECT_GE(sent, 99);
    EXPECT_LE(sent, 105);
    EXPECT_GT(pace.wait_ms(start + 999), 0);
    Pace unlimited;
    EXPECT_EQ(unlimited.available(start, 77), 77);
}

}  // namespace
}  // namespace hongyan::route
