// Schedule: one thread that does what has to be done again and again, each job at its own interval.
// A job that takes longer than its interval simply comes later; jobs that may take long run on a
// thread of their own. stop() waits for the job at work.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"

namespace hongyan::jobs {

class Schedule {
  public:
    explicit Schedule(const Clock& clock) : clock_(clock) {}
    ~Schedule() { stop(); }

    /// Before start(). The first run comes one interval after the start.
    void every(Millis interval, std::function<void()> job);
    void start();
    void stop();
    /// For jobs that work in steps.
    [[nodiscard]] const std::atomic<bool>& stopping() const { return stopping_; }

  private:
    struct Entry {
        std::int64_t interval_us;
        std::int64_t next_us;
        std::function<void()> job;
    };
    void loop();

    const Clock& clock_;
    std::vector<Entry> entries_;
    std::thread thread_;
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::condition_variable wake_;
};

}  // namespace hongyan::jobs
