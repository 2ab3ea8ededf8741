#include "channel/mail/smtp_connection.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "channel/mail/smtp_wire.hpp"

namespace hongyan::mail {
namespace {

constexpr int service_closing = 421;
// Each try ends one connection that had worked before; a fresh one always gives an outcome.
constexpr int max_stale_tries = 16;
constexpr std::chrono::seconds command_wait{300};
constexpr std::chrono::seconds data_wait{120};
constexpr std::chrono::seconds block_wait{180};
constexpr std::int64_t quit_wait_us = 2'000'000;

Outcome plain_outcome(OutcomeClass kind, std::string code, std::string detail) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.code = std::move(code);
    outcome.detail = std::move(detail);
    return outcome;
}

}  // namespace

Connection::Connection(Server& server, const Composer& composer, Opened opened,
                       ConnectionEvents& events)
    : server_(server),
      composer_(composer),
      events_(events),
      stream_(std::move(opened.stream)),
      features_(opened.features),
      pipelining_(server.settings.pipelining && features_.pipelining),
      chunking_(server.settings.chunking && features_.chunking && pipelining_) {}

void Connection::begin() {
    last_move_us_ = server_.clock.steady_us();
    read_later();
    set_due();
}

bool Connection::wants_mail() const {
    if (closed_ || leaving_ || quitting_ || server_leaves_) return false;
    if (begun_ >= server_.settings.messages_per_connection) return false;
    if (pipe_.empty()) return true;
    if (chunking_) {
        return pipe_.size() < static_cast<std::size_t>(server_.settings.chunking_window);
    }
    return pipelining_ && pipe_.size() == 1 && pipe_.front().content_end != 0;
}

void Connection::start(Job job) {
    HY_ASSERT(wants_mail());
    job.started_ms = server_.clock.now_ms();
    job.started_us = server_.clock.steady_us();
    Transaction& transaction = pipe_.emplace_back();
    transaction.job = std::move(job);
    if (!prepare(transaction)) {
        pipe_.pop_back();  // the line was not touched
        return;
    }
    ++begun_;
    if (pipe_.size() == 1) last_move_us_ = transaction.job->started_us;
}

/// Makes the mail and says its commands; false if there is nothing to send, which is reported.
bool Connection::prepare(Transaction& transaction) {
    Job& job = *transaction.job;
    auto mail = job.mail ? *std::exchange(job.mail, std::nullopt)
                         : composer_.compose(*job.message, job.started_ms);
    if (!mail) {
        refuse_job(std::move(job), mail.error());
        return false;
    }
    transaction.mail = std::move(*mail);
    WireOptions options{features_, server_.settings.delivery_notices, trace_id_of(job.message->id)};
    std::string envelope;
    Status fine = append_envelope(envelope, transaction.mail, options);
    if (fine && chunking_) fine = check_lines(transaction.mail.data);
    if (!fine) {
        refuse_job(std::move(job), fine.error());
        return false;
    }
    // Chunks are sent before it is known what became of the transaction in front of them.
    const bool reset = reset_first_ || (chunking_ && begun_ > 0);
    reset_first_ = false;
    say_commands(transaction, std::move(envelope), reset);
    return true;
}

void Connection::say_commands(Transaction& transaction, std::string envelope, bool reset) {
    if (reset) transaction.expect(Stage::reset);
    transaction.expect(Stage::sender);
    transaction.expect(Stage::recipient);
    if (pipelining_) {
        if (reset) out_ += "RSET\r\n";
        out_ += envelope;
        if (chunking_) return add_chunk(transaction);
        out_ += "DATA\r\n";
        transaction.expect(Stage::data);
        return;
    }
    transaction.expect(Stage::data);
    const auto middle = envelope.find('\n') + 1;
    std::size_t count = 0;
    if (reset) transaction.commands[count++] = "RSET\r\n";
    transaction.commands[count++] = envelope.substr(0, middle);
    transaction.commands[count++] = envelope.substr(middle);
    transaction.commands[count++] = "DATA\r\n";
    say_next(transaction);
}

