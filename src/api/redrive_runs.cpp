#include "api/redrive_runs.hpp"

#include <algorithm>

#include "base/thread.hpp"
#include "table/message_search.hpp"

namespace hongyan::api {
namespace {

constexpr int step_rows = 500;
constexpr std::chrono::milliseconds pause{200};
constexpr std::size_t most_running = 5;
constexpr std::size_t most_kept = 50;
/// A store that does not answer for so long ends a run.
constexpr std::chrono::seconds patience{60};

/// Counts the answers to what was asked of the committer.
struct Answers {
    std::mutex mutex;
    std::condition_variable all;
    // Under mutex:
    std::size_t waiting = 0;
    std::int64_t retried = 0;
    bool unavailable = false;

    void add(const Status& status) {
        const std::lock_guard lock(mutex);
        retried += status ? 1 : 0;  // what ended otherwise meanwhile is no dead letter any more
        unavailable = unavailable || (!status && status.error().code == ErrorCode::unavailable);
        if (--waiting == 0) all.notify_all();
    }
    bool wait(std::chrono::seconds patience_time) {
        std::unique_lock lock(mutex);
        return all.wait_for(lock, patience_time, [this] { return waiting == 0; });
    }
};

}  // namespace

void RedriveRuns::start() {
    thread_ = start_thread("redrive", [this] { loop(); });
}

void RedriveRuns::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Result<RedriveState> RedriveRuns::add(RedriveWish wish) {
    const auto tenant_id = wish.filter.tenant_id;
    if (wish.filter.status != MessageStatus::unknown) wish.filter.status = MessageStatus::failed;
    auto run = std::make_shared<Run>();
    run->filter = wish.filter;
    RedriveState& state = run->state;
    const auto end_us = context_.clock.steady_us() + 1'000'000;
    const table::SearchBudget budget{
        [this, end_us] { return context_.clock.steady_us() >= end_us; }};
    const auto read = context_.store.read([&](Session& session) {
        const auto counts = table::count_by_status(session, wish.filter, budget);
        state.matched = std::min(counts.total, wish.max_count);
        state.capped = counts.capped && state.matched < wish.max_count;
    });
    if (!read) return read.error();
    state.tenant_id = tenant_id;
    state.filter_json = std::move(wish.filter_json);
    state.by = std::move(wish.by);
    state.max_count = wish.max_count;
    state.per_second = wish.per_second;
    state.started_ms = context_.clock.now_ms();
    run->last_us = context_.clock.steady_us();
    RedriveState copy;
    {
        const std::lock_guard lock(mutex_);
        std::size_t own = 0;
        for (const auto& [id, other] : runs_)
            own += other->state.tenant_id == tenant_id && other->state.status == "running" ? 1 : 0;
        if (own >= most_running) {
            return make_error(ErrorCode::conflict,
                              "Five runs are going on already; cancel one or wait for its end.");
        }
        state.id = next_id_++;
        runs_.emplace(state.id, run);
        forget_old(tenant_id);
        copy = state;
    }
    changed_.notify_all();
    return copy;
}

void RedriveRuns::forget_old(std::int64_t tenant_id) {
    std::vector<std::int64_t> finished;
    for (const auto& [id, run] : runs_) {
        if (run->state.tenant_id == tenant_id && run->state.status != "running")
            finished.push_back(id);
    }
    for (std::size_t i = 0; i + most_kept < finished.size(); ++i) runs_.erase(finished[i]);
}

std::vector<RedriveState> RedriveRuns::list(std::int64_t tenant_id) const {
    const std::lock_guard lock(mutex_);
    std::vector<RedriveState> found;
    for (auto one = runs_.rbegin(); one != runs_.rend() && found.size() < most_kept; ++one) {
        if (one->second->state.tenant_id == tenant_id) found.push_back(one->second->state);
    }
    return found;
}

std::optional<RedriveState> RedriveRuns::cancel(std::int64_t tenant_id, std::int64_t id) {
    const std::lock_guard lock(mutex_);
    const auto found = runs_.find(id);
    if (found == runs_.end() || found->second->state.tenant_id != tenant_id) return std::nullopt;
    RedriveState& state = found->second->state;
    if (state.status == "running") {
        state.status = "cancelled";
        state.finished_ms = context_.clock.now_ms();
    }
    return state;
}

std::vector<RedriveRuns::RunPtr> RedriveRuns::running() const {
    std::vector<RunPtr> found;
    for (const auto& [id, run] : runs_) {
        if (run->state.status == "running") found.push_back(run);
    }
    return found;
}

void RedriveRuns::loop() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const auto runs = running();
        if (runs.empty()) {
            changed_.wait(lock, [this] { return stopping_ || !running().empty(); });
            continue;
        }
        lock.unlock();
        bool more = false;
        for (const auto& run : runs) more = step(*run) || more;
        lock.lock();
        if (!more) changed_.wait_for(lock, pause, [this] { return stopping_; });
    }
}

void RedriveRuns::finish(Run& run, std::string status, std::string detail) {
    const std::lock_guard lock(mutex_);
    if (run.state.status != "running") return;
    run.state.status = std::move(status);
    run.state.detail = std::move(detail);
    run.state.finished_ms = context_.clock.now_ms();
}

bool RedriveRuns::step(Run& run) {
    const auto now_us = context_.clock.steady_us();
    const auto left = run.state.max_count - run.state.retried;
    std::int64_t count = std::min<std::int64_t>(step_rows, left);
    if (run.state.per_second > 0) {
        // What a busy store kept it from doing is not made up for in one go.
        run.allowance += static_cast<double>(now_us - run.last_us) * run.state.per_second / 1e6;
        run.allowance = std::min(run.allowance, std::max(1.0, run.state.per_second));
        count = std::min(count, static_cast<std::int64_t>(run.allowance));
    }
    run.last_us = now_us;
    if (left <= 0) {
        finish(run, "completed", "");
        return false;
    }
    if (count <= 0) return false;
    const auto done = redrive(run.filter, static_cast<int>(count));
    if (!done) {
        if (done.error().code == ErrorCode::unavailable) return false;  // still starting
        finish(run, "failed", done.error().detail);
        return false;
    }
    run.allowance -= static_cast<double>(done->retried);
    {
        const std::lock_guard lock(mutex_);
        run.state.retried += done->retried;
        run.state.matched = std::max(run.state.matched, run.state.retried);
    }
    if (!done->more) finish(run, "completed", "");
    return done->more && run.state.per_second <= 0;
}

Result<RedriveRuns::Step> RedriveRuns::redrive(table::MessageFilter& filter, int count) {
    filter.limit = count;
    table::SearchPage page;
    const auto end_us = context_.clock.steady_us() + 1'000'000;
    const auto read = context_.store.read([&](Session& session) {
        page = table::search_messages(
            session, filter, {[this, end_us] { return context_.clock.steady_us() >= end_us; }});
    });
    if (!read) return read.error();
    auto left = std::make_shared<Answers>();  // the answers may come after the patience has ended
    left->waiting = page.rows.size();
    for (const auto& row : page.rows) {
        context_.delivery.retry(filter.tenant_id, row.message.id,
                                [left](const Status& status) { left->add(status); });
    }
    if (!left->wait(patience))
        return make_error(ErrorCode::storage_failed, "The store did not answer in time.");
    if (left->unavailable) return make_error(ErrorCode::unavailable, "The server is starting.");
    if (page.more) filter.before_id = page.before_id;
    return Step{left->retried, page.more};
}

}  // namespace hongyan::api
