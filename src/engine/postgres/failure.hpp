// PostgresFailure: a failed call to the server with its SQLSTATE, and what follows from it.
// Constraint violations are thrown as ConstraintError instead. Values only; safe from every thread.
#pragma once

#include <string>
#include <string_view>

#include "contract/store.hpp"

namespace hongyan::postgres {

/// What a failure means for the transaction and its connection.
enum class FailureKind {
    lost,      ///< the connection is gone, the server stops, or it has become a replica
    again,     ///< a deadlock or a serialization failure: the same transaction may pass next time
    busy,      ///< a lock or a statement took too long, or there are too many connections
    full,      ///< the server's disk is full; writable again when there is room
    rejected,  ///< wrong password, no such database: nothing mends itself
    other,     ///< the statement is wrong, a limit is reached, ...
};

class PostgresFailure final : public StoreError {
  public:
    PostgresFailure(FailureKind kind, const std::string& what, std::string_view sql)
        : StoreError(what), kind_(kind), sql_(sql.substr(0, max_logged)) {}
    [[nodiscard]] FailureKind kind() const { return kind_; }
    /// The start of the failed statement, for the log; never shown to users.
    [[nodiscard]] const std::string& sql() const { return sql_; }

  private:
    static constexpr std::size_t max_logged = 200;
    const FailureKind kind_;
    const std::string sql_;
};

/// By SQLSTATE; an empty one is what libpq gives when the connection broke.
[[nodiscard]] FailureKind kind_of(std::string_view sqlstate);
[[nodiscard]] bool is_constraint(std::string_view sqlstate);
/// Errors: unavailable with retry_after (lost, again, busy), storage_failed (the rest).
[[nodiscard]] Error to_error(FailureKind kind, const std::string& text);

}  // namespace hongyan::postgres
