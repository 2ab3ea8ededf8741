// Pool: the size of a worker pool, kept by the rule of contract/pool_rule.hpp from what the pool
// reports of itself, with the last changes and their reasons. WorkerPool: a pool of threads with a
// bounded queue of tasks. A sender pool has no threads: its size is how many messages may be on
// their way at once, which costs nothing while they wait for a provider. All members are safe from
// every thread; PoolKeeper's owner calls tick() about once a second.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/unique_function.hpp"
#include "contract/pool_rule.hpp"

namespace hongyan::delivery {

struct PoolChange {
    std::int64_t at_ms = 0;
    int from = 0;
    int to = 0;
    std::string reason;
};

struct PoolView {
    std::int64_t id = 0;
    PoolRule rule;
    int size = 0;
    std::int64_t active_count = 0;
    std::int64_t queue_size = 0;
    std::int64_t completed_tasks = 0;
    std::vector<PoolChange> changes;  ///< newest first, at most 100
};

/// What a pool reports; called from any thread.
struct PoolGauges {
    std::function<std::int64_t()> active;
    std::function<std::int64_t()> queued;
    std::function<std::int64_t()> completed;
};

class Pool {
  public:
    Pool(PoolRule rule, PoolGauges gauges, const Clock& clock, Log& log);

    /// A changed row of thread_pool_configs; bounds hold at once. A row that makes no sense is
    /// logged and not used.
    void set_rule(std::int64_t id, const PoolRule& rule);
    /// Decides the size anew; called about once a second.
    void tick();
    [[nodiscard]] int size() const { return size_.load(std::memory_order_relaxed); }
    [[nodiscard]] PoolRule rule() const;
    [[nodiscard]] PoolView view() const;
    /// Called after each change of size, from the thread that made it.
    void on_resize(std::function<void()> call) { on_resize_ = std::move(call); }

  private:
    void decide();

    const Clock& clock_;
    Log& log_;
    const PoolGauges gauges_;
    std::function<void()> on_resize_;
    std::atomic<int> size_;

    mutable std::mutex mutex_;
    // Under mutex_:
    std::int64_t id_ = 0;
    PoolRule rule_;
    PoolState state_;
    std::deque<PoolChange> changes_;
};

class WorkerPool {
  public:
    WorkerPool(PoolRule rule, const Clock& clock, Log& log);
    ~WorkerPool();

    [[nodiscard]] Pool& pool() { return pool_; }
    void start();
    /// Ends the threads after the tasks under way; tasks still queued are dropped (their captures
    /// are destroyed).
    void stop();
    /// False if the queue is full or the pool has stopped; the task is then destroyed without a
    /// call.
    [[nodiscard]] bool post(UniqueFunction<void()> task);

  private:
    void resize();
    /// Under mutex_. False if the system gives no more threads: the pool makes do with what it has,
    /// the next change tries again.
    bool add_thread();
    void work();
    void perform(UniqueFunction<void()> task);

    Log& log_;
    std::mutex mutex_;
    std::condition_variable wake_;
    // Under mutex_:
    std::deque<UniqueFunction<void()>> tasks_;
    std::vector<std::thread> threads_;
    std::vector<std::thread> ended_;
    int running_ = 0;
    bool started_ = false;
    bool stopping_ = false;
    std::atomic<std::int64_t> active_{0};
    std::atomic<std::int64_t> queued_{0};
    std::atomic<std::int64_t> completed_{0};
    std::mutex resize_mutex_;
    Pool pool_;
};

}  // namespace hongyan::delivery
