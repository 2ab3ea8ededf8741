#include "engine/open/open.hpp"

#include <gtest/gtest.h>

#include <map>

#include "contract/testing/child_process.hpp"
#include "engine/local/lock.hpp"
#include "engine/redis/testing/redis_server.hpp"

namespace hongyan {
namespace {

using suite::eventually;

struct open_engine : testing::Test {
    SystemClock clock;
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    QueueParts queue_parts{clock, log};
    local::LocalLock store_lock{clock};
    CoordinationParts parts{clock, log, "a node:8000", &store_lock};

    static LockRequest request(const std::string& owner) {
        LockRequest made;
        made.name = "job";
        made.owner = owner;
        return made;
    }
};

TEST_F(open_engine, without_an_address_the_queue_is_in_the_process) {
    for (const char* address : {"", "local"}) {
        auto queue = open_queue(address, queue_parts);
        ASSERT_TRUE(queue) << address;
        EXPECT_FALSE((*queue)->outlives_process());
        EXPECT_TRUE((*queue)->health().connected);
        Job job;
        job.id = 5;
        (*queue)->publish(std::vector{job});
        EXPECT_EQ((*queue)->take(1, all_channels, Millis(0)).at(0).id, 5);
    }
}

TEST_F(open_engine, a_broker_that_is_away_is_waited_for) {
    auto queue = open_queue("amqp://127.0.0.1:" + std::to_string(suite::free_port()), queue_parts);
    ASSERT_TRUE(queue) << queue.error().detail;
    EXPECT_TRUE((*queue)->outlives_process());
    EXPECT_FALSE((*queue)->health().connected);
    EXPECT_NE((*queue)->health().detail, "");
}

TEST_F(open_engine, wrong_addresses_name_their_part_and_no_password) {
    const std::map<std::string, std::string> queues{{"kafka://h", "queue"},
                                                    {"amqp://u:s3cret@h:0", "queue.port"}};
    for (const auto& [address, path] : queues) {
        const auto opened = open_queue(address, queue_parts);
        ASSERT_FALSE(opened) << address;
        EXPECT_EQ(opened.error().code, ErrorCode::config_invalid);
        EXPECT_EQ(opened.error().problems.at(0).path, path);
        EXPECT_EQ(opened.error().detail.find("s3cret"), std::string::npos);
    }
    const std::map<std::string, std::string> coordinations{
        {"memcached://h", "coordination"}, {"redis://u:s3cret@h:x", "coordination.port"}};
    for (const auto& [address, path] : coordinations) {
        const auto opened = open_coordination(address, parts);
        ASSERT_FALSE(opened) << address;
        EXPECT_EQ(opened.error().code, ErrorCode::config_invalid);
        EXPECT_EQ(opened.error().problems.at(0).path, path);
        EXPECT_EQ(opened.error().detail.find("s3cret"), std::string::npos);
    }
}

TEST_F(open_engine, what_redis_refuses_is_a_wrong_address) {
    redis::RedisServer server({"--requirepass", "right"});
    const std::string at = "127.0.0.1:" + std::to_string(server.port());
    for (const std::string& address :
         {"redis://:s3cret@" + at, "redis://" + at, "redis://:right@" + at + "/4711"}) {
        const auto opened = open_coordination(address, parts);
        ASSERT_FALSE(opened) << address;
        EXPECT_EQ(opened.error().code, ErrorCode::config_invalid);
        EXPECT_EQ(opened.error().problems.at(0).path, "coordination");
        EXPECT_EQ(opened.error().detail.find("s3cret"), std::string::npos);
    }
    EXPECT_TRUE(open_coordination("redis://:right@" + at, parts));
}

void expect_traces(LiveTrace& trace) {
    LiveNode node;
    node.name = "send";
    node.status = "success";
    trace.add(9, node);
    EXPECT_TRUE(eventually([&] {
        const auto nodes = trace.read(9);
        return nodes && nodes->size() == 1 && nodes->at(0).name == "send";
    }));
}

TEST_F(open_engine, coordination_of_one_process_needs_no_network) {
    parts.store_lock = nullptr;
    auto opened = open_coordination("", parts);
    ASSERT_TRUE(opened);
    Coordination& one = **opened;
    EXPECT_TRUE(one.lock().acquire(request("a")));
    EXPECT_FALSE(store_lock.look("job")->held);
    one.limiter().set_rules({{1, "api:/x", LimitType::window, 1, 60}});
    EXPECT_TRUE(one.limiter().admit("api:/x").ok);
    EXPECT_FALSE(one.limiter().admit("api:/x").ok);
    expect_traces(one.trace());
    EXPECT_TRUE(one.health().connected);
    EXPECT_FALSE(one.health().limits_degraded);
}

TEST_F(open_engine, nodes_without_redis_share_the_locks_of_the_store) {
    auto one = open_coordination("local", parts);
    auto two = open_coordination("local", parts);
    ASSERT_TRUE(one && two);
    ASSERT_TRUE((*one)->lock().acquire(request("a")));
    EXPECT_FALSE((*two)->lock().acquire(request("b")));
    EXPECT_TRUE(store_lock.look("job")->held);
}

TEST_F(open_engine, coordination_by_redis_is_shared_and_survives_its_loss) {
    redis::RedisServer server;
    const std::string address = "redis://127.0.0.1:" + std::to_string(server.port());
    auto one = open_coordination(address, parts);
    auto two = open_coordination(address, parts);
    ASSERT_TRUE(one && two);
    EXPECT_TRUE((*one)->health().connected);
    EXPECT_EQ((*one)->health().last_error, "");
    for (auto* node : {one->get(), two->get()})
        node->limiter().set_rules({{1, "api:/x", LimitType::window, 1, 3'600}});
    auto lease = (*one)->lock().acquire(request("a"));
    ASSERT_TRUE(lease);
    EXPECT_FALSE((*two)->lock().acquire(request("b")));
    EXPECT_FALSE(store_lock.look("job")->held);
    EXPECT_GT((*one)->health().round_trip_us, 0);
    expect_traces((*one)->trace());
    EXPECT_EQ((*two)->trace().read(9)->size(), 1U) << "every node sees it";
    EXPECT_TRUE(eventually([&] { return (*one)->health().nodes == 2; }));
    server.kill();
    EXPECT_TRUE(eventually([&] {
        const auto health = (*one)->health();
        return !health.connected && health.limits_degraded;
    }));
    EXPECT_NE((*one)->health().last_error, "");
    EXPECT_EQ((*two)->lock().acquire(request("b")).error().code, ErrorCode::unavailable)
        << "the lease of the other node may still last";
    server.start();
    EXPECT_TRUE(eventually([&] {
        const auto health = (*one)->health();
        return health.connected && !health.limits_degraded && health.connects == 2;
    }));
    EXPECT_TRUE(eventually([&] { return (*two)->lock().acquire(request("b")).ok(); }))
        << "Redis knows nothing any more";
    EXPECT_FALSE((*one)->lock().renew(*lease)) << "and the first holder is told";
}

}  // namespace
}  // namespace hongyan
