// The lanes of AccountBook: jobs whose accounts are full wait here, outside the queue, and go back
// to it as places become free; then they are taken again by their priority. Part of AccountBook.
#include <algorithm>

#include "delivery/account_book.hpp"

namespace hongyan::delivery {
namespace {

/// Pauses and paces end without anybody telling.
constexpr Millis look_again{10};
constexpr std::size_t most_at_once = 256;

/// True if b goes before a.
bool later(const Job& a, const Job& b) {
    if (a.priority != b.priority) return a.priority < b.priority;
    if (a.ready_ms != b.ready_ms) return a.ready_ms > b.ready_ms;
    return a.id > b.id;
}

}  // namespace

void AccountBook::park(const std::vector<Job>& jobs) {
    if (jobs.empty()) return;
    {
        const std::lock_guard lock(lane_mutex_);
        for (const Job& job : jobs) {
            auto& lane = lanes_[{job.tenant_id, job.channel}];
            lane.push_back(job);
            std::push_heap(lane.begin(), lane.end(), later);
            count_parked(job, 1);
        }
    }
    lane_wake_.notify_one();
}

QueueDepth AccountBook::parked() const {
    const std::lock_guard lock(lane_mutex_);
    return parked_;
}

void AccountBook::count_parked(const Job& job, int sign) {
    parked_.total += sign;
    parked_.by_priority[job.priority] += sign;
    parked_.by_channel[static_cast<std::size_t>(job.channel)] += sign;
}

void AccountBook::lane_loop() {
    while (true) {
        {
            std::unique_lock lock(lane_mutex_);
            if (parked_.total == 0)
                lane_wake_.wait(lock, [this] { return stopping_ || parked_.total > 0; });
            else
                lane_wake_.wait_for(lock, look_again);
            if (stopping_) return;
        }
        release_lanes();
    }
}

void AccountBook::release_lanes() {
    const auto now = parts_.clock.now_ms();
    const auto all = snapshot();
    std::vector<Job> going;
    {
        const std::lock_guard lock(lane_mutex_);
        for (auto at = lanes_.begin(); at != lanes_.end();) {
            auto& lane = at->second;
            const Group* group = group_of(*all, at->first.first, at->first.second);
            std::size_t room = group == nullptr ? lane.size() : room_of(*group, now);
            for (room = std::min({room, lane.size(), most_at_once}); room > 0; --room) {
                std::pop_heap(lane.begin(), lane.end(), later);
                going.push_back(lane.back());
                count_parked(lane.back(), -1);
                lane.pop_back();
            }
            at = lane.empty() ? lanes_.erase(at) : std::next(at);
        }
    }
    if (!going.empty()) queue_.publish(going);
}

}  // namespace hongyan::delivery
