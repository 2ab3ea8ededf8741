// Writer: the one connection that writes, and its transactions. Checkpoints are not left to SQLite,
// whose automatic one swallows errors and makes the writer wait. write() may be called from every
// thread; one at a time runs.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "engine/sqlite/checkpointer.hpp"
#include "engine/sqlite/condition.hpp"
#include "engine/sqlite/session.hpp"
#include "engine/sqlite/sqlite_store.hpp"

struct sqlite3_stmt;

namespace hongyan::sqlite {

class Writer {
  public:
    static Result<std::unique_ptr<Writer>> open(const SqliteOptions& options, Condition& condition,
                                                Log& log);
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer();

    /// See SqliteStore::write().
    Status write(const std::function<void(Session&)>& work);

  private:
    Writer(Connection connection, const SqliteOptions& options, Condition& condition, Log& log);
    [[nodiscard]] int prepare();
    Status begin();
    void commit();
    /// Ends the transaction if it still runs, and says what came of it.
    void roll_back();
    Error failed(int code, const std::string& text, std::string_view sql);
    static int on_commit(void* self, sqlite3* db, const char* name, int log_pages);

    const SqliteOptions options_;
    Condition& condition_;
    Log& log_;
    std::mutex mutex_;
    // Under mutex_.
    Connection connection_;
    SqliteSession session_;
    sqlite3_stmt* begin_ = nullptr;
    sqlite3_stmt* commit_ = nullptr;
    sqlite3_stmt* rollback_ = nullptr;
    std::uint64_t counted_statements_ = 0;
    std::unique_ptr<Checkpointer> checkpointer_;
};

}  // namespace hongyan::sqlite
