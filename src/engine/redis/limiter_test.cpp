#include "engine/redis/limiter.hpp"

#include <gtest/gtest.h>

#include "contract/testing/tcp_proxy.hpp"
#include "engine/local/limiter.hpp"
#include "engine/redis/testing/redis_server.hpp"

namespace hongyan::redis {
namespace {

using suite::eventually;
using suite::TcpProxy;

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

/// One node: a client, the limiter inside, the shared one above it.
class Node {
  public:
    Node(int port, const std::string& node) : client_(port, quick()) {
        Quota::Settings settings;
        settings.node = node;
        settings.times.degrade = Millis(500);
        limiter_ = std::make_unique<SharedLimiter>(
            SharedLimiter::Parts{*client_, inner_, clock_, log_}, settings);
    }
    SharedLimiter* operator->() { return limiter_.get(); }
    Client& client() { return *client_; }
    /// As many as pass at once.
    int admit_all(int most = 100'000) {
        int passed = 0;
        while (passed < most && limiter_->admit(name).ok) ++passed;
        return passed;
    }
    [[nodiscard]] std::int64_t now_us() const { return clock_.steady_us(); }

  private:
    static LinkOptions quick() {
        LinkOptions options;
        options.answer_timeout = Millis(400);
        options.ping_every = Millis(50);
        return options;
    }
    SystemClock clock_;
    Log log_{LogLevel::error, Log::Format::logfmt, -1};
    local::LocalLimiter inner_{clock_};
    TestClient client_;
    std::unique_ptr<SharedLimiter> limiter_;
};

/// Redis knows of so many nodes, and each node knows it.
void expect_nodes(std::vector<Node*> nodes, const std::string& count) {
    for (Node* node : nodes)
        ASSERT_TRUE(eventually([&] {
            return (*node)->health() == "limits are shared by " + count + " nodes";
        })) << (*node)->health();
}

TEST(shared_limiter, two_nodes_together_keep_to_one_limit_at_every_offset) {
    const int port = shared_redis().port();
    Node one(port, "one");
    Node two(port, "two");
    for (Node* node : {&one, &two}) (*node)->set_rules({rule_of(LimitType::qps, 200)});
    expect_nodes({&one, &two}, "2");
    std::vector<std::int64_t> passed;
    const std::int64_t end = one.now_us() + 3'500'000;
    std::int64_t now = 0;
    while ((now = one.now_us()) < end) {
        for (Node* node : {&one, &two})
            if ((*node)->admit(name).ok) passed.push_back(now);
        std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
    std::size_t oldest = 0;
    std::size_t most = 0;
    for (std::size_t i = 0; i < passed.size(); ++i) {
        while (passed[oldest] <= passed[i] - 1'000'000) ++oldest;
        most = std::max(most, i - oldest + 1);
    }
    EXPECT_LE(most, 200U);
    EXPECT_GE(passed.size(), 450U) << "and it is not left unused";
}

TEST(shared_limiter, an_admission_speaks_of_the_whole_limit) {
    Node node(shared_redis().port(), "one");
    node->set_rules({rule_of(LimitType::qps, 100)});
    expect_nodes({&node}, "1");
    const Admission admission = node->admit(name);
    EXPECT_TRUE(admission.ok && admission.entered);
    EXPECT_EQ(admission.limit, 100);
    EXPECT_EQ(admission.resource, name);
    EXPECT_EQ(admission.window_seconds, 1);
    EXPECT_LE(admission.remaining, 99);
    EXPECT_GE(admission.remaining, 40);
    EXPECT_TRUE(node->admit("unknown").ok);
    ASSERT_TRUE(eventually([&] { return node->usage().at(0).current >= 1; }));
    EXPECT_EQ(node->usage().at(0).rule.max_value, 100);
}

TEST(shared_limiter, a_refused_request_uses_up_nothing_of_any_rule) {
    Node node(shared_redis().port(), "one");
    node->set_rules({rule_of(LimitType::qps, 1'000), rule_of(LimitType::concurrency, 2)});
    expect_nodes({&node}, "1");
    ASSERT_TRUE(eventually([&] { return node->admit(name).ok; }));
    ASSERT_TRUE(eventually([&] { return node->admit(name).ok; }));
    for (int i = 0; i < 5'000; ++i) {
        const Admission refused = node->admit(name);
        ASSERT_FALSE(refused.ok);
        ASSERT_EQ(refused.type, LimitType::concurrency);
        ASSERT_GE(refused.retry_after, Millis(1));
    }
    EXPECT_GE(node->usage().at(1).refused, 5'000);
    node->leave(name);
    EXPECT_TRUE(node->admit(name).ok);
}

TEST(shared_limiter, places_are_shared_and_those_of_a_dead_node_come_back) {
    const int port = shared_redis().port();
    Node one(port, "one");
    one->set_rules({rule_of(LimitType::concurrency, 10)});
    {
        Node two(port, "two");
        two->set_rules({rule_of(LimitType::concurrency, 10)});
        expect_nodes({&one, &two}, "2");
        int inside = 0;
        ASSERT_TRUE(eventually([&] {
            for (Node* node : {&one, &two}) inside += (*node)->admit(name).ok ? 1 : 0;
            return inside == 10;
        }));
        EXPECT_FALSE(one->admit(name).ok);
        EXPECT_FALSE(two->admit(name).ok);
        for (int i = 0; i < 10; ++i) one->leave(name);
    }
    int inside = 0;
    EXPECT_TRUE(eventually([&] {
        inside += one->admit(name).ok ? 1 : 0;
        return inside == 10;
    })) << inside;
}

TEST(shared_limiter, without_redis_each_node_goes_by_its_part_and_comes_back) {
    TcpProxy line(shared_redis().port());
    Node one(line.port(), "one");
    Node two(line.port(), "two");
    LimitRule window = rule_of(LimitType::window, 40);
    window.window_seconds = 60;
    for (Node* node : {&one, &two})
        (*node)->set_rules({window, rule_of(LimitType::concurrency, 90)});
    expect_nodes({&one, &two}, "2");
    line.refuse();
    for (Node* node : {&one, &two}) ASSERT_TRUE(eventually([&] { return (*node)->is_degraded(); }));
    EXPECT_NE(one->health().find("fair part of 2 nodes"), std::string::npos) << one->health();
    EXPECT_NE(one->health().find("not reachable"), std::string::npos);
    EXPECT_EQ(one.admit_all(), 20);
    EXPECT_EQ(two.admit_all(), 20);
    line.heal();
    for (Node* node : {&one, &two})
        ASSERT_TRUE(eventually([&] { return !(*node)->is_degraded(); }));
    const auto total = [&] { return one->usage().at(1).current; };
    int at_the_change = 0;
    EXPECT_TRUE(eventually([&] {
        const int more = one.admit_all() + two.admit_all();
        at_the_change += more;
        return more == 0 && total() >= 40 + at_the_change;
    })) << total();
    EXPECT_LE(at_the_change, 20) << "until both have said what they let pass";
    EXPECT_EQ(one.admit_all() + two.admit_all(), 0) << "what passed meanwhile counts for all";
}

TEST(shared_limiter, a_black_hole_degrades_and_heals_too) {
    TcpProxy line(shared_redis().port());
    Node node(line.port(), "one");
    node->set_rules({rule_of(LimitType::qps, 100)});
    expect_nodes({&node}, "1");
    line.black_hole();
    ASSERT_TRUE(eventually([&] { return node->is_degraded(); }));
    EXPECT_GT(node.admit_all(), 0);
    line.heal();
    EXPECT_TRUE(eventually([&] { return !node->is_degraded(); }));
}

LimitRule a_minute(double max_value) {
    LimitRule window = rule_of(LimitType::window, max_value);
    window.window_seconds = 60;
    return window;
}

/// Lets pass what passes until Redis knows of as much as the limit, and nothing passes any more.
int admit_until_full(Node& one, Node& two, int limit) {
    int passed = 0;
    EXPECT_TRUE(eventually([&] {
        const int more = one.admit_all() + two.admit_all();
        passed += more;
        return more == 0 && one->usage().at(0).current >= limit && !one->is_degraded() &&
               !two->is_degraded();
    }));
    return passed;
}

// The published bound: at most one limit more, for one window.
TEST(shared_limiter, a_redis_that_lost_its_memory_lets_pass_one_limit_more_at_most) {
    RedisServer server;
    Node one(server.port(), "one");
    Node two(server.port(), "two");
    for (Node* node : {&one, &two}) (*node)->set_rules({a_minute(100)});
    expect_nodes({&one, &two}, "2");
    EXPECT_EQ(admit_until_full(one, two, 100), 100);
    ASSERT_TRUE(one.client().ask({"FLUSHALL"}));
    EXPECT_LE(admit_until_full(one, two, 100), 100);
    server.kill();  // nothing of it is on disk
    server.start();
    EXPECT_LE(admit_until_full(one, two, 100), 100) << "the nodes tell it once more what passed";
    EXPECT_EQ(one.admit_all() + two.admit_all(), 0);
}

TEST(shared_limiter, a_line_reset_in_mid_frame_gives_nothing_twice) {
    TcpProxy line(shared_redis().port());
    Node one(line.port(), "one");
    Node two(line.port(), "two");
    for (Node* node : {&one, &two}) (*node)->set_rules({a_minute(200)});
    expect_nodes({&one, &two}, "2");
    int passed = 0;
    bool was_degraded = false;
    for (int round = 0; round < 15; ++round) {
        const std::int64_t connections = line.connections();
        line.reset_after(5 + round * 37);
        ASSERT_TRUE(eventually([&] {
            passed += one.admit_all(3) + two.admit_all(3);
            was_degraded = was_degraded || one->is_degraded() || two->is_degraded();
            return line.connections() > connections;
        }));
    }
    line.heal();
    passed += admit_until_full(one, two, 200);
    EXPECT_LE(passed, was_degraded ? 400 : 200);
    EXPECT_GE(passed, 100) << "what a lost answer gave away is not much";
}

TEST(shared_limiter, a_slow_line_is_no_loss) {
    TcpProxy line(shared_redis().port());
    Node one(line.port(), "one");
    Node two(line.port(), "two");
    line.slow(Millis(60));
    for (Node* node : {&one, &two}) (*node)->set_rules({a_minute(100)});
    expect_nodes({&one, &two}, "2");
    EXPECT_EQ(admit_until_full(one, two, 100), 100);
}

TEST(shared_limiter, a_changed_rule_counts_at_once_and_keeps_what_was_counted) {
    Node node(shared_redis().port(), "one");
    LimitRule rule = rule_of(LimitType::window, 50);
    rule.window_seconds = 3'600;
    node->set_rules({rule});
    expect_nodes({&node}, "1");
    int passed = 0;
    ASSERT_TRUE(eventually([&] {
        passed += node.admit_all();
        return passed == 50;
    }));
    rule.max_value = 60;
    node->set_rules({rule});
    ASSERT_TRUE(eventually([&] {
        passed += node.admit_all();
        return passed == 60;
    }));
    rule.max_value = 10;
    node->set_rules({rule});
    EXPECT_EQ(node.admit_all(), 0);
    rule.enabled = false;
    node->set_rules({rule});
    EXPECT_EQ(node.admit_all(1'000), 1'000);
    node->set_rules({});
    EXPECT_EQ(node.admit_all(1'000), 1'000);
}

TEST(shared_limiter, a_closed_rule_refuses_and_a_cost_above_the_limit_says_so) {
    Node node(shared_redis().port(), "one");
    node->set_rules({rule_of(LimitType::qps, 0)});
    EXPECT_EQ(node->admit(name).retry_after, closed_retry_after);
    node->set_rules({rule_of(LimitType::qps, 5)});
    EXPECT_EQ(node->admit(name, 6).retry_after, closed_retry_after);
}

TEST(shared_limiter, a_new_node_admits_before_redis_has_answered) {
    Node node(shared_redis().port(), "one");
    node->set_rules({rule_of(LimitType::qps, 100)});
    EXPECT_TRUE(node->admit(name).ok);
}

TEST(shared_limiter, a_paced_rule_gives_its_rate_to_the_node_that_needs_it) {
    const int port = shared_redis().port();
    Node one(port, "one");
    Node two(port, "two");
    for (Node* node : {&one, &two})
        (*node)->set_rules({rule_of(LimitType::qps, 100, LimitBehavior::pacing)});
    expect_nodes({&one, &two}, "2");
    const auto allowed = [&](Node& node) { return node->usage().at(0).allowed; };
    EXPECT_TRUE(eventually([&] {
        (void)one->admit(name);
        return allowed(one) > 80 && allowed(two) < 20;
    })) << allowed(one)
        << " " << allowed(two);
}

}  // namespace
}  // namespace hongyan::redis
