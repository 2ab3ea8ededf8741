// TestStore: for tests, an empty store of either engine with the tables of today in it. A suite
// that must hold over both says
//     INSTANTIATE_TEST_SUITE_P(engines, some_suite, testing::ValuesIn(table::test_stores),
//     table::test_store_name);
// reopen() closes the store and opens it again over the same data.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "engine/postgres/postgres_store.hpp"
#include "engine/postgres/testing/test_database.hpp"
#include "engine/sqlite/sqlite_store.hpp"
#include "engine/sqlite/test_folder.hpp"
#include "table/migrate.hpp"

namespace hongyan::table {

class TestStore {
  public:
    virtual ~TestStore() = default;
    virtual Store& store() = 0;
    virtual void reopen() = 0;
};

class SqliteTestStore final : public TestStore {
  public:
    explicit SqliteTestStore(std::int64_t now_ms) {
        reopen();
        HY_ASSERT(migrate(*store_, now_ms).ok());
    }
    Store& store() override { return *store_; }
    void reopen() override {
        store_.reset();
        sqlite::SqliteOptions options;
        options.file = folder_.path() / "test.db";
        auto opened = sqlite::SqliteStore::open(options, log_);
        HY_ASSERT(opened.ok());
        store_ = std::move(*opened);
    }

  private:
    sqlite::TestFolder folder_;
    Log log_{LogLevel::error, Log::Format::logfmt, -1};
    std::unique_ptr<sqlite::SqliteStore> store_;
};

class PostgresTestStore final : public TestStore {
  public:
    explicit PostgresTestStore(std::int64_t now_ms) {
        reopen();
        const auto migrated = migrate(*store_, now_ms);
        if (!migrated) throw std::runtime_error(migrated.error().detail);
    }
    Store& store() override { return *store_; }
    void reopen() override {
        store_.reset();
        postgres::PostgresOptions options;
        options.url = database_.url();
        auto opened = postgres::PostgresStore::open(options, log_);
        if (!opened) throw std::runtime_error(opened.error().detail);
        store_ = std::move(*opened);
    }
    [[nodiscard]] const postgres::TestDatabase& database() const { return database_; }

  private:
    postgres::TestDatabase database_;
    Log log_{LogLevel::error, Log::Format::logfmt, -1};
    std::unique_ptr<postgres::PostgresStore> store_;
};

struct TestStoreMaker {
    const char* name;
    std::unique_ptr<TestStore> (*make)(std::int64_t now_ms);
};
inline const std::array<TestStoreMaker, 2> test_stores{
    TestStoreMaker{"sqlite",
                   [](std::int64_t now_ms) -> std::unique_ptr<TestStore> {
                       return std::make_unique<SqliteTestStore>(now_ms);
                   }},
    TestStoreMaker{"postgres", [](std::int64_t now_ms) -> std::unique_ptr<TestStore> {
                       return std::make_unique<PostgresTestStore>(now_ms);
                   }}};

/// So that ctest shows a word instead of bytes.
inline void PrintTo(const TestStoreMaker& maker, std::ostream* out) { *out << maker.name; }
inline std::string test_store_name(const testing::TestParamInfo<TestStoreMaker>& info) {
    return info.param.name;
}

}  // namespace hongyan::table
