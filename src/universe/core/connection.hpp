// Connection: one client's connection to the universe. It reads and writes the bytes, tells HTTP/1
// from HTTP/2 by their first bytes, and gives its Protocol the time and the wire. Made by the
// listener, runs on the thread of its loop alone.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "universe/core/site.hpp"
#include "universe/core/transport.hpp"

namespace hongyan::universe {

struct HttpLimits {
    std::size_t header_bytes = std::size_t{64} << 10;
    std::size_t body_bytes = std::size_t{16} << 20;
    std::uint32_t http2_streams = 256;
    std::chrono::seconds idle{120};
};

/// What a protocol may ask of its connection.
class Wire {
  public:
    virtual ~Wire() = default;
    /// Bytes for the peer, in this order.
    virtual void send(std::string bytes) = 0;
    /// Bytes that have been given to send() and not yet to the network.
    [[nodiscard]] virtual std::size_t unsent() const = 0;
    /// Sends what was given, then closes with good manners.
    virtual void finish() = 0;
    /// Closes now; what was given to send() may be lost.
    virtual void cut() = 0;
    /// Runs work on this thread after a pause; not at all if the connection has been closed by
    /// then.
    virtual void after(Millis pause, UniqueFunction<void()> work) = 0;
};

/// HTTP/1 or HTTP/2 as a machine: bytes in, calls of its Wire out.
class Protocol {
  public:
    virtual ~Protocol() = default;
    virtual void receive(std::string_view bytes) = 0;
    /// False: the connection stops reading until wants_input() again (asked after each call).
    [[nodiscard]] virtual bool wants_input() const = 0;
    /// All bytes given to send() are on their way.
    virtual void drained() = 0;
    /// True while no request is under way.
    [[nodiscard]] virtual bool is_idle() const = 0;
};

/// What all connections share; constant while they live.
struct ConnectionSetup {
    Site& site;
    HttpLimits limits;
};

/// What is the same for all requests of one connection.
struct PeerFacts {
    std::string address;
    std::string scheme;
};

[[nodiscard]] std::unique_ptr<Protocol> make_http1(Wire& wire, const ConnectionSetup& setup,
                                                   const PeerFacts& peer);
[[nodiscard]] std::unique_ptr<Protocol> make_http2(Wire& wire, const ConnectionSetup& setup,
                                                   const PeerFacts& peer);

/// shared: its handlers keep it alive while the network may still call them.
class Connection final : public Wire, public std::enable_shared_from_this<Connection> {
  public:
    /// gone is called once, when the connection has been closed.
    using Gone = UniqueFunction<void(Connection&)>;
    Connection(boost::asio::io_context& loop, std::unique_ptr<Transport> transport,
               const ConnectionSetup& setup, PeerFacts peer, Gone gone);
    void start();
    /// Closes it if nothing has moved for too long. now: steady milliseconds.
    void check_idle(std::int64_t now_ms);

    void send(std::string bytes) override;
    [[nodiscard]] std::size_t unsent() const override { return writing_.size() + waiting_.size(); }
    void finish() override;
    void cut() override;
    void after(Millis pause, UniqueFunction<void()> work) override;

  private:
    void read();
    void got(std::size_t bytes);
    void write();
    void written();
    void end();
    void linger();
    void touch();
    [[nodiscard]] bool choose_protocol();

    boost::asio::io_context& loop_;
    const std::unique_ptr<Transport> transport_;
    const ConnectionSetup& setup_;
    const PeerFacts peer_;
    Gone gone_;
    std::unique_ptr<Protocol> protocol_;
    std::string first_;  ///< bytes before the protocol is known
    std::array<char, 16'384> buffer_;
    std::string writing_;
    std::string waiting_;
    std::int64_t moved_ms_ = 0;
    bool reading_ = false;
    bool in_protocol_ = false;  ///< a call of the protocol is on the stack
    bool finishing_ = false;
    bool ended_ = false;
    bool closed_ = false;
};

}  // namespace hongyan::universe
