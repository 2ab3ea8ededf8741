// SqliteSession: a connection's prepared statements. A text seen before at the same address, as a
// literal is, is found by its address; any other by its hash. Keeps at most 256 statements:
// end_transaction() drops the longest unused ones, never while a transaction may hold references.
// Used by one thread at a time.
#pragma once

#include <array>
#include <map>
#include <memory>

#include "engine/sqlite/connection.hpp"
#include "engine/sqlite/statement.hpp"

namespace hongyan::sqlite {

class SqliteSession final : public Session {
  public:
    /// connection must outlive the session.
    explicit SqliteSession(const Connection& connection) : connection_(connection) {}

    [[nodiscard]] Dialect dialect() const override { return Dialect::sqlite; }
    Statement& prepare(std::string_view sql) override;
    void execute_script(const std::string& sql) override;
    [[nodiscard]] std::int64_t changes() const override;

    /// Resets what is still open, so that nothing keeps the transaction alive.
    void reset_all();
    /// Also trims the cache; no reference to a statement may be left.
    void end_transaction();
    /// Statements asked for so far.
    [[nodiscard]] std::uint64_t statements() const { return statements_; }
    [[nodiscard]] std::size_t cached() const { return by_text_.size(); }

    static constexpr std::size_t max_cached = 256;

  private:
    struct Slot {
        const char* text = nullptr;
        SqliteStatement* statement = nullptr;
    };
    [[nodiscard]] Slot& slot_of(std::string_view sql);
    SqliteStatement& find(std::string_view sql);

    const Connection& connection_;
    std::map<std::string, std::unique_ptr<SqliteStatement>, std::less<>> by_text_;
    std::array<Slot, 512> slots_{};
    std::uint64_t statements_ = 0;
    bool lost_ = false;  ///< see SqliteStatement
};

}  // namespace hongyan::sqlite
