#include "channel/email/session.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "base/assert.hpp"
#include "channel/email/compose.hpp"

namespace hongyan::email {
namespace {

constexpr std::int64_t never_us = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t idle_us = 30'000'000;  // shorter than the patience of common servers
constexpr std::size_t read_bytes = 8192;
constexpr int service_closing = 421;
// Each try ends one kept connection, and a fresh one always gives an outcome.
constexpr int max_stale_tries = 16;

Outcome plain_outcome(OutcomeClass kind, std::string detail) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.detail = std::move(detail);
    return outcome;
}

}  // namespace

Session::Session(std::size_t index, const SessionOptions& options, Poller& poller,
                 const Clock& clock, SessionEvents& events)
    : index_(index), options_(options), poller_(poller), clock_(clock), events_(events) {}

void Session::connect() {
    HY_ASSERT(phase_ == Phase::closed && !job_);
    phase_ = Phase::connecting;
    sent_here_ = 0;
    reset_first_ = false;
    close_after_ = false;
    replies_ = ReplyReader();
    transport_ = std::make_unique<Transport>(options_.server, poller_, index_, clock_);
}

void Session::transport_state(Transport::State state) {
    if (state == Transport::State::opening) return;
    if (state == Transport::State::open) {
        phase_ = Phase::idle;
        idle_until_us_ = clock_.steady_us() + idle_us;
        events_.connected();
        return;
    }
    const ConnectFailure failure = transport_->failure();
    close();
    Outcome outcome;
    // A reply speaks for itself, except that a broken TLS handshake follows a good reply.
    if (failure.refusal) {
        outcome = outcome_of(failure.stage, *failure.refusal);
    } else {
        const Verdict verdict = classify_connect(failure.curl_code, failure.message);
        outcome = plain_outcome(verdict.kind, std::string(verdict.reason) + ": " + failure.message);
        outcome.code = "curl " + std::to_string(failure.curl_code);
    }
    events_.connect_failed(std::move(outcome));
}

void Session::on_ready(const Poller::Event& event) {
    if (phase_ == Phase::closed) return;
    if (phase_ == Phase::connecting) {
        transport_state(transport_->on_ready(event));
        return;
    }
    if (event.fd != transport_->fd()) return;
    if (event.ready.write && written_ < out_.size()) write();
    if (event.ready.read && phase_ != Phase::closed) read();
}

std::int64_t Session::next_us() const {
    switch (phase_) {
        case Phase::closed:
            return never_us;
        case Phase::connecting:
            return transport_->timer_us();
        case Phase::idle:
            return idle_until_us_;
        default:
            return job_until_us_;
    }
}

void Session::on_time(std::int64_t now_us) {
    if (now_us < next_us()) return;
    if (phase_ == Phase::connecting) {
        transport_state(transport_->on_timer());
    } else if (phase_ == Phase::idle) {
        close();
    } else {
        abandon("the mail server did not answer in time");
    }
}

void Session::abandon(std::string_view why) {
    if (phase_ == Phase::closed) return;
    if (job_) {
        const bool perhaps_taken = phase_ == Phase::verdict;
        if (refusal_) {  // the server had said what it thinks before the line broke
            finish(*std::move(refusal_));
        } else {
            finish(plain_outcome(
                perhaps_taken ? OutcomeClass::unknown : OutcomeClass::transient,
                std::string(why) + (perhaps_taken ? "; the whole mail had been handed over"
                                                  : "; the mail had not been handed over")));
        }
        phase_ = Phase::discard;  // not in order for a QUIT
    }
    close();
}

/// Makes the mail; false if there is nothing to send, which is reported.
bool Session::prepare(const Job& job) {
    const auto to = parse_mailbox(job.message->recipient);
    if (!to) {
        finish(plain_outcome(OutcomeClass::recipient_permanent, to.error().detail));
        return false;
    }
    const auto mail = compose(options_.from, *to, *job.message);
    if (!mail) {
        finish(plain_outcome(OutcomeClass::message_permanent, mail.error().detail));
        return false;
    }
    mail_ = to_wire(*mail);
    const std::size_t limit = transport_->features().max_size;
    if (limit != 0 && mail_.size() > limit) {
        finish(plain_outcome(OutcomeClass::message_permanent,
                             "the mail has " + std::to_string(mail_.size()) +
                                 " bytes, the mail server takes " + std::to_string(limit)));
        return false;
    }
    make_commands(*to);
    return true;
}

