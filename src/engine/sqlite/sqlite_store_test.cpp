#include "engine/sqlite/sqlite_store.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <latch>
#include <thread>

#include "contract/testing/store_suite.hpp"
#include "engine/sqlite/connection.hpp"
#include "engine/sqlite/session.hpp"
#include "engine/sqlite/test_folder.hpp"

namespace hongyan::suite {
namespace {

class SqliteBench final : public StoreBench {
  public:
    SqliteBench() { reopen(); }
    Store& store() override { return *store_; }
    void reopen() override {
        store_.reset();
        sqlite::SqliteOptions options;
        options.file = folder_.path() / "hongyan.db";
        auto opened = sqlite::SqliteStore::open(options, log_);
        HY_ASSERT(opened.ok());
        store_ = std::move(*opened);
    }

  private:
    sqlite::TestFolder folder_;
    Log log_{LogLevel::error, Log::Format::logfmt, -1};
    std::unique_ptr<sqlite::SqliteStore> store_;
};

std::unique_ptr<StoreBench> make_bench() { return std::make_unique<SqliteBench>(); }

INSTANTIATE_TEST_SUITE_P(sqlite, store_suite, testing::Values(&make_bench));

}  // namespace
}  // namespace hongyan::suite

namespace hongyan::sqlite {
namespace {

struct sqlite_store : testing::Test {
    TestFolder folder;
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    SqliteOptions options;
    std::unique_ptr<SqliteStore> store;

