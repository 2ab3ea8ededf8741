#include "universe/core/listener.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/thread.hpp"
#include "universe/core/connection.hpp"
#include "universe/core/universe.hpp"

namespace hongyan::universe {
namespace {

using Tcp = boost::asio::ip::tcp;
using boost::system::error_code;

constexpr int backlog = 1'024;
constexpr Millis accept_pause{100};
constexpr std::chrono::seconds sweep_pause{1};

/// One thread with its loop and its connections.
struct Worker {
    boost::asio::io_context loop{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        loop.get_executor()};
    boost::asio::steady_timer sweep{loop};
    std::unordered_map<Connection*, std::shared_ptr<Connection>> connections;
    std::atomic<std::size_t> count{0};
    std::thread thread;
    std::atomic<std::thread::id> thread_id{};

    void adopt(std::shared_ptr<Connection> connection) {
        connections.emplace(connection.get(), connection);
        connection->start();
    }
    void forget(Connection& connection) {
        connections.erase(&connection);
        --count;
    }
    void arm() {
        sweep.expires_after(sweep_pause);
        sweep.async_wait([this](const error_code& error) {
            if (error) return;
            close_idle();
            arm();
        });
    }
    /// A copy, because closing takes a connection out of the map.
    [[nodiscard]] std::vector<std::shared_ptr<Connection>> all() const {
        std::vector<std::shared_ptr<Connection>> copy;
        for (const auto& [key, connection] : connections) copy.push_back(connection);
        return copy;
    }
    void close_idle() {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        const auto now_ms = std::chrono::duration_cast<Millis>(now).count();
        for (const auto& connection : all()) connection->check_idle(now_ms);
    }
    void close_all() {
        sweep.cancel();
        for (const auto& connection : all()) connection->cut();
        work.reset();
    }
};

struct Port {
    Tcp::acceptor acceptor;
    boost::asio::steady_timer pause;
    bool tls = false;
    int number = 0;
};

Error bind_error(const Tcp::endpoint& endpoint, const error_code& error) {
    const std::string place =
        endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
    return make_error(ErrorCode::io_failed, "the universe cannot listen on " + place + ": " +
                                                error.message() +
                                                "; choose another port, or 0 for any");
}

/// Chooses h2 before http/1.1; a client that offers neither gets no choice and HTTP/1.
int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                unsigned int in_length, void*) {
    static constexpr unsigned char ours[] = "\x02h2\x08http/1.1";
    unsigned char* chosen = nullptr;
    const int found =
        SSL_select_next_proto(&chosen, out_length, ours, sizeof(ours) - 1, in, in_length);
    if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

struct HttpListener::State {
    State(Site& site, const UniverseOptions& given, Log& sink)
        : options(given),
          log(sink),
          setup{site, {given.header_bytes, given.body_bytes, given.http2_streams, given.idle}} {
        for (int i = 0; i < std::max(given.threads, 1); ++i)
            workers.push_back(std::make_unique<Worker>());
    }

    const UniverseOptions& options;
    Log& log;
    const ConnectionSetup setup;
    boost::asio::ssl::context tls{boost::asio::ssl::context::tls_server};
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<std::unique_ptr<Port>> ports;  ///< on the loop of the first worker
    std::size_t next = 0;
    bool running = false;

    [[nodiscard]] Status load(const CertificateFiles& files) {
        error_code error;
        tls.set_options(boost::asio::ssl::context::default_workarounds |
                            boost::asio::ssl::context::no_tlsv1 |
                            boost::asio::ssl::context::no_tlsv1_1,
                        error);
        if (!error) tls.use_certificate_chain_file(files.certificate, error);
        if (!error) tls.use_private_key_file(files.key, boost::asio::ssl::context::pem, error);
        if (error) {
            return make_error(ErrorCode::io_failed,
                              "the universe's certificate cannot be used: " + error.message());
        }
        SSL_CTX_set_alpn_select_cb(tls.native_handle(), choose_alpn, nullptr);
        return Done{};
    }

    [[nodiscard]] Status bind(int number, bool with_tls) {
        if (number < 0) return Done{};
        if (number > 65'535)
            return make_error(ErrorCode::config_invalid, "a port is a number from 0 to 65535");
        const std::string host = options.host == "localhost" ? "127.0.0.1" : options.host;
        error_code error;
        const auto address = boost::asio::ip::make_address(host, error);
        if (error || !address.is_loopback()) {
            return make_error(
                ErrorCode::config_invalid,
                "the universe listens on loopback only, because whoever reaches it can "
                "read every message; \"" +
                    options.host + "\" is not a loopback address like 127.0.0.1");
        }
        auto& loop = workers.front()->loop;
        auto port = std::make_unique<Port>(
            Port{Tcp::acceptor(loop), boost::asio::steady_timer(loop), with_tls, 0});
        const Tcp::endpoint endpoint(address, static_cast<std::uint16_t>(number));
        port->acceptor.open(endpoint.protocol(), error);
        if (!error) port->acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
        if (!error) port->acceptor.bind(endpoint, error);
        if (!error) port->acceptor.listen(backlog, error);
        if (error) return bind_error(endpoint, error);
        port->number = port->acceptor.local_endpoint().port();
        ports.push_back(std::move(port));
        return Done{};
    }

    void accept(Port& port) {
        Worker& worker = *workers[next++ % workers.size()];
        port.acceptor.async_accept(
            worker.loop, [this, &port, &worker](const error_code& error, Tcp::socket socket) {
                if (!port.acceptor.is_open()) return;
                if (error) return accept_later(port, error);
                if (worker.count < std::max<std::size_t>(options.connections / workers.size(), 1))
                    serve(worker, std::move(socket), port.tls);
                accept(port);
            });
    }

    /// Mostly out of file descriptors: trying again at once would only burn the processor.
    void accept_later(Port& port, const error_code& error) {
        if (error == boost::asio::error::operation_aborted) return;
        log.warn("universe_accept_failed", {{"reason", error.message()}});
        port.pause.expires_after(accept_pause);
        port.pause.async_wait([this, &port](const error_code& cancelled) {
            if (!cancelled) accept(port);
        });
    }

    void serve(Worker& worker, Tcp::socket socket, bool with_tls) {
        error_code ignored;
        PeerFacts peer{socket.remote_endpoint(ignored).address().to_string(),
                       with_tls ? "https" : "http"};
        auto transport = with_tls ? make_tls_transport(std::move(socket), tls)
                                  : make_plain_transport(std::move(socket));
        auto connection =
            std::make_shared<Connection>(worker.loop, std::move(transport), setup, std::move(peer),
                                         [&worker](Connection& gone) { worker.forget(gone); });
        ++worker.count;
        boost::asio::post(worker.loop, [&worker, connection = std::move(connection)]() mutable {
            worker.adopt(std::move(connection));
        });
    }

    [[nodiscard]] int port_of(bool with_tls) const {
        for (const auto& port : ports) {
            if (port->tls == with_tls) return port->number;
        }
        return 0;
    }
};

HttpListener::HttpListener(Site& site, const UniverseOptions& options, Log& log)
    : state_(std::make_unique<State>(site, options, log)) {}

HttpListener::~HttpListener() { stop(); }

Status HttpListener::open(const CertificateFiles& certificate) {
    if (auto loaded = state_->load(certificate); !loaded) return loaded;
    if (auto bound = state_->bind(state_->options.http_port, false); !bound) return bound;
    return state_->bind(state_->options.https_port, true);
}

void HttpListener::run() {
    state_->running = true;
    for (auto& port : state_->ports) state_->accept(*port);
    for (auto& worker : state_->workers) {
        worker->arm();
        worker->thread = start_thread("sim-http", [&one = *worker] {
            one.thread_id = std::this_thread::get_id();
            one.loop.run();
        });
    }
}

void HttpListener::stop() {
    if (!std::exchange(state_->running, false)) return;
    boost::asio::post(state_->workers.front()->loop, [this] {
        error_code ignored;
        for (auto& port : state_->ports) {
            port->acceptor.close(ignored);
            port->pause.cancel();
        }
    });
    // The first loop ends first, so that it gives no more connections to the others.
    for (auto& worker : state_->workers) {
        boost::asio::post(worker->loop, [&worker] {
            worker->close_all();
            worker->loop.stop();
        });
        if (worker->thread.joinable()) worker->thread.join();
    }
}

int HttpListener::http_port() const { return state_->port_of(false); }
int HttpListener::https_port() const { return state_->port_of(true); }

bool HttpListener::is_own_thread() const {
    const auto self = std::this_thread::get_id();
    return std::ranges::any_of(state_->workers,
                               [&](const auto& worker) { return worker->thread_id == self; });
}

}  // namespace hongyan::universe
