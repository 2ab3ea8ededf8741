// LendingQueue: for tests, a queue that outlives processes, as far as delivery can tell: it knows
// what is on loan, and asks the test what the store has at the moment a loan ends. All members are
// safe from every thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/local/queue.hpp"

namespace hongyan::delivery {

class LendingQueue final : public Queue {
  public:
    LendingQueue(const Clock& clock, std::function<void(MessageId)> on_done)
        : inner_(clock, Millis(60'000)), on_done_(std::move(on_done)) {}

    void publish(std::span<const Job> jobs) override {
        {
            const std::lock_guard lock(mutex_);
            for (const Job& job : jobs) lent_.erase(job.id);
        }
        inner_.publish(jobs);
    }
    std::vector<Job> take(std::size_t max, ChannelMask mask, Millis wait) override {
        auto jobs = inner_.take(max, mask, wait);
        const std::lock_guard lock(mutex_);
        for (const Job& job : jobs) {
            lent_[job.id] = job;
            ++taken_;
        }
        return jobs;
    }
    void wake() override { inner_.wake(); }
    QueueDepth depth() const override { return inner_.depth(); }
    bool outlives_process() const override { return true; }
    void done(std::span<const MessageId> ids) override {
        for (const auto id : ids) {
            const std::lock_guard lock(mutex_);
            if (lent_.erase(id) > 0) on_done_(id);
        }
    }
    std::size_t lent() const {
        const std::lock_guard lock(mutex_);
        return lent_.size();
    }
    std::size_t taken() const {
        const std::lock_guard lock(mutex_);
        return taken_;
    }
    /// What a broker does when a node dies: everything on loan comes again.
    void redeliver() {
        std::vector<Job> again;
        {
            const std::lock_guard lock(mutex_);
            for (const auto& [id, job] : lent_) again.push_back(job);
            for (Job& job : again) job.again = true;
            lent_.clear();
        }
        inner_.publish(again);
    }

  private:
    local::LocalQueue inner_;
    const std::function<void(MessageId)> on_done_;
    mutable std::mutex mutex_;
    // Under mutex_:
    std::map<MessageId, Job> lent_;
    std::size_t taken_ = 0;
};

}  // namespace hongyan::delivery
