#include "contract/fallback_lock.hpp"

#include <gtest/gtest.h>

#include "engine/local/lock.hpp"

namespace hongyan::local {
namespace {

/// A lock behind a line that can be cut.
class CutLock final : public Lock {
  public:
    explicit CutLock(Lock& lock) : lock_(lock) {}
    bool is_cut = false;

    Result<Lease> acquire(const LockRequest& request) override {
        if (is_cut) return gone();
        return lock_.acquire(request);
    }
    Result<Lease> renew(const Lease& lease) override {
        if (is_cut) return gone();
        return lock_.renew(lease);
    }
    Status release(const Lease& lease) override {
        if (is_cut) return gone();
        return lock_.release(lease);
    }
    Result<LockState> look(const std::string& name) override {
        if (is_cut) return gone();
        return lock_.look(name);
    }

  private:
    static Error gone() { return make_error(ErrorCode::unavailable, "cut"); }
    Lock& lock_;
};

struct fallback_lock : testing::Test {
    ManualClock clock;
    LocalLock redis{clock};
    LocalLock store{clock};
    CutLock line{redis};
    FallbackLock lock{line, store, clock, Millis(30'000)};

    static LockRequest request(const std::string& owner) {
        LockRequest made;
        made.name = "job";
        made.owner = owner;
        made.ttl = Millis(10'000);
        return made;
    }
};

TEST_F(fallback_lock, the_first_is_used_while_it_answers) {
    const auto lease = lock.acquire(request("a"));
    ASSERT_TRUE(lease);
    EXPECT_TRUE(redis.look("job")->held);
    EXPECT_FALSE(store.look("job")->held);
    EXPECT_TRUE(lock.renew(*lease));
    EXPECT_TRUE(lock.look("job")->held);
    EXPECT_TRUE(lock.release(*lease));
    EXPECT_FALSE(lock.look("job")->held);
}

TEST_F(fallback_lock, the_second_is_used_only_when_every_lease_of_the_first_is_over) {
    const auto held = lock.acquire(request("a"));
    ASSERT_TRUE(held);
    line.is_cut = true;
    const auto early = lock.acquire(request("b"));
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().code, ErrorCode::unavailable);
    clock.advance(Millis(29'000));
    EXPECT_FALSE(lock.acquire(request("b")));
    clock.advance(Millis(2'000));
    const auto lease = lock.acquire(request("b"));
    ASSERT_TRUE(lease);
    EXPECT_TRUE(lock.is_fallen_back());
    EXPECT_GT(lease->token, held->token) << "tokens of both are by the time";
    EXPECT_TRUE(store.look("job")->held);
    EXPECT_TRUE(lock.renew(*lease));
    EXPECT_FALSE(lock.acquire(request("c")));
}

TEST_F(fallback_lock, when_the_first_is_back_a_lease_of_the_second_still_counts) {
    line.is_cut = true;
    EXPECT_FALSE(lock.acquire(request("b")));
    clock.advance(Millis(31'000));
    const auto lease = lock.acquire(request("b"));
    ASSERT_TRUE(lease);
    line.is_cut = false;
    const auto refused = lock.acquire(request("c"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_FALSE(redis.look("job")->held) << "and nothing is left behind";
    EXPECT_FALSE(lock.is_fallen_back());
    EXPECT_TRUE(lock.renew(*lease)) << "by the one that gave it";
    EXPECT_TRUE(lock.release(*lease));
    EXPECT_TRUE(lock.acquire(request("c")));
}

TEST_F(fallback_lock, who_renews_a_lease_of_the_second_sees_that_the_first_is_back) {
    line.is_cut = true;
    EXPECT_FALSE(lock.acquire(request("b")));
    clock.advance(Millis(31'000));
    const auto lease = lock.acquire(request("b"));
    ASSERT_TRUE(lease);
    EXPECT_TRUE(lock.renew(*lease));
    EXPECT_TRUE(lock.is_fallen_back());
    line.is_cut = false;
    EXPECT_TRUE(lock.renew(*lease));
    EXPECT_FALSE(lock.is_fallen_back());
    EXPECT_TRUE(lock.release(*lease));
    line.is_cut = true;
    EXPECT_FALSE(lock.acquire(request("b"))) << "it is waited for anew";
}

TEST_F(fallback_lock, a_lease_longer_than_the_wait_is_refused) {
    LockRequest longer = request("a");
    longer.ttl = Millis(30'001);
    const auto refused = lock.acquire(longer);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().problems.at(0).path, "ttl");
}

}  // namespace
}  // namespace hongyan::local
