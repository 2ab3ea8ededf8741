// Connection: one TCP or TLS stream to a short message centre, opened by name and used on the
// loop's thread only. Events come to its owner until close(); after that none. Writes are gathered:
// what is given while one is under way leaves with the next.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/address_guard.hpp"
#include "channel/smpp/loop.hpp"

namespace hongyan::smpp {

struct Endpoint {
    std::string host;
    std::string port;
    bool tls = false;
    std::string ca_file;                   ///< "" = the system's authorities
    std::string server_name;               ///< the name in the certificate
    const NetworkList* allowed = nullptr;  ///< see ProviderParts; outlives the connection
};

class ConnectionEvents {
  public:
    virtual ~ConnectionEvents() = default;
    /// The stream is ready, TLS included.
    virtual void on_open() = 0;
    virtual void on_bytes(std::string_view bytes) = 0;
    /// What write() was given last before this is on its way (may have left), and more may follow.
    virtual void on_writable() = 0;
    /// Failed or closed by the peer; the last event.
    virtual void on_closed(const std::string& why) = 0;
};

class Connection {
  public:
    /// events must live until close() or this object's end.
    Connection(Loop& loop, Endpoint endpoint, ConnectionEvents& events);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void open();
    /// True while bytes given to write() are still being handed to the system.
    [[nodiscard]] bool is_writing() const;
    /// Takes all bytes; only while not writing and open.
    void write(std::string bytes);
    /// No event comes after this.
    void close();

  private:
    struct Held;
    std::shared_ptr<Held> held_;  ///< shared with the operations under way, which outlive close()
};

}  // namespace hongyan::smpp