void Connection::say_next(Transaction& transaction) {
    out_ += transaction.commands[transaction.said++];
}

void Connection::add_chunk(Transaction& transaction) {
    const std::string& data = transaction.mail.data;
    out_ += "BDAT " + std::to_string(data.size()) + " LAST\r\n";
    out_ += data;
    transaction.content_end = out_start_ + out_.size();
    transaction.expect(Stage::content);
    transaction.mail.data = std::string();
}

void Connection::read_later() {
    stream_->when_readable([self = shared_from_this()] { self->on_readable(); });
}

void Connection::on_readable() {
    std::array<char, 16 * 1024> room;
    while (!closed_) {
        const IoResult result = stream_->read(room);
        if (result.kind == IoResult::Kind::want_read) break;
        if (result.kind == IoResult::Kind::want_write) {  // TLS renews its keys
            stream_->when_writable([self = shared_from_this()] { self->on_readable(); });
            return flush();
        }
        if (result.kind != IoResult::Kind::done) return lost(result.message);
        last_move_us_ = server_.clock.steady_us();
        replies_.feed({room.data(), result.count});
        while (!closed_) {
            const auto reply = replies_.next();
            if (!reply) break;
            on_reply(*reply);
        }
        if (!closed_ && replies_.broken()) return lost("the server does not speak SMTP");
        // Less than there was room for: nothing is left, and asking again would be for nothing.
        if (!stream_->is_tls() && result.count < room.size()) break;
    }
    if (closed_) return;
    read_later();
    settle();
}

/// After replies: take more mails, send what there is to say, or part from the server.
void Connection::settle() {
    if (wants_mail()) events_.ready(*this);
    if (closed_) return;
    const bool worn = begun_ >= server_.settings.messages_per_connection;
    if (pipe_.empty() && server_leaves_) return close();
    if (pipe_.empty() && (leaving_ || worn) && !quitting_) {
        quitting_ = true;
        out_ += "QUIT\r\n";
    }
    flush();
    if (!closed_) set_due();
}

void Connection::on_reply(const Reply& reply) {
    if (reply.code == service_closing) server_leaves_ = true;
    if (pipe_.empty()) {
        // A farewell, ours answered or the server's own; or nonsense.
        return close();
    }
    Transaction& transaction = pipe_.front();
    const bool unsaid = !pipelining_ && transaction.answered == transaction.said &&
                        transaction.stages[transaction.answered] != Stage::content;
    if (unsaid || transaction.answered == transaction.stage_count) {
        return lost("the server answered more often than it was asked: " + reply.line());
    }
    const Stage stage = transaction.stages[transaction.answered++];
    if (stage == Stage::content && out_start_ + written_ < transaction.content_end) {
        return broken_in(transaction, reply);
    }
    const int wanted = stage == Stage::data ? 3 : 2;
    if (reply.code / 100 != wanted) {
        on_refusal(transaction, stage, reply);
    } else if (stage == Stage::data) {
        on_data_granted(transaction);
    } else if (stage == Stage::content && !transaction.refusal && transaction.job) {
        Outcome outcome = plain_outcome(OutcomeClass::accepted, reply.code_text(), reply.line());
        outcome.provider_message_id = queue_id_of(reply);
        finish(*std::exchange(transaction.job, std::nullopt), transaction.mail, std::move(outcome));
    }
    if (!closed_) advance(transaction);
}

void Connection::on_refusal(Transaction& transaction, Stage stage, const Reply& reply) {
    if (stage == Stage::reset) return lost("the server refused RSET: " + reply.line());
    // A server that gives up a kept line says so at the next command; no attempt failed by it.
    const bool stale = reply.code == service_closing && stage == Stage::sender && completed_ > 0;
    if (stale) return lost(reply.line());
    if (!transaction.refusal) transaction.refusal = refusal_of(stage, reply);
    // What was accepted of this transaction must not mix with the next mail.
    if (stage == Stage::recipient || stage == Stage::data) reset_first_ = !chunking_;
    if (stage != Stage::content && !pipelining_) {
        transaction.answered = transaction.stage_count;  // the rest is never said
        transaction.said = transaction.commands.size();
    }
}

