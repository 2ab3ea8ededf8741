#include "http/socket_session.hpp"

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <utility>

#include "http/worker.hpp"

namespace hongyan::http {
namespace {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

/// How long the two sides may take over opening and closing.
constexpr std::chrono::seconds handshake_time{10};
constexpr Millis closing_time{3'000};

beast::http::request<beast::http::empty_body> handshake_of(const Request& request) {
    beast::http::request<beast::http::empty_body> handshake(beast::http::verb::get, "/", 11);
    for (const auto& field : request.fields)
        handshake.insert({field.name.data(), field.name.size()},
                         {field.value.data(), field.value.size()});
    // None is spoken here; Beast would leave them unanswered in any case.
    handshake.erase(beast::http::field::sec_websocket_extensions);
    handshake.erase(beast::http::field::sec_websocket_protocol);
    return handshake;
}

class Session final : public SocketSession, public std::enable_shared_from_this<Session> {
  public:
    Session(Worker& worker, boost::asio::ip::tcp::socket socket, ConnectionLimits::Place place,
            std::shared_ptr<SocketHandler> handler)
        : worker_(worker.shared_from_this()),
          place_(std::move(place)),
          handler_(std::move(handler)),
          stream_(std::move(socket)),
          last_heard_ms_(worker.now_ms()) {}

    void begin(const Request& request);
    bool send(std::shared_ptr<const std::string> text) override;
    void close(CloseCode code, std::string_view reason) override;
    void stop() override { begin_close(CloseCode::going_away, "the server stops"); }
    void cut() override;

  private:
    void configure(const Request& request);
    void accepted(const error_code& error);
    void read();
    void on_read(const error_code& error, std::size_t bytes);
    void write(std::shared_ptr<const std::string> text);
    void begin_close(CloseCode code, std::string_view reason);
    void cut_later();
    void ping_later();
    void ping();
    void end();

    const std::shared_ptr<Worker> worker_;  ///< first: the stream's loop must outlive it
    const ConnectionLimits::Place place_;
    const std::shared_ptr<SocketHandler> handler_;
    std::atomic<bool> busy_{true};  ///< a message is on its way, or the socket is not open
    std::atomic<bool> ended_{false};

    // On the worker's thread only:
    websocket::stream<boost::asio::ip::tcp::socket, false> stream_;
    beast::http::request<beast::http::empty_body> handshake_;
    beast::flat_buffer buffer_;
    std::int64_t last_heard_ms_;
    bool pinging_ = false;
    bool closing_ = false;
};

void Session::begin(const Request& request) {
    worker_->socket_opened(shared_from_this());
    configure(request);
    handshake_ = handshake_of(request);
    stream_.async_accept(handshake_, [self = shared_from_this()](const error_code& error) {
        self->accepted(error);
        self->worker_->flush();
    });
}

void Session::configure(const Request& request) {
    const ServerOptions& options = worker_->context().options;
    websocket::stream_base::timeout times;
    times.handshake_timeout = handshake_time;
    times.idle_timeout = websocket::stream_base::none();
    times.keep_alive_pings = false;
    stream_.set_option(times);
    stream_.set_option(websocket::stream_base::decorator(
        [id = std::string(request.request_id)](websocket::response_type& response) {
            response.set("X-Request-Id", id);
            response.set("Cache-Control", "no-store");
            response.erase(beast::http::field::server);
        }));
    stream_.read_message_max(options.socket_message_bytes);
    stream_.auto_fragment(false);
    stream_.text(true);
    stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
        last_heard_ms_ = worker_->now_ms();
        // Beast answers, then waits for the client's end of the connection: not for ever.
        if (kind == websocket::frame_type::close && !std::exchange(closing_, true)) {
            busy_ = true;
            cut_later();
        }
    });
}

void Session::accepted(const error_code& error) {
    if (error) return end();
    handshake_ = {};
    busy_ = false;
    handler_->opened(shared_from_this());
    ping_later();
    read();
}

void Session::read() {
    stream_.async_read(buffer_,
                       [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                           self->on_read(error, bytes);
                           self->worker_->flush();
                       });
}

void Session::on_read(const error_code& error, std::size_t bytes) {
    if (error) return end();  // Beast has answered a broken frame or a close with its code
    last_heard_ms_ = worker_->now_ms();
    WorkerCounters::add(worker_->own_counters().bytes_received, bytes);
    if (!stream_.got_text()) {
        begin_close(CloseCode::unsupported_data, "text messages only");
    } else if (!closing_) {
        const auto data = buffer_.cdata();
        handler_->received({static_cast<const char*>(data.data()), data.size()});
    }
    buffer_.consume(buffer_.size());
    if (buffer_.capacity() > 4 * 1024) buffer_ = beast::flat_buffer();
    read();  // also while closing: the client's close frame is read here
}

bool Session::send(std::shared_ptr<const std::string> text) {
    if (ended_ || busy_.exchange(true)) return false;
    boost::asio::post(worker_->loop(),
                      [self = shared_from_this(), text = std::move(text)]() mutable {
                          self->write(std::move(text));
                      });
    return true;
}

void Session::write(std::shared_ptr<const std::string> text) {
    if (ended_ || closing_) return;
    const auto bytes = boost::asio::buffer(*text);
    stream_.async_write(bytes, [self = shared_from_this(), text = std::move(text)](
                                   const error_code& error, std::size_t sent) {
        WorkerCounters::add(self->worker_->own_counters().bytes_sent, sent);
        if (!error) self->busy_ = false;
        // An error ends the read too, which ends the session.
    });
}

void Session::close(CloseCode code, std::string_view reason) {
    boost::asio::post(worker_->loop(), [self = shared_from_this(), code,
                                        words = std::string(reason.substr(0, 123))] {
        self->begin_close(code, words);
    });
}

void Session::begin_close(CloseCode code, std::string_view reason) {
    if (ended_ || std::exchange(closing_, true)) return;
    busy_ = true;
    if (!stream_.is_open()) return cut();
    const websocket::close_reason why(static_cast<websocket::close_code>(code),
                                      {reason.data(), reason.size()});
    stream_.async_close(why, [self = shared_from_this()](const error_code&) {
        self->end();
        self->worker_->flush();
    });
    cut_later();  // a client that reads nothing would keep the close frame from leaving
}

void Session::cut_later() {
    worker_->schedule(closing_time, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->cut();
    });
}

