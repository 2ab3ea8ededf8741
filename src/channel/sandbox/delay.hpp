// Delay: the timer of one SandboxChannel: holds attempts until their answer is due and hands them
// on in batches, in order of due time, from a thread of its own that starts with the first one. All
// members are safe from every thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "model/message.hpp"

namespace hongyan::sandbox {

class Delay {
  public:
    using Answer = std::function<void(std::vector<Sent>)>;
    /// answer is called from the timer's thread. clock must outlive the delay.
    Delay(const Clock& clock, Answer answer) : clock_(clock), answer_(std::move(answer)) {}
    Delay(const Delay&) = delete;
    Delay& operator=(const Delay&) = delete;
    ~Delay();

    struct Item {
        std::int64_t due_us = 0;  ///< steady time
        Sent sent;
    };
    /// Takes the items, or leaves them where they are and says false after stop().
    [[nodiscard]] bool add(std::vector<Item>& items);
    /// Waits at most grace for the rest, ends the thread and gives back what was not answered.
    std::vector<Sent> stop(Millis grace);

  private:
    void run();
    [[nodiscard]] std::vector<Sent> take_due();
    /// How long to sleep: until the next due time, but look at the clock now and then, for it may
    /// be moved by hand.
    [[nodiscard]] std::chrono::microseconds pause() const;

    const Clock& clock_;
    const Answer answer_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::condition_variable idle_;
    // Under mutex_.
    std::multimap<std::int64_t, Sent> waiting_;
    bool answering_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace hongyan::sandbox
