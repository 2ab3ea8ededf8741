// PostgresSession: the prepared statements of one connection, found by their text. Keeps at most
// 256: end_transaction() lets the longest unused ones go. Once the connection is lost or the server
// has undone the transaction, every statement fails until end_transaction(), whatever work makes of
// the first failure. Used by one thread at a time.
#pragma once

#include <map>
#include <memory>

#include "engine/postgres/statement.hpp"

namespace hongyan::postgres {

class PostgresSession final : public Session {
  public:
    /// connection must outlive the session.
    explicit PostgresSession(Connection& connection) : connection_(connection) {}

    [[nodiscard]] Dialect dialect() const override { return Dialect::postgres; }
    Statement& prepare(std::string_view sql) override;
    void execute_script(const std::string& sql) override;
    [[nodiscard]] std::int64_t changes() const override { return state_.changes; }
    void copy_in(std::string_view sql, std::string_view rows) override;

    void reset_all();
    /// True if the transaction must be given up although work may have returned.
    [[nodiscard]] bool spent() const { return state_.spent; }
    /// Also trims the cache; no reference to a statement may be left. May throw PostgresFailure.
    void end_transaction();
    /// Statements asked for so far.
    [[nodiscard]] std::uint64_t statements() const { return statements_; }
    [[nodiscard]] std::size_t cached() const { return by_text_.size(); }

    static constexpr std::size_t max_cached = 256;

  private:
    void trim();
    /// Runs a call to the connection and remembers a failure that spends the transaction.
    template <class Call>
    auto guarded(std::string_view sql, const Call& call);

    Connection& connection_;
    SessionState state_;
    std::map<std::string, std::unique_ptr<PostgresStatement>, std::less<>> by_text_;
    std::uint64_t statements_ = 0;
    std::uint64_t names_ = 0;
};

}  // namespace hongyan::postgres
