// Committer: the one writer. Everything that changes the store is handed to it with a completion;
// its thread takes all that waits, writes one transaction and completes all of it (group commit),
// without a timer. Single messages go first, batches in chunks beside them, so that neither waits
// for the other; outcomes alone are held back until there are many or the next message comes, and
// beside a batch only as many are written as the options say.
// Handing over never blocks and is safe from every thread; completions run on the committer's
// thread after the sync and must be quick. If the store fails for good, everything waiting is
// refused and the sink is told.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/unique_function.hpp"
#include "contract/store.hpp"
#include "model/message.hpp"
#include "model/records.hpp"
#include "model/timing.hpp"
#include "table/statistics.hpp"
#include "table/tasks.hpp"

namespace hongyan::delivery {

/// The answer to an accepted message or batch. replay holds the stored reply when the idempotency
/// key was known.
struct Accepted {
    std::int64_t id = 0;  ///< message id, or the batch's task id
    std::string replay;
};
using AcceptDone = UniqueFunction<void(Result<Accepted>)>;

struct Accept {
    MessagePtr message;
    std::string_view provider;                       ///< of the message's channel; lives for ever
    std::unique_ptr<IdempotencyRecord> idempotency;  ///< null without a key
    AcceptDone done;
};

/// A batch: all of its messages or none.
struct Batch {
    TaskRecord task;
    std::vector<MessagePtr> messages;
    std::string_view provider;
    std::unique_ptr<IdempotencyRecord>
        idempotency;  ///< its reply is made by make_reply, once the task's id is known
    UniqueFunction<std::string(std::int64_t task_id)> make_reply;
    AcceptDone done;
    std::size_t written = 0;  ///< kept by the committer
    bool replayed = false;    ///< kept by the committer
};

/// What became of a message; the record, the attempt, the task's and the day's counters change in
/// one transaction.
struct Settled {
    MessagePtr message;  ///< its attempts are the number of the last attempt
    MessageStatus status = MessageStatus::success;
    std::int64_t finished_ms = 0;
    std::int64_t next_attempt_ms = 0;
    Timing timing;
    std::string provider;  ///< "" leaves the one that stands
    std::string provider_message_id;
    std::string reason;
    std::unique_ptr<Attempt> attempt;  ///< for everything that was not an immediate success
    bool is_free = false;              ///< the attempt does not count
    std::string suppress;              ///< the recipient is not to be written to again: "" or why
    std::vector<std::int64_t> receipt_peers;  ///< accounts that may have heard its receipts
};

/// Counters that a piece of work changed besides its own rows.
struct Counts {
    std::map<std::int64_t, table::TaskDelta> tasks;
    std::map<table::StatisticsKey, table::StatisticsDelta> statistics;

    /// Counts a message's way into (sign 1) or back out of (sign -1) a final status.
    void add(const Message& message, MessageStatus status, std::int64_t finished_ms, int sign = 1);
};

using Work = UniqueFunction<void(Session&, Counts&)>;
using WorkDone = UniqueFunction<void(Status)>;

/// Told after each commit, on the committer's thread.
class CommitSink {
  public:
    virtual ~CommitSink() = default;
    virtual void on_accepted(std::vector<MessagePtr> messages) = 0;
    /// legal[i] is false if the message's state forbade the change, which then did not happen.
    virtual void on_settled(std::vector<Settled> settled, const std::vector<bool>& legal) = 0;
    /// The store can never be written again by this process.
    virtual void on_store_lost(const std::string& detail) = 0;
};

struct CommitterOptions {
    std::size_t batch_rows = 2'000;  ///< rows of batches in one transaction
    /// Most outcomes in a transaction with rows of a batch, at least 1.
    std::size_t outcomes_beside_batch = std::numeric_limits<std::size_t>::max();
    std::size_t outcome_rows = 1'024;  ///< outcomes that are worth a transaction of their own
    Millis outcome_hold{10};           ///< longest that outcomes alone are held back
    std::size_t max_accepts = 20'000;  ///< messages waiting to be written; beyond, they are refused
    std::size_t max_batch_rows = 400'000;
    std::int64_t idempotency_ms = 24LL * 3'600'000;
    int node = -1;  ///< number in the cluster; -1 = the only one
};

struct CommitterStats {
    std::uint64_t commits = 0;
    std::uint64_t accepts_waiting = 0;
    std::uint64_t outcomes_waiting = 0;
    bool gave_up = false;  ///< outcomes, at the stop: their messages are sent again
};

class Committer {
  public:
    Committer(Store& store, const Clock& clock, Log& log, CommitSink& sink,
              CommitterOptions options);
    ~Committer();

