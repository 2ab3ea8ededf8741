#include "engine/local/queue.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/assert.hpp"
#include "engine/local/queue_lane.hpp"

namespace hongyan::local {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t channels = channel_names.size();
constexpr Millis longest_wait = std::chrono::hours(1);

/// A take() that waits; lives on its stack, known to the queue meanwhile.
struct Waiter {
    ChannelMask mask = 0;
    bool called = false;
    std::condition_variable condition;
};

/// Where the best job stands.
struct Choice {
    std::int64_t level = -1;  ///< effective priority
    std::size_t channel = 0;
    std::size_t priority = 0;
};

}  // namespace

struct LocalQueue::State {
    State(const Clock& by, Millis step) : clock(by), aging_ms(step.count()) {}

    void add(const Job& job);
    std::vector<Job> take_ready(std::size_t max, ChannelMask mask);
    [[nodiscard]] Choice best(ChannelMask mask, std::int64_t now_ms) const;
    [[nodiscard]] std::int64_t level_of(std::size_t priority, std::int64_t waited_ms) const;
    void call_waiters(const std::array<std::size_t, channels>& added);

    const Clock& clock;
    const std::int64_t aging_ms;
    mutable std::mutex mutex;
    // Under mutex.
    ChunkPool pool;
    std::array<std::array<Group, priority_levels>, channels> groups;
    std::array<std::uint32_t, channels> filled{};  ///< bit p: the group of priority p has jobs
    std::size_t turn = 0;                          ///< the channel that goes first among equals
    QueueDepth depth;
    std::vector<Waiter*> waiters;
    std::uint64_t wakes = 0;
    bool wake_next = false;  ///< nobody waited at the last wake()
};

LocalQueue::LocalQueue(const Clock& clock, Millis aging)
    : state_(std::make_unique<State>(clock, aging)) {
    HY_ASSERT(aging.count() >= 0);
}
LocalQueue::~LocalQueue() = default;

void LocalQueue::State::add(const Job& job) {
    const auto channel = static_cast<std::size_t>(job.channel);
    HY_ASSERT(channel < channels && job.priority < priority_levels);
    groups[channel][job.priority].push(job.tenant_id, Entry(job), pool);
    filled[channel] |= 1U << job.priority;
    ++depth.by_channel[channel];
    ++depth.by_priority[job.priority];
    ++depth.total;
}

void LocalQueue::publish(std::span<const Job> jobs) {
    if (jobs.empty()) return;
    std::array<std::size_t, channels> added{};
    const std::lock_guard lock(state_->mutex);
    for (const Job& job : jobs) {
        state_->add(job);
        ++added[static_cast<std::size_t>(job.channel)];
    }
    // The lock is still held: a waiter's condition goes with its take().
    state_->call_waiters(added);
}

void LocalQueue::State::call_waiters(const std::array<std::size_t, channels>& added) {
    if (waiters.empty()) return;
    for (std::size_t channel = 0; channel < channels; ++channel) {
        std::size_t wanted = added[channel];
        for (Waiter* waiter : waiters) {
            if (wanted == 0) break;
            if (waiter->called || (waiter->mask >> channel & 1U) == 0) continue;
            waiter->called = true;
            waiter->condition.notify_one();
            --wanted;
        }
    }
}

std::int64_t LocalQueue::State::level_of(std::size_t priority, std::int64_t waited_ms) const {
    const auto base = static_cast<std::int64_t>(priority);
    return aging_ms == 0 ? base : base + std::max<std::int64_t>(0, waited_ms) / aging_ms;
}

Choice LocalQueue::State::best(ChannelMask mask, std::int64_t now_ms) const {
    Choice choice;
    for (std::size_t i = 0; i < channels; ++i) {
        const std::size_t channel = (turn + i) % channels;
        if ((mask >> channel & 1U) == 0) continue;
        for (std::uint32_t left = filled[channel]; left != 0; left &= left - 1) {
            const auto priority = static_cast<std::size_t>(std::countr_zero(left));
            const std::int64_t waited = now_ms - groups[channel][priority].oldest_ms();
            const std::int64_t level = level_of(priority, waited);
            const bool better =
                level > choice.level || (level == choice.level && priority > choice.priority);
            if (better) choice = {level, channel, priority};
        }
    }
    return choice;
}

std::vector<Job> LocalQueue::State::take_ready(std::size_t max, ChannelMask mask) {
    std::vector<Job> taken;
    if (depth.total == 0 || max == 0) return taken;
    taken.reserve(std::min(max, static_cast<std::size_t>(depth.total)));
    const std::int64_t now_ms = clock.now_ms();
    while (taken.size() < max) {
        const Choice choice = best(mask, now_ms);
        if (choice.level < 0) break;
        Group& group = groups[choice.channel][choice.priority];
        const auto [tenant_id, entry] = group.pop(pool);
        if (group.empty()) filled[choice.channel] &= ~(1U << choice.priority);
        turn = (choice.channel + 1) % channels;
        --depth.by_channel[choice.channel];
        --depth.by_priority[choice.priority];
        --depth.total;
        taken.push_back({entry.id, tenant_id, entry.ready_ms(),
                         static_cast<std::uint8_t>(choice.priority),
                         static_cast<ChannelKind>(choice.channel), entry.again()});
    }
    return taken;
}

std::vector<Job> LocalQueue::take(std::size_t max, ChannelMask mask, Millis wait) {
    State& state = *state_;
    std::unique_lock lock(state.mutex);
    std::vector<Job> taken = state.take_ready(max, mask);
    if (!taken.empty() || wait.count() <= 0 || max == 0) return taken;
    if (std::exchange(state.wake_next, false)) return taken;
    const auto until = steady_clock::now() + std::min(wait, longest_wait);
    Waiter waiter;
    waiter.mask = mask;
    const std::uint64_t woken_before = state.wakes;
    state.waiters.push_back(&waiter);
    bool in_time = true;
    while (taken.empty() && in_time && state.wakes == woken_before) {
        waiter.called = false;
        in_time = waiter.condition.wait_until(lock, until, [&] { return waiter.called; });
        taken = state.take_ready(max, mask);
    }
    std::erase(state.waiters, &waiter);
    return taken;
}

void LocalQueue::wake() {
    const std::lock_guard lock(state_->mutex);
    ++state_->wakes;
    state_->wake_next = state_->waiters.empty();
    for (Waiter* waiter : state_->waiters) {
        waiter->called = true;
        waiter->condition.notify_one();
    }
}

QueueDepth LocalQueue::depth() const {
    const std::lock_guard lock(state_->mutex);
    return state_->depth;
}

}  // namespace hongyan::local
