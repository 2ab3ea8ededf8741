#include "delivery/pool.hpp"

#include <algorithm>
#include <exception>

#include "base/thread.hpp"

namespace hongyan::delivery {
namespace {

constexpr std::size_t remembered_changes = 100;

}  // namespace

Pool::Pool(PoolRule rule, PoolGauges gauges, const Clock& clock, Log& log)
    : clock_(clock),
      log_(log),
      gauges_(std::move(gauges)),
      size_(rule.core_pool_size),
      rule_(std::move(rule)) {
    state_.size = rule_.core_pool_size;
}

void Pool::set_rule(std::int64_t id, const PoolRule& rule) {
    const auto problems = check_pool_rule(rule);
    if (!problems.empty()) {
        log_.warn(
            "pool_rule_ignored",
            {{"pool", rule.name}, {"column", problems[0].path}, {"detail", problems[0].detail}});
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        id_ = id;
        rule_ = rule;
    }
    decide();
}

void Pool::tick() { decide(); }

void Pool::decide() {
    PoolDecision decision;
    std::string name;
    int before = 0;
    {
        const std::lock_guard lock(mutex_);
        before = state_.size;
        state_.active = static_cast<int>(gauges_.active());
        state_.queue_size = gauges_.queued();
        decision = decide_pool_size(rule_, state_, clock_.steady_us() / 1000);
        if (!decision.changed) return;
        name = rule_.name;
        changes_.push_front({clock_.now_ms(), before, decision.size, decision.reason});
        if (changes_.size() > remembered_changes) changes_.pop_back();
        size_ = decision.size;
    }
    log_.info(
        "pool_resized",
        {{"pool", name}, {"from", before}, {"to", decision.size}, {"reason", decision.reason}});
    if (on_resize_) on_resize_();
}

PoolRule Pool::rule() const {
    const std::lock_guard lock(mutex_);
    return rule_;
}

PoolView Pool::view() const {
    PoolView view;
    view.active_count = gauges_.active();
    view.queue_size = gauges_.queued();
    view.completed_tasks = gauges_.completed();
    const std::lock_guard lock(mutex_);
    view.id = id_;
    view.rule = rule_;
    view.size = state_.size;
    view.changes.assign(changes_.begin(), changes_.end());
    return view;
}

WorkerPool::WorkerPool(PoolRule rule, const Clock& clock, Log& log)
    : log_(log),
      pool_(std::move(rule),
            {[this] { return active_.load(); }, [this] { return queued_.load(); },
             [this] { return completed_.load(); }},
            clock, log) {
    pool_.on_resize([this] { resize(); });
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::start() {
    {
        const std::lock_guard lock(mutex_);
        started_ = true;
    }
    resize();
}

void WorkerPool::stop() {
    std::deque<UniqueFunction<void()>> dropped;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        dropped.swap(tasks_);
        queued_ = 0;
    }
    wake_.notify_all();
    const std::lock_guard resizing(resize_mutex_);
    // No thread touches the lists any more: each that saw stopping_ just returns.
    for (auto& thread : threads_) thread.join();
    for (auto& thread : ended_) thread.join();
    threads_.clear();
    ended_.clear();
}

bool WorkerPool::post(UniqueFunction<void()> task) {
    const auto capacity = static_cast<std::size_t>(pool_.rule().queue_capacity);
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || tasks_.size() >= capacity) return false;
        tasks_.push_back(std::move(task));
        queued_.fetch_add(1);
    }
    wake_.notify_one();
    return true;
}

// A thread that is one too many ends itself after its task; its handle is joined at the next
// resize.
void WorkerPool::resize() {
    const std::lock_guard resizing(resize_mutex_);
    std::vector<std::thread> ended;
    {
        const std::lock_guard lock(mutex_);
        if (!started_ || stopping_) return;
        ended.swap(ended_);
        while (running_ < pool_.size() && add_thread()) {
        }
    }
    wake_.notify_all();
    for (auto& thread : ended) thread.join();
}

// Without this, a size beyond what the system gives would end the server, and each start after it
// as well.
bool WorkerPool::add_thread() {
    try {
        threads_.push_back(start_thread("pool", [this] { work(); }));
    } catch (const std::exception& failure) {
        const auto rule = pool_.rule();
        log_.error("pool_threads_missing", {{"pool", rule.name},
                                            {"running", running_},
                                            {"wanted", pool_.size()},
                                            {"detail", failure.what()}});
        return false;
    }
    ++running_;
    return true;
}

/// A bug in one task ends that task, not the server.
void WorkerPool::perform(UniqueFunction<void()> task) {
    try {
        task();
    } catch (const std::exception& error) {
        log_.error("task_failed", {{"pool", pool_.rule().name}, {"detail", error.what()}});
    }
}

void WorkerPool::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [&] { return stopping_ || !tasks_.empty() || running_ > pool_.size(); });
        if (stopping_) return;
        if (running_ > pool_.size()) break;
        auto task = std::move(tasks_.front());
        tasks_.pop_front();
        queued_.fetch_sub(1);
        active_.fetch_add(1);
        lock.unlock();
        perform(std::move(task));
        active_.fetch_sub(1);
        completed_.fetch_add(1);
        lock.lock();
    }
    --running_;
    const auto self = std::find_if(threads_.begin(), threads_.end(), [](const std::thread& t) {
        return t.get_id() == std::this_thread::get_id();
    });
    HY_ASSERT(self != threads_.end());
    ended_.push_back(std::move(*self));
    threads_.erase(self);
}

}  // namespace hongyan::delivery
