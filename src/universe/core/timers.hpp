// Timers: runs work after a pause, on one thread of its own, in the order of the due times. Work
// must not block for long, because all work of the universe shares the thread. add() is safe from
// every thread; what is due after stop(), or beyond the limit, is dropped.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/unique_function.hpp"

namespace hongyan::universe {

class Timers {
  public:
    Timers();
    ~Timers();
    Timers(const Timers&) = delete;
    Timers& operator=(const Timers&) = delete;
    /// False: dropped, because too much waits or the thread has been stopped.
    bool add(Millis pause, UniqueFunction<void()> work);
    /// Ends the thread; work under way is finished, all other is destroyed. Not from work itself.
    void stop();

  private:
    using Time = std::chrono::steady_clock::time_point;
    struct Entry {
        Time due;
        std::uint64_t order = 0;  ///< equal times run in the order they were given
        UniqueFunction<void()> work;
        friend bool operator<(const Entry& a, const Entry& b) {  // a heap, earliest on top
            return a.due != b.due ? a.due > b.due : a.order > b.order;
        }
    };
    struct State {
        std::vector<Entry> heap;
        std::uint64_t next_order = 0;
        bool stopped = false;
    };
    void run();

    Guarded<State> state_;
    std::condition_variable changed_;
    std::thread thread_;
};

}  // namespace hongyan::universe
