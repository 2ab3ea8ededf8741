// LeaseLock keeps the contract of Lock on both stores, and fences hold.
#include "table/leases.hpp"

#include "contract/testing/lock_suite.hpp"
#include "table/testing/test_store.hpp"

namespace hongyan::suite {
namespace {

using table::LeaseLock;

constexpr LeaseLock::Options quick{Millis(10), Millis(1'000)};

/// As the one writer of a store does, one after the other.
LeaseLock::Write writer_of(Store& store, std::mutex& mutex) {
    return [&](const std::function<void(Session&)>& work) {
        const std::lock_guard one(mutex);
        return store.write(work);
    };
}

class SqliteLeases final : public LockBench {
  public:
    Lock& lock() override { return lock_; }
    Lock& other() override { return other_; }

  private:
    std::mutex mutex_;
    SystemClock clock_;
    table::SqliteTestStore made_{clock_.now_ms()};
    LeaseLock lock_{made_.store(), writer_of(made_.store(), mutex_), clock_, quick};
    LeaseLock other_{made_.store(), writer_of(made_.store(), mutex_), clock_, quick};
};

/// Two nodes, each with a store of its own on the same database.
class PostgresLeases final : public LockBench {
  public:
    PostgresLeases() {
        postgres::PostgresOptions options;
        options.url = made_.database().url();
        auto opened = postgres::PostgresStore::open(options, log_);
        if (!opened) throw std::runtime_error(opened.error().detail);
        second_ = std::move(*opened);
        lock_ = std::make_unique<LeaseLock>(made_.store(), writer_of(made_.store(), mutex_), clock_,
                                            quick);
        other_ =
            std::make_unique<LeaseLock>(*second_, writer_of(*second_, other_mutex_), clock_, quick);
    }
    Lock& lock() override { return *lock_; }
    Lock& other() override { return *other_; }

  private:
    std::mutex mutex_;
    std::mutex other_mutex_;
    SystemClock clock_;
    Log log_{LogLevel::error, Log::Format::logfmt, -1};
    table::PostgresTestStore made_{clock_.now_ms()};
    std::unique_ptr<postgres::PostgresStore> second_;
    std::unique_ptr<LeaseLock> lock_;
    std::unique_ptr<LeaseLock> other_;
};

std::unique_ptr<LockBench> on_sqlite() { return std::make_unique<SqliteLeases>(); }
std::unique_ptr<LockBench> on_postgres() { return std::make_unique<PostgresLeases>(); }

INSTANTIATE_TEST_SUITE_P(sqlite_leases, lock_suite, testing::Values(&on_sqlite));
INSTANTIATE_TEST_SUITE_P(postgres_leases, lock_suite, testing::Values(&on_postgres));

}  // namespace
}  // namespace hongyan::suite

namespace hongyan::table {
namespace {

class LeasesTest : public testing::TestWithParam<TestStoreMaker> {
  protected:
    void SetUp() override { made = GetParam().make(clock.now_ms()); }
    Status write(const std::function<void(Session&)>& work) {
        const std::lock_guard one(mutex);
        return is_away ? Status(make_error(ErrorCode::storage_failed, "away"))
                       : made->store().write(work);
    }
    std::int64_t number(const std::string& sql) {
        std::int64_t found = -1;
        EXPECT_TRUE(made->store().read([&](Session& session) {
            auto rows = session.query(sql);
            if (rows.next()) found = rows.integer(0);
        }));
        return found;
    }
    bool pass(std::int64_t token, const std::string& name = "job") {
        bool passed = false;
        EXPECT_TRUE(write([&](Session& session) { passed = pass_fence(session, name, token); }));
        return passed;
    }
    static LockRequest request(const std::string& owner, Millis ttl = Millis(30'000)) {
        LockRequest made;
        made.name = "job";
        made.owner = owner;
        made.ttl = ttl;
        return made;
    }
    SystemClock clock;
    std::unique_ptr<TestStore> made;
    std::mutex mutex;
    bool is_away = false;
    LeaseLock lock_of(LeaseLock::Options options) {
        return LeaseLock(
            made->store(), [this](const auto& work) { return write(work); }, clock, options);
    }
};

INSTANTIATE_TEST_SUITE_P(engines, LeasesTest, testing::ValuesIn(test_stores), test_store_name);

TEST_P(LeasesTest, a_fence_refuses_what_is_below_the_largest_token) {
    EXPECT_TRUE(pass(5));
    EXPECT_TRUE(pass(5)) << "the same tenure writes often";
    EXPECT_TRUE(pass(9));
    EXPECT_FALSE(pass(8));
    EXPECT_TRUE(pass(9));
    EXPECT_TRUE(pass(1, "another job"));
}

TEST_P(LeasesTest, a_holder_paused_beyond_its_lease_is_fenced_out) {
    auto lock = lock_of({Millis(5), Millis(1'000)});
    const auto paused = lock.acquire(request("a", Millis(20)));
    ASSERT_TRUE(paused);
    auto waits = request("b");
    waits.wait = Millis(20'000);
    const auto next = lock.acquire(waits);
    ASSERT_TRUE(next) << next.error().detail;
    EXPECT_TRUE(pass(next->token));
    EXPECT_FALSE(pass(paused->token)) << "its write comes too late";
}

TEST_P(LeasesTest, tokens_are_above_what_the_store_has_seen_and_near_the_time) {
    auto lock = lock_of({});
    const auto lease = lock.acquire(request("a"));
    ASSERT_TRUE(lease);
    EXPECT_NEAR(static_cast<double>(lease->token), static_cast<double>(clock.now_ms() * 1'000), 6e7)
        << "so that they compare with those of Redis";
}

TEST_P(LeasesTest, a_dead_waiter_holds_up_the_line_for_the_time_of_its_place_only) {
    auto lock = lock_of({Millis(5), Millis(150)});
    ASSERT_TRUE(write([&](Session& session) {
        session.run(
            "INSERT INTO leases (name, holder, token, until_ms) VALUES ('{dead}', 'job', 1, $1)",
            clock.now_ms() + 300);
    }));
    const auto early = lock.acquire(request("a"));
    ASSERT_FALSE(early) << "nobody passes those who wait in order";
    EXPECT_EQ(early.error().code, ErrorCode::conflict);
    auto waits = request("a");
    waits.kind = LockKind::fair;
    waits.wait = Millis(20'000);
    EXPECT_TRUE(lock.acquire(waits));
    EXPECT_EQ(number("SELECT count(*) FROM leases WHERE name <> 'job'"), 0)
        << "all places are gone";
}

TEST_P(LeasesTest, a_store_that_is_away_is_unavailable_and_takes_nothing) {
    auto lock = lock_of({});
    const auto lease = lock.acquire(request("a"));
    ASSERT_TRUE(lease);
    is_away = true;
    EXPECT_EQ(lock.acquire(request("b")).error().code, ErrorCode::unavailable);
    EXPECT_EQ(lock.renew(*lease).error().code, ErrorCode::unavailable);
    EXPECT_EQ(lock.release(*lease).error().code, ErrorCode::unavailable);
    is_away = false;
    EXPECT_TRUE(lock.renew(*lease));
    EXPECT_TRUE(lock.release(*lease));
}

TEST_P(LeasesTest, names_that_nobody_used_for_a_day_are_forgotten) {
    ASSERT_TRUE(write([&](Session& session) {
        session.run(
            "INSERT INTO leases (name, holder, token, until_ms) VALUES ('old', 'a 1', 1, $1)",
            clock.now_ms() - 90'000'000);
        session.run(
            "INSERT INTO leases (name, holder, token, until_ms) VALUES ('new', 'a 1', 1, $1)",
            clock.now_ms() - 80'000'000);
    }));
    auto lock = lock_of({});
    ASSERT_TRUE(lock.acquire(request("a")));
    EXPECT_EQ(number("SELECT count(*) FROM leases WHERE name = 'old'"), 0);
    EXPECT_EQ(number("SELECT count(*) FROM leases"), 2);
}

}  // namespace
}  // namespace hongyan::table
