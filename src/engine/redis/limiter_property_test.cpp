// The promise of docs/cluster-redis.md, with the real scripts on a real Redis and a clock that the
// test moves: whatever the nodes do, and whatever is lost between them and Redis, no window at any
// offset holds more than the limit.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "engine/redis/limiter_quota.hpp"
#include "engine/redis/testing/redis_server.hpp"

namespace hongyan::redis {
namespace {

LimitRule rule_of(LimitType type, double max_value, int window_seconds = 1) {
    LimitRule rule;
    rule.id = 7;
    rule.resource = "api:/messages/send";
    rule.type = type;
    rule.max_value = max_value;
    rule.window_seconds = window_seconds;
    return rule;
}

/// Nodes that share one rule, each with steady time of its own.
class World {
  public:
    struct Node {
        std::string name;
        std::unique_ptr<Quota> quota;
        std::int64_t inside = 0;
        std::int64_t steady_offset_us = 0;
    };
    World(int nodes, LimitRule rule) : rule_(std::move(rule)), client_(shared_redis().port()) {
        for (int i = 0; i < nodes; ++i) {
            Node& node = nodes_.emplace_back();
            node.steady_offset_us = 1'000'000'000 * (i + 1);
            start(node);
        }
    }
    /// A new start of the node: it knows nothing, and Redis does not know it. Its first fair part
    /// is not used here, so that the bound is the limit itself.
    void start(Node& node) {
        Quota::Settings settings;
        settings.node = node.name = "node" + std::to_string(++starts_);
        node.quota = std::make_unique<Quota>(rule_, settings, 1, steady(node));
        node.quota->degrade();
        node.inside = 0;
    }
    [[nodiscard]] std::int64_t steady(const Node& node) const {
        return node.steady_offset_us + now_us_;
    }
    [[nodiscard]] bool admit(Node& node, int cost) {
        Quota& quota = *node.quota;
        const bool ok = quota.admits(cost, node.inside, steady(node));
        if (ok) {
            quota.take(cost);
        } else {
            quota.refuse(cost, steady(node), 0);
        }
        return ok;
    }
    enum class Fate { answered, answer_lost, not_sent };
    void exchange(Node& node, Fate fate) {
        Quota& quota = *node.quota;
        if (!quota.is_due(node.inside, steady(node))) return;
        const ScriptCall call =
            quota.ask({node.inside, 0, steady(node), wall_ms_base + now_us_ / 1000});
        if (fate == Fate::not_sent) return quota.unanswered();
        const auto answer = client_->ask(quota.script(), call);
        ASSERT_TRUE(answer) << answer.error().detail;
        if (fate == Fate::answer_lost) return quota.unanswered();
        quota.answered(*answer, steady(node));
    }
    void advance(std::int64_t us) { now_us_ += us; }
    [[nodiscard]] std::int64_t now_us() const { return now_us_; }
    std::vector<Node>& nodes() { return nodes_; }

