#include "delivery/committer.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

#include "base/thread.hpp"
#include "delivery/committer_round.hpp"
#include "table/tasks.hpp"

namespace hongyan::delivery {
namespace {

constexpr int most_failures_at_stop = 20;
/// Of a transaction whose end a store that is away keeps open; then what comes is refused.
constexpr std::int64_t stuck_after_us = 5'000'000;
constexpr std::int64_t failure_interval_us = 10'000'000;
/// Longer than the interval of folding, so that it is due.
constexpr std::chrono::milliseconds idle_before_folding{1'100};
/// A round of fewer rows has not been held up by its transaction; see gather().
constexpr std::size_t busy_rows = 32;
constexpr std::chrono::milliseconds gathering_for_each{2};
constexpr int most_gathering = 2;  ///< of others; beyond, only the latency would grow

Error unreachable() {
    auto error = make_error(ErrorCode::unavailable, "The store is away.");
    error.retry_after = Millis(1'000);
    return error;
}

}  // namespace

Committer::Committer(Store& store, const Clock& clock, Log& log, CommitSink& sink,
                     CommitterOptions options)
    : store_(store), clock_(clock), log_(log), sink_(sink), options_(options) {}

Committer::~Committer() { stop(); }

void Committer::start() {
    HY_ASSERT(!thread_.joinable());
    thread_ = start_thread("committer", [this] { loop(); });
}

void Committer::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Committer::accept(Accept one) {
    if (is_stuck()) {
        one.done(unreachable());
        return;
    }
    bool refuse = false;
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        refuse = stopped_ || accepts_.size() >= options_.max_accepts;
        if (!refuse) accepts_.push_back(std::move(one));
        wake = asleep_;
    }
    if (refuse)
        one.done(refusal("messages"));
    else if (wake)
        wake_.notify_one();
}

void Committer::accept_batch(std::unique_ptr<Batch> batch) {
    if (is_stuck()) {
        batch->done(unreachable());
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        if (!stopped_ && batch_rows_waiting_ + batch->messages.size() <= options_.max_batch_rows) {
            batch_rows_waiting_ += batch->messages.size();
            batches_.push_back(std::move(batch));
        }
    }
    if (batch)
        batch->done(refusal("batches"));
    else
        wake_.notify_one();
}

void Committer::settle(std::vector<Settled> settled) {
    if (settled.empty()) return;
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (settled_.empty()) {
            settled_ = std::move(settled);
            settled_since_us_ = clock_.steady_us();
            wake = asleep_;
        } else {
            const bool were_few = settled_.size() < options_.outcome_rows;
            for (auto& one : settled) settled_.push_back(std::move(one));
            wake = asleep_ && were_few && settled_.size() >= options_.outcome_rows;
        }
    }
    if (wake) wake_.notify_one();
}

void Committer::run(Work work, WorkDone done) {
    if (is_stuck()) {
        done(unreachable());
        return;
    }
    bool refuse = false;
    {
        const std::lock_guard lock(mutex_);
        refuse = stopped_;
        if (!refuse) controls_.push_back({std::move(work), std::move(done), Done{}});
    }
    if (refuse)
        done(refusal("changes"));
    else
        wake_.notify_one();
}

/// A commit whose answer was lost is asked for until the store is back, which may take long; nobody
/// else is to wait for that.
bool Committer::is_stuck() const {
    const auto since_us = writing_since_us_.load(std::memory_order_relaxed);
    return since_us != 0 && clock_.steady_us() - since_us > stuck_after_us &&
           !store_.health().reachable;
}

CommitterStats Committer::stats() const {
    const std::lock_guard lock(mutex_);
    return {commits_.load(), accepts_.size(), settled_.size(), gave_up_.load()};
}

void Committer::wait_for_work(std::unique_lock<std::mutex>& lock) {
    for (;;) {
        if (stopping_ || !accepts_.empty() || !batches_.empty() || !controls_.empty()) return;
        if (settled_.size() >= options_.outcome_rows) return;
        asleep_ = true;
        if (settled_.empty() && !unfolded_) {
            wake_.wait(lock);
        } else if (settled_.empty()) {
            if (wake_.wait_for(lock, idle_before_folding) == std::cv_status::timeout) {
                asleep_ = false;
                return;
            }
        } else {
            const auto held_us = clock_.steady_us() - settled_since_us_;
            const auto left = std::chrono::microseconds(options_.outcome_hold) -
                              std::chrono::microseconds(held_us);
            if (left.count() <= 0 || wake_.wait_for(lock, left) == std::cv_status::timeout) {
                asleep_ = false;
                return;
            }
        }
        asleep_ = false;
    }
}

bool Committer::collect(Round& round) {
    round.clear();
    std::unique_lock lock(mutex_);
    wait_for_work(lock);
    round.accepts.swap(accepts_);
    round.controls.swap(controls_);
    take_batch_chunk(round);
    take_settled(round);
    if (stopping_ && round.empty()) {
        stopped_ = true;
        return false;
    }
    return true;
}

// One batch after the other: its rows then lie side by side in the table and in the index by task,
// which packs both densely.
void Committer::take_batch_chunk(Round& round) {
    if (batches_.empty()) return;
    round.batch = std::move(batches_.front());
    batches_.pop_front();
    round.chunk_begin = round.batch->written;
    round.chunk_end =
        std::min(round.chunk_begin + options_.batch_rows, round.batch->messages.size());
}

// Somebody waits for a batch's rows, nobody for the outcomes.
void Committer::take_settled(Round& round) {
    round.settled.swap(settled_);
    const auto most = options_.outcomes_beside_batch;
    if (!round.batch || round.settled.size() <= most) return;
    const auto rest = round.settled.begin() + static_cast<std::ptrdiff_t>(most);
    settled_.assign(std::make_move_iterator(rest), std::make_move_iterator(round.settled.end()));
    round.settled.erase(rest, round.settled.end());
}

void Committer::loop() {
    Round round;
    while (collect(round)) {
        const auto rows = round.accepts.size() + round.settled.size();
        commit(round);
        gather(rows);
    }
}

/// What somebody waits for more than for one message ends it: batches, changes, the stop.
void Committer::gather(std::size_t rows_before) {
    const int others = others_.load(std::memory_order_relaxed);
    if (others == 0 || rows_before < busy_rows) return;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::min(others, most_gathering) * gathering_for_each, [this] {
        return stopping_ || !batches_.empty() || !controls_.empty() ||
               accepts_.size() >= options_.outcome_rows;
    });
}

