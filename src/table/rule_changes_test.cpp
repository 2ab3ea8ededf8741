#include "table/rule_changes.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "table/testing/test_store.hpp"

namespace hongyan::table {
namespace {

constexpr std::int64_t start_ms = 1'800'000'000'000;
const Actor on_call{"值班", 5};

class RuleChangesTest : public testing::TestWithParam<TestStoreMaker> {
  protected:
    void SetUp() override { made = GetParam().make(start_ms); }
    void write(const std::function<void(Session&)>& work) const {
        const auto status = made->store().write(work);
        EXPECT_TRUE(status.ok()) << (status ? "" : status.error().detail);
    }
    static PoolRule pool_now(Session& s) { return list_pools(s).front().rule; }

    /// As the API does it: the largest size of the first pool.
    static void change_pool(Session& s, int most, std::int64_t for_seconds) {
        NewRuleChange change{RuleKind::pool, 1, "", "", on_call, for_seconds};
        change.before = lock_rule(s, RuleKind::pool, 1);
        auto rule = pool_now(s);
        rule.max_pool_size = most;
        EXPECT_TRUE(update_pool(s, 1, rule));
        change.after = rule_text(rule);
        EXPECT_EQ(note_rule_change(s, change), change.before != change.after || for_seconds == 0);
    }
    /// Lets the time of what waits be over.
    static void pass_time(Session& s) {
        s.run("UPDATE rule_changes SET revert_ms = 1 WHERE state = 'waiting'");
    }
    static std::vector<std::string> states(Session& s, RuleKind kind, std::int64_t row_id) {
        std::vector<std::string> words;
        for (const auto& change : list_rule_changes(s, kind, row_id, 20))
            words.push_back(change.state);
        return words;
    }
    using Words = std::vector<std::string>;

