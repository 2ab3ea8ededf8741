#include "channel/sandbox/delay.hpp"

#include <algorithm>

#include "base/thread.hpp"

namespace hongyan::sandbox {

Delay::~Delay() { (void)stop(Millis(0)); }

bool Delay::add(std::vector<Item>& items) {
    if (items.empty()) return true;
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    for (Item& item : items) waiting_.emplace(item.due_us, std::move(item.sent));
    if (!thread_.joinable()) thread_ = start_thread("sandbox-delay", [this] { run(); });
    changed_.notify_one();
    return true;
}

std::chrono::microseconds Delay::pause() const {
    constexpr std::chrono::microseconds longest = std::chrono::milliseconds(50);
    if (waiting_.empty()) return std::chrono::hours(1);
    const std::chrono::microseconds due(waiting_.begin()->first - clock_.steady_us());
    return std::clamp(due, std::chrono::microseconds(0), longest);
}

std::vector<Sent> Delay::take_due() {
    std::vector<Sent> due;
    const auto end = waiting_.upper_bound(clock_.steady_us());
    for (auto at = waiting_.begin(); at != end; ++at) due.push_back(std::move(at->second));
    waiting_.erase(waiting_.begin(), end);
    return due;
}

void Delay::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        std::vector<Sent> due = take_due();
        if (due.empty()) {
            changed_.wait_for(lock, pause());
            continue;
        }
        answering_ = true;
        lock.unlock();
        answer_(std::move(due));
        lock.lock();
        answering_ = false;
        if (waiting_.empty()) idle_.notify_all();
    }
}

std::vector<Sent> Delay::stop(Millis grace) {
    std::thread thread;
    {
        std::unique_lock lock(mutex_);
        idle_.wait_for(lock, grace, [this] { return waiting_.empty() && !answering_; });
        stopping_ = true;
        thread = std::move(thread_);
    }
    changed_.notify_all();
    if (thread.joinable()) thread.join();
    const std::lock_guard lock(mutex_);
    std::vector<Sent> rest;
    for (auto& [due_us, sent] : waiting_) rest.push_back(std::move(sent));
    waiting_.clear();
    return rest;
}

}  // namespace hongyan::sandbox
