#include "universe/mail/session.hpp"

#include "universe/mail/server.hpp"

namespace hongyan::universe::mail {

namespace asio = boost::asio;
using Failure = boost::system::error_code;

namespace {

constexpr std::chrono::minutes longest_silence{10};

}  // namespace

ServerSession::ServerSession(asio::ip::tcp::socket socket, Server& server, Rules rules)
    : socket_(std::move(socket)),
      pause_(socket_.get_executor()),
      silence_(socket_.get_executor()),
      server_(server),
      offer_(rules.tls),
      dialogue_(rules, server.office(), rules.tls == TlsOffer::implicit) {}

void ServerSession::start() {
    Failure ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    wait_for_silence();
    if (offer_ == TlsOffer::implicit) {
        begin_tls(true);
    } else {
        greet();
    }
}

void ServerSession::wait_for_silence() {
    silence_.expires_after(longest_silence);
    silence_.async_wait([self = shared_from_this()](const Failure& cancelled) {
        if (!cancelled) self->end();
    });
}

void ServerSession::greet() { take(dialogue_.greeting()); }

void ServerSession::begin_tls(bool implicit) {
    asio::ssl::context* context = server_.tls();
    if (context == nullptr) {
        end();
        return;
    }
    tls_.emplace(socket_, *context);
    tls_->async_handshake(asio::ssl::stream_base::server,
                          [self = shared_from_this(), implicit](const Failure& failed) {
                              if (failed) {
                                  self->end();
                              } else if (implicit) {
                                  self->greet();
                              } else {
                                  self->dialogue_.encrypted();
                                  self->read();
                              }
                          });
}

void ServerSession::read() {
    auto handler = [self = shared_from_this()](const Failure& failed, std::size_t count) {
        if (failed) {
            self->end();
            return;
        }
        self->wait_for_silence();
        self->dialogue_.feed({self->room_.data(), count});
        self->go_on();
    };
    if (tls_) {
        tls_->async_read_some(asio::buffer(room_), std::move(handler));
    } else {
        socket_.async_read_some(asio::buffer(room_), std::move(handler));
    }
}

/// Steps without a pause are answered together, as a server does that is asked in a pipeline.
void ServerSession::go_on() {
    while (!closed_) {
        auto step = dialogue_.next();
        if (!step) {
            write_then(Step::Then::go_on);
            return;
        }
        if (step->pause > Millis(0) || step->then != Step::Then::go_on) {
            take(*std::move(step));
            return;
        }
        out_ += step->reply;
    }
}

void ServerSession::take(Step step) {
    if (step.pause == Millis(0)) {
        apply(std::move(step));
        return;
    }
    pause_.expires_after(step.pause);
    pause_.async_wait(
        [self = shared_from_this(), step = std::move(step)](const Failure& cancelled) {
            if (!cancelled) self->apply(step);
        });
}

void ServerSession::apply(Step step) {
    out_ += step.reply;
    write_then(step.then);
}

void ServerSession::write_then(Step::Then then) {
    auto handler = [self = shared_from_this(), then](const Failure& failed, std::size_t) {
        self->out_.clear();
        if (failed || then == Step::Then::close) {
            self->end();
        } else if (then == Step::Then::start_tls) {
            self->begin_tls(false);
        } else if (then == Step::Then::hang) {
            self->read();  // and say nothing
        } else if (auto step = self->dialogue_.next()) {
            self->take(*std::move(step));
        } else {
            self->read();
        }
    };
    if (out_.empty()) {
        handler(Failure(), 0);
    } else if (tls_) {
        asio::async_write(*tls_, asio::buffer(out_), std::move(handler));
    } else {
        asio::async_write(socket_, asio::buffer(out_), std::move(handler));
    }
}

void ServerSession::end() {
    close();
    server_.ended(shared_from_this());
}

void ServerSession::close() {
    closed_ = true;
    pause_.cancel();
    silence_.cancel();
    Failure ignored;
    socket_.close(ignored);
}

}  // namespace hongyan::universe::mail