void Session::ping_later() {
    worker_->schedule(worker_->context().options.socket_ping, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->ping();
    });
}

void Session::ping() {
    if (ended_ || closing_) return;
    const auto silent_ms = worker_->now_ms() - last_heard_ms_;
    if (silent_ms > worker_->context().options.socket_dead.count()) return cut();
    if (!std::exchange(pinging_, true)) {
        stream_.async_ping({}, [self = shared_from_this()](const error_code& error) {
            self->pinging_ = false;
            // Refused while Beast ends a connection that broke the protocol: it had its time.
            if (error) self->cut();
            self->worker_->flush();
        });
    }
    ping_later();
}

void Session::cut() {
    if (ended_) return;
    error_code ignored;
    beast::get_lowest_layer(stream_).close(ignored);
    end();
}

void Session::end() {
    if (ended_.exchange(true)) return;
    busy_ = true;
    error_code ignored;
    beast::get_lowest_layer(stream_).close(ignored);
    handler_->closed();
    worker_->socket_closed(shared_from_this());
}

}  // namespace

std::shared_ptr<SocketSession> SocketSession::start(Worker& worker,
                                                    boost::asio::ip::tcp::socket socket,
                                                    ConnectionLimits::Place place,
                                                    const Request& request,
                                                    std::shared_ptr<SocketHandler> handler) {
    auto session =
        std::make_shared<Session>(worker, std::move(socket), std::move(place), std::move(handler));
    session->begin(request);
    return session;
}

}  // namespace hongyan::http
