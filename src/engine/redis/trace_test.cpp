#include "engine/redis/trace.hpp"

#include <gtest/gtest.h>

#include "contract/testing/tcp_proxy.hpp"
#include "engine/redis/testing/redis_server.hpp"

namespace hongyan::redis {
namespace {

using suite::eventually;
using suite::TcpProxy;

LiveNode node_of(const std::string& name, int attempt = 0) {
    LiveNode node;
    node.name = name;
    node.status = "success";
    node.started_ms = 1'800'000'000'000;
    node.finished_ms = 1'800'000'000'020;
    node.attempt = attempt;
    node.channel = "sms";
    node.provider = "tencent";
    node.reason = "\"quoted\" 短信\n";
    node.node = "node-1";
    return node;
}

TEST(redis_trace, nodes_come_back_in_their_order_and_stay_seven_days) {
    TestClient client(shared_redis().port());
    RedisTrace trace(*client, {});
    trace.add(77, node_of("queue"));
    trace.add(78, node_of("queue"));
    trace.add(77, node_of("send", 1));
    ASSERT_TRUE(eventually([&] { return trace.counts().written == 3; }));
    const auto nodes = trace.read(77);
    ASSERT_TRUE(nodes);
    ASSERT_EQ(nodes->size(), 2U);
    EXPECT_EQ((*nodes)[0].name, "queue");
    EXPECT_EQ((*nodes)[1].attempt, 1);
    EXPECT_EQ((*nodes)[1].reason, "\"quoted\" 短信\n");
    EXPECT_EQ((*nodes)[1].finished_ms, 1'800'000'000'020);
    EXPECT_TRUE(eventually([&] {
        const auto left = client->ask({"TTL", "msg_trace:msg_77"})->number();
        return left > 604'700 && left <= 604'800;
    }));
    EXPECT_TRUE(trace.read(1)->empty());
}

TEST(redis_trace, the_end_of_a_step_takes_the_place_of_its_beginning) {
    TestClient client(shared_redis().port());
    RedisTrace trace(*client, {});
    LiveNode begun = node_of("queue");
    begun.status = "pending";
    trace.add(40, begun);
    trace.add(41, begun);
    trace.add(40, node_of("queue"));
    trace.add(40, node_of("process"));
    ASSERT_TRUE(eventually([&] { return trace.counts().written == 4; }));
    const auto whole = trace.read(40);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->back().name, "process");
    EXPECT_EQ((*whole)[whole->size() - 2].status, "success");
    const auto waiting = trace.read(41);
    ASSERT_EQ(waiting->size(), 1U);
    EXPECT_EQ(waiting->front().status, "pending");
    // What came in one batch, as nearly always, is two nodes; the timer may fall between.
    EXPECT_LE(whole->size(), 3U);
    const auto merged = [&] {
        trace.add(42, begun);
        trace.add(42, node_of("queue"));
        const bool is_one = eventually([&] { return !trace.read(42)->empty(); }) &&
                            trace.read(42)->front().status == "success";
        EXPECT_TRUE(client->ask({"DEL", "msg_trace:msg_42"}).ok());
        return is_one;
    };
    EXPECT_TRUE(merged() || merged() || merged());
}

TEST(redis_trace, nodes_of_another_version_and_foreign_elements_are_passed_over) {
    TestClient client(shared_redis().port());
    RedisTrace trace(*client, {});
    ASSERT_TRUE(client->ask({"RPUSH", "msg_trace:msg_5", "not json",
                             R"({"name":"send","status":"failed","started_ms":3,"later":[1]})"}));
    const auto nodes = trace.read(5);
    ASSERT_TRUE(nodes);
    ASSERT_EQ(nodes->size(), 1U);
    EXPECT_EQ((*nodes)[0].started_ms, 3);
}

TEST(redis_trace, one_message_keeps_its_newest_nodes_only) {
    TestClient client(shared_redis().port());
    RedisTrace::Options options;
    options.nodes_max = 10;
    RedisTrace trace(*client, options);
    for (int i = 0; i < 25; ++i) trace.add(9, node_of("send", i));
    ASSERT_TRUE(eventually([&] { return trace.counts().written == 25; }));
    ASSERT_TRUE(eventually([&] { return trace.read(9)->size() == 10; }));
    EXPECT_EQ(trace.read(9)->front().attempt, 15);
}

TEST(redis_trace, what_does_not_fit_is_dropped_and_counted_and_nobody_waits) {
    TcpProxy line(shared_redis().port());
    TestClient client(line.port());
    RedisTrace::Options options;
    options.waiting_max = 100;
    RedisTrace trace(*client, options);
    line.refuse();
    ASSERT_TRUE(eventually([&] { return !client->is_up(); }));
    for (int i = 0; i < 5'000; ++i) trace.add(i, node_of("queue"));
    EXPECT_EQ(trace.counts().dropped, 4'900);
    line.heal();
    EXPECT_TRUE(eventually([&] { return trace.counts().written == 100; }));
    EXPECT_EQ(trace.counts().added, 5'000);
}

TEST(redis_trace, a_slow_redis_holds_few_batches_and_a_lost_batch_is_counted) {
    RedisServer server;
    TestClient client(server.port());
    RedisTrace::Options options;
    options.waiting_max = 1'000;
    options.flying_max = 200;
    RedisTrace trace(*client, options);
    server.process().pause();
    for (int i = 0; i < 10'000; ++i) trace.add(i, node_of("queue"));
    EXPECT_TRUE(eventually([&] { return !client->is_up(); })) << "no answer in time";
    const LiveTraceCounts counts = trace.counts();
    EXPECT_EQ(counts.written, 0);
    EXPECT_GE(counts.dropped, 8'000);
    server.process().resume();
    EXPECT_TRUE(eventually([&] {
        const LiveTraceCounts now = trace.counts();
        return now.written + now.dropped == now.added && now.written > 0;
    }));
}

TEST(redis_trace, over_resets_in_mid_frame_every_step_is_written_or_counted_as_dropped) {
    TcpProxy line(shared_redis().port());
    TestClient client(line.port());
    RedisTrace trace(*client, {});
    for (int round = 0; round < 10; ++round) {
        const std::int64_t connections = line.connections();
        line.reset_after(2 + round * 3);
        ASSERT_TRUE(eventually([&] {
            trace.add(round, node_of("queue"));
            std::this_thread::yield();
            return line.connections() > connections || trace.counts().added > 15'000;
        }));
    }
    line.heal();
    EXPECT_TRUE(eventually([&] {
        const LiveTraceCounts now = trace.counts();
        return now.written + now.dropped == now.added;
    }));
    EXPECT_GT(trace.counts().written, 0);
}

/// What deploy/compose.yaml and docs/cluster.md set.
TEST(redis_trace, a_full_redis_gives_up_old_traces_and_nothing_that_is_in_use) {
    RedisServer server({"--maxmemory", "8mb", "--maxmemory-policy", "volatile-lru"});
    TestClient client(server.port());
    RedisTrace trace(*client, {});
    MessageId next = 1;
    const auto fill = [&](int count) {
        const auto before = trace.counts().written;
        for (int i = 0; i < count; ++i) trace.add(next++, node_of("queue"));
        return eventually([&] { return trace.counts().written == before + count; });
    };
    ASSERT_TRUE(fill(30'000));
    // Its clock of use goes by seconds.
    std::this_thread::sleep_for(std::chrono::milliseconds(2'500));
    ASSERT_TRUE(client->ask({"SET", "hongyan:lock:jobs", "x", "EX", "60"}));
    for (int round = 0; round < 8; ++round) {
        ASSERT_EQ(client->ask({"GET", "hongyan:lock:jobs"})->text, "x") << "a use, as a renewal is";
        ASSERT_TRUE(fill(500));
    }
    EXPECT_EQ(trace.counts().dropped, 0);
    EXPECT_FALSE(trace.read(next - 1)->empty());
    EXPECT_LT(client->ask({"DBSIZE"})->number(), 30'000) << "it was full";
}

TEST(redis_trace, a_redis_without_memory_drops_and_counts) {
    RedisServer server({"--maxmemory", "1"});
    TestClient client(server.port());
    RedisTrace trace(*client, {});
    trace.add(1, node_of("queue"));
    EXPECT_TRUE(eventually([&] { return trace.counts().dropped == 1; }));
}

}  // namespace
}  // namespace hongyan::redis
