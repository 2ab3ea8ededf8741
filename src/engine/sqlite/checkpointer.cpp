#include "engine/sqlite/checkpointer.hpp"

#include <sqlite3.h>

#include "base/thread.hpp"
#include "engine/sqlite/failure.hpp"

namespace hongyan::sqlite {
namespace {

/// The log may grow to so many steps before the writer empties it: 64 MB with the usual settings.
constexpr int limit_steps = 16;
constexpr int cache_kib = 256;

}  // namespace

void run_checkpoint(const Connection& connection, Condition& condition, Log& log) {
    const int code = sqlite3_wal_checkpoint_v2(connection.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                               nullptr, nullptr);
    const FailureKind kind = kind_of(code);
    if (code == SQLITE_OK || kind == FailureKind::busy) return;
    // The transactions themselves are safe in the log; only the log cannot be emptied.
    const std::string text = "checkpoint: " + failure_text(connection.get(), code);
    const bool news = kind != FailureKind::full || condition.set_trouble(text);
    if (news) log.error("store_checkpoint_failed", {{"detail", text}});
    if (kind == FailureKind::fatal) condition.give_up(text);
}

Result<std::unique_ptr<Checkpointer>> Checkpointer::open(const SqliteOptions& options,
                                                         Condition& condition, Log& log) {
    ConnectionOptions how;
    how.writer = true;  // it writes to the database file, though never by a statement
    how.cache_kib = cache_kib;
    how.busy_timeout_ms = options.busy_timeout_ms;
    auto connection = Connection::open(options.file, how);
    if (!connection) return connection.error();
    // Reading anything opens the log on this connection.
    if (connection->execute("PRAGMA wal_autocheckpoint=0; SELECT count(*) FROM sqlite_schema") !=
        SQLITE_OK) {
        return make_error(ErrorCode::storage_failed,
                          options.file.string() + " cannot be read for checkpoints");
    }
    return std::unique_ptr<Checkpointer>(
        new Checkpointer(std::move(*connection), options, condition, log));
}

Checkpointer::Checkpointer(Connection connection, const SqliteOptions& options,
                           Condition& condition, Log& log)
    : step_pages_(options.checkpoint_pages),
      limit_pages_(options.checkpoint_pages * limit_steps),
      condition_(condition),
      log_(log),
      connection_(std::move(connection)),
      thread_(start_thread("checkpoints", [this] { loop(); })) {}

Checkpointer::~Checkpointer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

bool Checkpointer::on_commit(int log_pages) {
    {
        const std::lock_guard lock(mutex_);
        if (log_pages < copied_pages_) copied_pages_ = 0;  // the log has started anew
        if (running_ || wanted_) return false;
        if (rest_is_small_) {
            rest_is_small_ = false;
            return true;
        }
        if (log_pages - copied_pages_ < step_pages_) return false;
        copied_pages_ = log_pages;
        wanted_ = true;
    }
    wake_.notify_one();
    return false;
}

void Checkpointer::loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || wanted_; });
        if (stopping_) return;
        const bool beyond_limit = copied_pages_ >= limit_pages_;
        wanted_ = false;
        running_ = true;
        lock.unlock();
        run_checkpoint(connection_, condition_, log_);
        lock.lock();
        running_ = false;
        rest_is_small_ = beyond_limit;
    }
}

}  // namespace hongyan::sqlite