/// An answer before the mail was complete: it counts if it is a refusal, but the dialogue is out of
/// step.
void Connection::broken_in(Transaction& transaction, const Reply& reply) {
    if (reply.code >= 400 && !transaction.refusal) {
        transaction.refusal = refusal_of(Stage::content, reply);
    }
    lost("the mail server answered before the mail was complete");
}

void Connection::on_data_granted(Transaction& transaction) {
    if (!transaction.job) {
        // Reported as not sent already; without the final dot the server must forget it.
        return lost("the mail's deadline had passed");
    }
    reset_first_ = false;  // the content, even an empty one, ends the transaction
    transaction.expect(Stage::content);
    if (transaction.refusal) {
        out_ += ".\r\n";
        return;
    }
    if (Status fine = append_dot_stuffed(out_, transaction.mail.data); !fine) {
        refuse_job(*std::exchange(transaction.job, std::nullopt), fine.error());
        return lost("a mail could not be sent as it was");
    }
    transaction.content_end = out_start_ + out_.size();
    transaction.mail.data = std::string();
    // The next mail's commands go out in the same piece.
    if (wants_mail()) events_.ready(*this);
}

void Connection::advance(Transaction& transaction) {
    if (transaction.answered < transaction.stage_count) {
        const bool more = !pipelining_ && transaction.said == transaction.answered &&
                          transaction.stages[transaction.answered] != Stage::content;
        if (more) say_next(transaction);
        return;
    }
    if (transaction.refusal && transaction.job) {
        finish(*std::exchange(transaction.job, std::nullopt), transaction.mail,
               *std::move(transaction.refusal));
    }
    ++completed_;
    pipe_.pop_front();
}

void Connection::go() {
    flush();
    if (!closed_) set_due();
}

void Connection::flush() {
    while (!closed_ && !write_waits_ && written_ < out_.size()) {
        const IoResult result = stream_->write(std::string_view(out_).substr(written_));
        if (result.kind == IoResult::Kind::done) {
            written_ += result.count;
            last_move_us_ = server_.clock.steady_us();
            continue;
        }
        if (result.kind == IoResult::Kind::want_write) {
            write_waits_ = true;
            stream_->when_writable([self = shared_from_this()] {
                self->write_waits_ = false;
                self->flush();
                if (!self->closed_) self->set_due();
            });
        }
        // An end is seen by the reader, perhaps after a last word of the server.
        return;
    }
    if (written_ == out_.size()) {
        out_start_ += out_.size();
        out_.clear();
        written_ = 0;
        constexpr std::size_t kept = 256 * 1024;
        if (out_.capacity() > kept) out_ = std::string();
    }
}

/// How long the server may be silent as things are.
Millis Connection::patience() const {
    if (written_ < out_.size()) return server_.wait(block_wait);
    const Transaction& front = pipe_.front();
    switch (front.stages[std::min(front.answered, front.stage_count - 1)]) {
        case Stage::content:
            return std::chrono::seconds(server_.settings.final_timeout_seconds);
        case Stage::data:
            return server_.wait(data_wait);
        default:
            return server_.wait(command_wait);
    }
}

void Connection::set_due() {
    if (quitting_) {
        due_us_ = last_move_us_ + quit_wait_us;
    } else if (pipe_.empty()) {
        due_us_ = last_move_us_ + server_.settings.idle_seconds * 1'000'000;
    } else {
        due_us_ = last_move_us_ + patience().count() * 1000;
        for (const Transaction& each : pipe_) {
            if (each.job) due_us_ = std::min(due_us_, each.job->deadline_us);
        }
    }
    events_.watch(due_us_);
}

void Connection::on_time(std::int64_t now_us) {
    if (closed_ || now_us < due_us_) return;
    if (quitting_) return close();
    if (pipe_.empty()) {
        leaving_ = true;
        return settle();
    }
    if (now_us >= last_move_us_ + patience().count() * 1000) {
        return lost("the mail server did not answer in time");
    }
    expire(now_us);
    if (!closed_) set_due();
}

