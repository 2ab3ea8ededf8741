#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "engine/sqlite/faulty_disk.hpp"
#include "engine/sqlite/sqlite_store.hpp"
#include "engine/sqlite/test_folder.hpp"

namespace hongyan::sqlite {
namespace {

struct sqlite_backup : testing::Test {
    TestFolder folder;
    FaultyDisk disk;
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    std::unique_ptr<SqliteStore> store;
    std::filesystem::path target = folder.path() / "backup" / "copy.db";

    void SetUp() override {
        std::filesystem::create_directory(target.parent_path());
        store = open(folder.path() / "hongyan.db");
        ASSERT_TRUE(store
                        ->write([](Session& s) {
                            s.execute_script(
                                "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT) STRICT");
                        })
                        .ok());
        for (int i = 0; i < 20; ++i) add(100);
    }
    std::unique_ptr<SqliteStore> open(const std::filesystem::path& file) {
        SqliteOptions options;
        options.file = file;
        auto opened = SqliteStore::open(options, log);
        HY_ASSERT(opened.ok());
        return std::move(*opened);
    }
    void add(int rows) const {
        const Status done = store->write([&](Session& s) {
            for (int i = 0; i < rows; ++i) {
                s.run("INSERT INTO t (body) VALUES ($1)", std::string(1000, 'x'));
            }
        });
        EXPECT_TRUE(done.ok()) << done.error().detail;
    }
    static std::int64_t count(Store& in) {
        std::int64_t found = -1;
        (void)in.read([&](Session& s) {
            Rows rows = s.query("SELECT count(*) FROM t");
            if (rows.next()) found = rows.integer(0);
        });
        return found;
    }
    /// Files beside the target.
    [[nodiscard]] std::size_t files() const {
        const std::filesystem::directory_iterator all(target.parent_path());
        return static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }
};

TEST_F(sqlite_backup, copies_one_snapshot_while_writes_go_on) {
    int steps = 0;
    const Status done = store->backup_to(target, [&](const BackupProgress& progress) {
        ++steps;
        EXPECT_LE(progress.pages_done, progress.pages_total);
        add(100);  // a write between any two steps; it is neither held up nor copied
        return true;
    });
    ASSERT_TRUE(done.ok()) << done.error().detail;
    EXPECT_GT(steps, 1);
    EXPECT_LT(steps, 20) << "never starts again";
    EXPECT_EQ(files(), 1U);
    EXPECT_EQ(count(*open(target)), 2000);
    EXPECT_EQ(count(*store), 2000 + 100 * steps);
}

TEST_F(sqlite_backup, replaces_an_older_copy_and_leaves_no_scraps) {
    std::ofstream(target) << "older";
    std::ofstream(target.string() + ".part") << "left over";
    ASSERT_TRUE(store->backup_to(target).ok());
    EXPECT_EQ(files(), 1U);
    EXPECT_EQ(count(*open(target)), 2000);
}

TEST_F(sqlite_backup, can_be_ended_and_leaves_the_older_copy) {
    std::ofstream(target) << "older";
    const Status done = store->backup_to(target, [](const BackupProgress&) { return false; });
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::unavailable);
    EXPECT_EQ(files(), 1U);
    EXPECT_EQ(std::filesystem::file_size(target), 5U);
}

TEST_F(sqlite_backup, a_full_disk_leaves_no_half_copy) {
    const Status done = store->backup_to(target, [this](const BackupProgress&) {
        disk.full = true;
        return true;
    });
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().detail, "backup: disk is full");
    EXPECT_EQ(files(), 0U);
    disk.full = false;
    EXPECT_TRUE(store->health().writable);
}

TEST_F(sqlite_backup, says_where_it_cannot_write) {
    EXPECT_EQ(store->backup_to(folder.path() / "no" / "copy.db").error().code,
              ErrorCode::io_failed);
    EXPECT_EQ(store->backup_to(folder.path() / "hongyan.db").error().code, ErrorCode::io_failed);
    EXPECT_EQ(count(*store), 2000);
}

}  // namespace
}  // namespace hongyan::sqlite
