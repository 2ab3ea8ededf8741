// Loop: the one thread of the engine and its timers, over an Asio context that no other header
// shows. post() is safe from every thread; everything else happens on the loop's thread. Work still
// queued when the loop ends is destroyed unrun.
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/unique_function.hpp"

namespace boost::asio {
class io_context;
}

namespace hongyan::redis {

class Loop {
  public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void post(UniqueFunction<void()> work);
    /// Ends the thread and waits for it; not from the thread itself.
    void stop();
    [[nodiscard]] bool is_own_thread() const;
    [[nodiscard]] boost::asio::io_context& context();

  private:
    struct Held;
    std::unique_ptr<Held> held_;
};

/// Fires once after each start(); restarting forgets the run before. Loop's thread only.
class Timer {
  public:
    explicit Timer(Loop& loop);
    ~Timer();
    void start(Millis pause, UniqueFunction<void()> work);
    void cancel();

  private:
    struct Held;
    std::shared_ptr<Held> held_;  ///< shared with the wait under way, which may outlive the timer
};

}  // namespace hongyan::redis
