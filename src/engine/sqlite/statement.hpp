// SqliteStatement: one prepared statement. Parameter $n is bound as index n, in whatever order the
// text names them, as in PostgreSQL. Text and blobs are bound without a copy. Belongs to its
// SqliteSession and that session's thread.
#pragma once

#include <string>
#include <vector>

#include "contract/store.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace hongyan::sqlite {

class SqliteStatement final : public Statement {
  public:
    /// Throws SqliteFailure when the text is not exactly one correct statement. lost is the
    /// session's: set when a failure made SQLite roll back by itself; while it is set nothing runs,
    /// for it would run outside of the transaction.
    SqliteStatement(sqlite3* db, std::string_view sql, bool& lost);
    SqliteStatement(const SqliteStatement&) = delete;
    SqliteStatement& operator=(const SqliteStatement&) = delete;
    ~SqliteStatement() override;

    void bind(int index, std::int64_t value) override;
    void bind(int index, double value) override;
    void bind(int index, std::string_view text) override;
    void bind_blob(int index, std::string_view bytes) override;
    void bind_null(int index) override;
    bool step() override;
    void reset() override;
    [[nodiscard]] bool null_at(int column) const override;
    [[nodiscard]] std::int64_t int_at(int column) const override;
    [[nodiscard]] double real_at(int column) const override;
    [[nodiscard]] std::string_view text_at(int column) const override;

    [[nodiscard]] const std::string& sql() const { return sql_; }
    std::uint64_t last_used = 0;  ///< kept by the session

  private:
    void read_parameters();
    [[nodiscard]] int place_of(int index);
    void check(int code);

    sqlite3* const db_;
    bool& lost_;
    const std::string sql_;
    sqlite3_stmt* statement_ = nullptr;
    std::vector<int> places_;  ///< SQLite's index of $1, $2, ...; 0 = the text does not name it
    bool dirty_ = false;       ///< bound or stepped since the last reset
    bool done_ = false;        ///< has given its last row; SQLite would start it again
};

}  // namespace hongyan::sqlite
