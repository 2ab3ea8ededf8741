// Queue: carries ids only, so that the in-process heap and a broker are interchangeable and a lost
// queue is rebuilt from the store. Highest priority first, FIFO within one priority, fair between
// tenants, and no starvation: waiting raises a job's effective priority. All members are safe from
// every thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "model/enums.hpp"

namespace hongyan {

inline constexpr int priority_levels = 11;  ///< 0 to 10, 10 is most urgent

/// What the queue knows of a message.
struct Job {
    MessageId id = 0;
    std::int64_t tenant_id = 1;
    std::int64_t ready_ms = 0;  ///< since when it waits; FIFO and ageing count from here
    std::uint8_t priority = 5;
    ChannelKind channel = ChannelKind::sms;
};

/// Bit set of channels, bit n = channel n.
using ChannelMask = std::uint32_t;
inline constexpr ChannelMask all_channels = (1U << channel_names.size()) - 1;

struct QueueDepth {
    std::array<std::int64_t, priority_levels> by_priority{};
    std::array<std::int64_t, channel_names.size()> by_channel{};
    std::int64_t total = 0;
};

class Queue {
  public:
    virtual ~Queue() = default;
    virtual void publish(std::span<const Job> jobs) = 0;
    /// Up to max jobs of the channels in mask, best first. Waits at most wait for the first one.
    virtual std::vector<Job> take(std::size_t max, ChannelMask mask, Millis wait) = 0;
    /// Ends a waiting take() early; used when a due time comes nearer or at the stop.
    virtual void wake() = 0;
    [[nodiscard]] virtual QueueDepth depth() const = 0;
};

}  // namespace hongyan
