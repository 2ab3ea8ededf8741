// Condition: what the store's connections know together about its health, and counters. All members
// are safe from every thread.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

namespace hongyan::postgres {

/// Something is wrong that may pass.
enum class Trouble { none, away, full };

class Condition {
  public:
    [[nodiscard]] bool writable() const { return writable_.load(std::memory_order_acquire); }
    /// For good: another node has taken over what this process was doing.
    void give_up(const std::string& detail) {
        const std::lock_guard lock(mutex_);
        if (writable_.exchange(false, std::memory_order_acq_rel)) detail_ = detail;
    }
    /// True if that is news.
    bool set_trouble(Trouble trouble, const std::string& detail) {
        const std::lock_guard lock(mutex_);
        if (writable()) detail_ = detail;
        return trouble_.exchange(trouble) != trouble;
    }
    /// After a commit.
    void clear_trouble() {
        if (trouble_.load(std::memory_order_relaxed) == Trouble::none) return;
        const std::lock_guard lock(mutex_);
        if (writable()) detail_.clear();
        trouble_ = Trouble::none;
    }
    /// After a connection was made: the server is back, also if nobody writes.
    void clear_away() {
        if (away()) clear_trouble();
    }
    [[nodiscard]] bool troubled() const { return trouble_ != Trouble::none; }
    [[nodiscard]] bool away() const { return trouble_ == Trouble::away; }
    [[nodiscard]] std::string detail() const {
        const std::lock_guard lock(mutex_);
        return detail_;
    }

    std::atomic<bool> hurried{false};  ///< the process ends
    std::atomic<std::uint64_t> commits{0};
    std::atomic<std::uint64_t> statements{0};

  private:
    std::atomic<bool> writable_{true};
    std::atomic<Trouble> trouble_{Trouble::none};
    mutable std::mutex mutex_;
    std::string detail_;  ///< under mutex_
};

}  // namespace hongyan::postgres
