// Connection: one connection to PostgreSQL, driven without blocking calls so that every wait has a
// deadline: a server or a network that falls silent counts as lost. After a failure that lost the
// connection only its destructor may be called. Belongs to one thread at a time.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/postgres/failure.hpp"
#include "engine/postgres/options.hpp"

namespace hongyan::postgres {

using Deadline = std::chrono::steady_clock::time_point;

struct ResultEnd {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultEnd>;

/// The values of a prepared statement's parameters, as libpq takes them.
struct Parameters {
    std::vector<Oid> types;
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
};

class Connection {
  public:
    /// Connects to the first host that can be used, and checks that the server keeps what we
    /// promise: version 12 or later, UTF-8, synchronous commits, and that it takes writes. Throws
    /// PostgresFailure.
    static std::unique_ptr<Connection> open(const PostgresOptions& options);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// Runs statements without parameters, with the given time; gives the last result. Throws
    /// PostgresFailure or ConstraintError.
    ResultPtr execute(const std::string& sql, Milliseconds patience);
    ResultPtr execute(const std::string& sql) { return execute(sql, patience_); }
    void prepare(const std::string& name, const std::string& sql, const std::vector<Oid>& types);
    ResultPtr run(const std::string& name, const Parameters& parameters, std::string_view sql);
    /// Feeds a COPY ... FROM STDIN; gives its result.
    ResultPtr copy_in(const std::string& sql, std::string_view rows);

    [[nodiscard]] bool lost() const { return lost_; }
    [[nodiscard]] PGTransactionStatusType transaction() const { return PQtransactionStatus(link_); }
    /// Process and start of the server's side, so that it can be told from a later one.
    [[nodiscard]] int process() const { return PQbackendPID(link_); }
    [[nodiscard]] const std::string& process_start() const { return process_start_; }
    /// Warnings of the check at the start, for the log.
    [[nodiscard]] const std::string& warning() const { return warning_; }

  private:
    Connection(PGconn* link, const PostgresOptions& options)
        : link_(link), patience_(options.statement_timeout + Milliseconds(2'000)) {}
    void finish_connecting(Deadline until);
    void set_up(const PostgresOptions& options);
    void check_server();
    /// Sends what is buffered and waits for one result; null when all have come.
    PGresult* next(Deadline until);
    ResultPtr last(Deadline until, std::string_view sql);
    void flush(Deadline until);
    void wait_for(short events, Deadline until);
    [[noreturn]] void lose(const std::string& why);
    [[noreturn]] void fail(const PGresult* result, std::string_view sql);

    PGconn* link_;
    const Milliseconds patience_;
    bool lost_ = false;
    std::string process_start_;
    std::string warning_;
};

/// Throws config problems of the URL as text, without the password in it; "" if it can be used.
[[nodiscard]] std::string url_problem(const std::string& url);

}  // namespace hongyan::postgres
