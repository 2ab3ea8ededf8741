#include "channel/smpp/connection.hpp"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "channel/smpp/asio.hpp"

namespace hongyan::smpp {

namespace asio = boost::asio;
using asio::ip::tcp;
using Failure = boost::system::error_code;

struct Connection::Held : std::enable_shared_from_this<Connection::Held> {
    Held(asio::io_context& context, Endpoint to, ConnectionEvents& owner)
        : endpoint(std::move(to)), resolver(context), socket(context), events(&owner) {}

    const Endpoint endpoint;
    tcp::resolver resolver;
    tcp::socket socket;
    std::optional<asio::ssl::context> tls_context;
    std::optional<asio::ssl::stream<tcp::socket&>> tls;
    ConnectionEvents* events;  ///< null once closed
    std::string writing;
    bool is_writing = false;
    std::array<char, 65'536> received{};

    void fail(const char* doing, const Failure& why) {
        if (events == nullptr) return;
        auto* owner = std::exchange(events, nullptr);
        shut();
        owner->on_closed(std::string(doing) + ": " + why.message());
    }

    void shut() {
        Failure ignored;
        resolver.cancel();
        socket.shutdown(tcp::socket::shutdown_both, ignored);
        socket.close(ignored);
    }

    void open() {
        resolver.async_resolve(
            endpoint.host, endpoint.port,
            [self = shared_from_this()](const Failure& failed,
                                        const tcp::resolver::results_type& found) {
                if (failed) return self->fail("name not found", failed);
                if (self->events != nullptr) self->connect(found);
            });
    }

    /// The addresses are judged here, after the name was looked up, and no other is connected to.
    void connect(const tcp::resolver::results_type& found) {
        std::vector<tcp::endpoint> open;
        for (const auto& entry : found) {
            const tcp::endpoint to = entry.endpoint();
            if (may_connect(to.data(), endpoint.allowed)) open.push_back(to);
        }
        if (open.empty()) {
            return fail("the centre's address is not public and not in outbound.allow_networks",
                        asio::error::access_denied);
        }
        asio::async_connect(
            socket, open, [self = shared_from_this()](const Failure& failed, const tcp::endpoint&) {
                if (failed) return self->fail("no connection", failed);
                if (self->events == nullptr) return;
                Failure ignored;
                self->socket.set_option(tcp::no_delay(true), ignored);
                if (self->endpoint.tls) return self->shake_hands();
                self->events->on_open();
                self->read();
            });
    }

    /// The context is made for each connection: a renewed ca_file counts from the next one on.
    Failure prepare_tls() {
        Failure failed;
        tls_context.emplace(asio::ssl::context::tls_client);
        tls_context->set_options(asio::ssl::context::default_workarounds |
                                     asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1,
                                 failed);
        if (failed) return failed;
        if (endpoint.ca_file.empty()) {
            tls_context->set_default_verify_paths(failed);
        } else {
            tls_context->load_verify_file(endpoint.ca_file, failed);
        }
        if (failed) return failed;
        tls.emplace(socket, *tls_context);
        tls->set_verify_mode(asio::ssl::verify_peer, failed);
        if (failed) return failed;
        tls->set_verify_callback(asio::ssl::host_name_verification(endpoint.server_name), failed);
        // An address has no server name indication (RFC 6066).
        Failure no_address;
        asio::ip::make_address(endpoint.server_name, no_address);
        if (!failed && no_address &&
            SSL_set_tlsext_host_name(tls->native_handle(), endpoint.server_name.c_str()) != 1)
            return asio::error::invalid_argument;
        return failed;
    }

    void shake_hands() {
        if (const Failure failed = prepare_tls()) return fail("TLS", failed);
        tls->async_handshake(asio::ssl::stream_base::client,
                             [self = shared_from_this()](const Failure& failed) {
                                 if (failed) return self->fail("TLS", failed);
                                 if (self->events == nullptr) return;
                                 self->events->on_open();
                                 self->read();
                             });
    }

    void read() {
        if (events == nullptr) return;
        auto done = [self = shared_from_this()](const Failure& failed, std::size_t count) {
            if (failed) return self->fail("connection lost", failed);
            if (self->events == nullptr) return;
            self->events->on_bytes({self->received.data(), count});
            self->read();
        };
        if (tls) {
            tls->async_read_some(asio::buffer(received), std::move(done));
        } else {
            socket.async_read_some(asio::buffer(received), std::move(done));
        }
    }

    void write(std::string bytes) {
        HY_ASSERT(!is_writing);
        if (events == nullptr || bytes.empty()) return;
        writing = std::move(bytes);
        is_writing = true;
        auto done = [self = shared_from_this()](const Failure& failed, std::size_t) {
            // The reading side reports the end, after the answers that came before it.
            if (failed) return;
            self->is_writing = false;
            if (self->events != nullptr) self->events->on_writable();
        };
        if (tls) {
            asio::async_write(*tls, asio::buffer(writing), std::move(done));
        } else {
            asio::async_write(socket, asio::buffer(writing), std::move(done));
        }
    }
};

Connection::Connection(Loop& loop, Endpoint endpoint, ConnectionEvents& events)
    : held_(std::make_shared<Held>(loop.context(), std::move(endpoint), events)) {}

Connection::~Connection() { close(); }

void Connection::open() { held_->open(); }

bool Connection::is_writing() const { return held_->is_writing; }

void Connection::write(std::string bytes) { held_->write(std::move(bytes)); }

void Connection::close() {
    if (std::exchange(held_->events, nullptr) != nullptr) held_->shut();
}

}  // namespace hongyan::smpp
