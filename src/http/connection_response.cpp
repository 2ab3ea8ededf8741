// From answers to bytes: the writing half of Connection.
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <tuple>
#include <utility>

#include "base/assert.hpp"
#include "http/connection.hpp"
#include "http/response_writer.hpp"
#include "http/socket_session.hpp"
#include "http/worker.hpp"

namespace hongyan::http {

namespace {

/// Bodies above this are written from where they lie.
constexpr std::size_t copied_body_bytes = 16 * 1024;
/// Answers are gathered up to this, then written.
constexpr std::size_t gathered_bytes = 256 * 1024;

}  // namespace

void Connection::write_ready() {
    while (!closed_ && !waiting_to_write_) {
        if (large_ == nullptr && out_.size() < gathered_bytes) gather();
        if (out_.empty() || !send_now()) return;
    }
}

/// Moves the answers that are due from the queue into out_.
void Connection::gather() {
    while (Exchange* exchange = queue_.front()) {
        if (!exchange->answered) {
            if (std::exchange(exchange->wants_continue, false)) {
                out_ += "HTTP/1.1 100 Continue\r\n\r\n";
            }
            return;
        }
        if (exchange->response.upgrade != nullptr && !exchange->silent) {
            if (out_.empty() && large_ == nullptr) hand_over(*exchange);
            return;  // else what comes before is written first
        }
        if (!exchange->silent) append_answer(*exchange);
        if (exchange->silent || exchange->close) close_when_quiet_ = true;
        queue_.pop();
        if (large_ != nullptr) return;
        worker_.release(*exchange);
        if (out_.size() >= gathered_bytes) return;
    }
}

/// The end of HTTP on this connection: a SocketSession goes on with its socket.
void Connection::hand_over(Exchange& exchange) {
    HY_ASSERT(exchange.close && exchange.route != nullptr && exchange.route->options.upgrades);
    const boost::intrusive_ptr<Connection> keep(this);
    // A client that speaks before it has the 101, or gets one while the server stops, is not heard.
    const auto handler = std::move(exchange.response.upgrade);
    if (spoke_early_ || end_of_input_ || worker_.stopping()) {
        handler->closed();
        close();
        return;
    }
    count_answer(exchange, 0);
    std::ignore = SocketSession::start(worker_, std::move(socket_), std::move(place_),
                                       exchange.request, handler);
    leave();
}

void Connection::append_answer(Exchange& exchange) {
    const Response& response = exchange.response;
    if (worker_.stopping() && phase_ == Phase::drop && queue_.size() == 1) exchange.close = true;
    const std::string_view body =
        is_bodiless(response.status) ? std::string_view{} : exchange.response_body();
    const WireFacts facts{worker_.common_fields(), exchange.request_id, exchange.framing.http_11,
                          exchange.close};
    append_head(out_, response, body.size(), facts);
    count_answer(exchange, body.size());
    if (exchange.request.method == Method::head || body.empty()) return;
    if (body.size() <= copied_body_bytes) {
        out_ += body;
    } else {
        large_ = &exchange;
    }
}

void Connection::count_answer(const Exchange& exchange, std::size_t body_bytes) {
    const auto group = static_cast<std::size_t>(exchange.response.status / 100);
    WorkerCounters::add(worker_.own_counters().requests[group < 6 ? group : 5], 1);
    ServerContext& context = worker_.context();
    if (!context.access_log) return;
    const std::int64_t duration_us =
        exchange.started_us == 0 ? 0 : context.clock.steady_us() - exchange.started_us;
    context.access_log({exchange.request, exchange.response.status, body_bytes, duration_us});
}

/// Writes out_ and the large body behind it; false if the socket takes no more for now, or died.
bool Connection::send_now() {
    const std::string_view large = large_ == nullptr ? std::string_view{} : large_->response_body();
    while (sent_ < out_.size() + large.size()) {
        const std::size_t from_out = std::min(sent_, out_.size());
        const std::array<boost::asio::const_buffer, 2> parts{
            boost::asio::buffer(out_) + from_out,
            boost::asio::buffer(large.data(), large.size()) + (sent_ - from_out)};
        boost::system::error_code error;
        const std::size_t bytes =
            large.empty() ? socket_.write_some(parts[0], error) : socket_.write_some(parts, error);
        WorkerCounters::add(worker_.own_counters().bytes_sent, bytes);
        sent_ += bytes;
        if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) {
            waiting_to_write_ = true;
            write_due_ms_ = worker_.now_ms() + worker_.context().options.write_timeout.count();
            socket_.async_wait(
                boost::asio::ip::tcp::socket::wait_write,
                [self = boost::intrusive_ptr<Connection>(this)](
                    const boost::system::error_code& failed) { self->on_writable(failed); });
            return false;
        }
        if (error) {
            close();
            return false;
        }
    }
    sent_ = 0;
    if (out_.capacity() > gathered_bytes) {
        out_ = std::string();
    } else {
        out_.clear();
    }
    if (large_ != nullptr) worker_.release(*std::exchange(large_, nullptr));
    return true;
}

}  // namespace hongyan::http