void Session::make_commands(const Mailbox& to) {
    commands_.clear();
    if (reset_first_) commands_.push_back({Stage::reset, "RSET\r\n"});
    reset_first_ = false;
    std::string sender = "MAIL FROM:<" + options_.from.address + ">";
    if (transport_->features().size) sender += " SIZE=" + std::to_string(mail_.size());
    commands_.push_back({Stage::sender, sender + "\r\n"});
    commands_.push_back({Stage::recipient, "RCPT TO:<" + to.address + ">\r\n"});
    commands_.push_back({Stage::data, "DATA\r\n"});
}

void Session::start(Job job) {
    HY_ASSERT(phase_ == Phase::idle && !job_);
    job.started_ms = clock_.now_ms();
    job.started_us = clock_.steady_us();
    job_until_us_ =
        std::min(job.deadline_us, job.started_us + std::int64_t{options_.timeout.count()} * 1000);
    job_ = std::move(job);
    commands_sent_ = 0;
    answers_ = 0;
    refusal_.reset();
    phase_ = Phase::commands;
    if (!prepare(*job_)) {
        phase_ = Phase::idle;  // the connection was not touched
        return;
    }
    send_next_commands();
}

/// All of them at once where the server allows it, which spares two round trips a mail.
void Session::send_next_commands() {
    const std::size_t end =
        transport_->features().pipelining ? commands_.size() : commands_sent_ + 1;
    std::string lines;
    while (commands_sent_ < end) lines += commands_[commands_sent_++].line;
    begin_write(std::move(lines));
}

void Session::begin_write(std::string bytes) {
    HY_ASSERT(written_ == out_.size());
    out_ = std::move(bytes);
    written_ = 0;
    write();
}

void Session::write() {
    while (written_ < out_.size()) {
        const IoResult result = transport_->send(std::string_view(out_).substr(written_));
        if (result.kind == IoResult::Kind::again) {
            transport_->want_write(true);
            return;
        }
        if (result.kind == IoResult::Kind::closed) {
            // The server may have said why before it hung up.
            read();
            if (phase_ != Phase::closed) lost(result.message);
            return;
        }
        written_ += result.count;
    }
    transport_->want_write(false);
    if (phase_ == Phase::body) phase_ = Phase::verdict;
}

void Session::read() {
    std::array<char, read_bytes> room;
    while (phase_ != Phase::closed) {
        const IoResult result = transport_->receive(room);
        if (result.kind == IoResult::Kind::again) return;
        if (result.kind == IoResult::Kind::closed) {
            lost(result.message);
            return;
        }
        replies_.feed({room.data(), result.count});
        while (phase_ != Phase::closed) {
            auto reply = replies_.next();
            if (!reply) break;
            on_reply(*std::move(reply));
        }
        if (phase_ != Phase::closed && replies_.broken()) lost("the server does not speak SMTP");
    }
}

void Session::on_reply(Reply reply) {
    if (reply.code == service_closing) close_after_ = true;
    switch (phase_) {
        case Phase::idle:  // a farewell, or nonsense: in either case this connection is done
            close();
            return;
        case Phase::commands:
            on_command_reply(std::move(reply));
            return;
        case Phase::discard:
            finish(*std::move(refusal_));
            free_connection();
            return;
        case Phase::body:
            // The server broke in. What it says counts, but the dialogue is out of step.
            close_after_ = true;
            if (reply.code >= 400) {
                refuse(Stage::content, reply);
            } else {
                lost("the server answered before the mail was complete");
            }
            return;
        case Phase::verdict:
            on_verdict(reply);
            return;
        default:
            HY_ASSERT(false);
    }
}