  private:
    static constexpr std::int64_t wall_ms_base = 1'800'000'000'123;
    const LimitRule rule_;
    TestClient client_;
    std::vector<Node> nodes_;
    std::int64_t now_us_ = 0;
    int starts_ = 0;
};

World::Fate random_fate(std::mt19937_64& random) {
    const auto dice = random() % 20;
    if (dice == 0) return World::Fate::answer_lost;
    return dice == 1 ? World::Fate::not_sent : World::Fate::answered;
}

/// Most cost in any window (t - span, t].
std::int64_t most_in_any_window(const std::vector<std::pair<std::int64_t, int>>& passed,
                                std::int64_t span_us) {
    std::int64_t most = 0;
    std::int64_t sum = 0;
    std::size_t oldest = 0;
    for (const auto& [at_us, cost] : passed) {
        sum += cost;
        while (passed[oldest].first <= at_us - span_us) sum -= passed[oldest++].second;
        most = std::max(most, sum);
    }
    return most;
}

TEST(shared_limit_property, no_window_at_any_offset_holds_more_than_the_limit) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        const int limit = 1 + static_cast<int>(random() % 300);
        const int seconds = 1 + static_cast<int>(random() % 4);
        const bool is_window = seed % 2 == 0;
        World world(1 + static_cast<int>(random() % 5),
                    is_window ? rule_of(LimitType::window, limit, seconds)
                              : rule_of(LimitType::qps, limit));
        std::vector<std::pair<std::int64_t, int>> passed;
        std::int64_t refused = 0;
        for (int step = 0; step < 4'000; ++step) {
            world.advance(static_cast<std::int64_t>(random() % 6'000));
            if (random() % 400 == 0) world.advance(2'000'000 + random() % 3'000'000);
            World::Node& node = world.nodes()[random() % world.nodes().size()];
            if (random() % 700 == 0) world.start(node);  // killed: what it held is not given back
            const auto burst = random() % 5 == 0 ? random() % 20 : random() % 3;
            for (std::uint64_t i = 0; i < burst; ++i) {
                const int cost = random() % 7 == 0 ? 1 + static_cast<int>(random() % 3) : 1;
                if (world.admit(node, cost)) {
                    passed.emplace_back(world.now_us(), cost);
                } else {
                    ++refused;
                }
            }
            if (random() % 3 != 0) world.exchange(node, random_fate(random));
        }
        EXPECT_GT(passed.size(), 50U);
        EXPECT_GT(refused, 0);
        EXPECT_LE(most_in_any_window(passed, (is_window ? seconds : 1) * 1'000'000LL), limit);
    }
}

TEST(shared_limit_property, a_limit_in_demand_is_used_nearly_whole_and_by_all_nodes) {
    for (const int limit : {30, 300, 3'000}) {
        SCOPED_TRACE(limit);
        World world(3, rule_of(LimitType::qps, limit));
        std::array<std::int64_t, 3> passed{};
        constexpr int seconds = 12;
        for (int ms = 0; ms < seconds * 1'000; ++ms) {
            world.advance(1'000);
            for (std::size_t i = 0; i < 3; ++i) {
                World::Node& node = world.nodes()[i];
                for (int k = 0; k < 1 + limit / 500; ++k)
                    if (world.admit(node, 1) && ms >= 2'000) ++passed[i];
                if (ms % 10 == static_cast<int>(i)) world.exchange(node, World::Fate::answered);
            }
        }
        const std::int64_t all = passed[0] + passed[1] + passed[2];
        EXPECT_LE(all, std::int64_t{limit} * (seconds - 2) + limit);
        EXPECT_GE(all, std::int64_t{limit} * (seconds - 2) * 93 / 100);
        for (const std::int64_t one : passed) EXPECT_GE(one, all / 6) << "no node starves";
    }
}

TEST(shared_limit_property, one_busy_node_gets_nearly_all_that_idle_ones_do_not_need) {
    World world(4, rule_of(LimitType::qps, 1'000));
    std::int64_t passed = 0;
    for (int ms = 0; ms < 6'000; ++ms) {
        world.advance(1'000);
        for (std::size_t i = 0; i < 4; ++i) {
            World::Node& node = world.nodes()[i];
            for (int k = 0; i == 0 && k < 3; ++k)
                if (world.admit(node, 1) && ms >= 2'000) ++passed;
            if (ms % 10 == static_cast<int>(i)) world.exchange(node, World::Fate::answered);
        }
    }
    EXPECT_GE(passed, 3'600);
    EXPECT_LE(passed, 5'000);
}

TEST(shared_limit_property, a_sporadic_request_is_admitted_at_once_on_every_node) {
    World world(3, rule_of(LimitType::qps, 100));
    for (int round = 0; round < 3; ++round)
        for (auto& node : world.nodes()) {
            world.advance(300'000);
            for (auto& each : world.nodes()) world.exchange(each, World::Fate::answered);
            EXPECT_EQ(world.admit(node, 1), true) << round;
        }
}

TEST(shared_limit_property, a_limit_smaller_than_the_nodes_goes_round) {
    World world(4, rule_of(LimitType::window, 1, 1));
    std::array<int, 4> passed{};
    for (int ms = 0; ms < 40'000; ++ms) {
        world.advance(1'000);
        for (std::size_t i = 0; i < 4; ++i) {
            if (ms % 40 == 0) passed[i] += world.admit(world.nodes()[i], 1);
            if (ms % 10 == static_cast<int>(i))
                world.exchange(world.nodes()[i], World::Fate::answered);
        }
    }
    const int all = passed[0] + passed[1] + passed[2] + passed[3];
    EXPECT_LE(all, 41);
    EXPECT_GE(all, 30);
    for (const int one : passed) EXPECT_GE(one, 5) << "no node starves";
}

TEST(shared_limit_property, never_more_inside_than_the_limit_and_a_dead_node_gives_back) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        const int limit = 1 + static_cast<int>(random() % 60);
        World world(1 + static_cast<int>(random() % 4), rule_of(LimitType::concurrency, limit));
        const auto inside = [&] {
            std::int64_t sum = 0;
            for (const auto& node : world.nodes()) sum += node.inside;
            return sum;
        };
        std::int64_t most = 0;
        for (int step = 0; step < 4'000; ++step) {
            world.advance(static_cast<std::int64_t>(random() % 8'000));
            World::Node& node = world.nodes()[random() % world.nodes().size()];
            if (random() % 500 == 0) world.start(node);
            for (auto burst = random() % 6; burst > 0; --burst)
                if (world.admit(node, 1)) ++node.inside;
            node.inside -= std::min<std::int64_t>(node.inside, random() % 4);
            world.exchange(node, random_fate(random));
            ASSERT_LE(inside(), limit);
            most = std::max(most, inside());
        }
        EXPECT_GE(most, (limit + 1) / 2);
        for (std::size_t i = 1; i < world.nodes().size(); ++i) world.start(world.nodes()[i]);
        world.nodes()[0].inside = 0;
        for (int i = 0; i < 600; ++i) {
            world.advance(10'000);
            world.nodes()[0].inside += world.admit(world.nodes()[0], 1) ? 1 : 0;
            world.exchange(world.nodes()[0], World::Fate::answered);
        }
        EXPECT_EQ(world.nodes()[0].inside, limit) << "the dead nodes' places came back";
    }
}

TEST(shared_limit_property, shares_of_a_rate_never_sum_to_more_than_the_rate) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        LimitRule rule = rule_of(LimitType::qps, 10 + static_cast<double>(random() % 500));
        rule.behavior = LimitBehavior::pacing;
        World world(3, rule);
        for (int step = 0; step < 3'000; ++step) {
            world.advance(static_cast<std::int64_t>(random() % 8'000));
            World::Node& node = world.nodes()[random() % 3];
            for (auto burst = random() % 6; burst > 0; --burst) (void)world.admit(node, 1);
            world.exchange(node, random_fate(random));
            double sum = 0;
            for (auto& each : world.nodes()) {
                const bool holds = each.quota->holds(world.steady(each));
                if (holds) sum += each.quota->inner_max(false, world.steady(each));
            }
            ASSERT_LE(sum, rule.max_value + 1e-9);
        }
    }
}

TEST(shared_limit_property, flushall_lets_at_most_one_more_limit_pass) {
    World world(2, rule_of(LimitType::qps, 50));
    TestClient admin(shared_redis().port());
    std::vector<std::pair<std::int64_t, int>> passed;
    for (int ms = 0; ms < 4'000; ++ms) {
        world.advance(1'000);
        if (ms == 2'000) {
            ASSERT_TRUE(admin->ask({"FLUSHALL"}));
        }
        for (std::size_t i = 0; i < 2; ++i) {
            World::Node& node = world.nodes()[i];
            if (world.admit(node, 1)) passed.emplace_back(world.now_us(), 1);
            if (ms % 10 == static_cast<int>(i)) world.exchange(node, World::Fate::answered);
        }
    }
    EXPECT_LE(most_in_any_window(passed, 1'000'000), 100);
    std::erase_if(passed, [](const auto& one) { return one.first < 3'000'000; });
    EXPECT_LE(most_in_any_window(passed, 1'000'000), 50) << "and then it is exact again";
}

}  // namespace
}  // namespace hongyan::redis
