#include "delivery/committer.hpp"

#include <chrono>

#include "delivery/committer_round.hpp"
#include "table/tasks.hpp"

namespace hongyan::delivery {
namespace {

constexpr int most_failures_at_stop = 20;

}  // namespace

Committer::Committer(Store& store, const Clock& clock, Log& log, CommitSink& sink,
                     CommitterOptions options)
    : store_(store), clock_(clock), log_(log), sink_(sink), options_(options) {}

Committer::~Committer() { stop(); }

void Committer::start() {
    HY_ASSERT(!thread_.joinable());
    thread_ = std::thread([this] { loop(); });
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

CommitterStats Committer::stats() const {
    const std::lock_guard lock(mutex_);
    return {commits_.load(), accepts_.size(), settled_.size()};
}

void Committer::wait_for_work(std::unique_lock<std::mutex>& lock) {
    for (;;) {
        if (stopping_ || !accepts_.empty() || !batches_.empty() || !controls_.empty()) return;
        if (settled_.size() >= options_.outcome_rows) return;
        asleep_ = true;
        if (settled_.empty()) {
            wake_.wait(lock);
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
    round.settled.swap(settled_);
    round.controls.swap(controls_);
    take_batch_chunk(round);
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

void Committer::loop() {
    Round round;
    while (collect(round)) commit(round);
}

void Committer::commit(Round& round) {
    const auto status = store_.write([&](Session& session) {
        round.counts = {};
        apply(session, round);
    });
    if (status) {
        commits_.fetch_add(1, std::memory_order_relaxed);
        complete(round);
        return;
    }
    fail(round, status.error());
}

void Committer::drop_batch(Batch& batch, const Error& error) {
    {
        const std::lock_guard lock(mutex_);
        batch_rows_waiting_ -= batch.messages.size();
    }
    batch.done(error);
    if (batch.written == 0) return;
    run([task = batch.task.id](Session& session, Counts&) { table::delete_batch(session, task); },
        [](const Status&) {});
}

void Committer::fail(Round& round, const Error& error) {
    const bool lost = !store_.health().writable;
    log_.error(
        "commit_failed",
        {{"detail", error.detail}, {"accepts", round.accepts.size()}, {"lost", lost ? 1 : 0}});
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
            return;
        }
    }
    settle(std::move(round.settled));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

}  // namespace hongyan::delivery
