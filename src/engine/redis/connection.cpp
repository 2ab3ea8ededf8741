#include "engine/redis/connection.hpp"

#include <array>
#include <optional>
#include <utility>

#include "engine/redis/asio.hpp"

namespace hongyan::redis {

namespace asio = boost::asio;
using asio::ip::tcp;
using Failure = boost::system::error_code;

struct Connection::Held : std::enable_shared_from_this<Connection::Held> {
    Held(asio::io_context& context, Address to, ConnectionEvents& owner)
        : address(std::move(to)), resolver(context), socket(context), events(&owner) {}

    const Address address;
    tcp::resolver resolver;
    tcp::socket socket;
    std::optional<asio::ssl::context> tls_context;
    std::optional<asio::ssl::stream<tcp::socket&>> tls;
    ConnectionEvents* events;  ///< null once closed
    std::string gathered;
    std::string writing;
    bool is_open = false;
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
            address.host, address.port,
            [self = shared_from_this()](const Failure& failed,
                                        const tcp::resolver::results_type& found) {
                if (failed) return self->fail("name not found", failed);
                if (self->events != nullptr) self->connect(found);
            });
    }

    void connect(const tcp::resolver::results_type& found) {
        asio::async_connect(
            socket, found,
            [self = shared_from_this()](const Failure& failed, const tcp::endpoint&) {
                if (failed) return self->fail("no connection", failed);
                if (self->events == nullptr) return;
                Failure ignored;
                self->socket.set_option(tcp::no_delay(true), ignored);
                if (self->address.tls) return self->shake_hands();
                self->opened();
            });
    }

    void opened() {
        is_open = true;
        events->on_open();
        read();
    }

    /// The context is made for each connection: a renewed ca_file counts from the next one on.
    Failure prepare_tls() {
        Failure failed;
        tls_context.emplace(asio::ssl::context::tls_client);
        tls_context->set_options(asio::ssl::context::default_workarounds |
                                     asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1,
                                 failed);
        if (failed) return failed;
        if (address.ca_file.empty()) {
            tls_context->set_default_verify_paths(failed);
        } else {
            tls_context->load_verify_file(address.ca_file, failed);
        }
        if (failed) return failed;
        tls.emplace(socket, *tls_context);
        tls->set_verify_mode(asio::ssl::verify_peer, failed);
        if (failed) return failed;
        tls->set_verify_callback(asio::ssl::host_name_verification(address.server_name), failed);
        // An address has no server name indication (RFC 6066).
        Failure no_address;
        asio::ip::make_address(address.server_name, no_address);
        if (!failed && no_address &&
            SSL_set_tlsext_host_name(tls->native_handle(), address.server_name.c_str()) != 1)
            return asio::error::invalid_argument;
        return failed;
    }

    void shake_hands() {
        if (const Failure failed = prepare_tls()) return fail("TLS", failed);
        tls->async_handshake(asio::ssl::stream_base::client,
                             [self = shared_from_this()](const Failure& failed) {
                                 if (failed) return self->fail("TLS", failed);
                                 if (self->events != nullptr) self->opened();
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

    void flush() {
        if (events == nullptr || !is_open || !writing.empty() || gathered.empty()) return;
        writing.swap(gathered);
        auto done = [self = shared_from_this()](const Failure& failed, std::size_t) {
            // The reading side reports the end, after the answers that came before it.
            if (failed) return;
            self->writing.clear();
            self->flush();
        };
        if (tls) {
            asio::async_write(*tls, asio::buffer(writing), std::move(done));
        } else {
            asio::async_write(socket, asio::buffer(writing), std::move(done));
        }
    }
};

Connection::Connection(Loop& loop, Address address, ConnectionEvents& events)
    : held_(std::make_shared<Held>(loop.context(), std::move(address), events)) {}

Connection::~Connection() { close(); }

void Connection::open() { held_->open(); }

std::string& Connection::out() { return held_->gathered; }

void Connection::flush() { held_->flush(); }

void Connection::close() {
    if (std::exchange(held_->events, nullptr) != nullptr) held_->shut();
}

}  // namespace hongyan::redis
