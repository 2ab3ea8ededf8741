// Queue: carries ids only, so that the in-process heap and a broker are interchangeable and a lost
// queue is rebuilt from the store. Highest priority first, FIFO within one priority, fair between
// tenants, and no starvation: waiting raises a job's effective priority. take() lends a job: it is
// lent until done() says that the store has what became of it, or until it is published again. What
// a process had on loan when it died comes back by itself if the queue outlives processes. A job
// may come twice: all but one of its comings say so (Job::again), and the store refuses to send
// what is finished or in other hands. All members are safe from every thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
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
    /// May be in other hands too: it is claimed in the store before it is sent, and read from
    /// there.
    bool again = false;
};

/// Bit set of channels, bit n = channel n.
using ChannelMask = std::uint32_t;
inline constexpr ChannelMask all_channels = (1U << channel_names.size()) - 1;

struct QueueDepth {
    std::array<std::int64_t, priority_levels> by_priority{};
    std::array<std::int64_t, channel_names.size()> by_channel{};
    std::int64_t total = 0;
    /// Part of total: jobs that only a broker knows, estimated; the arrays above do not count them.
    std::int64_t in_broker = 0;
};

/// Whether the queue takes and gives, for /readyz and metrics.
struct QueueHealth {
    bool connected = true;
    bool blocked = false;  ///< the broker takes nothing at the moment; what is published is kept
    std::string detail;    ///< why it is not connected or blocked, for people
};

/// Counts since the start; all 0 for a queue inside the process.
struct QueueStats {
    std::uint64_t published = 0;    ///< ids sent to the broker
    std::uint64_t carriers = 0;     ///< messages of the broker that carried them
    std::uint64_t confirmed = 0;    ///< ids that the broker has safely
    std::uint64_t republished = 0;  ///< ids sent again: refused, returned, or not confirmed in time
    std::uint64_t dropped = 0;      ///< ids given up because too many waited; on_lost followed
    std::uint64_t received = 0;     ///< ids delivered by the broker
    std::uint64_t redelivered = 0;  ///< of these, such that had been delivered before
    std::uint64_t duplicates = 0;   ///< of these, such that were on loan or waiting here already
    std::uint64_t let_go = 0;       ///< ids acknowledged before they were done; see QueueMarks
    std::uint64_t rejected = 0;     ///< messages that could not be read, now in the dead letters
    std::uint64_t connects = 0;
};

/// How far the queue can be trusted, for whoever compares it with the store. Times are wall times.
struct QueueMarks {
    /// Every job that was handed to publish() before this is safe in the queue, or was taken.
    std::int64_t confirmed_before_ms = 0;
    /// Every job of this priority that was published before this has left the broker. One that
    /// still waits in the store, is claimed by no node and held by none, is lost.
    std::array<std::int64_t, priority_levels> drained_before_ms{};
    /// Jobs that wait or are lent here; those let go by the broker are only here.
    std::int64_t held = 0;
    std::int64_t held_let_go = 0;
};

class Queue {
  public:
    virtual ~Queue() = default;
    /// Takes them for good: what a broker does not confirm is sent again until it does. If that
    /// becomes impossible on_lost is called. A job that is on loan here goes back to its place.
    virtual void publish(std::span<const Job> jobs) = 0;
    /// Up to max jobs of the channels in mask, best first. Waits at most wait for the first one.
    virtual std::vector<Job> take(std::size_t max, ChannelMask mask, Millis wait) = 0;
    /// Ends a waiting take() early; used when a due time comes nearer or at the stop.
    virtual void wake() = 0;
    [[nodiscard]] virtual QueueDepth depth() const = 0;

    // What only a queue that outlives the process needs:

    /// The store has what became of these jobs; their loans end. Ids that are not on loan are
    /// ignored, also those that were published again meanwhile.
    virtual void done(std::span<const MessageId>) {}
    /// Publishes jobs that wait in the store and may be gone from the queue; those that this node
    /// holds, on loan or waiting, are left out, so that none is in its hands twice. They come with
    /// Job::again, for the first copy may turn up.
    virtual void republish(std::span<const Job> jobs) { publish(jobs); }
    /// True if waiting jobs outlive this process; then a start need not publish all that waits.
    [[nodiscard]] virtual bool outlives_process() const { return false; }
    /// Called when jobs that had been published may be gone (the broker was wiped, its queue
    /// deleted, too many waited for it): everything that waits in the store must be republished.
    /// May be called twice for one loss; from a thread of the queue's, so it must be quick and must
    /// not call the queue. Set once, before the first publish().
    virtual void on_lost(std::function<void(const std::string& why)>) {}
    [[nodiscard]] virtual QueueHealth health() const { return {}; }
    [[nodiscard]] virtual QueueStats stats() const { return {}; }
    [[nodiscard]] virtual QueueMarks marks() const { return {}; }
};

}  // namespace hongyan
