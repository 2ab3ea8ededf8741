#include "engine/local/lock.hpp"

#include "contract/testing/lock_suite.hpp"

namespace hongyan::suite {
namespace {

class LocalLockBench final : public LockBench {
  public:
    Lock& lock() override { return lock_; }
    Lock& other() override { return lock_; }

  private:
    SystemClock clock_;
    local::LocalLock lock_{clock_};
};

std::unique_ptr<LockBench> make_bench() { return std::make_unique<LocalLockBench>(); }

INSTANTIATE_TEST_SUITE_P(local, lock_suite, testing::Values(&make_bench));

TEST(local_lock, names_that_nobody_uses_are_forgotten) {
    ManualClock clock;
    local::LocalLock lock(clock);
    for (int i = 0; i < 50'000; ++i) {
        LockRequest request;
        request.name = "task:" + std::to_string(i);
        request.owner = "a";
        request.ttl = Millis(1'000);
        const auto lease = lock.acquire(request);
        ASSERT_TRUE(lease);
        if (i % 2 == 0) {
            ASSERT_TRUE(lock.release(*lease));
        }
        clock.advance(Millis(1));
    }
    LockRequest again;
    again.name = "task:49999";
    again.owner = "b";
    EXPECT_FALSE(lock.acquire(again));
}

}  // namespace
}  // namespace hongyan::suite
