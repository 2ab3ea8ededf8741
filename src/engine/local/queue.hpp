// LocalQueue: the in-process queue, 16 bytes of memory for each waiting job. One lane per channel,
// priority and tenant. take() serves the channel and priority with the highest effective priority =
// priority + floor(waiting time of its oldest front job / aging); equal ones by priority, then
// channels in turn. Inside, tenants take turns job by job, however much each has waiting, and one
// tenant's jobs go in the order they were published. Thus urgent goes first, nobody starves and no
// tenant crowds out another. Lost at the end of the process: the store is the record. All members
// are safe from every thread.
#pragma once

#include <memory>

#include "contract/queue.hpp"

namespace hongyan::local {

class LocalQueue final : public Queue {
  public:
    /// aging: waiting time that counts as one level of priority; 0 = waiting does not count. clock
    /// must outlive the queue.
    LocalQueue(const Clock& clock, Millis aging);
    ~LocalQueue() override;

    /// One lock for the whole burst. priority above 10 is an assertion.
    void publish(std::span<const Job> jobs) override;
    std::vector<Job> take(std::size_t max, ChannelMask mask, Millis wait) override;
    /// Ends every waiting take(); if none is waiting, the next one that finds nothing returns at
    /// once.
    void wake() override;
    [[nodiscard]] QueueDepth depth() const override;

  private:
    struct State;
    const std::unique_ptr<State> state_;
};

}  // namespace hongyan::local
