#include "engine/redis/lock.hpp"

#include "contract/testing/lock_suite.hpp"
#include "contract/testing/tcp_proxy.hpp"
#include "engine/redis/testing/redis_server.hpp"

namespace hongyan::suite {
namespace {

class RedisLockBench final : public LockBench {
  public:
    RedisLockBench() : port_(redis::shared_redis().port()), one_(port_), two_(port_) {}
    Lock& lock() override { return lock_; }
    Lock& other() override { return other_; }

  private:
    const int port_;
    SystemClock clock_;
    redis::TestClient one_;
    redis::TestClient two_;
    redis::RedisLock lock_{*one_, clock_, {}};
    redis::RedisLock other_{*two_, clock_, {}};
};

std::unique_ptr<LockBench> make_bench() { return std::make_unique<RedisLockBench>(); }

INSTANTIATE_TEST_SUITE_P(redis, lock_suite, testing::Values(&make_bench));

}  // namespace
}  // namespace hongyan::suite

namespace hongyan::redis {
namespace {

using suite::eventually;
using suite::TcpProxy;

LockRequest request(const std::string& owner, Millis ttl = Millis(30'000),
                    Millis wait = Millis(0)) {
    LockRequest made;
    made.name = "job";
    made.owner = owner;
    made.ttl = ttl;
    made.wait = wait;
    return made;
}

TEST(redis_lock, keys_are_named_as_documented) {
    RedisServer& server = shared_redis();
    TestClient client(server.port());
    SystemClock clock;
    RedisLock lock(*client, clock, {});
    ASSERT_TRUE(lock.acquire(request("a")));
    EXPECT_EQ(client->ask({"HGET", "hongyan:lock:{job}", "owner"})->text, "a");
    EXPECT_EQ(client->ask({"TYPE", "hongyan:lock:{job}:token"})->text, "string");
    EXPECT_GT(client->ask({"PTTL", "hongyan:lock:{job}:token"})->number(), 86'000'000)
        << "a counter does not stay for ever";
}

TEST(redis_lock, tokens_rise_over_flushall_and_the_first_holder_is_told) {
    RedisServer& server = shared_redis();
    TestClient client(server.port());
    SystemClock clock;
    RedisLock lock(*client, clock, {});
    const auto first = lock.acquire(request("a"));
    ASSERT_TRUE(first);
    ASSERT_TRUE(client->ask({"FLUSHALL"}));
    const auto second = lock.acquire(request("b"));
    ASSERT_TRUE(second) << "Redis has forgotten the first";
    EXPECT_GT(second->token, first->token) << "so the store refuses the first";
    EXPECT_FALSE(lock.renew(*first));
    EXPECT_TRUE(lock.renew(*second));
}

TEST(redis_lock, scripts_that_redis_forgot_are_sent_again) {
    RedisServer& server = shared_redis();
    TestClient client(server.port());
    SystemClock clock;
    RedisLock lock(*client, clock, {});
    auto lease = lock.acquire(request("a"));
    ASSERT_TRUE(lease);
    ASSERT_TRUE(client->ask({"SCRIPT", "FLUSH"}));
    EXPECT_TRUE(lock.renew(*lease));
    EXPECT_TRUE(lock.release(*lease));
}

TEST(redis_lock, a_step_whose_answer_was_lost_is_done_once) {
    RedisServer& server = shared_redis();
    TcpProxy line(server.port());
    TestClient client(line.port());
    SystemClock clock;
    RedisLock lock(*client, clock, {});
    ASSERT_TRUE(lock.acquire(request("warm")));  // the scripts are known from here on
    LockRequest other = request("a");
    other.name = "other";
    line.reset_after(3);
    const auto lease = lock.acquire(other);
    ASSERT_TRUE(lease) << lease.error().detail;
    EXPECT_EQ(lease->holds, 1);
    EXPECT_EQ(lock.look("other")->holds, 1);
    const auto again = lock.acquire(other);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->holds, 2);
    ASSERT_TRUE(lock.renew(*lease));
    ASSERT_TRUE(lock.release(*lease)) << "knows the script now";
    ASSERT_TRUE(lock.acquire(other));
    line.reset_after(1);
    ASSERT_TRUE(lock.release(*lease));
    EXPECT_EQ(lock.look("other")->holds, 1) << "given back once, although asked twice";
    line.reset_after(1);
    ASSERT_TRUE(lock.release(*lease));
    EXPECT_FALSE(lock.look("other")->held);
}

TEST(redis_lock, a_waiter_gets_it_over_a_cut_line) {
    RedisServer& server = shared_redis();
    TcpProxy line(server.port());
    TestClient near(server.port());
    TestClient far(line.port());
    SystemClock clock;
    RedisLock lock(*near, clock, {});
    RedisLock other(*far, clock, {});
    const auto lease = lock.acquire(request("a"));
    ASSERT_TRUE(lease);
    Result<Lease> got = make_error(ErrorCode::internal, "");
    std::thread waiter([&] {
        // The cut may meet a question on its way; its answer is lost, and the waiter is told so.
        for (int tries = 0; tries < 200 && !got; ++tries) {
            got = other.acquire(request("b", Millis(5'000), Millis(20'000)));
            if (!got) std::this_thread::sleep_for(Millis(20));
        }
    });
    ASSERT_TRUE(eventually([&] {
        return near->ask({"PUBSUB", "NUMSUB", "hongyan:lock:{job}:free"})->at(1).number() == 1;
    }));
    const auto before = line.connections();
    line.cut(true);
    ASSERT_TRUE(lock.release(*lease)) << "the waiter cannot hear this";
    waiter.join();
    EXPECT_TRUE(got) << got.error().detail;
    EXPECT_GT(line.connections(), before);
}

TEST(redis_lock, a_dead_waiter_holds_up_a_fair_lock_for_the_time_of_its_place_only) {
    RedisServer& server = shared_redis();
    TcpProxy line(server.port());
    TestClient near(server.port());
    SystemClock clock;
    RedisLock::Options options;
    options.place_ttl = Millis(300);
    RedisLock lock(*near, clock, options);
    auto lease = lock.acquire(request("a"));
    ASSERT_TRUE(lease);
    // Somebody who stood in line and died: it never asks again.
    ASSERT_TRUE(near->ask({"ZADD", "hongyan:lock:{job}:line", "1", "dead"}));
    ASSERT_TRUE(near->ask(
        {"HSET", "hongyan:lock:{job}:places", "dead", std::to_string(clock.now_ms() + 300)}));
    ASSERT_TRUE(lock.release(*lease));
    LockRequest fair = request("b", Millis(5'000), Millis(20'000));
    fair.kind = LockKind::fair;
    EXPECT_TRUE(lock.acquire(fair));
}

TEST(redis_lock, a_holder_paused_beyond_its_lease_is_fenced_out) {
    RedisServer& server = shared_redis();
    TestClient one(server.port());
    TestClient two(server.port());
    SystemClock clock;
    RedisLock lock(*one, clock, {});
    RedisLock other(*two, clock, {});
    // The store, as every writer under a lock must use it.
    std::int64_t fence = 0;
    const auto write = [&](std::int64_t token) {
        if (token < fence) return false;
        fence = token;
        return true;
    };
    const auto paused = lock.acquire(request("paused", Millis(50)));
    ASSERT_TRUE(paused);
    EXPECT_TRUE(write(paused->token));
    const auto next = other.acquire(request("next", Millis(30'000), Millis(20'000)));
    ASSERT_TRUE(next);
    EXPECT_TRUE(write(next->token));
    EXPECT_GE(clock.steady_us(), paused->valid_until_us) << "it could have known";
    EXPECT_FALSE(write(paused->token)) << "and the store knows in any case";
}

TEST(redis_lock, without_redis_it_says_so_and_works_again_after_a_restart) {
    RedisServer server;
    TestClient client(server.port());
    SystemClock clock;
    RedisLock lock(*client, clock, {});
    const auto before = lock.acquire(request("a"));
    ASSERT_TRUE(before);
    server.kill();
    ASSERT_TRUE(eventually([&] { return !client->is_up(); }));
    const auto refused = lock.acquire(request("b", Millis(1'000), Millis(5'000)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_NE(client->health().text.find("not reachable"), std::string::npos);
    server.start();
    ASSERT_TRUE(client->wait_up(Millis(20'000)));
    const auto after = lock.acquire(request("b"));
    ASSERT_TRUE(after) << after.error().detail;
    EXPECT_GT(after->token, before->token);
    EXPECT_FALSE(lock.renew(*before));
}

TEST(redis_lock, the_watchdog_notices_a_lock_that_was_taken_away) {
    RedisServer& server = shared_redis();
    TestClient client(server.port());
    SystemClock clock;
    Log log(LogLevel::error, Log::Format::logfmt, -1);
    RedisLock lock(*client, clock, {});
    LockManager manager(lock, clock, log, {"node", Millis(60'000)});
    auto hold = manager.hold(request("", Millis(300)));
    ASSERT_TRUE(hold);
    ASSERT_TRUE(client->ask({"FLUSHALL"}));
    EXPECT_TRUE(eventually([&] { return !hold->is_valid(); }));
    EXPECT_EQ(manager.lost(), 1);
}

}  // namespace
}  // namespace hongyan::redis
