#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "engine/sqlite/data_lock.hpp"
#include "engine/sqlite/faulty_disk.hpp"
#include "engine/sqlite/sqlite_store.hpp"
#include "engine/sqlite/test_folder.hpp"

namespace hongyan::sqlite {
namespace {

struct sqlite_fault : testing::Test {
    TestFolder folder;
    FaultyDisk disk;
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    SqliteOptions options;
    std::unique_ptr<SqliteStore> store;

    void SetUp() override {
        options.file = folder.path() / "hongyan.db";
        open();
        ASSERT_TRUE(store
                        ->write([](Session& s) {
                            s.execute_script(
                                "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT) STRICT");
                        })
                        .ok());
    }
    void open() {
        store.reset();
        auto opened = SqliteStore::open(options, log);
        ASSERT_TRUE(opened.ok()) << opened.error().detail;
        store = std::move(*opened);
    }
    Status add(int rows) {
        return store->write([&](Session& s) {
            for (int i = 0; i < rows; ++i) {
                s.run("INSERT INTO t (body) VALUES ($1)", std::string(1000, 'x'));
            }
        });
    }
    std::int64_t count() {
        std::int64_t found = -1;
        const Status done = store->read([&](Session& s) {
            Rows rows = s.query("SELECT count(*) FROM t");
            if (rows.next()) found = rows.integer(0);
        });
        EXPECT_TRUE(done.ok());
        return found;
    }
};

TEST_F(sqlite_fault, a_commit_is_one_sync) {
    ASSERT_TRUE(add(1).ok());
    const int before = disk.syncs;
    ASSERT_TRUE(add(200).ok());
    EXPECT_EQ(disk.syncs, before + 1);
}

TEST_F(sqlite_fault, a_full_disk_refuses_until_there_is_room_again) {
    ASSERT_TRUE(add(1).ok());
    disk.full = true;
    const Status refused = add(1);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::storage_failed);
    EXPECT_EQ(refused.error().detail, "disk is full");
    EXPECT_TRUE(store->health().writable);
    EXPECT_EQ(store->health().detail, "disk is full");
    EXPECT_FALSE(add(1).ok());
    EXPECT_EQ(count(), 1);
    disk.full = false;
    ASSERT_TRUE(add(1).ok());
    EXPECT_EQ(store->health().detail, "");
    EXPECT_EQ(count(), 2);
}

TEST_F(sqlite_fault, work_that_swallows_a_full_disk_does_not_pass_for_a_success) {
    options.cache_mib = 1;  // a transaction larger than the cache writes before its end
    open();
    disk.full = true;
    bool failed_inside = false;
    const Status refused = store->write([&](Session& s) {
        for (int i = 0; i < 4000; ++i) {
            try {
                s.run("INSERT INTO t (body) VALUES ($1)", std::string(1000, 'x'));
            } catch (const StoreError&) {
                failed_inside = true;
                disk.full = false;
            }
        }
    });
    EXPECT_TRUE(failed_inside);
    EXPECT_FALSE(refused.ok());
    EXPECT_EQ(count(), 0);
}

TEST_F(sqlite_fault, a_failed_sync_closes_the_store_for_writing_for_good) {
    ASSERT_TRUE(add(1).ok());
    disk.sync_fails = true;
    EXPECT_EQ(add(1).error().code, ErrorCode::storage_failed);
    disk.sync_fails = false;
    const int before = disk.syncs;
    EXPECT_EQ(add(1).error().code, ErrorCode::storage_failed);
    EXPECT_EQ(disk.syncs, before) << "never tried again on the same handle";
    EXPECT_FALSE(store->health().writable);
    EXPECT_NE(store->health().detail, "");
    EXPECT_EQ(count(), 1) << "reading goes on";
    open();
    EXPECT_TRUE(add(1).ok());
}

TEST_F(sqlite_fault, a_failed_write_does_too) {
    disk.write_fails = true;
    EXPECT_FALSE(add(1).ok());
    disk.write_fails = false;
    EXPECT_FALSE(add(1).ok());
    EXPECT_FALSE(store->health().writable);
}

TEST_F(sqlite_fault, a_failed_checkpoint_keeps_the_row_and_closes_the_store) {
    options.checkpoint_pages = 10;
    open();
    disk.database_sync_fails = true;
    EXPECT_TRUE(add(100).ok()) << "the row is safe in the log";
    for (int i = 0; i < 2'000 && store->health().writable; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_FALSE(store->health().writable);
    EXPECT_FALSE(add(1).ok());
    disk.database_sync_fails = false;
    open();
    EXPECT_EQ(count(), 100);
}

TEST_F(sqlite_fault, a_killed_process_leaves_whole_transactions) {
    store.reset();
    const pid_t child = ::fork();
    if (child == 0) {
        open();
        for (int i = 0; i < 20; ++i) (void)add(7);
        (void)store->write([&](Session& s) {
            s.run("INSERT INTO t (body) VALUES ('half')");
            ::_exit(0);
        });
        ::_exit(1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    open();
    EXPECT_EQ(count(), 140);
}

TEST(data_lock, keeps_a_second_owner_out_and_names_the_first) {
    TestFolder folder;
    {
        const auto first = DataLock::take(folder.path());
        ASSERT_TRUE(first.ok());
        const auto second = DataLock::take(folder.path());
        ASSERT_FALSE(second.ok());
        EXPECT_EQ(second.error().code, ErrorCode::conflict);
        const std::string owner = "process " + std::to_string(::getpid());
        EXPECT_NE(second.error().detail.find(owner), std::string::npos) << second.error().detail;
    }
    EXPECT_TRUE(DataLock::take(folder.path()).ok()) << "a left-over file means nothing";
    EXPECT_EQ(DataLock::take(folder.path() / "missing").error().code, ErrorCode::io_failed);
}

}  // namespace
}  // namespace hongyan::sqlite