    std::unique_ptr<TestStore> made;
};

INSTANTIATE_TEST_SUITE_P(engines, RuleChangesTest, testing::ValuesIn(test_stores), test_store_name);

TEST_P(RuleChangesTest, a_change_for_a_while_is_taken_back_once_when_its_time_is_over) {
    write([](Session& s) {
        const auto before = rule_text(pool_now(s));
        change_pool(s, 777, 900);
        const auto waiting = waiting_rule_changes(s);
        ASSERT_EQ(waiting.size(), 1U);
        EXPECT_EQ(waiting[0].before, before);
        EXPECT_EQ(waiting[0].made_by.name, on_call.name);
        EXPECT_EQ(waiting[0].made_by.key_id, on_call.key_id);
        EXPECT_EQ(waiting[0].revert_ms, waiting[0].made_ms + 900'000);
        EXPECT_FALSE(settle_rule(s, waiting[0]).has_value()) << "it is not due";
        EXPECT_EQ(pool_now(s).max_pool_size, 777);
        pass_time(s);
        const auto ended = settle_rule(s, waiting[0]);
        ASSERT_TRUE(ended.has_value());
        EXPECT_EQ(ended->state, "reverted");
        EXPECT_EQ(ended->ended_by, "");
        EXPECT_EQ(rule_text(pool_now(s)), before);
        EXPECT_FALSE(settle_rule(s, waiting[0]).has_value()) << "once";
    });
}

TEST_P(RuleChangesTest, it_outlives_the_process_with_its_exact_values) {
    std::string before;
    write([&](Session& s) {
        auto rule = pool_now(s);
        rule.scale_up_threshold = 0.3;
        rule.scale_down_threshold = 0.1 + 0.02;
        EXPECT_TRUE(update_pool(s, 1, rule));
        before = rule_text(rule);
        change_pool(s, 777, 60);
    });
    made->reopen();
    write([&](Session& s) {
        pass_time(s);
        EXPECT_EQ(settle_rule(s, waiting_rule_changes(s).at(0))->state, "reverted");
        EXPECT_EQ(rule_text(pool_now(s)), before);
        EXPECT_EQ(pool_now(s).scale_up_threshold, 0.3);
    });
}

TEST_P(RuleChangesTest, what_sql_changed_meanwhile_is_left_alone) {
    write([](Session& s) {
        change_pool(s, 777, 900);
        s.run("UPDATE thread_pool_configs SET queue_capacity = 4711 WHERE id = 1");
        const auto ended = settle_rule(s, waiting_rule_changes(s).at(0));
        ASSERT_TRUE(ended.has_value()) << "told before its time";
        EXPECT_EQ(ended->state, "void");
        EXPECT_EQ(pool_now(s).max_pool_size, 777);
        EXPECT_EQ(pool_now(s).queue_capacity, 4'711);
    });
}

TEST_P(RuleChangesTest, another_change_ends_the_one_that_waits) {
    write([](Session& s) {
        const int at_first = pool_now(s).max_pool_size;
        const auto before = rule_text(pool_now(s));
        change_pool(s, 200, 900);
        change_pool(s, 300, 60);  // for a while again: goes back to what was before both
        EXPECT_EQ(states(s, RuleKind::pool, 1), (Words{"waiting", "replaced"}));
        EXPECT_EQ(waiting_rule_changes(s).at(0).before, before);
        change_pool(s, 300, 0);  // the same for good
        EXPECT_EQ(states(s, RuleKind::pool, 1), (Words{"kept", "replaced"}));
        change_pool(s, 400, 60);
        change_pool(s, 500, 0);  // something else for good
        EXPECT_EQ(states(s, RuleKind::pool, 1), (Words{"lasting", "void", "kept", "replaced"}));
        EXPECT_EQ(list_rule_changes(s, RuleKind::pool, 1, 20).at(1).ended_by, on_call.name);
        change_pool(s, at_first, 60);
        change_pool(s, 500, 0);  // back by hand
        EXPECT_EQ(states(s, RuleKind::pool, 1).front(), "reverted");
        EXPECT_TRUE(waiting_rule_changes(s).empty());
        change_pool(s, 500, 60);  // changes nothing
        EXPECT_TRUE(waiting_rule_changes(s).empty());
    });
}

TEST_P(RuleChangesTest, one_is_kept_or_taken_back_by_hand) {
    write([](Session& s) {
        const auto before = rule_text(pool_now(s));
        EXPECT_FALSE(keep_rule(s, RuleKind::pool, 1, "a").has_value());
        EXPECT_FALSE(revert_rule(s, RuleKind::pool, 1, "a").has_value());
        change_pool(s, 200, 900);
        EXPECT_EQ(revert_rule(s, RuleKind::pool, 1, "a")->ended_by, "a");
        EXPECT_EQ(rule_text(pool_now(s)), before);
        change_pool(s, 200, 900);
        EXPECT_EQ(keep_rule(s, RuleKind::pool, 1, "b")->state, "kept");
        pass_time(s);
        EXPECT_EQ(pool_now(s).max_pool_size, 200);
        EXPECT_FALSE(revert_rule(s, RuleKind::pool, 1, "a").has_value());
        change_pool(s, 250, 900);
        s.run("UPDATE thread_pool_configs SET max_pool_size = 260 WHERE id = 1");
        EXPECT_EQ(keep_rule(s, RuleKind::pool, 1, "b")->state, "void");
        EXPECT_EQ(pool_now(s).max_pool_size, 260);
    });
}

TEST_P(RuleChangesTest, a_limit_made_for_a_while_removes_itself_with_its_history) {
    write([](Session& s) {
        LimitRule rule;
        rule.resource = "domain:example.com";
        rule.max_value = 0.3;
        rule.id = insert_limit(s, rule);
        EXPECT_TRUE(
            note_rule_change(s, {RuleKind::limit, rule.id, "", rule_text(rule), on_call, 60}));
        const auto waiting = waiting_rule_changes(s).at(0);
        EXPECT_EQ(waiting.before, no_row);
        EXPECT_EQ(waiting.after, lock_rule(s, RuleKind::limit, rule.id));
        pass_time(s);
        EXPECT_EQ(settle_rule(s, waiting)->state, "reverted");
        EXPECT_EQ(lock_rule(s, RuleKind::limit, rule.id), no_row);
        EXPECT_TRUE(list_rule_changes(s, RuleKind::limit, 0, 20).empty());
    });
}

TEST_P(RuleChangesTest, a_limit_that_sql_removed_ends_what_waits_on_it) {
    write([](Session& s) {
        LimitRule rule = [&] {
            std::vector<Problem> none;
            return list_limits(s, none).front();
        }();
        const auto before = rule_text(rule);
        rule.max_value = 7;
        EXPECT_TRUE(update_limit(s, rule));
        EXPECT_TRUE(
            note_rule_change(s, {RuleKind::limit, rule.id, before, rule_text(rule), on_call, 60}));
        EXPECT_TRUE(delete_limit(s, rule.id));
        EXPECT_EQ(settle_rule(s, waiting_rule_changes(s).at(0))->state, "void");
        EXPECT_TRUE(list_rule_changes(s, RuleKind::limit, 0, 20).empty());
    });
}

TEST_P(RuleChangesTest, the_history_of_a_row_does_not_grow_for_ever) {
    write([](Session& s) {
        for (int most = 200; most < 230; ++most) change_pool(s, most, 0);
        EXPECT_EQ(list_rule_changes(s, RuleKind::pool, 1, 100).size(), 20U);
        EXPECT_EQ(list_rule_changes(s, RuleKind::pool, 0, 3).size(), 3U);
    });
}

TEST_P(RuleChangesTest, of_two_that_come_at_the_same_moment_one_takes_it_back) {
    write([](Session& s) {
        change_pool(s, 777, 900);
        pass_time(s);
    });
    RuleChange due;
    EXPECT_TRUE(made->store().read([&](Session& s) { due = waiting_rule_changes(s).at(0); }).ok());
    std::array<int, 2> ended{};
    std::array<std::thread, 2> nodes;
    for (std::size_t n = 0; n < nodes.size(); ++n) {
        nodes[n] = std::thread([&, n] {
            write([&](Session& s) { ended[n] = settle_rule(s, due).has_value() ? 1 : 0; });
        });
    }
    for (auto& node : nodes) node.join();
    EXPECT_EQ(ended[0] + ended[1], 1);
}

}  // namespace
}  // namespace hongyan::table