    void SetUp() override {
        options.file = folder.path() / "hongyan.db";
        options.busy_timeout_ms = 50;
        open();
    }
    void open() {
        store.reset();
        auto opened = SqliteStore::open(options, log);
        ASSERT_TRUE(opened.ok()) << opened.error().detail;
        store = std::move(*opened);
    }
    void write(const std::function<void(Session&)>& work) {
        const Status done = store->write(work);
        ASSERT_TRUE(done.ok()) << done.error().detail;
    }
    void make_table(int rows) {
        write([&](Session& s) {
            s.execute_script(
                "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, body TEXT) STRICT");
            for (int i = 0; i < rows; ++i) {
                s.run("INSERT INTO t (body) VALUES ($1)", std::string(1000, 'x'));
            }
        });
    }
    static std::int64_t ask(Store& from, const std::string& sql) {
        std::int64_t answer = -1;
        const Status done = from.read([&](Session& s) {
            Rows rows = s.query(sql);
            if (rows.next()) answer = rows.integer(0);
        });
        EXPECT_TRUE(done.ok()) << done.error().detail;
        return answer;
    }
};

TEST_F(sqlite_store, is_set_up_for_durability_and_retention) {
    write([](Session& s) {
        const auto value = [&](const char* pragma) {
            Rows rows = s.query(std::string("PRAGMA ") + pragma);
            return rows.next() ? rows.text(0) : "";
        };
        EXPECT_EQ(value("journal_mode"), "wal");
        EXPECT_EQ(value("synchronous"), "2");
        EXPECT_EQ(value("auto_vacuum"), "2");
        EXPECT_EQ(value("foreign_keys"), "0");
        EXPECT_EQ(value("mmap_size"), "0");
        EXPECT_EQ(value("trusted_schema"), "0");
        EXPECT_EQ(value("wal_autocheckpoint"), "0");
    });
}

TEST_F(sqlite_store, keeps_its_file_from_other_users) {
    struct stat info {};
    ASSERT_EQ(::stat(options.file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(sqlite_store, refuses_a_file_that_is_no_database) {
    const auto other = folder.path() / "letter.txt";
    std::ofstream(other) << std::string(5000, 'a');
    SqliteOptions wrong = options;
    wrong.file = other;
    const auto opened = SqliteStore::open(wrong, log);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::storage_failed);
    EXPECT_NE(opened.error().detail.find("letter.txt"), std::string::npos);
}

TEST_F(sqlite_store, says_when_the_folder_is_missing) {
    SqliteOptions wrong = options;
    wrong.file = folder.path() / "nowhere" / "hongyan.db";
    const auto opened = SqliteStore::open(wrong, log);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::io_failed);
}

TEST_F(sqlite_store, opened_for_reading_reads_beside_the_writer) {
    make_table(3);
    SqliteOptions reading = options;
    reading.read_only = true;
    auto second = SqliteStore::open(reading, log);
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(ask(**second, "SELECT count(*) FROM t"), 3);
    EXPECT_FALSE((*second)->write([](Session&) {}).ok());
    EXPECT_FALSE((*second)->health().writable);
    reading.file = folder.path() / "missing.db";
    EXPECT_FALSE(SqliteStore::open(reading, log).ok());
    EXPECT_FALSE(std::filesystem::exists(reading.file));
}

TEST_F(sqlite_store, waits_for_a_foreign_lock_and_gives_up_in_the_end) {
    make_table(0);
    ConnectionOptions how;
    how.writer = true;
    auto shell = Connection::open(options.file, how);
    ASSERT_TRUE(shell.ok());
    ASSERT_EQ(shell->execute("BEGIN IMMEDIATE"), SQLITE_OK);
    const Status refused = store->write([](Session&) { FAIL() << "must not start"; });
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_GT(refused.error().retry_after.count(), 0);
    EXPECT_TRUE(store->health().writable);
    ASSERT_EQ(shell->execute("COMMIT"), SQLITE_OK);
    make_table(1);
    EXPECT_EQ(ask(*store, "SELECT count(*) FROM t"), 1);
}

TEST_F(sqlite_store, outlives_a_foreign_lock_that_goes) {
    options.busy_timeout_ms = 5000;
    open();
    make_table(0);
    ConnectionOptions how;
    how.writer = true;
    auto shell = Connection::open(options.file, how);
    ASSERT_TRUE(shell.ok());
    ASSERT_EQ(shell->execute("BEGIN IMMEDIATE"), SQLITE_OK);
    std::latch started(1);
    std::thread writer([&] {
        started.count_down();
        make_table(1);
    });
    started.wait();
    ASSERT_EQ(shell->execute("COMMIT"), SQLITE_OK);
    writer.join();
    EXPECT_EQ(ask(*store, "SELECT count(*) FROM t"), 1);
}

TEST_F(sqlite_store, work_that_ends_the_transaction_itself_fails) {
    make_table(0);
    EXPECT_FALSE(store->write([](Session& s) { s.execute_script("COMMIT"); }).ok());
    EXPECT_FALSE(store->write([](Session& s) { s.execute_script("ROLLBACK"); }).ok());
    make_table(1);
    EXPECT_EQ(ask(*store, "SELECT count(*) FROM t"), 1);
}

TEST_F(sqlite_store, bounds_the_readers_that_wait) {
    make_table(1);
    options.readers = 1;
    options.max_waiting_readers = 0;
    open();
    const Status outer = store->read([&](Session&) {
        std::thread([&] {
            const Status inner = store->read([](Session&) {});
            ASSERT_FALSE(inner.ok());
            EXPECT_EQ(inner.error().code, ErrorCode::overloaded);
        }).join();
    });
    EXPECT_TRUE(outer.ok());
    EXPECT_EQ(ask(*store, "SELECT count(*) FROM t"), 1);
}

TEST_F(sqlite_store, waiting_readers_give_up_in_the_end) {
    options.readers = 1;
    options.busy_timeout_ms = 5;
    open();
    const Status outer = store->read([&](Session&) {
        EXPECT_EQ(store->read([](Session&) {}).error().code, ErrorCode::overloaded);
    });
    EXPECT_TRUE(outer.ok());
}

TEST_F(sqlite_store, keeps_the_log_short) {
    options.checkpoint_pages = 20;
    open();
    for (int i = 0; i < 400; ++i) make_table(100);
    EXPECT_LT(store->health().wal_bytes, 20'000'000U) << "without checkpoints it would be far more";
    EXPECT_GT(store->health().wal_bytes, 0U);
    store.reset();
    EXPECT_FALSE(std::filesystem::exists(options.file.string() + "-wal"))
        << "one file after a stop";
}

TEST_F(sqlite_store, gives_free_pages_back_step_by_step) {
    make_table(1000);
    EXPECT_EQ(*store->incremental_vacuum(10), 0);
    write([](Session& s) { s.run("DELETE FROM t"); });
    const std::int64_t free = ask(*store, "PRAGMA freelist_count");
    ASSERT_GT(free, 100);
    EXPECT_EQ(*store->incremental_vacuum(10), 10);
    EXPECT_EQ(ask(*store, "PRAGMA freelist_count"), free - 10);
}

TEST_F(sqlite_store, statements_are_cached_by_text_wherever_it_stands) {
    ConnectionOptions how;
    how.writer = true;
    auto connection = Connection::open(options.file, how);
    ASSERT_TRUE(connection.ok());
    SqliteSession session(*connection);
    std::string sql = "SELECT 1";
    const auto answer = [&] {
        Rows rows = session.query(sql);
        return rows.next() ? rows.integer(0) : -1;
    };
    Statement& first = session.prepare("SELECT 1");
    EXPECT_EQ(&session.prepare(sql), &first);
    sql[7] = '2';  // another text at the same address
    EXPECT_EQ(answer(), 2);
    sql[7] = '1';
    EXPECT_EQ(answer(), 1);
    for (int i = 0; i < 1000; ++i) {
        sql = "SELECT " + std::to_string(i);
        EXPECT_EQ(answer(), i);
    }
    session.end_transaction();
    EXPECT_LE(session.cached(), SqliteSession::max_cached);
    for (int i = 0; i < 1000; i += 37) {
        sql = "SELECT " + std::to_string(i);
        EXPECT_EQ(answer(), i);
    }
}

TEST_F(sqlite_store, refuses_statements_it_would_misread) {
    for (const char* sql : {"SELECT ?", "SELECT :name", "SELECT 1; SELECT 2", "", "SELEC 1",
                            "SELECT \"no such column\""}) {
        EXPECT_FALSE(store->write([&](Session& s) { (void)s.prepare(sql); }).ok()) << sql;
    }
    EXPECT_FALSE(store->write([&](Session& s) { s.run("SELECT $1", 1, 2); }).ok());
    EXPECT_TRUE(store->health().writable);
}

}  // namespace
}  // namespace hongyan::sqlite
