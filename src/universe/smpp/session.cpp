#include "universe/smpp/session.hpp"

#include <utility>

#include "base/crypto.hpp"
#include "universe/smpp/centre.hpp"

namespace hongyan::universe::smpp {

namespace asio = boost::asio;
using asio::ip::tcp;
using Failure = boost::system::error_code;

Session::Session(tcp::socket socket, Centre& centre) : centre_(centre), socket_(std::move(socket)) {
    Failure ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    const auto peer = socket_.remote_endpoint(ignored);
    peer_ = ignored ? "" : peer.address().to_string();
    heard_us_ = centre_.now_us();
}

void Session::start() {
    const std::string& tls = centre_.rules().tls;
    if (tls == "off" || !centre_.can_tls()) return read();
    if (tls == "on") return begin_tls();
    sniff();
}

void Session::sniff() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const Failure& failed) {
        if (failed || self->closed_) return self->close();
        char first = 0;
        Failure problem;
        const auto count =
            self->socket_.receive(asio::buffer(&first, 1), tcp::socket::message_peek, problem);
        if (problem || count == 0) return self->close();
        // A TLS record of a handshake begins with 22; a PDU's length never does.
        if (first == 22) return self->begin_tls();
        self->read();
    });
}

void Session::begin_tls() {
    tls_.emplace(socket_, centre_.tls_context());
    tls_->async_handshake(asio::ssl::stream_base::server,
                          [self = shared_from_this()](const Failure& failed) {
                              if (failed || self->closed_) return self->close();
                              self->read();
                          });
}

void Session::read() {
    auto done = [self = shared_from_this()](const Failure& failed, std::size_t count) {
        if (failed || self->closed_) return self->close();
        self->in_.append(self->received_.data(), count);
        self->heard_us_ = self->centre_.now_us();
        self->asked_us_ = 0;
        self->take_packets();
        if (!self->closed_) self->read();
    };
    if (tls_) {
        tls_->async_read_some(asio::buffer(received_), std::move(done));
    } else {
        socket_.async_read_some(asio::buffer(received_), std::move(done));
    }
}

void Session::take_packets() {
    std::size_t from = 0;
    // What this read asks for is answered in one write.
    reading_ = true;
    while (!closed_ && !closing_) {
        const Taken taken = take_packet(in_, from);
        if (taken.garbage) {
            nack(refusal::command_length, 0);
            closing_ = true;
            break;
        }
        if (!taken.packet) break;
        handle(*taken.packet);
    }
    reading_ = false;
    if (closed_) return;
    in_.erase(0, from);
    write();
}

void Session::handle(const Packet& packet) {
    switch (packet.id) {
        case command::bind_receiver:
        case command::bind_transmitter:
        case command::bind_transceiver:
            return log_in(packet);
        case command::enquire_link:
            return send({0, packet.id | command::answer, 0, packet.sequence, ""});
        case command::unbind:
            send({0, packet.id | command::answer, 0, packet.sequence, ""});
            closing_ = true;
            return;
        case command::unbind | command::answer:
            closing_ = true;
            return;
        case command::submit_sm:
            return centre_.on_submit(shared_from_this(), packet);
        case command::query_sm:
            return centre_.on_query(*this, packet);
        case command::deliver_sm | command::answer:
        case command::generic_nack: {
            const auto found = delivering_.find(packet.sequence);
            if (found == delivering_.end()) return;
            auto receipt = std::move(found->second);
            delivering_.erase(found);
            const bool taken = packet.status == 0 && packet.id != command::generic_nack;
            return centre_.on_delivered(std::move(receipt), taken);
        }
        default:
            if ((packet.id & command::answer) == 0) nack(refusal::command_id, packet.sequence);
    }
}

void Session::log_in(const Packet& packet) {
    const auto login = read_login(packet.body);
    if (!login) return nack(refusal::command_length, packet.sequence);
    const Rules& rules = centre_.rules();
    Packet answer{0, packet.id | command::answer, 0, packet.sequence, ""};
    if (bound_as_ != 0) {
        answer.status = refusal::already_bound;
    } else if (login->system_id != rules.system_id) {
        answer.status = refusal::system_id;
    } else if (!equal_in_constant_time(login->password, rules.password)) {
        answer.status = refusal::password;
    } else if (rules.max_binds > 0 && centre_.bound_sessions() >= rules.max_binds) {
        answer.status = refusal::already_bound;
    }
    if (answer.status != 0) return send(answer);
    bound_as_ = packet.id;
    system_id_ = login->system_id;
    answer.body = std::string("HONGYAN\0", 8) + std::string("\x02\x10\x00\x01\x34", 5);
    send(answer);
    centre_.on_login();
}

void Session::nack(std::uint32_t status, std::uint32_t sequence) {
    send({0, command::generic_nack, status, sequence, ""});
}

bool Session::take_allowance(std::int64_t now_us, std::int64_t per_second) {
    if (now_us - second_us_ >= 1'000'000) {
        second_us_ = now_us;
        used_ = 0;
    }
    return ++used_ <= per_second;
}

void Session::deliver(PendingReceipt receipt) {
    sequence_ = sequence_ % 0x7FFFFFFF + 1;
    send({0, command::deliver_sm, 0, sequence_,
          write_deliver(write_receipt(receipt, centre_.rules()))});
    delivering_.emplace(sequence_, std::move(receipt));
}

void Session::send(const Packet& packet) {
    if (closed_ || closing_) return;
    out_ += write_packet(packet);
    if (!reading_) write();
}

void Session::send_half(const Packet& packet) {
    if (closed_ || closing_) return;
    const std::string bytes = write_packet(packet);
    out_ += bytes.substr(0, bytes.size() / 2);
    closing_ = true;
    write();
}

void Session::say_goodbye() {
    sequence_ = sequence_ % 0x7FFFFFFF + 1;
    send({0, command::unbind, 0, sequence_, ""});
}

void Session::write() {
    if (closed_ || !writing_.empty()) return;
    if (out_.empty()) {
        if (closing_) close();
        return;
    }
    writing_ = std::exchange(out_, {});
    auto done = [self = shared_from_this()](const Failure& failed, std::size_t) {
        self->writing_.clear();
        if (failed) return self->close();
        self->write();
    };
    if (tls_) {
        asio::async_write(*tls_, asio::buffer(writing_), std::move(done));
    } else {
        asio::async_write(socket_, asio::buffer(writing_), std::move(done));
    }
}

void Session::close() {
    if (std::exchange(closed_, true)) return;
    Failure ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
    centre_.on_closed(shared_from_this());
    bound_as_ = 0;
}

void Session::tick(std::int64_t now_us) {
    const std::int64_t pause_us = centre_.rules().enquire_link_seconds * 1'000'000;
    if (pause_us == 0 || closed_) return;
    if (now_us - heard_us_ > 3 * pause_us) return close();
    if (now_us - heard_us_ < pause_us || now_us - asked_us_ < pause_us || bound_as_ == 0) return;
    asked_us_ = now_us;
    sequence_ = sequence_ % 0x7FFFFFFF + 1;
    send({0, command::enquire_link, 0, sequence_, ""});
}

}  // namespace hongyan::universe::smpp
