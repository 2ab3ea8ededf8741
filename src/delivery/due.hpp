// DueTimer: messages that wait for a time, in a heap by that time; its thread hands those that are
// due to the queue, to the millisecond while the clock runs evenly and within half a second after
// it jumps. The times are in the store too, so a restart loads them again. All members are safe
// from every thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "contract/queue.hpp"

namespace hongyan::delivery {

class DueTimer {
  public:
    DueTimer(Queue& queue, const Clock& clock) : queue_(queue), clock_(clock) {}
    ~DueTimer() { stop(); }

    void start();
    void stop();
    /// Publishes job at due_ms (its ready_ms becomes due_ms).
    void add(Job job, std::int64_t due_ms);
    [[nodiscard]] std::int64_t size() const;

  private:
    /// 24 bytes, since a million of them may wait.
    struct Entry {
        std::int64_t due_ms;
        MessageId id;
        std::int32_t tenant_id;
        std::uint8_t priority;
        ChannelKind channel;
        bool again;
    };
    static bool later(const Entry& a, const Entry& b) {
        return a.due_ms != b.due_ms ? a.due_ms > b.due_ms : a.id > b.id;
    }
    void loop();
    void take_due(std::vector<Job>& jobs);

    Queue& queue_;
    const Clock& clock_;
    std::thread thread_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    // Under mutex_:
    std::vector<Entry> heap_;
    bool stopping_ = false;
};

}  // namespace hongyan::delivery
