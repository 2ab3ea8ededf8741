// Condition: what the store's connections know together about its health: whether it may still be
// written, and counters. All members are safe from every thread.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "contract/store.hpp"

namespace hongyan::sqlite {

class Condition {
  public:
    [[nodiscard]] bool writable() const { return writable_.load(std::memory_order_acquire); }
    /// For good: what was written after a failed sync may be lost although later syncs succeed.
    void give_up(const std::string& detail) {
        const std::lock_guard lock(mutex_);
        if (!writable_.exchange(false, std::memory_order_acq_rel)) return;
        detail_ = detail;
    }
    /// Something is wrong that may pass, e.g. a full disk. True if that is news.
    bool set_trouble(const std::string& detail) {
        const std::lock_guard lock(mutex_);
        if (writable()) detail_ = detail;
        return !troubled_.exchange(true);
    }
    void clear_trouble() {
        if (!troubled_.load(std::memory_order_relaxed)) return;
        const std::lock_guard lock(mutex_);
        if (writable()) detail_.clear();
        troubled_ = false;
    }
    [[nodiscard]] std::string detail() const {
        const std::lock_guard lock(mutex_);
        return detail_;
    }

    std::atomic<std::uint64_t> commits{0};
    std::atomic<std::uint64_t> statements{0};

  private:
    std::atomic<bool> writable_{true};
    std::atomic<bool> troubled_{false};
    mutable std::mutex mutex_;
    std::string detail_;  ///< under mutex_
};

}  // namespace hongyan::sqlite
