// SqliteFailure: a failed SQLite call with its result code, and what follows from the code.
// Constraint violations are thrown as ConstraintError instead. Values only; safe from every thread.
#pragma once

#include <string>
#include <string_view>

#include "contract/store.hpp"

struct sqlite3;

namespace hongyan::sqlite {

/// What a result code means for the store.
enum class FailureKind {
    busy,   ///< another connection is in the way; a repeat makes sense
    full,   ///< the disk is full; writable again when there is room
    fatal,  ///< I/O error, failed sync or damaged file; this handle must not write again
    other,  ///< the statement is wrong, a limit is reached, ...
};

class SqliteFailure final : public StoreError {
  public:
    SqliteFailure(int code, const std::string& what, std::string_view sql)
        : StoreError(what), code_(code), sql_(sql.substr(0, max_logged)) {}
    [[nodiscard]] int code() const { return code_; }
    /// The start of the failed statement, for the log; never shown to users.
    [[nodiscard]] const std::string& sql() const { return sql_; }

  private:
    static constexpr std::size_t max_logged = 200;
    const int code_;
    const std::string sql_;
};

[[nodiscard]] FailureKind kind_of(int code);
/// Throws what the connection says about its last failed call.
[[noreturn]] void throw_failure(sqlite3* db, int code, std::string_view sql);
/// The same as text: "disk I/O error (SQLITE_IOERR_FSYNC ... )".
[[nodiscard]] std::string failure_text(sqlite3* db, int code);
[[nodiscard]] Error to_error(int code, const std::string& text);

}  // namespace hongyan::sqlite
