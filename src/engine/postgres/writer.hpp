// Writer: the one connection that writes, and its transactions. Each begins by writing its number
// into this process' row of store_writers. When the answer to a COMMIT is lost, a new connection
// reads that row, waiting for the lock that the old transaction may still hold, and so learns what
// became of it: what was written is never written again, what was not is. A row marked as fenced
// ends this writer for good; that is how another node takes over from one that fell silent. write()
// may be called from every thread; one at a time runs.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>

#include "base/log.hpp"
#include "engine/postgres/condition.hpp"
#include "engine/postgres/session.hpp"

namespace hongyan::postgres {

class Writer {
  public:
    static Result<std::unique_ptr<Writer>> open(const PostgresOptions& options,
                                                Condition& condition, Log& log);
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer();

    /// See PostgresStore::write().
    Status write(const std::function<void(Session&)>& work);
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    /// A connection with what was prepared on it.
    struct Link {
        explicit Link(std::unique_ptr<Connection> opened)
            : connection(std::move(opened)), session(*connection) {}
        std::unique_ptr<Connection> connection;
        PostgresSession session;
        std::uint64_t counted = 0;  ///< statements that the counters have
    };
    enum class Fate { committed, gone };  ///< of a transaction whose answer was lost

    Writer(const PostgresOptions& options, Condition& condition, Log& log);
    Status attempt(const std::function<void(Session&)>& work);
    void begin();
    [[nodiscard]] bool mark();
    void commit();
    void roll_back() noexcept;
    /// Connects if there is no connection; tries until the deadline, at least once.
    Status connect(Deadline until);
    void register_writer();
    /// What became of the transaction whose COMMIT was sent last.
    Result<Fate> resolve();
    [[nodiscard]] Fate ask_fate();
    void end_old_process();
    Status failed(const PostgresFailure& failure);
    void pause(int tries);
    [[nodiscard]] Deadline patience() const;

    const PostgresOptions options_;
    Condition& condition_;
    Log& log_;
    const std::string name_;  ///< of this process in store_writers
    std::mutex mutex_;
    // Under mutex_.
    std::unique_ptr<Link> link_;
    std::int64_t number_ = 0;  ///< of the transaction under way
    bool committing_ = false;  ///< COMMIT may have been sent, its answer has not come
    bool fresh_ = true;        ///< the last attempt failed in a way that a new one may not
    int old_process_ = 0;      ///< the server's side of that connection, and when it started
    std::string old_process_start_;
    std::minstd_rand random_;
};

}  // namespace hongyan::postgres
