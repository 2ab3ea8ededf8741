#include "jobs/schedule.hpp"

#include <algorithm>

#include "base/thread.hpp"

namespace hongyan::jobs {

void Schedule::every(Millis interval, std::function<void()> job) {
    entries_.push_back({std::chrono::microseconds(interval).count(), 0, std::move(job)});
}

void Schedule::start() {
    for (auto& entry : entries_) entry.next_us = clock_.steady_us() + entry.interval_us;
    thread_ = start_thread("jobs", [this] { loop(); });
}

void Schedule::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Schedule::loop() {
    while (!stopping_) {
        auto& first =
            *std::min_element(entries_.begin(), entries_.end(),
                              [](const Entry& a, const Entry& b) { return a.next_us < b.next_us; });
        const auto wait_us = first.next_us - clock_.steady_us();
        if (wait_us > 0) {
            std::unique_lock lock(mutex_);
            wake_.wait_for(lock, std::chrono::microseconds(wait_us),
                           [this] { return stopping_.load(); });
            continue;
        }
        first.job();
        first.next_us = clock_.steady_us() + first.interval_us;
    }
}

}  // namespace hongyan::jobs
