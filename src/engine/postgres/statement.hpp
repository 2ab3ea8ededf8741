// PostgresStatement: one statement prepared on the server. Parameters go in binary with the type
// that was bound, so that the server never guesses a narrower one from its context; NULL goes with
// the type bound before, or the one that the server infers. Texts are bound without a copy unless
// they hold what the server cannot store (NUL, broken UTF-8): those are replaced by U+FFFD, so that
// one odd byte from a provider does not refuse a whole group of messages. The result is held in
// full: queries bound their rows. Belongs to its PostgresSession and that session's thread.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <vector>

#include "contract/store.hpp"
#include "engine/postgres/connection.hpp"

namespace hongyan::postgres {

/// What a session and its statements know together.
struct SessionState {
    std::int64_t changes = 0;  ///< of the last statement
    bool spent = false;  ///< the transaction must be given up, whatever work does with the failure
};

class PostgresStatement final : public Statement {
  public:
    PostgresStatement(Connection& connection, SessionState& state, std::string name,
                      std::string_view sql)
        : connection_(connection), state_(state), name_(std::move(name)), sql_(sql) {}
    PostgresStatement(const PostgresStatement&) = delete;
    PostgresStatement& operator=(const PostgresStatement&) = delete;

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
    /// Its names on the server, for DEALLOCATE.
    [[nodiscard]] const std::string& server_name() const { return prepared_name_; }
    std::uint64_t last_used = 0;  ///< kept by the session

  private:
    struct Value {
        Oid type = 0;
        const char* data = nullptr;  ///< null: NULL
        std::size_t size = 0;
        std::array<char, 8> number{};
        std::string mended;
    };
    Value& place(int index);
    void put_number(int index, Oid type, std::uint64_t bits);
    /// True if the server's version of the statement takes what is bound.
    [[nodiscard]] bool fits() const;
    void prepare();
    void execute();

    Connection& connection_;
    SessionState& state_;
    const std::string name_;
    const std::string sql_;
    std::string prepared_name_;  ///< "" = not prepared yet
    std::vector<Oid> prepared_;  ///< the types it was prepared with
    std::size_t versions_ = 0;
    std::deque<Value> values_;  ///< their addresses must stay
    std::size_t bound_ = 0;
    Parameters parameters_;
    ResultPtr result_;
    int row_ = -1;
    mutable std::vector<std::string> decoded_;  ///< blobs of the current row
};

}  // namespace hongyan::postgres
