// WebSocket (RFC 6455) as handlers see it: a route with RouteOptions::upgrades answers a good
// upgrade request with a Response whose status is 101 and whose upgrade is the SocketHandler; from
// then on the connection belongs to a WebSocket. Text messages only, without compression. The
// server answers pings, sends its own, cuts off who is silent for too long, and closes with the
// right code what breaks the protocol. A socket takes one message at a time: who sends more often
// than the client reads is told so and decides what to leave out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"

namespace hongyan::http {

/// Why a socket is closed, as RFC 6455 section 7.4.1 numbers it.
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    unsupported_data = 1003,
    policy = 1008,
    too_big = 1009,
    try_again_later = 1013,
};

/// An open socket. Safe from every thread.
class WebSocket {
  public:
    virtual ~WebSocket() = default;
    /// False if it was not taken: the message before is still on its way to the client, or the
    /// socket is closed. One text may be shared by many sockets.
    virtual bool send(std::shared_ptr<const std::string> text) = 0;
    /// reason: at most 123 bytes.
    virtual void close(CloseCode code, std::string_view reason) = 0;
};

/// Called on the socket's I/O thread, one call at a time; must not block.
class SocketHandler {
  public:
    virtual ~SocketHandler() = default;
    /// The client has got its 101. Not called if it has gone before.
    virtual void opened(std::shared_ptr<WebSocket> socket) = 0;
    /// One whole text message, valid UTF-8, at most ServerOptions::socket_message_bytes.
    virtual void received(std::string_view text) = 0;
    /// Once at the end, whether it was opened or not; nothing is called afterwards.
    virtual void closed() = 0;
};

/// What is wrong with a request to upgrade to WebSocket; bad_request with what would be right. The
/// answer should have `Sec-WebSocket-Version: 13`.
[[nodiscard]] std::optional<Error> upgrade_problem(const Request& request);
/// Whether the Origin names the same host and port as the Host field (or allowed, a host[:port]).
/// A request without Origin comes from no web page and is good; one with "null" is not.
[[nodiscard]] bool is_same_origin(const Request& request, std::string_view allowed = {});

}  // namespace hongyan::http
