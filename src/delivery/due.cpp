#include "delivery/due.hpp"

#include <algorithm>
#include <chrono>

#include "base/thread.hpp"

namespace hongyan::delivery {
namespace {

constexpr std::int64_t longest_sleep_ms = 500;
constexpr std::size_t burst = 4'096;

}  // namespace

void DueTimer::start() {
    thread_ = start_thread("due", [this] { loop(); });
}

void DueTimer::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void DueTimer::add(Job job, std::int64_t due_ms) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = heap_.empty() || due_ms < heap_.front().due_ms;
        heap_.push_back({due_ms, job.id, static_cast<std::int32_t>(job.tenant_id), job.priority,
                         job.channel, job.again});
        std::push_heap(heap_.begin(), heap_.end(), later);
    }
    if (first) wake_.notify_one();
}

std::int64_t DueTimer::size() const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::int64_t>(heap_.size());
}

void DueTimer::take_due(std::vector<Job>& jobs) {
    const auto now = clock_.now_ms();
    while (!heap_.empty() && heap_.front().due_ms <= now && jobs.size() < burst) {
        std::pop_heap(heap_.begin(), heap_.end(), later);
        const Entry entry = heap_.back();
        heap_.pop_back();
        jobs.push_back(
            {entry.id, entry.tenant_id, entry.due_ms, entry.priority, entry.channel, entry.again});
    }
}

void DueTimer::loop() {
    std::vector<Job> jobs;
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        jobs.clear();
        take_due(jobs);
        if (!jobs.empty()) {
            lock.unlock();
            queue_.publish(jobs);
            lock.lock();
            continue;
        }
        std::int64_t sleep_ms = longest_sleep_ms;
        if (!heap_.empty())
            sleep_ms = std::min(sleep_ms,
                                std::max<std::int64_t>(1, heap_.front().due_ms - clock_.now_ms()));
        wake_.wait_for(lock, std::chrono::milliseconds(sleep_ms));
    }
}

}  // namespace hongyan::delivery
