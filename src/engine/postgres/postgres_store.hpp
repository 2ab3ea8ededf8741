// PostgresStore: the store in a PostgreSQL database, 12 or later. One connection takes the
// committer's transactions with synchronous commits; a bounded pool of read connections serves
// read(), each call on one repeatable-read snapshot. Connections come back by themselves after a
// restart or a fail-over. All members are safe from every thread; read() and write() block on the
// network, so they never run on an I/O thread. A pool between us and the server (PgBouncer) must be
// in session mode: statements are prepared once on a connection.
#pragma once

#include <memory>

#include "base/log.hpp"
#include "contract/store.hpp"
#include "engine/postgres/options.hpp"

namespace hongyan::postgres {

class PostgresStore final : public Store {
  public:
    /// Waits start_patience for a server that is away. Errors: config_invalid (the URL),
    /// storage_failed (log-in refused, server too old, wrong encoding, ...), unavailable (not
    /// there, or a replica that only reads). log must outlive the store.
    static Result<std::unique_ptr<PostgresStore>> open(const PostgresOptions& options, Log& log);
    ~PostgresStore() override;

    /// Errors: conflict (a constraint refused a row); unavailable with retry_after (the server did
    /// not come back in time, or a lock or statement took too long; nothing is written);
    /// commit_unknown (the answer to the commit was lost and could not be learned); storage_failed
    /// (anything else; a full disk passes, being fenced does not). Work runs again after a
    /// deadlock or when the connection broke before the commit.
    Status write(const std::function<void(Session&)>& work) override;
    /// Errors: overloaded (too many wait, or none became free in time), unavailable,
    /// storage_failed. Work never runs twice.
    Status read(const std::function<void(Session&)>& work) override;
    Status look_up(const std::function<void(Session&)>& work) override;
    [[nodiscard]] StoreHealth health() const override;
    void hurry() override;
    /// This store's name in the table store_writers. Setting fenced there, from any other
    /// connection, ends its writing for good from the next transaction on, and waits for the one
    /// under way.
    [[nodiscard]] const std::string& writer_name() const;

  private:
    struct Parts;
    explicit PostgresStore(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// "" or what is wrong with the URL, without quoting it: it may hold a password.
[[nodiscard]] std::string check_url(const std::string& url);

}  // namespace hongyan::postgres
