// The contract suite of Lock: what every engine must do, run unchanged over each. An engine's test
// includes this header once, writes a LockBench and says
//     INSTANTIATE_TEST_SUITE_P(local, lock_suite, testing::Values(&make_bench));
// Leases run by real time here, so that engines with a clock of their own can be tested.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "contract/lock.hpp"
#include "contract/lock_manager.hpp"
#include "contract/testing/child_process.hpp"

namespace hongyan::suite {

/// One engine without any lock held. other() is the same lock seen from another node.
class LockBench {
  public:
    virtual ~LockBench() = default;
    virtual Lock& lock() = 0;
    virtual Lock& other() = 0;
};
using MakeLockBench = std::unique_ptr<LockBench> (*)();

class lock_suite : public testing::TestWithParam<MakeLockBench> {
  protected:
    void SetUp() override { bench_ = GetParam()(); }
    Lock& lock() { return bench_->lock(); }
    Lock& other() { return bench_->other(); }
    static LockRequest request(const std::string& owner, LockKind kind = LockKind::reentrant) {
        LockRequest made;
        made.name = "job:retention";
        made.owner = owner;
        made.ttl = Millis(30'000);
        made.kind = kind;
        return made;
    }
    static LockRequest with(LockRequest made, Millis ttl, Millis wait = Millis(0)) {
        made.ttl = ttl;
        made.wait = wait;
        return made;
    }
    std::unique_ptr<LockBench> bench_;
};

TEST_P(lock_suite, one_has_it_and_the_others_are_told_for_how_long) {
    const auto lease = lock().acquire(request("a"));
    ASSERT_TRUE(lease) << lease.error().detail;
    EXPECT_GT(lease->token, 0);
    const auto refused = other().acquire(request("b"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_GT(refused.error().retry_after, Millis(20'000));
    EXPECT_LE(refused.error().retry_after, Millis(30'000));
    const auto seen = other().look("job:retention");
    ASSERT_TRUE(seen);
    EXPECT_TRUE(seen->held);
    EXPECT_EQ(seen->owner, "a");
    EXPECT_EQ(seen->token, lease->token);
    ASSERT_TRUE(lock().release(*lease));
    EXPECT_FALSE(lock().look("job:retention")->held);
    EXPECT_TRUE(other().acquire(request("b")));
}

TEST_P(lock_suite, names_do_not_know_each_other) {
    LockRequest one = request("a");
    LockRequest two = request("b");
    two.name = "job:relay";
    EXPECT_TRUE(lock().acquire(one));
    EXPECT_TRUE(lock().acquire(two));
}

TEST_P(lock_suite, the_token_of_a_later_tenure_is_larger) {
    std::int64_t last = 0;
    for (int i = 0; i < 20; ++i) {
        Lock& engine = i % 2 == 0 ? lock() : other();
        const auto lease = engine.acquire(request("owner" + std::to_string(i)));
        ASSERT_TRUE(lease);
        EXPECT_GT(lease->token, last);
        last = lease->token;
        ASSERT_TRUE(engine.release(*lease));
    }
    LockRequest above = request("late");
    above.above = last + 1'000'000'000'000;
    const auto lease = lock().acquire(above);
    ASSERT_TRUE(lease);
    EXPECT_GT(lease->token, above.above) << "what the store has seen counts";
    EXPECT_LT(lease->token, std::int64_t{1} << 53);
    ASSERT_TRUE(lock().release(*lease));
    EXPECT_GT(other().acquire(request("later"))->token, lease->token);
}

TEST_P(lock_suite, a_simple_lock_is_refused_to_its_own_holder) {
    ASSERT_TRUE(lock().acquire(request("a", LockKind::simple)));
    EXPECT_FALSE(lock().acquire(request("a", LockKind::simple)));
}

TEST_P(lock_suite, a_reentrant_lock_needs_as_many_releases_and_keeps_its_token) {
    const auto outer = lock().acquire(request("a"));
    const auto inner = lock().acquire(request("a"));
    ASSERT_TRUE(outer && inner);
    EXPECT_EQ(inner->token, outer->token) << "or the inner one would fence out the outer one";
    EXPECT_EQ(inner->holds, 2);
    ASSERT_TRUE(lock().release(*inner));
    EXPECT_FALSE(other().acquire(request("b")));
    ASSERT_TRUE(lock().release(*outer));
    EXPECT_TRUE(other().acquire(request("b")));
}

TEST_P(lock_suite, a_lease_ends_by_itself_and_its_holder_is_told) {
    const auto lease = lock().acquire(with(request("a"), Millis(60)));
    ASSERT_TRUE(lease);
    const auto next = other().acquire(with(request("b"), Millis(30'000), Millis(20'000)));
    ASSERT_TRUE(next) << "a waiter gets it when the lease is over";
    EXPECT_GT(next->token, lease->token);
    const auto renewed = lock().renew(*lease);
    ASSERT_FALSE(renewed);
    EXPECT_EQ(renewed.error().code, ErrorCode::conflict);
    const auto released = lock().release(*lease);
    ASSERT_FALSE(released);
    EXPECT_EQ(released.error().code, ErrorCode::conflict);
    EXPECT_TRUE(other().look("job:retention")->held) << "a late release takes nothing away";
}

TEST_P(lock_suite, the_same_owner_in_a_new_tenure_cannot_use_its_old_lease) {
    const auto old = lock().acquire(with(request("a"), Millis(30)));
    ASSERT_TRUE(old);
    ASSERT_TRUE(eventually([&] { return !lock().look("job:retention")->held; }));
    const auto fresh = lock().acquire(request("a"));
    ASSERT_TRUE(fresh);
    EXPECT_GT(fresh->token, old->token);
    EXPECT_FALSE(lock().renew(*old));
    EXPECT_FALSE(lock().release(*old));
    EXPECT_TRUE(lock().release(*fresh));
}

TEST_P(lock_suite, renewing_keeps_it) {
    auto lease = lock().acquire(with(request("a"), Millis(1'500)));
    ASSERT_TRUE(lease);
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(2'000);
    while (std::chrono::steady_clock::now() < until) {
        const auto renewed = lock().renew(*lease);
        ASSERT_TRUE(renewed) << renewed.error().detail;
        EXPECT_EQ(renewed->token, lease->token);
        EXPECT_GE(renewed->valid_until_us, lease->valid_until_us);
        lease = renewed;
        ASSERT_FALSE(other().acquire(with(request("b"), Millis(1'000), Millis(50))));
    }
}

TEST_P(lock_suite, a_release_wakes_a_waiter_at_once) {
    const auto lease = lock().acquire(request("a"));
    ASSERT_TRUE(lease);
    std::atomic<bool> got{false};
    std::thread waiter(
        [&] { got = other().acquire(with(request("b"), Millis(30'000), Millis(25'000))).ok(); });
    (void)lock().look("job:retention");
    ASSERT_TRUE(lock().release(*lease));
    waiter.join();
    EXPECT_TRUE(got);
}

TEST_P(lock_suite, waiting_ends_in_time) {
    ASSERT_TRUE(lock().acquire(request("a")));
    for (const LockKind kind : {LockKind::simple, LockKind::reentrant, LockKind::fair}) {
        const auto before = std::chrono::steady_clock::now();
        const auto refused = other().acquire(with(request("b", kind), Millis(1'000), Millis(80)));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::conflict);
        EXPECT_GE(std::chrono::steady_clock::now() - before, Millis(80));
        EXPECT_EQ(lock().look("job:retention")->waiting, 0) << "nobody stays in line";
    }
}

TEST_P(lock_suite, a_fair_lock_is_given_in_the_order_of_asking) {
    const auto first = lock().acquire(request("first", LockKind::fair));
    ASSERT_TRUE(first);
    std::mutex mutex;
    std::vector<int> order;
    std::vector<std::thread> waiters;
    for (int i = 0; i < 5; ++i) {
        Lock& engine = i % 2 == 0 ? lock() : other();
        waiters.emplace_back([&, i] {
            auto lease = engine.acquire(with(request("w" + std::to_string(i), LockKind::fair),
                                             Millis(30'000), Millis(25'000)));
            ASSERT_TRUE(lease);
            {
                const std::lock_guard guard(mutex);
                order.push_back(i);
            }
            EXPECT_TRUE(engine.release(*lease));
        });
        ASSERT_TRUE(eventually([&] { return lock().look("job:retention")->waiting == i + 1; }));
    }
    ASSERT_TRUE(lock().release(*first));
    for (auto& waiter : waiters) waiter.join();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_P(lock_suite, nobody_passes_those_who_wait_in_order) {
    const auto first = lock().acquire(request("first"));
    ASSERT_TRUE(first);
    std::atomic<bool> got{false};
    std::thread waiter([&] {
        auto lease =
            other().acquire(with(request("w", LockKind::fair), Millis(30'000), Millis(25'000)));
        got = lease.ok();
        ASSERT_TRUE(lease);
        EXPECT_TRUE(other().release(*lease));
    });
    ASSERT_TRUE(eventually([&] { return lock().look("job:retention")->waiting == 1; }));
    EXPECT_TRUE(lock().acquire(request("first"))) << "its holder enters again all the same";
    EXPECT_TRUE(lock().release(*first));
    EXPECT_TRUE(lock().release(*first));
    const auto late = lock().acquire(with(request("late"), Millis(1'000), Millis(20'000)));
    EXPECT_TRUE(late) << "after the one in line";
    EXPECT_TRUE(got);
    waiter.join();
}

TEST_P(lock_suite, never_two_at_a_time_under_load) {
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::atomic<std::int64_t> last_token{0};
    std::atomic<int> out_of_order{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t) {
        threads.emplace_back([&, t] {
            Lock& engine = t % 2 == 0 ? lock() : other();
            for (int i = 0; i < 25; ++i) {
                const LockKind kind = static_cast<LockKind>((t + i) % 3);
                auto lease = engine.acquire(
                    with(request("t" + std::to_string(t), kind), Millis(30'000), Millis(60'000)));
                ASSERT_TRUE(lease) << lease.error().detail;
                most = std::max<int>(most, ++inside);
                if (last_token.exchange(lease->token) >= lease->token) ++out_of_order;
                --inside;
                ASSERT_TRUE(engine.release(*lease));
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(most, 1);
    EXPECT_EQ(out_of_order, 0);
}

TEST_P(lock_suite, a_bad_request_names_its_fields) {
    LockRequest bad;
    bad.name = "a {b}";
    bad.ttl = Millis(0);
    bad.wait = Millis(-1);
    const auto refused = lock().acquire(bad);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_fields);
    ASSERT_EQ(refused.error().problems.size(), 4U);
    EXPECT_EQ(refused.error().problems[0].path, "name");
    EXPECT_EQ(refused.error().problems[1].path, "owner");
    EXPECT_EQ(refused.error().problems[2].path, "ttl");
    EXPECT_EQ(refused.error().problems[3].path, "wait");
}

TEST_P(lock_suite, the_manager_keeps_a_lock_beyond_its_ttl_and_gives_it_back) {
    SystemClock clock;
    Log log(LogLevel::error);
    LockManager manager(lock(), clock, log, {"node-1", Millis(60'000)});
    {
        auto hold = manager.hold(with(request(""), Millis(300)));
        ASSERT_TRUE(hold) << hold.error().detail;
        EXPECT_EQ(manager.held(), std::vector<std::string>{"job:retention"});
        EXPECT_FALSE(other().acquire(with(request("b"), Millis(300), Millis(900))));
        EXPECT_TRUE(hold->is_valid());
        EXPECT_EQ(hold->token(), other().look("job:retention")->token);
    }
    EXPECT_TRUE(manager.held().empty());
    EXPECT_TRUE(other().acquire(request("b")));
    EXPECT_EQ(manager.lost(), 0);
}

TEST_P(lock_suite, the_manager_lets_go_of_a_job_that_hangs) {
    SystemClock clock;
    Log log(LogLevel::error, Log::Format::logfmt, -1);
    LockManager manager(lock(), clock, log, {"node-1", Millis(300)});
    auto hold = manager.hold(with(request(""), Millis(150)));
    ASSERT_TRUE(hold);
    EXPECT_TRUE(other().acquire(with(request("b"), Millis(30'000), Millis(20'000))));
    EXPECT_FALSE(hold->is_valid());
    EXPECT_EQ(manager.lost(), 1);
}

}  // namespace hongyan::suite
