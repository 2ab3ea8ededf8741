// Checkpointer: copies the write-ahead log back into the database on a thread and connection of its
// own, so that commits need not wait for the copying and its syncs. Such a copy never catches up
// with a busy writer, and only a log that is copied to its end starts anew; so beyond log_limit
// pages the writer copies the small rest itself, once, right after a background copy.
// docs/decisions/0014-checkpoints-beside-the-writer.md has the figures.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "base/log.hpp"
#include "engine/sqlite/condition.hpp"
#include "engine/sqlite/connection.hpp"
#include "engine/sqlite/sqlite_store.hpp"

namespace hongyan::sqlite {

/// Copies what can be copied without waiting for anyone; a failure is logged, and a fatal one
/// closes the store for good.
void run_checkpoint(const Connection& connection, Condition& condition, Log& log);

class Checkpointer {
  public:
    static Result<std::unique_ptr<Checkpointer>> open(const SqliteOptions& options,
                                                      Condition& condition, Log& log);
    ~Checkpointer();

    /// Told by the writer after each commit how many pages the log has; true if the writer should
    /// copy the rest now.
    [[nodiscard]] bool on_commit(int log_pages);

  private:
    Checkpointer(Connection connection, const SqliteOptions& options, Condition& condition,
                 Log& log);
    void loop();

    const int step_pages_;
    const int limit_pages_;
    Condition& condition_;
    Log& log_;
    Connection connection_;  ///< of the thread only
    std::mutex mutex_;
    std::condition_variable wake_;
    // Under mutex_:
    int copied_pages_ = 0;        ///< length of the log when the last copy began
    bool rest_is_small_ = false;  ///< a copy begun beyond the limit has just ended
    bool wanted_ = false;
    bool running_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace hongyan::sqlite
