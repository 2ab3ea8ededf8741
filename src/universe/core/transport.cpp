#include "universe/core/transport.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace hongyan::universe {
namespace {

using boost::system::error_code;

template <class Stream>
class StreamTransport : public Transport {
  public:
    template <class... Args>
    explicit StreamTransport(Args&&... args) : stream_(std::forward<Args>(args)...) {}

    void read(std::span<char> into, GotBytes done) final {
        stream_.async_read_some(
            boost::asio::buffer(into.data(), into.size()),
            [done = std::move(done)](const error_code& error, std::size_t bytes) mutable {
                done(!error, bytes);
            });
    }
    void write(std::string_view bytes, Done done) final {
        boost::asio::async_write(stream_, boost::asio::buffer(bytes.data(), bytes.size()),
                                 [done = std::move(done)](const error_code& error,
                                                          std::size_t) mutable { done(!error); });
    }
    void close() final {
        error_code ignored;
        stream_.lowest_layer().close(ignored);
    }

  protected:
    void no_delay() {
        error_code ignored;
        stream_.lowest_layer().set_option(Tcp::no_delay(true), ignored);
    }
    Stream stream_;
};

class Plain final : public StreamTransport<Transport::Tcp::socket> {
  public:
    using StreamTransport::StreamTransport;
    void open(Done done) override {
        no_delay();
        done(true);
    }
    void end(Done done) override {
        error_code error;
        stream_.shutdown(Tcp::socket::shutdown_send, error);
        done(!error);
    }
};

class Tls final : public StreamTransport<boost::asio::ssl::stream<Transport::Tcp::socket>> {
  public:
    using StreamTransport::StreamTransport;
    void open(Done done) override {
        no_delay();
        stream_.async_handshake(
            boost::asio::ssl::stream_base::server,
            [done = std::move(done)](const error_code& error) mutable { done(!error); });
    }
    [[nodiscard]] bool agreed_http2() const override {
        const unsigned char* name = nullptr;
        unsigned length = 0;
        // The handle is not const in Asio, but OpenSSL only reads.
        SSL_get0_alpn_selected(const_cast<Tls*>(this)->stream_.native_handle(), &name, &length);
        return std::string_view(reinterpret_cast<const char*>(name), length) == "h2";
    }
    void end(Done done) override {
        // Ends when the peer has said goodbye as well.
        stream_.async_shutdown(
            [done = std::move(done)](const error_code&) mutable { done(false); });
    }
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(Transport::Tcp::socket socket) {
    return std::make_unique<Plain>(std::move(socket));
}

std::unique_ptr<Transport> make_tls_transport(Transport::Tcp::socket socket,
                                              boost::asio::ssl::context& context) {
    return std::make_unique<Tls>(std::move(socket), context);
}

}  // namespace hongyan::universe
