#include "route/choose.hpp"

#include <gtest/gtest.h>

#include <map>

namespace hongyan::route {
namespace {

constexpr std::int64_t now = 1'800'000'000'000;

AccountView account(std::int64_t id, int tier = 1, int weight = 100) {
    AccountView view;
    view.id = id;
    view.name = "a";
    view.tier = tier;
    view.weight = weight;
    return view;
}

Route ask(const std::vector<AccountView>& accounts, std::uint64_t seed = 7, std::int64_t only = 0) {
    return choose({accounts, only, now, seed, true});
}

std::map<std::int64_t, int> shares(const std::vector<AccountView>& accounts, int count) {
    std::map<std::int64_t, int> found;
    for (int i = 0; i < count; ++i)
        ++found[ask(accounts, static_cast<std::uint64_t>(i)).account_id];
    return found;
}

TEST(Choose, takes_the_lowest_open_tier) {
    EXPECT_EQ(ask({account(1, 2), account(2, 1)}).account_id, 2);
    auto broken = account(2, 1);
    broken.breaker = BreakerState::open;
    broken.closed_until_ms = now + 1'000;
    EXPECT_EQ(ask({account(1, 2), broken}).account_id, 1);
}

TEST(Choose, waits_for_a_full_account_instead_of_using_a_higher_tier) {
    auto full = account(1, 1);
    full.room = 0;
    full.room_at_ms = now + 30;
    const auto route = ask({full, account(2, 2)});
    EXPECT_EQ(route.choice, Choice::wait);
    EXPECT_EQ(route.again_ms, now + 30);
}

TEST(Choose, shares_by_weight_and_health_inside_a_tier) {
    auto shared = shares({account(1, 1, 300), account(2, 1, 100)}, 4'000);
    EXPECT_NEAR(shared[1], 3'000, 150);
    auto sick = account(1, 1, 300);
    sick.health = 0.05;
    shared = shares({sick, account(2, 1, 100)}, 4'000);
    EXPECT_NEAR(shared[1], 4'000 * 15 / 115, 150);
}

AccountView loaded(std::int64_t id, int weight, int under_way, int limit) {
    auto view = account(id, 1, weight);
    view.under_way = under_way;
    view.limit = limit;
    view.room = limit - under_way;
    return view;
}

TEST(Choose, a_light_account_carries_no_more_than_its_share_while_the_heavy_one_is_full) {
    std::vector<AccountView> views{loaded(1, 300, 60, 60), loaded(2, 100, 20, 60)};
    keep_shares(views, now);
    EXPECT_EQ(views[1].room, 0);
    const auto route = ask(views);
    EXPECT_EQ(route.choice, Choice::wait);
    EXPECT_EQ(route.considered[1].verdict, "carries its share by weight");
    views = {loaded(1, 300, 60, 60), loaded(2, 100, 19, 60)};
    keep_shares(views, now);
    EXPECT_EQ(ask(views).account_id, 2);
}

TEST(Choose, shares_move_with_health_and_end_when_the_heavy_one_is_closed) {
    std::vector<AccountView> views{loaded(1, 300, 60, 60), loaded(2, 100, 30, 60)};
    views[0].health = 0.1;
    keep_shares(views, now);
    EXPECT_EQ(views[1].room, 30) << "the sick one weighs less now";
    views = {loaded(1, 300, 0, 60), loaded(2, 100, 30, 60)};
    views[0].closed_until_ms = now + 1'000;
    keep_shares(views, now);
    EXPECT_EQ(views[1].room, 30);
    views = {loaded(1, 300, 60, 60), loaded(2, 100, 30, 60)};
    views[0].tried = true;
    keep_shares(views, now);
    EXPECT_EQ(views[1].room, 30) << "this message has no other";
}

TEST(Choose, weight_zero_is_used_only_when_no_other_of_its_tier_is_open) {
    std::vector<AccountView> views{loaded(1, 100, 60, 60), loaded(2, 0, 0, 60)};
    keep_shares(views, now);
    EXPECT_EQ(ask(views).choice, Choice::wait);
    views[0].closed_until_ms = now + 1'000;
    views[1] = loaded(2, 0, 0, 60);
    keep_shares(views, now);
    EXPECT_EQ(ask(views).account_id, 2);
}

TEST(Choose, goes_back_to_an_account_that_failed_only_when_no_other_is_left) {
    auto tried = account(1);
    tried.tried = true;
    EXPECT_EQ(ask({tried, account(2, 5)}).account_id, 2);
    const auto again = ask({tried});
    EXPECT_EQ(again.account_id, 1);
    EXPECT_EQ(again.reason, "every account has failed on it once; another round");
}

TEST(Choose, never_leaves_the_account_whose_answer_was_lost) {
    auto closed = account(1);
    closed.closed_until_ms = now + 5'000;
    closed.closed_reason = "breaker opened";
    const auto route = ask({closed, account(2)}, 7, 1);
    EXPECT_EQ(route.choice, Choice::wait);
    EXPECT_EQ(route.again_ms, now + 5'000);
    EXPECT_EQ(ask({account(1), account(2)}, 7, 1).account_id, 1);
    EXPECT_EQ(ask({account(2)}, 7, 1).choice, Choice::never);
}

TEST(Choose, says_a_word_about_every_account) {
    auto unfit = account(1);
    unfit.unfit = "needs a template code";
    auto off = account(2);
    off.enabled = false;
    auto full = account(3);
    full.room = 0;
    const auto route = ask({unfit, off, full, account(4)});
    ASSERT_EQ(route.considered.size(), 4U);
    EXPECT_EQ(route.considered[0].verdict, "cannot send this message: needs a template code");
    EXPECT_EQ(route.considered[1].verdict, "disabled");
    EXPECT_EQ(route.considered[2].verdict, "full");
    EXPECT_EQ(route.considered[3].verdict, "chosen: tier 1, weight 100, health 100 %");
}

TEST(Choose, gives_up_only_when_no_account_can_ever_take_it) {
    EXPECT_EQ(ask({}).choice, Choice::never);
    auto unfit = account(1);
    unfit.unfit = "no";
    EXPECT_EQ(ask({unfit}).reason, "no account can take this message");
}

}  // namespace
}  // namespace hongyan::route
