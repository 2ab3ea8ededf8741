// Server: HTTP/1.1 on TCP. Each I/O thread runs its own loop with its own connections, which never
// change thread, so that the hot path takes no lock. It refuses what is malformed, too large or too
// slow with a problem document made by the ErrorWriter, keeps connections alive, answers pipelined
// requests in order and writes what is ready in one go. Construct, start(), stop(); all members
// are safe from every thread but the I/O threads.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "http/message.hpp"
#include "http/router.hpp"

namespace hongyan::http {

struct ServerOptions {
    std::string host = "127.0.0.1";  ///< IPv4 or IPv6 literal, or "localhost" (both loopbacks)
    int port = 0;                    ///< 0: any free one, see Server::port()
    int io_threads = 1;
    std::size_t max_connections = 10'000;  ///< one more is answered 503 and closed
    /// 0 = no limit. Counted per IPv4 address or IPv6 /64; one more is answered 503 and closed.
    std::size_t max_connections_per_address = 0;
    bool limit_loopback = false;     ///< whether the limit per address holds for loopback too
    Millis header_timeout{10'000};   ///< from the first byte (or the connect) to the header's end
    Millis request_timeout{30'000};  ///< from the header's end to the body's end
    Millis write_timeout{30'000};    ///< a client that takes no byte for so long is dropped
    Millis idle_timeout{60'000};     ///< between two requests
    Millis stop_grace{10'000};       ///< stop() waits so long for requests in flight
    std::size_t header_bytes = 16 * 1024;
    std::size_t header_fields = 100;
    std::size_t target_bytes = 8 * 1024;
    std::size_t pipeline_depth = 64;  ///< requests in flight on one connection; then it is not read
    std::size_t socket_message_bytes = 64 * 1024;  ///< of one WebSocket message; more is a 1009
    Millis socket_ping{15'000};                    ///< how often an open WebSocket is pinged
    Millis socket_dead{45'000};                    ///< one that is silent for longer is cut off
};

/// Makes the answer to an error: a problem document. instance is the request's path ("" if it could
/// not be read). Called from any thread; must be pure.
using ErrorWriter = std::function<Response(const Error& error, std::string_view instance,
                                           std::string_view request_id)>;

/// One answered request, for the access log.
struct AccessEntry {
    const Request& request;
    int status;
    std::size_t body_bytes;
    std::int64_t duration_us;  ///< from the header's end to the answer
};
/// Runs on the I/O thread.
using AccessLog = std::function<void(const AccessEntry&)>;

struct ServerStats {
    std::uint64_t connections = 0;            ///< open now
    std::uint64_t sockets = 0;                ///< of these, WebSockets
    std::uint64_t connections_accepted = 0;   ///< since the start
    std::uint64_t connections_refused = 0;    ///< over a limit
    std::array<std::uint64_t, 6> requests{};  ///< answers by status / 100; [0] is not used
    std::uint64_t in_flight = 0;              ///< requests handed to handlers and not answered yet
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t wakes = 0;  ///< times an I/O thread was woken by answers of other threads
};

class Server {
  public:
    /// The clock gives the Date field and the deadlines; it must outlive the server.
    Server(ServerOptions options, Router router, ErrorWriter error_writer, const Clock& clock);
    /// Stops. Responders may outlive the server.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Whether start() would get its address now; its errors. For programs that begin other work
    /// before they listen.
    [[nodiscard]] static Status check_address(const ServerOptions& options, const Clock& clock);

    /// Before start(): where trouble with sockets and exceptions of handlers are written.
    void set_log(Log& log);
    /// Before start(): called for each answer.
    void set_access_log(AccessLog access_log);

    /// Listens and starts the threads. Errors: config_invalid for a bad host, io_failed if the
    /// address cannot be had, with what to do about it.
    [[nodiscard]] Status start();
    /// The port listened on; 0 before start().
    [[nodiscard]] int port() const;
    /// Takes whoever has connected, stops accepting, closes idle connections (a new one waits half
    /// a second for its first request), lets requests in flight finish within stop_grace,
    /// then closes the rest and returns. Again and again: no effect.
    void stop();
    [[nodiscard]] ServerStats stats() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hongyan::http
