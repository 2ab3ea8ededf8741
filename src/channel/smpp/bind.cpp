#include "channel/smpp/bind.hpp"

#include <algorithm>
#include <utility>

#include "base/crypto.hpp"

namespace hongyan::smpp {
namespace {

constexpr std::size_t max_overdue = 10'000;
constexpr Millis goodbye_patience{1'000};

Millis millis(double seconds) { return Millis(static_cast<std::int64_t>(seconds * 1'000)); }
std::int64_t micros(double seconds) { return static_cast<std::int64_t>(seconds * 1'000'000); }

Endpoint endpoint_of(const Settings& s, const NetworkList* allowed) {
    return {s.host,
            std::to_string(s.port),
            s.tls,
            s.ca_file,
            s.tls_server_name.empty() ? s.host : s.tls_server_name,
            allowed};
}

/// Half to all of pause, so that many binds do not come back in step.
Millis with_jitter(Millis pause) {
    const auto random = static_cast<unsigned char>(random_bytes(1)[0]);
    return pause / 2 + pause * random / 510;
}

Millis doubled(double first_seconds, int times, double last_seconds) {
    double pause = first_seconds;
    for (int i = 0; i < times && pause < last_seconds; ++i) pause *= 2;
    return millis(std::min(pause, last_seconds));
}

std::string_view role_name(Command role) {
    switch (role) {
        case Command::bind_receiver:
            return "receiver";
        case Command::bind_transmitter:
            return "transmitter";
        default:
            return "transceiver";
    }
}

}  // namespace

Bind::Bind(const BindParts& parts, Command role, BindEvents& events)
    : parts_(parts),
      role_(role),
      events_(events),
      timer_(parts.loop),
      pace_({parts.settings.pace_per_second, micros(parts.settings.throttle_pause_seconds),
             micros(parts.settings.throttle_pause_max_seconds)}) {}

Bind::~Bind() { stop(); }

void Bind::run(bool once) {
    once_ = once;
    connect();
}

bool Bind::has_room() const {
    return state_ == State::bound &&
           window_.size() < static_cast<std::size_t>(parts_.settings.window);
}

void Bind::connect() {
    state_ = State::connecting;
    ++session_;
    in_.clear();
    out_.clear();
    connection_ =
        std::make_unique<Connection>(parts_.loop, endpoint_of(parts_.settings, parts_.allowed),
                                     static_cast<ConnectionEvents&>(*this));
    timer_.start(millis(parts_.settings.connect_timeout_seconds),
                 [this] { lose(Loss::Kind::not_connected, "no connection in time"); });
    connection_->open();
}

void Bind::on_open() {
    state_ = State::binding;
    timer_.start(millis(parts_.settings.bind_timeout_seconds),
                 [this] { lose(Loss::Kind::not_connected, "no answer to the bind in time"); });
    BindRequest request;
    request.system_id = parts_.settings.system_id;
    request.password = parts_.settings.password;
    request.system_type = parts_.settings.system_type;
    append_bind(out_, role_, next_sequence(), request);
    flush();
}

void Bind::on_bytes(std::string_view bytes) {
    heard_us_ = parts_.clock.steady_us();
    misses_ = 0;
    asked_us_ = 0;
    in_ += bytes;
    std::size_t used = 0;
    while (true) {
        const Frame frame = first_frame(std::string_view(in_).substr(used));
        if (frame.state == FrameState::incomplete) break;
        if (frame.state == FrameState::bad_length) {
            append_bare(out_, static_cast<std::uint32_t>(Command::generic_nack),
                        status_invalid_length, frame.header.sequence);
            flush();
            return lose(state_ == State::bound ? Loss::Kind::cut : Loss::Kind::not_connected,
                        "the centre sent a PDU of an impossible length");
        }
        if (!handle(frame.header, frame.body) || state_ == State::idle || state_ == State::stopped)
            return;
        used += frame.header.length;
    }
    in_.erase(0, used);
    events_.on_pause(*this);
    flush();
}

bool Bind::handle(const Header& header, std::string_view body) {
    if ((header.command & response_bit) != 0) return handle_response(header, body);
    if (header.is(Command::enquire_link)) {
        append_bare(out_, header.command | response_bit, status_ok, header.sequence);
    } else if (header.is(Command::deliver_sm) || header.is(Command::data_sm)) {
        handle_message(header, body);
    } else if (header.is(Command::unbind)) {
        append_bare(out_, header.command | response_bit, status_ok, header.sequence);
        flush();
        // Answers to what is under way may still come; then the centre closes, or we do.
        if (state_ == State::bound) {
            state_ = State::unbinding;
            timer_.start(goodbye_patience,
                         [this] { lose(Loss::Kind::cut, "the centre ended the session"); });
        }
    } else if (!header.is(Command::alert_notification) && !header.is(Command::outbind)) {
        append_bare(out_, static_cast<std::uint32_t>(Command::generic_nack), status_invalid_command,
                    header.sequence);
    }
    return true;
}

bool Bind::handle_response(const Header& header, std::string_view body) {
    if (header.is_response_to(Command::submit_sm) || header.is_response_to(Command::data_sm)) {
        handle_submit_answer(header, body);
        return state_ != State::idle && state_ != State::stopped;
    }
    if (header.is_response_to(role_)) return handle_bind_answer(header, body);
    if (header.is(Command::generic_nack)) {
        if (state_ == State::binding) return handle_bind_answer(header, {});
        handle_submit_answer(header, {});
        return state_ != State::idle && state_ != State::stopped;
    }
    if (header.is_response_to(Command::unbind) && leaving_) {
        stop();
        events_.on_unbound(*this);
        return false;
    }
    return true;
}

bool Bind::handle_bind_answer(const Header& header, std::string_view body) {
    if (state_ != State::binding) return true;
    if (header.status != status_ok || header.is(Command::generic_nack)) {
        const auto kind =
            is_bind_refusal(header.status) ? Loss::Kind::refused : Loss::Kind::not_connected;
        lose(kind, "the centre refused the bind: " + status_text(header.status));
        return false;
    }
    timer_.cancel();
    state_ = State::bound;
    centre_ = read_leading_text(body).value_or("");
    bound_us_ = heard_us_ = parts_.clock.steady_us();
    misses_ = 0;
    asked_us_ = 0;
    refusals_ = 0;
    parts_.log.info("smpp_bound",
                    {{"account", parts_.account}, {"as", role_name(role_)}, {"centre", centre_}});
    events_.on_bound(*this);
    return true;
}

void Bind::handle_submit_answer(const Header& header, std::string_view body) {
    SubmitAnswer answer;
    answer.status = header.status;
    // A nack without a reason is a refusal all the same.
    if (header.is(Command::generic_nack) && answer.status == status_ok) answer.status = 0xFF;
    if (const auto id = read_leading_text(body); id && answer.status == status_ok)
        answer.message_id = *id;
    if (const auto late = overdue_.find(header.sequence); late != overdue_.end()) {
        answer.ticket = late->second;
        overdue_.erase(late);
        return events_.on_answer(*this, answer);
    }
    const auto found = window_.find(header.sequence);
    if (found == window_.end()) return;
    answer.ticket = found->second.ticket;
    window_.erase(found);
    const auto now_us = parts_.clock.steady_us();
    losses_ = 0;
    if (answer.status == status_throttled || answer.status == status_queue_full)
        pace_.on_throttled(now_us);
    if (answer.status == status_ok) pace_.on_accepted(now_us);
    events_.on_answer(*this, answer);
    if (answer.status == status_not_bound)
        drop("the centre says that the session is not bound for submits");
}

void Bind::handle_message(const Header& header, std::string_view body) {
    const auto message = header.is(Command::data_sm) ? read_data(body) : read_deliver(body);
    if (!message) {
        // The link stays: the next PDU's place is known, and dropping would bring this one again.
        append_bare(out_, static_cast<std::uint32_t>(Command::generic_nack), status_invalid_length,
                    header.sequence);
        return parts_.log.warn("smpp_bad_message",
                               {{"account", parts_.account}, {"detail", message.error().detail}});
    }
    events_.on_message({this, session_, header.command | response_bit, header.sequence}, *message);
}

void Bind::submit(const ShortMessage& message, const Ticket& ticket) {
    HY_ASSERT(has_room());
    const std::uint32_t sequence = next_sequence();
    append_message(out_, Command::submit_sm, sequence, message);
    overdue_.erase(sequence);
    window_[sequence] = {ticket, parts_.clock.steady_us(), ++order_};
}

void Bind::answer(const ReplyTo& reply_to, std::uint32_t status) {
    const bool live = state_ == State::bound || state_ == State::unbinding;
    if (!live || reply_to.session != session_) return;  // the centre will send it again
    append_deliver_answer(out_, reply_to.command, status, reply_to.sequence);
}

void Bind::flush() {
    if (out_.empty() || connection_ == nullptr || connection_->is_writing()) return;
    flushed_order_ = order_;
    connection_->write(std::exchange(out_, {}));
}

void Bind::on_writable() { flush(); }

void Bind::on_closed(const std::string& why) {
    if (leaving_ && state_ == State::unbinding && window_.empty()) {
        stop();
        return events_.on_unbound(*this);
    }
    const bool was_bound = state_ == State::bound || state_ == State::unbinding;
    lose(was_bound ? Loss::Kind::cut : Loss::Kind::not_connected, why);
}

void Bind::tick(std::int64_t now_us) {
    if (state_ != State::bound && state_ != State::unbinding) return;
    const auto patience = micros(parts_.settings.response_timeout_seconds);
    std::vector<Ticket> late;
    for (auto it = window_.begin(); it != window_.end();) {
        if (now_us - it->second.sent_us < patience) {
            ++it;
            continue;
        }
        late.push_back(it->second.ticket);
        if (overdue_.size() >= max_overdue) overdue_.erase(overdue_.begin());
        overdue_[it->first] = it->second.ticket;
        it = window_.erase(it);
    }
    for (const Ticket& ticket : late) events_.on_overdue(*this, ticket);
    if (state_ == State::bound) check_link(now_us);
    flush();
}

void Bind::check_link(std::int64_t now_us) {
    const auto idle = micros(parts_.settings.enquire_link_seconds);
    if (now_us - heard_us_ < idle) return;
    if (asked_us_ != 0) {
        // An unanswered question counts after as long as a submit may take, at most the pause.
        const auto patience = std::min(idle, micros(parts_.settings.response_timeout_seconds));
        if (now_us - asked_us_ < patience) return;
        if (++misses_ >= 2) return drop("no answer to enquire_link twice");
    }
    asked_us_ = now_us;
    append_bare(out_, static_cast<std::uint32_t>(Command::enquire_link), 0, next_sequence());
}

void Bind::drop(const std::string& why) {
    if (state_ == State::bound || state_ == State::unbinding) lose(Loss::Kind::cut, why);
}

void Bind::lose(Loss::Kind kind, const std::string& why) {
    HY_ASSERT(state_ != State::stopped);
    const auto now_us = parts_.clock.steady_us();
    // A session that lived counts as health, however it ended.
    if (kind == Loss::Kind::cut && now_us - bound_us_ > 10'000'000) losses_ = 0;
    Loss loss{kind, why, {}, {}};
    for (const auto& [sequence, entry] : window_) {
        (entry.order <= flushed_order_ ? loss.written : loss.unwritten).push_back(entry.ticket);
    }
    window_.clear();
    overdue_.clear();
    timer_.cancel();
    if (connection_) connection_->close();
    state_ = State::idle;
    parts_.log.warn("smpp_lost", {{"account", parts_.account},
                                  {"as", role_name(role_)},
                                  {"why", why},
                                  {"unanswered", loss.written.size()}});
    if (leaving_ || once_) {
        state_ = State::stopped;
    } else {
        come_back(kind);
    }
    events_.on_loss(*this, loss);
}

void Bind::come_back(Loss::Kind kind) {
    const Settings& s = parts_.settings;
    const bool refused = kind == Loss::Kind::refused;
    const Millis pause =
        refused ? doubled(s.refused_retry_seconds, refusals_++, s.refused_retry_seconds * 10)
                : doubled(s.reconnect_min_seconds, losses_++, s.reconnect_max_seconds);
    timer_.start(with_jitter(pause), [this] { connect(); });
}

void Bind::unbind() {
    leaving_ = true;
    if (state_ != State::bound && state_ != State::unbinding) {
        stop();
        return events_.on_unbound(*this);
    }
    state_ = State::unbinding;
    append_bare(out_, static_cast<std::uint32_t>(Command::unbind), 0, next_sequence());
    flush();
    timer_.start(goodbye_patience, [this] { lose(Loss::Kind::cut, "no answer to unbind"); });
}

void Bind::stop() {
    if (state_ == State::stopped) return;
    state_ = State::stopped;
    timer_.cancel();
    if (connection_) connection_->close();
}

std::uint32_t Bind::next_sequence() {
    sequence_ = sequence_ >= max_sequence ? 1 : sequence_ + 1;
    return sequence_;
}

}  // namespace hongyan::smpp