/// Mails whose deadline has passed. One that waits behind another is reported and its place kept,
/// so that the answer to the other one is still heard.
void Connection::expire(std::int64_t now_us) {
    const Transaction& front = pipe_.front();
    if (front.job && front.job->deadline_us <= now_us) {
        return lost("the message's deadline passed before the mail server answered");
    }
    for (Transaction& each : pipe_) {
        if (!each.job || each.job->deadline_us > now_us) continue;
        report_lost(each, "the message's deadline passed", false);
    }
}

void Connection::leave() {
    leaving_ = true;
    if (!closed_) settle();
}

void Connection::abandon(std::string_view why) {
    if (!closed_) lost(std::string(why));
}

/// The connection is gone. Mails that cannot have arrived and were not at fault go to another one.
void Connection::lost(const std::string& why) {
    auto self = shared_from_this();  // ended() may be the sender's last word of it
    auto pipe = std::exchange(pipe_, {});
    bool first = true;
    for (Transaction& each : pipe) {
        if (each.job) report_lost(each, why, first);
        first = false;
    }
    close();
}

void Connection::report_lost(Transaction& transaction, const std::string& why, bool first) {
    Job job = *std::exchange(transaction.job, std::nullopt);
    if (transaction.refusal) {  // the server had said what it thinks before the line broke
        return finish(std::move(job), transaction.mail, *std::move(transaction.refusal));
    }
    const bool handed_over =
        transaction.content_end != 0 && out_start_ + written_ >= transaction.content_end;
    // After 421 to the mail in front, a server reads no further.
    if (handed_over && (first || !server_leaves_)) {
        return finish(std::move(job), transaction.mail,
                      plain_outcome(OutcomeClass::unknown, "lost",
                                    why + "; the whole mail had been handed over"));
    }
    const bool in_time = job.deadline_us > server_.clock.steady_us();
    const bool not_its_fault = !first || completed_ > 0;
    if (in_time && not_its_fault && job.stale_tries < max_stale_tries && !leaving_) {
        ++job.stale_tries;
        return events_.again(std::move(job));
    }
    finish(std::move(job), transaction.mail,
           plain_outcome(OutcomeClass::transient, "lost",
                         why + "; the mail had not been handed over"));
}

void Connection::refuse_job(Job job, const Error& error) {
    const bool recipient = error.code == ErrorCode::recipient_invalid;
    finish(std::move(job), Mail(),
           plain_outcome(
               recipient ? OutcomeClass::recipient_permanent : OutcomeClass::message_permanent, "",
               error.detail));
}

void Connection::finish(Job job, const Mail& mail, Outcome outcome) {
    outcome.provider = "smtp";
    const bool perhaps_there =
        outcome.kind == OutcomeClass::accepted || outcome.kind == OutcomeClass::unknown;
    if (perhaps_there && outcome.provider_message_id.empty() && !mail.message_id.empty()) {
        outcome.provider_message_id.append("<").append(mail.message_id).append(">");
    }
    outcome.started_ms = job.started_ms;
    outcome.duration_us = server_.clock.steady_us() - job.started_us;
    events_.finished(std::move(job), std::move(outcome));
}

Outcome Connection::refusal_of(Stage stage, const Reply& reply) const {
    if (reply.code < 400) {
        return plain_outcome(OutcomeClass::transient, reply.code_text(),
                             "the mail server answered out of turn: " + reply.line());
    }
    const Verdict verdict = classify_reply(stage, reply);
    Outcome outcome = plain_outcome(verdict.kind, reply.code_text(),
                                    std::string(verdict.reason) + ": " + reply.line());
    outcome.retry_after_ms = verdict.retry_after_ms;
    if (verdict.suppress) outcome.suppress = "hard bounce";
    return outcome;
}

void Connection::close() {
    if (closed_) return;
    auto self = shared_from_this();
    HY_ASSERT(pipe_.empty());
    closed_ = true;
    stream_->close();
    events_.ended(*this);
}

}  // namespace hongyan::mail