void Committer::commit(Round& round) {
    writing_since_us_ = std::max<std::int64_t>(1, clock_.steady_us());
    const auto status = store_.write([&, unfolded = unfolded_](Session& session) {
        round.counts = {};
        unfolded_ = unfolded;
        apply(session, round);
    });
    writing_since_us_ = 0;
    if (status) {
        commits_.fetch_add(1, std::memory_order_relaxed);
        complete(round);
        for (const auto task : std::exchange(cut_off_, {})) delete_cut_off(task);
        return;
    }
    unfolded_ = true;
    fail(round, status.error());
}

void Committer::drop_batch(Batch& batch, const Error& error) {
    {
        const std::lock_guard lock(mutex_);
        batch_rows_waiting_ -= batch.messages.size();
    }
    batch.done(error);
    if (batch.written > 0) delete_cut_off(batch.task.id);
}

/// Again after the next commit if the store is still away.
void Committer::delete_cut_off(std::int64_t task_id) {
    run([task_id](Session& session, Counts&) { table::delete_batch(session, task_id); },
        [this, task_id](const Status& status) {
            if (!status) cut_off_.push_back(task_id);
        });
}

/// Not every one: a store that is away for an hour fails many.
void Committer::tell_failure(const Round& round, const Error& error, bool lost) {
    const auto now_us = clock_.steady_us();
    ++failures_untold_;
    if (!lost && failure_told_us_ != 0 && now_us - failure_told_us_ < failure_interval_us) return;
    log_.error("commit_failed", {{"detail", error.detail},
                                 {"accepts", round.accepts.size()},
                                 {"failures", failures_untold_},
                                 {"lost", lost ? 1 : 0}});
    failure_told_us_ = std::max<std::int64_t>(1, now_us);
    failures_untold_ = 0;
}

void Committer::fail(Round& round, const Error& error) {
    const bool lost = !store_.health().writable;
    tell_failure(round, error, lost);
    for (auto& one : round.accepts) one.done(error);
    if (round.batch) drop_batch(*round.batch, error);
    for (auto& control : round.controls) control.done(error);
    if (lost) {
        sink_.on_store_lost(error.detail);
        return;
    }
    if (round.settled.empty()) return;
    // A full disk or a foreign lock passes: what was sent must still be written down. The short
    // rest keeps the loop from spinning on the error.
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ && ++failures_at_stop_ > most_failures_at_stop) {
            log_.error("outcomes_given_up", {{"outcomes", round.settled.size()}});
            gave_up_ = true;
            return;
        }
    }
    settle(std::move(round.settled));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

}  // namespace hongyan::delivery