void Session::on_command_reply(Reply reply) {
    if (answers_ >= commands_sent_) {
        lost("the server answered more often than it was asked");
        return;
    }
    const Stage stage = commands_[answers_++].stage;
    const int wanted = stage == Stage::data ? 3 : 2;
    if (reply.code / 100 != wanted && !refusal_) {
        // A kept connection that the server is giving up says so here first.
        if (reply.code == service_closing && answers_ == 1 && sent_here_ > 0) {
            lost(reply.line());
            return;
        }
        refusal_ = outcome_of(stage, reply);
        // What was accepted of this transaction must not mix with the next mail.
        reset_first_ = stage != Stage::sender && stage != Stage::reset;
    }
    if (refusal_ && !transport_->features().pipelining) {
        commands_sent_ = answers_ = commands_.size();
    }
    if (answers_ == commands_.size()) {
        commands_answered(reply);
    } else if (commands_sent_ == answers_) {
        send_next_commands();
    }
}

void Session::commands_answered(const Reply& last) {
    if (!refusal_) {
        phase_ = Phase::body;
        begin_write(std::move(mail_));
    } else if (last.code / 100 == 3 && !close_after_) {
        phase_ = Phase::discard;
        begin_write(".\r\n");
    } else {
        finish(*std::move(refusal_));
        free_connection();
    }
}

void Session::on_verdict(const Reply& reply) {
    if (reply.code / 100 != 2) {
        if (reply.code / 100 == 3) {
            lost("the server answered the mail with " + reply.line());
        } else {
            refuse(Stage::content, reply);
        }
        return;
    }
    Outcome outcome;
    outcome.kind = OutcomeClass::accepted;
    outcome.code = reply.code_text();
    outcome.detail = reply.line();
    outcome.provider_message_id = queue_id_of(reply);
    finish(std::move(outcome));
    free_connection();
}

void Session::refuse(Stage stage, const Reply& reply) {
    finish(outcome_of(stage, reply));
    free_connection();
}

/// The connection is gone. If it was a kept one that had not seen the mail itself, another one
/// takes over: servers close kept connections as they like, and no attempt failed by it.
void Session::lost(const std::string& why) {
    const bool stale = phase_ == Phase::commands && sent_here_ > 0 && !refusal_;
    if (job_ && stale && job_->stale_tries < max_stale_tries) {
        Job job = *std::move(job_);
        job_.reset();
        ++job.stale_tries;
        events_.again(std::move(job));
    } else if (job_) {
        abandon(why);
        return;
    }
    phase_ = Phase::discard;
    close();
}

void Session::finish(Outcome outcome) {
    HY_ASSERT(job_);
    Job job = *std::move(job_);
    job_.reset();
    outcome.provider = "smtp";
    if (outcome.provider_message_id.empty() &&
        (outcome.kind == OutcomeClass::accepted || outcome.kind == OutcomeClass::unknown)) {
        outcome.provider_message_id.append("<")
            .append(mail_id(*job.message, options_.from))
            .append(">");
    }
    outcome.started_ms = job.started_ms;
    outcome.duration_us = clock_.steady_us() - job.started_us;
    events_.finished(std::move(job), std::move(outcome));
}

/// After a mail: keep the connection for the next one, or part from the server.
void Session::free_connection() {
    ++sent_here_;
    mail_.clear();
    const bool whole = written_ == out_.size();
    phase_ = whole ? Phase::idle : Phase::discard;
    idle_until_us_ = clock_.steady_us() + idle_us;
    if (close_after_ || !whole || sent_here_ >= options_.messages_per_connection) close();
}

void Session::close() {
    if (transport_ && phase_ == Phase::idle && !close_after_) {
        (void)transport_->send("QUIT\r\n");  // politeness; nobody waits for the answer
    }
    transport_.reset();
    phase_ = Phase::closed;
    out_.clear();
    written_ = 0;
    mail_.clear();
}

Outcome Session::outcome_of(Stage stage, const Reply& reply) const {
    Outcome outcome;
    outcome.code = reply.code_text();
    if (reply.code < 400) {
        outcome.detail = "the mail server answered out of turn: " + reply.line();
        outcome.kind = OutcomeClass::transient;
        return outcome;
    }
    const Verdict verdict = classify_reply(stage, reply);
    outcome.kind = verdict.kind;
    outcome.retry_after_ms = verdict.retry_after_ms;
    outcome.detail = std::string(verdict.reason) + ": " + reply.line();
    return outcome;
}

}  // namespace hongyan::email
