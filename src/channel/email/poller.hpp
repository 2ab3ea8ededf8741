// Waits for many sockets at once (epoll) and can be woken from other threads. All members belong
// to the sender's thread, except wake().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.hpp"

namespace hongyan::email {

class Poller {
  public:
    struct Interest {
        bool read = false;
        bool write = false;
    };
    struct Event {
        int fd = -1;
        std::size_t owner = 0;  ///< as given to watch()
        Interest ready;         ///< both, on an error of the socket
    };

    Poller();
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// Starts to watch a socket, or changes what for.
    void watch(int fd, std::size_t owner, Interest interest);
    /// Must be called before the socket is closed; unknown ones are fine.
    void forget(int fd);
    /// Waits at most the given time; the events are valid until the next call.
    [[nodiscard]] std::span<const Event> wait(Millis time);
    /// Ends the present or the next wait(); from any thread.
    void wake();

  private:
    const int epoll_fd_;
    const int wake_fd_;
    std::vector<Event> events_;
};

}  // namespace hongyan::email
