// Connection: one TCP or TLS stream to Redis, used on the loop's thread only. Events come to its
// owner until close(); after that none. Writes are gathered: what is given while one is under way
// leaves with the next.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/redis/address.hpp"
#include "engine/redis/loop.hpp"

namespace hongyan::redis {

class ConnectionEvents {
  public:
    virtual ~ConnectionEvents() = default;
    /// The stream is ready, TLS included.
    virtual void on_open() = 0;
    virtual void on_bytes(std::string_view bytes) = 0;
    /// Failed or closed by the peer; the last event.
    virtual void on_closed(const std::string& why) = 0;
};

class Connection {
  public:
    /// events must live until close() or this object's end.
    Connection(Loop& loop, Address address, ConnectionEvents& events);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void open();
    /// Gathers; flush() sends what was gathered, at the latest when the write under way is done.
    [[nodiscard]] std::string& out();
    void flush();
    /// No event comes after this.
    void close();

  private:
    struct Held;
    std::shared_ptr<Held> held_;  ///< shared with the operations under way, which outlive close()
};

}  // namespace hongyan::redis
