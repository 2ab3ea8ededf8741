#include "http/listener.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <future>
#include <optional>
#include <utility>

#include "http/worker.hpp"

namespace hongyan::http {

namespace {

using boost::asio::ip::address;
using boost::system::error_code;

constexpr int backlog = 4096;
constexpr Millis accept_pause{100};

address unmapped(const address& peer) {
    if (!peer.is_v6() || !peer.to_v6().is_v4_mapped()) return peer;
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, peer.to_v6());
}

/// What connections are counted by: the IPv4 address, or the /64 that one IPv6 user has.
std::uint64_t key_of(const address& peer) {
    if (peer.is_v4()) return peer.to_v4().to_uint();
    std::uint64_t key = 0;
    std::memcpy(&key, peer.to_v6().to_bytes().data(), sizeof key);
    return key;
}

/// The addresses that a host setting stands for; none if it is not understood.
std::vector<address> addresses_of(std::string host) {
    if (host == "localhost") {
        return {boost::asio::ip::address_v4::loopback(), boost::asio::ip::address_v6::loopback()};
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    error_code error;
    const address parsed = boost::asio::ip::make_address(host, error);
    if (error) return {};
    return {parsed};
}

Error bind_error(const Listener::Tcp::endpoint& endpoint, const error_code& error) {
    const bool v6 = endpoint.address().is_v6();
    const std::string host = endpoint.address().to_string();
    const std::string name = (v6 ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
    std::string remedy = "see whether this machine has that address";
    if (error == boost::asio::error::address_in_use) {
        remedy =
            "stop the program that listens there, or choose another port with --listen "
            "HOST:PORT";
    } else if (error == boost::asio::error::access_denied) {
        remedy = "ports below 1024 need a privilege; choose another with --listen HOST:PORT";
    }
    return make_error(ErrorCode::io_failed,
                      "cannot listen on " + name + ": " + error.message() + "; " + remedy);
}

}  // namespace

Listener::Listener(std::shared_ptr<ServerContext> context,
                   std::vector<std::shared_ptr<Worker>> workers)
    : context_(std::move(context)),
      workers_(std::move(workers)),
      pause_(workers_.front()->loop()),
      port_(context_->options.port) {}

Status Listener::open() {
    const ServerOptions& options = context_->options;
    const auto addresses = addresses_of(options.host);
    if (addresses.empty()) {
        return make_error(ErrorCode::config_invalid,
                          "'" + options.host +
                              "' is not an address to listen on; give an IPv4 or "
                              "IPv6 address or 'localhost'");
    }
    if (options.port < 0 || options.port > 65535) {
        return make_error(ErrorCode::config_invalid, "a port is a number from 0 to 65535");
    }
    for (const address& one : addresses) {
        if (Status bound = bind(one, sockets_.empty()); !bound) {
            sockets_.clear();
            return bound;
        }
    }
    return Done{};
}

/// The second loopback of localhost is left out where the machine does not have it.
Status Listener::bind(const address& host, bool required) {
    const Tcp::endpoint endpoint(host, static_cast<std::uint16_t>(port_));
    Tcp::acceptor acceptor(workers_.front()->loop());
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error && host.is_v6()) {
        // "::" takes IPv4 too, as users expect.
        acceptor.set_option(boost::asio::ip::v6_only(!host.is_unspecified()), error);
    }
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(backlog, error);
    if (error) {
        const bool missing = error == boost::asio::error::address_family_not_supported ||
                             error == boost::system::errc::address_not_available;
        if (!required && missing) return Done{};
        return bind_error(endpoint, error);
    }
    port_ = acceptor.local_endpoint().port();
    sockets_.push_back({std::move(acceptor), {}});
    return Done{};
}

void Listener::start() {
    for (Socket& socket : sockets_) accept(socket);
}

void Listener::stop() {
    std::promise<void> closed;
    boost::asio::post(workers_.front()->loop(), [this, &closed] {
        error_code ignored;
        for (Socket& socket : sockets_) {
            take_waiting(socket);
            socket.acceptor.close(ignored);
        }
        pause_.cancel();
        // Behind the connections that this thread has just handed to itself.
        boost::asio::post(workers_.front()->loop(), [&closed] { closed.set_value(); });
    });
    closed.get_future().wait();
}

void Listener::take_waiting(Socket& socket) {
    error_code error;
    socket.acceptor.non_blocking(true, error);
    for (int count = 0; count < backlog && !error; ++count) {
        Worker& worker = *workers_[next_worker_++ % workers_.size()];
        Tcp::socket client(worker.loop());
        Tcp::endpoint from;
        socket.acceptor.accept(client, from, error);
        if (!error) accepted(from, worker, std::move(client));
    }
}

void Listener::accept(Socket& socket) {
    Worker& worker = *workers_[next_worker_++ % workers_.size()];
    socket.acceptor.async_accept(
        worker.loop(), socket.peer,
        [this, &socket, &worker](const error_code& error, Tcp::socket client) {
            if (error) {
                accept_failed(socket, error);
                return;
            }
            accepted(socket.peer, worker, std::move(client));
            accept(socket);
        });
}

void Listener::accepted(const Tcp::endpoint& from, Worker& worker, Tcp::socket client) {
    const address peer = unmapped(from.address());
    std::optional<std::uint64_t> key;
    if (!peer.is_loopback() || context_->options.limit_loopback) key = key_of(peer);
    auto place = context_->limits.enter(key);
    if (!place) return;  // the client is destroyed, and so closed
    worker.adopt(std::move(client), peer.to_string(), std::move(*place));
}

void Listener::accept_failed(Socket& socket, const error_code& error) {
    if (error == boost::asio::error::operation_aborted || !socket.acceptor.is_open()) return;
    if (context_->log != nullptr) {
        context_->log->warn("accept_failed", {{"reason", error.message()}});
    }
    // Mostly out of file descriptors: trying again at once would only burn the processor.
    socket.paused = true;
    pause_.expires_after(accept_pause);
    pause_.async_wait([this](const error_code& cancelled) {
        if (cancelled) return;
        for (Socket& each : sockets_) {
            if (std::exchange(each.paused, false)) accept(each);
        }
    });
}

}  // namespace hongyan::http
