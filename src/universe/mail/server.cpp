#include "universe/mail/server.hpp"

#include <array>

#include "base/thread.hpp"
#include "universe/mail/session.hpp"

namespace hongyan::universe::mail {

namespace asio = boost::asio;
using asio::ip::tcp;
using Failure = boost::system::error_code;

namespace {

constexpr std::size_t most_sessions = 2000;
constexpr Millis accept_pause{100};

}  // namespace

Server::Server(World& world) : world_(world), office_(world) {}

Server::~Server() { stop(); }

void Server::prepare_tls() {
    const std::string certificate = world_.certificate_file();
    if (certificate.empty()) return;
    Failure failed;
    tls_.emplace(asio::ssl::context::tls_server);
    tls_->use_certificate_chain_file(certificate, failed);
    if (!failed) tls_->use_private_key_file(world_.key_file(), asio::ssl::context::pem, failed);
    if (!failed) return;
    world_.log().warn("universe_smtp_tls", {{"detail", failed.message()}});
    tls_.reset();
}

Result<int> Server::start(int port) {
    prepare_tls();
    Failure failed;
    const tcp::endpoint here(asio::ip::make_address("127.0.0.1"),
                             static_cast<unsigned short>(port));
    acceptor_.open(here.protocol(), failed);
    if (!failed) acceptor_.set_option(tcp::acceptor::reuse_address(true), failed);
    if (!failed) acceptor_.bind(here, failed);
    if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (failed) {
        return make_error(ErrorCode::io_failed, "the mail server cannot listen on port " +
                                                    std::to_string(port) + ": " + failed.message());
    }
    const int found = acceptor_.local_endpoint().port();
    accept();
    thread_ = start_thread("sim-smtp", [this] { context_.run(); });
    return found;
}

void Server::accept() {
    acceptor_.async_accept([this](const Failure& failed, tcp::socket socket) {
        if (failed == asio::error::operation_aborted || !acceptor_.is_open()) return;
        if (failed) {  // mostly out of file descriptors
            pause_.expires_after(accept_pause);
            pause_.async_wait([this](const Failure& cancelled) {
                if (!cancelled) accept();
            });
            return;
        }
        if (sessions_.size() < most_sessions) {
            Rules rules = read_rules(world_);
            if (!tls_) rules.tls = TlsOffer::off;
            const auto session =
                std::make_shared<ServerSession>(std::move(socket), *this, std::move(rules));
            sessions_.insert(session);
            session->start();
        }
        accept();
    });
}

void Server::stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    const auto sessions = std::exchange(sessions_, {});
    for (const auto& session : sessions) session->close();
    Failure ignored;
    acceptor_.close(ignored);
}

}  // namespace hongyan::universe::mail
