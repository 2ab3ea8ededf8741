// Transport: the bytes of one accepted connection, plain or TLS, so that everything above knows
// neither. All on the thread of the connection's loop; at most one read and one write at a time.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <span>
#include <string_view>

#include "base/unique_function.hpp"

namespace hongyan::universe {

class Transport {
  public:
    using Tcp = boost::asio::ip::tcp;
    using Done = UniqueFunction<void(bool good)>;
    using GotBytes = UniqueFunction<void(bool good, std::size_t bytes)>;

    virtual ~Transport() = default;
    virtual void open(Done done) = 0;
    /// True if TLS agreed on HTTP/2; after open().
    [[nodiscard]] virtual bool agreed_http2() const { return false; }
    virtual void read(std::span<char> into, GotBytes done) = 0;
    /// The bytes must live until done.
    virtual void write(std::string_view bytes, Done done) = 0;
    /// Says goodbye: no more will be written. The peer may still read what was.
    virtual void end(Done done) = 0;
    /// Closes at once; reads and writes under way end with good = false.
    virtual void close() = 0;
};

[[nodiscard]] std::unique_ptr<Transport> make_plain_transport(Transport::Tcp::socket socket);
[[nodiscard]] std::unique_ptr<Transport> make_tls_transport(Transport::Tcp::socket socket,
                                                            boost::asio::ssl::context& context);

}  // namespace hongyan::universe
