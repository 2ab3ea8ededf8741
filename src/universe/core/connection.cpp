#include "universe/core/connection.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace hongyan::universe {
namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::chrono::seconds opening_time{10};  ///< for TLS and the first request's first bytes
constexpr std::chrono::seconds linger_time{2};

std::int64_t steady_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<Millis>(now).count();
}

}  // namespace

Connection::Connection(boost::asio::io_context& loop, std::unique_ptr<Transport> transport,
                       const ConnectionSetup& setup, PeerFacts peer, Gone gone)
    : loop_(loop),
      transport_(std::move(transport)),
      setup_(setup),
      peer_(std::move(peer)),
      gone_(std::move(gone)) {}

void Connection::start() {
    touch();
    transport_->open([self = shared_from_this()](bool good) {
        if (self->closed_) return;
        if (!good) return self->cut();
        self->touch();
        self->read();
    });
}

void Connection::touch() { moved_ms_ = steady_ms(); }

void Connection::check_idle(std::int64_t now_ms) {
    if (closed_) return;
    const bool waits = protocol_ != nullptr && !protocol_->is_idle() && unsent() == 0 && !ended_;
    if (waits) return;  // a hanging answer may take as long as the client likes
    const Millis quiet(now_ms - moved_ms_);
    const Millis limit = ended_                 ? Millis(linger_time)
                         : protocol_ == nullptr ? Millis(opening_time)
                                                : Millis(setup_.limits.idle);
    if (quiet >= limit) cut();
}

void Connection::read() {
    if (reading_ || closed_ || finishing_) return;
    if (protocol_ != nullptr && !protocol_->wants_input()) return;
    reading_ = true;
    transport_->read(buffer_, [self = shared_from_this()](bool good, std::size_t bytes) {
        self->reading_ = false;
        if (self->closed_) return;
        if (!good) return self->cut();
        self->got(bytes);
    });
}

bool Connection::choose_protocol() {
    const auto length = std::min(first_.size(), preface.size());
    if (transport_->agreed_http2()) {
        protocol_ = make_http2(*this, setup_, peer_);
    } else if (std::string_view(first_).substr(0, length) != preface.substr(0, length)) {
        protocol_ = make_http1(*this, setup_, peer_);
    } else if (first_.size() >= preface.size()) {
        protocol_ = make_http2(*this, setup_, peer_);
    }
    return protocol_ != nullptr;
}

void Connection::got(std::size_t bytes) {
    touch();
    std::string_view data(buffer_.data(), bytes);
    if (protocol_ == nullptr) {
        first_ += data;
        if (!choose_protocol()) return read();
        data = first_;
    }
    if (!finishing_) {
        in_protocol_ = true;
        protocol_->receive(data);
        in_protocol_ = false;
    }
    first_.clear();
    if (closed_) return;
    write();
    read();
}

void Connection::send(std::string bytes) {
    if (closed_ || ended_) return;
    if (waiting_.empty())
        waiting_ = std::move(bytes);
    else
        waiting_ += bytes;
    // Inside a call of the protocol the answers of pipelined requests gather for one write.
    if (!in_protocol_) write();
}

void Connection::write() {
    if (closed_ || !writing_.empty()) return;
    if (waiting_.empty()) {
        if (finishing_) end();
        return;
    }
    writing_.swap(waiting_);
    transport_->write(writing_, [self = shared_from_this()](bool good) {
        if (self->closed_) return;
        if (!good) return self->cut();
        self->written();
    });
}

void Connection::written() {
    touch();
    writing_.clear();
    if (waiting_.empty() && !finishing_ && protocol_ != nullptr) {
        in_protocol_ = true;
        protocol_->drained();
        in_protocol_ = false;
    }
    if (closed_) return;
    write();
    read();
}

void Connection::finish() {
    if (closed_ || finishing_) return;
    finishing_ = true;
    if (!in_protocol_) write();
}

void Connection::end() {
    if (std::exchange(ended_, true)) return;
    touch();
    transport_->end([self = shared_from_this()](bool good) {
        if (self->closed_) return;
        if (!good) return self->cut();
        self->linger();
    });
}

/// Reads what the client still sends, so that closing does not throw away the answer it has not
/// read.
void Connection::linger() {
    if (reading_ || closed_) return;
    reading_ = true;
    transport_->read(buffer_, [self = shared_from_this()](bool good, std::size_t) {
        self->reading_ = false;
        if (self->closed_) return;
        if (!good) return self->cut();
        self->linger();  // at most linger_time: only writing touches the connection now
    });
}

void Connection::cut() {
    if (std::exchange(closed_, true)) return;
    transport_->close();
    gone_(*this);
}

void Connection::after(Millis pause, UniqueFunction<void()> work) {
    // shared: the handler must be copyable for the timer to own itself.
    auto timer = std::make_shared<boost::asio::steady_timer>(loop_, pause);
    timer->async_wait([self = shared_from_this(), timer,
                       work = std::move(work)](const boost::system::error_code& error) mutable {
        if (error || self->closed_) return;
        work();
        if (!self->closed_) self->read();
    });
}

}  // namespace hongyan::universe
