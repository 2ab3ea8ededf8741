#include "http/connection.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "http/worker.hpp"

namespace hongyan::http {

namespace {

/// Bytes asked of the socket at one time: few while heads come, more while bodies do.
constexpr std::size_t small_read = 4 * 1024;
constexpr std::size_t large_read = 64 * 1024;
/// How long a client may take to see that we have closed.
constexpr std::int64_t linger_ms = 2000;
constexpr std::int64_t linger_when_stopping_ms = 500;

}  // namespace

Connection::Connection(Worker& worker, boost::asio::ip::tcp::socket socket, std::string peer,
                       ConnectionLimits::Place place)
    : worker_(worker),
      peer_(std::move(peer)),
      place_(std::move(place)),
      socket_(std::move(socket)),
      read_size_(small_read),
      read_due_ms_(worker.now_ms() + worker.context().options.header_timeout.count()) {}

Connection::~Connection() = default;

void Connection::start() {
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    if (place_.turned_away()) {
        refuse_input(make_error(ErrorCode::overloaded, "too many connections are open"));
    }
    pump();
}

std::string_view Connection::input() const {
    const auto data = in_.data();
    return {static_cast<const char*>(data.data()), data.size()};
}

bool Connection::is_quiet() const {
    return queue_.empty() && out_.empty() && large_ == nullptr && !waiting_to_write_;
}

/// At the stop: the client has just come, and its first request is on its way.
bool Connection::is_expected() const {
    return first_due_ms_ != 0 && !asked_ && worker_.now_ms() < first_due_ms_;
}

bool Connection::mark_dirty() {
    if (dirty_ || parsing_) return false;
    dirty_ = true;
    return true;
}

void Connection::pump() {
    const boost::intrusive_ptr<Connection> keep(this);
    dirty_ = false;
    const std::size_t depth = worker_.context().options.pipeline_depth;
    bool again = true;
    while (again && !closed_) {
        parse_input();
        const bool was_full = queue_.size() >= depth;
        write_ready();
        again = was_full && queue_.size() < depth && in_.size() > 0;
    }
    settle();
}

/// Decides what the connection waits for now.
void Connection::settle() {
    if (closed_) return;
    if (is_quiet() && !lingering_) {
        const bool between_requests = phase_ == Phase::head || phase_ == Phase::drop;
        if (close_when_quiet_) {
            start_linger();
        } else if (end_of_input_ || (worker_.stopping() && between_requests && !is_expected())) {
            close();
        }
    }
    if (closed_) return;
    read_more();
    update_deadline();
}

/// Shuts our side down and waits for the client's: closing with unread input would reset the
/// connection, and the client might lose the answer.
void Connection::start_linger() {
    if (end_of_input_) {
        close();
        return;
    }
    boost::system::error_code ignored;
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    phase_ = Phase::drop;
    in_.consume(in_.size());
    lingering_ = true;
    linger_due_ms_ = worker_.now_ms() + (worker_.stopping() ? linger_when_stopping_ms : linger_ms);
}

void Connection::read_more() {
    if (reading_ || closed_ || end_of_input_ || phase_ == Phase::guard_wait) return;
    if (phase_ == Phase::drop && !lingering_) return;
    if (phase_ == Phase::head &&
        (waiting_to_write_ || queue_.size() >= worker_.context().options.pipeline_depth)) {
        return;
    }
    if (phase_ == Phase::head && in_.size() == 0 && in_.capacity() >= large_read) {
        in_ = boost::beast::flat_buffer();  // an idle connection keeps little
        read_size_ = small_read;
    }
    // While this is under way in_ is only parsed, never emptied, unless all that comes is dropped.
    reading_ = true;
    socket_.async_read_some(in_.prepare(read_size_),
                            [self = boost::intrusive_ptr<Connection>(this)](
                                const boost::system::error_code& error, std::size_t bytes) {
                                self->on_read(error, bytes);
                            });
}

void Connection::on_read(const boost::system::error_code& error, std::size_t bytes) {
    reading_ = false;
    if (closed_) return;
    if (error == boost::asio::error::eof) {
        on_end_of_input();
    } else if (error) {
        close();
    } else {
        WorkerCounters::add(worker_.own_counters().bytes_received, bytes);
        in_.commit(bytes);
        if (bytes == read_size_) read_size_ = std::min(read_size_ * 2, large_read);
        pump();
    }
    worker_.flush();
}

/// The client has sent its last byte; it may still read answers.
void Connection::on_end_of_input() {
    end_of_input_ = true;
    if (lingering_) {
        close();
        return;
    }
    if (current_ != nullptr) {
        current_->answered = current_->silent = true;
        current_ = nullptr;
    }
    phase_ = Phase::drop;
    pump();
}

void Connection::on_writable(const boost::system::error_code& error) {
    if (closed_) return;
    waiting_to_write_ = false;
    if (error) {
        close();
    } else {
        pump();
    }
    worker_.flush();
}

std::int64_t Connection::read_deadline() const {
    const ServerOptions& options = worker_.context().options;
    if (phase_ == Phase::guard_wait || phase_ == Phase::drop) return never;
    if (phase_ != Phase::head) return read_due_ms_;
    if (queue_.size() >= options.pipeline_depth) return never;
    if (head_begun_) return read_due_ms_;
    return is_quiet() ? worker_.now_ms() + options.idle_timeout.count() : never;
}

void Connection::update_deadline() {
    std::int64_t due_ms = lingering_ ? linger_due_ms_ : read_deadline();
    if (waiting_to_write_) due_ms = std::min(due_ms, write_due_ms_);
    if (first_due_ms_ != 0 && !asked_) due_ms = std::min(due_ms, first_due_ms_);
    worker_.set_deadline(*this, due_ms);
}

void Connection::on_deadline() {
    const boost::intrusive_ptr<Connection> keep(this);
    const bool write_late = waiting_to_write_ && write_due_ms_ <= worker_.now_ms();
    const bool idle = phase_ == Phase::head && in_.size() == 0;
    const bool skips = phase_ == Phase::skip_sized || phase_ == Phase::skip_chunked;
    if (lingering_ || write_late || idle || skips) {
        close();
        return;
    }
    const Error late = make_error(ErrorCode::request_timeout,
                                  phase_ == Phase::head ? "the header did not arrive in time"
                                                        : "the body did not arrive in time");
    if (current_ == nullptr) {
        refuse_input(late);
    } else {
        Exchange& exchange = *std::exchange(current_, nullptr);
        exchange.close = true;
        phase_ = Phase::drop;
        answer_error(exchange, late);
    }
    pump();
}

void Connection::begin_stop() {
    const boost::intrusive_ptr<Connection> keep(this);
    if (!asked_ && !lingering_ && !end_of_input_ && is_quiet() && phase_ == Phase::head) {
        first_due_ms_ = worker_.now_ms() + linger_when_stopping_ms;
        update_deadline();
        return;
    }
    if (lingering_ || (is_quiet() && phase_ == Phase::head)) {
        close();
        return;
    }
    if (phase_ == Phase::head) phase_ = Phase::drop;
}

void Connection::close() {
    if (closed_) return;
    const boost::intrusive_ptr<Connection> keep(this);
    boost::system::error_code ignored;
    socket_.close(ignored);
    leave();
}

/// Ends the connection, whose socket is closed or given away.
void Connection::leave() {
    closed_ = true;
    worker_.remove_deadline(*this);
    current_ = nullptr;
    while (Exchange* exchange = queue_.pop()) {
        if (exchange->handed_out && !exchange->answered) {
            exchange->connection = nullptr;  // comes back when its Responder is called
        } else {
            worker_.release(*exchange);
        }
    }
    if (large_ != nullptr) worker_.release(*std::exchange(large_, nullptr));
    worker_.connection_closed(*this);
}

}  // namespace hongyan::http
