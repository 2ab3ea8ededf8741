// Store: the record of everything, behind one SQL session. Table code (table/) is written once in
// the dialect that SQLite and PostgreSQL share ($1 parameters, ON CONFLICT, RETURNING, CTEs); only
// where many rows go at once it asks Session::dialect(). write() returns only when the transaction
// is synced to disk. Inside a transaction a failing
// statement throws StoreError, which rolls everything back and becomes the Error that read() or
// write() returns; it never leaves the store. write() may be called from one thread at a time per
// store (the committer); read() from any thread, it blocks on the disk and so never runs on an I/O
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace hongyan {

/// A failing statement; caught by Store::read and Store::write.
class StoreError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// A row that a constraint refused (unique, not null, check); read() or write() answers it as
/// ErrorCode::conflict.
class ConstraintError final : public StoreError {
  public:
    using StoreError::StoreError;
};

/// Whose SQL a session speaks, where the shared dialect is not enough or not fast enough.
enum class Dialect { sqlite, postgres };

/// One prepared statement with its parameters and, after step(), one row. Owned and cached by its
/// Session.
class Statement {
  public:
    virtual ~Statement() = default;
    virtual void bind(int index, std::int64_t value) = 0;
    virtual void bind(int index, double value) = 0;
    virtual void bind(
        int index, std::string_view text) = 0;  ///< the text must live until the statement is reset
    virtual void bind_blob(int index, std::string_view bytes) = 0;
    virtual void bind_null(int index) = 0;
    virtual bool step() = 0;  ///< true: a row is there
    virtual void reset() = 0;
    [[nodiscard]] virtual bool null_at(int column) const = 0;
    [[nodiscard]] virtual std::int64_t int_at(int column) const = 0;
    [[nodiscard]] virtual double real_at(int column) const = 0;
    [[nodiscard]] virtual std::string_view text_at(
        int column) const = 0;  ///< text or blob; valid until the next step
};

/// NULL, bound as a parameter.
struct Null {};

/// The rows of a query; resets the statement when it goes, so that no snapshot is held open.
class Rows {
  public:
    explicit Rows(Statement& statement) : statement_(&statement) {}
    Rows(Rows&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
    Rows(const Rows&) = delete;
    Rows& operator=(Rows&&) = delete;
    ~Rows() {
        if (statement_ != nullptr) statement_->reset();
    }
    [[nodiscard]] bool next() { return statement_->step(); }
    [[nodiscard]] bool null(int column) const { return statement_->null_at(column); }
    [[nodiscard]] std::int64_t integer(int column) const { return statement_->int_at(column); }
    [[nodiscard]] double real(int column) const { return statement_->real_at(column); }
    [[nodiscard]] std::string_view view(int column) const { return statement_->text_at(column); }
    [[nodiscard]] std::string text(int column) const {
        return std::string(statement_->text_at(column));
    }

  private:
    Statement* statement_;
};

class Session {
  public:
    virtual ~Session() = default;
    [[nodiscard]] virtual Dialect dialect() const = 0;
    /// The prepared statement for this text, reset, from the session's cache.
    virtual Statement& prepare(std::string_view sql) = 0;
    /// Runs one or more statements without parameters; for migrations.
    virtual void execute_script(const std::string& sql) = 0;
    /// Rows changed by the last statement.
    [[nodiscard]] virtual std::int64_t changes() const = 0;
    /// PostgreSQL only: feeds rows in the text format of COPY to "COPY table (columns) FROM STDIN".
    virtual void copy_in(std::string_view sql, std::string_view rows);

    /// Starts a query: while (rows.next()) ...
    template <class... Args>
    [[nodiscard]] Rows query(std::string_view sql, const Args&... args) {
        return Rows(bound(sql, args...));
    }
    /// Runs a statement that returns no rows; gives the number of rows changed.
    template <class... Args>
    std::int64_t run(std::string_view sql, const Args&... args) {
        Rows rows(bound(sql, args...));
        while (rows.next()) {
        }
        return changes();
    }

  private:
    template <class... Args>
    Statement& bound(std::string_view sql, const Args&... args) {
        Statement& statement = prepare(sql);
        [[maybe_unused]] int index = 0;
        (bind_one(statement, ++index, args), ...);
        return statement;
    }
    static void bind_one(Statement& s, int index, Null) { s.bind_null(index); }
    static void bind_one(Statement& s, int index, double value) { s.bind(index, value); }
    static void bind_one(Statement& s, int index, std::int64_t value) { s.bind(index, value); }
    static void bind_one(Statement& s, int index, int value) {
        s.bind(index, static_cast<std::int64_t>(value));
    }
    static void bind_one(Statement& s, int index, bool value) {
        s.bind(index, static_cast<std::int64_t>(value));
    }
    static void bind_one(Statement& s, int index, std::string_view value) { s.bind(index, value); }
    static void bind_one(Statement& s, int index, const std::string& value) {
        s.bind(index, std::string_view(value));
    }
    static void bind_one(Statement& s, int index, const char* value) {
        s.bind(index, std::string_view(value));
    }
};

inline void Session::copy_in(std::string_view, std::string_view) {
    throw StoreError("this store has no COPY");
}

struct StoreHealth {
    bool writable = true;
    bool reachable = true;  ///< false while writes fail in a way that can pass: its server is away
    std::string detail;     ///< why not, for /readyz
    std::uint64_t commits = 0;
    std::uint64_t statements = 0;
    std::uint64_t wal_bytes = 0;
};

class Store {
  public:
    virtual ~Store() = default;
    /// One transaction; on success it is on disk when this returns. After a failed sync the store
    /// stays unwritable. An engine that others write beside us may run work again, from an empty
    /// transaction (after a deadlock, or when its server went away before the commit): so work sets
    /// what it finds, and never adds to what an earlier run found. The error commit_unknown says
    /// that the transaction may be on disk or not, and that asking did not help in time.
    virtual Status write(const std::function<void(Session&)>& work) = 0;
    /// One consistent snapshot, read-only.
    virtual Status read(const std::function<void(Session&)>& work) = 0;
    /// For statements that look up few rows by their keys, thousands of times a second. Each sees
    /// what is committed when it begins; together they are no snapshot. Work may be run again if
    /// its first statement failed.
    virtual Status look_up(const std::function<void(Session&)>& work) { return read(work); }
    [[nodiscard]] virtual StoreHealth health() const = 0;
    /// The process ends: from now on nothing waits for long for a server that is away.
    virtual void hurry() {}
};

}  // namespace hongyan