    void start();
    /// Writes everything that waits, then ends the thread; outcomes that a failing store does not
    /// take for about two seconds are given up, and their messages are resumed at the next start.
    /// What is handed over later is refused as unavailable.
    void stop();

    void accept(Accept one);
    void accept_batch(std::unique_ptr<Batch> batch);
    /// Never refused: what happened has happened.
    void settle(std::vector<Settled> settled);
    /// Runs work inside the next transaction; if it throws StoreError only its own changes are
    /// undone.
    void run(Work work, WorkDone done);
    /// How many others commit into the same store. All their transactions go through one server,
    /// and many small ones cost it most: beside others, a node that is busy gathers for a moment
    /// before its next transaction.
    void set_others(int others) { others_.store(others, std::memory_order_relaxed); }
    [[nodiscard]] CommitterStats stats() const;

  private:
    struct Control {
        Work work;
        WorkDone done;
        Status status = Done{};
    };
    struct Round;

    void loop();
    [[nodiscard]] bool collect(Round& round);
    void gather(std::size_t rows_before);
    void wait_for_work(std::unique_lock<std::mutex>& lock);
    void take_batch_chunk(Round& round);
    void take_settled(Round& round);
    void commit(Round& round);
    void apply(Session& session, Round& round);
    void apply_accepts(Session& session, Round& round);
    void claim_keys(Session& session, Round& round);
    void apply_chunk(Session& session, Round& round);
    bool claim_batch(Session& session, Round& round);
    void apply_settled(Session& session, Round& round);
    void settle_span(Session& session, Round& round, std::size_t begin, std::size_t end);
    void after_attempt(Session& session, Round& round, const Settled& one, bool has_receipts);
    void fold_statistics(Session& session);
    void apply_controls(Session& session, Round& round);
    void write(Session& session, const Counts& counts);
    void complete(Round& round);
    void complete_chunk(Round& round, std::vector<MessagePtr>& accepted);
    void fail(Round& round, const Error& error);
    void tell_failure(const Round& round, const Error& error, bool lost);
    void drop_batch(Batch& batch, const Error& error);
    void delete_cut_off(std::int64_t task_id);
    [[nodiscard]] bool is_stuck() const;

    Store& store_;
    const Clock& clock_;
    Log& log_;
    CommitSink& sink_;
    const CommitterOptions options_;
    std::thread thread_;
    std::atomic<std::uint64_t> commits_{0};
    std::atomic<int> others_{0};
    std::atomic<bool> gave_up_{false};
    std::atomic<std::int64_t> writing_since_us_{0};  ///< steady time; 0: no transaction is open
    // Of the committer's thread:
    std::vector<std::int64_t> cut_off_;  ///< tasks of batches that could not be deleted yet
    std::int64_t failure_told_us_ = 0;   ///< steady time of the last line in the log
    std::int64_t failures_untold_ = 0;   ///< since then
    bool unfolded_ = true;        ///< statistics were added since they were folded, or by the last
                                  ///< process before its end
    std::int64_t folded_us_ = 0;  ///< steady time of the last folding

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    // Under mutex_:
    std::vector<Accept> accepts_;
    std::deque<std::unique_ptr<Batch>> batches_;
    std::size_t batch_rows_waiting_ = 0;
    std::vector<Settled> settled_;
    std::int64_t settled_since_us_ = 0;
    std::vector<Control> controls_;
    bool stopping_ = false;
    bool stopped_ = false;
    bool asleep_ = false;
    int failures_at_stop_ = 0;  ///< of the committer's thread only
};

}  // namespace hongyan::delivery
