#include "channel/mail/smtp_opening.hpp"

#include <algorithm>
#include <array>

#include "base/assert.hpp"

namespace hongyan::mail {
namespace {

constexpr std::chrono::seconds greeting_wait{300};
constexpr std::chrono::seconds command_wait{300};

bool is_this_machine(const std::string& host) {
    return host == "localhost" || host.starts_with("127.") || host == "::1" || host == "[::1]";
}

}  // namespace

Millis Server::wait(std::chrono::seconds full) const {
    const Millis scaled = Millis(full) * settings.timeout_percent / 100;
    return std::max(scaled, Millis(1000));
}

Opening::Opening(Server& server)
    : server_(server), stream_(std::make_unique<Stream>(server.loop)), timer_(server.loop) {}

void Opening::start(Done done) {
    done_ = std::move(done);
    set_timer(std::chrono::seconds(server_.settings.connect_timeout_seconds));
    const std::string port = server_.settings.port_text();
    server_.loops.look_up(
        server_.settings.host, port, server_.loop,
        [self = shared_from_this()](Result<Loops::Endpoints> found) {
            if (self->step_ != Step::connecting) return;
            if (!found) {
                // A wrong name and a name server that is down look alike; the
                // second one passes.
                self->fail(OutcomeClass::transient, "dns",
                           "the mail server's name was not found: " + found.error().detail);
                return;
            }
            self->keep_allowed(std::move(*found));
        });
}

/// The addresses are judged after the name was looked up, and no other is connected to.
void Opening::keep_allowed(Loops::Endpoints found) {
    const bool any = !found.empty();
    std::erase_if(found, [this](const auto& endpoint) {
        return !may_connect(endpoint.data(), server_.allowed);
    });
    endpoints_ = std::move(found);
    if (any && endpoints_.empty()) {
        fail(OutcomeClass::configuration, "address",
             "the mail server's address is not public and not in outbound.allow_networks");
        return;
    }
    connect_next("it has no address");
}

void Opening::cancel() {
    step_ = Step::over;
    done_ = nullptr;
    timer_.cancel();
    stream_->close();
}

void Opening::give_up() {
    if (step_ != Step::over) fail(OutcomeClass::transient, "closed", "the account was closed");
}

/// Each address has its share of the time, so that a dead one does not use it up.
void Opening::connect_next(std::string last_problem) {
    if (next_endpoint_ == endpoints_.size()) {
        fail(OutcomeClass::transient, "connect",
             "the mail server cannot be reached: " + last_problem);
        return;
    }
    const auto left = static_cast<std::int64_t>(endpoints_.size() - next_endpoint_);
    set_timer(Millis(
        std::max<std::int64_t>(server_.settings.connect_timeout_seconds * 1000 / left, 1000)));
    const std::size_t attempt = ++next_endpoint_;
    stream_->connect(endpoints_[attempt - 1],
                     [self = shared_from_this(), attempt](std::string problem) {
                         if (self->step_ != Step::connecting || self->next_endpoint_ != attempt) {
                             return;  // given up meanwhile
                         }
                         if (problem.empty()) {
                             self->connected();
                         } else {
                             self->connect_next(std::move(problem));
                         }
                     });
}

void Opening::connected() {
    if (server_.settings.tls == TlsMode::implicit) {
        begin_tls();
    } else {
        begin_greeting();
    }
}

void Opening::begin_tls() {
    step_ = Step::tls;
    set_timer(std::chrono::seconds(server_.settings.connect_timeout_seconds));
    if (Status begun = stream_->start_tls(server_.tls, server_.settings.host); !begun) {
        fail(OutcomeClass::configuration, "tls", begun.error().detail);
        return;
    }
    go_on_with_tls();
}

void Opening::go_on_with_tls() {
    if (step_ != Step::tls) return;
    const IoResult result = stream_->handshake();
    const auto again = [self = shared_from_this()] { self->go_on_with_tls(); };
    switch (result.kind) {
        case IoResult::Kind::want_read:
            stream_->when_readable(again);
            return;
        case IoResult::Kind::want_write:
            stream_->when_writable(again);
            return;
        case IoResult::Kind::untrusted:
            fail(OutcomeClass::configuration, "tls",
                 "the mail server's certificate is not trusted: " + result.message +
                     "; see ca_file and verify_certificate");
            return;
        case IoResult::Kind::no_tls:
            fail(OutcomeClass::configuration, "tls",
                 "encryption could not be agreed: " + result.message + "; see tls and port");
            return;
        case IoResult::Kind::closed:
            fail(OutcomeClass::transient, "tls",
                 "the connection broke while encryption was agreed: " + result.message);
            return;
        case IoResult::Kind::done:
            break;
    }
    encrypted_ = true;
    if (server_.settings.tls == TlsMode::implicit) {
        begin_greeting();
    } else {
        say(Step::hello, "EHLO " + server_.helo + "\r\n");
        read_later();
    }
}

void Opening::begin_greeting() {
    step_ = Step::greeting;
    set_timer(server_.wait(greeting_wait));
    read_later();
}

void Opening::say(Step step, std::string line) {
    HY_ASSERT(line.ends_with("\r\n") && line.find_first_of("\r\n") == line.size() - 2);
    step_ = step;
    set_timer(server_.wait(command_wait));
    out_ += line;
    write();
}

void Opening::write() {
    while (step_ != Step::over && !out_.empty()) {
        const IoResult result = stream_->write(out_);
        if (result.kind == IoResult::Kind::done) {
            out_.erase(0, result.count);
            continue;
        }
        if (result.kind == IoResult::Kind::want_write) {
            stream_->when_writable([self = shared_from_this()] { self->write(); });
        } else if (result.kind != IoResult::Kind::want_read) {
            // The reader will see the end, and perhaps a last word of the server before it.
            out_.clear();
        }
        return;
    }
}

void Opening::read_later() {
    stream_->when_readable([self = shared_from_this()] { self->on_readable(); });
}

void Opening::on_readable() {
    std::array<char, 4096> room;
    while (step_ != Step::over && step_ != Step::tls) {
        const IoResult result = stream_->read(room);
        if (result.kind == IoResult::Kind::want_read) {
            read_later();
            return;
        }
        if (result.kind != IoResult::Kind::done) {
            fail(OutcomeClass::transient, "connect",
                 "the mail server ended the connection: " + result.message);
            return;
        }
        replies_.feed({room.data(), result.count});
        while (step_ != Step::over && step_ != Step::tls) {
            const auto reply = replies_.next();
            if (!reply) break;
            on_reply(*reply);
        }
        if (step_ != Step::over && replies_.broken()) {
            fail(OutcomeClass::configuration, "protocol",
                 "what answers there does not speak SMTP; see host, port and tls");
        }
    }
}

void Opening::on_reply(const Reply& reply) {
    const bool fine = reply.code / 100 == 2;
    switch (step_) {
        case Step::greeting:
            if (!fine) return refuse(Stage::greeting, reply);
            summary_ = "greeting " + reply.line();
            return say(Step::hello, "EHLO " + server_.helo + "\r\n");
        case Step::hello:
        case Step::old_hello:
            return on_hello(reply);
        case Step::starttls:
            if (!fine) return refuse(Stage::tls, reply);
            // Whatever came behind the answer in clear may be forged, and so may what was offered.
            replies_ = ReplyReader();
            features_ = Features();
            return begin_tls();
        case Step::login:
            return on_login(reply);
        default:
            fail(OutcomeClass::transient, reply.code_text(),
                 "the mail server spoke out of turn: " + reply.line());
    }
}

void Opening::on_hello(const Reply& reply) {
    if (reply.code / 100 == 2) {
        features_ = step_ == Step::hello ? read_features(reply.text) : Features();
        return greeted();
    }
    const bool not_known = reply.code == 500 || reply.code == 502;
    if (step_ == Step::hello && not_known) {
        return say(Step::old_hello, "HELO " + server_.helo + "\r\n");
    }
    refuse(Stage::hello, reply);
}

void Opening::greeted() {
    const TlsMode mode = server_.settings.tls;
    const bool wants = mode == TlsMode::required || mode == TlsMode::offered;
    if (!encrypted_ && wants && features_.starttls) return say(Step::starttls, "STARTTLS\r\n");
    if (!encrypted_ && mode == TlsMode::required) {
        return fail(OutcomeClass::configuration, "tls",
                    "the mail server offers no encryption, but it is required; see tls");
    }
    begin_login();
}

/// A login must not travel readable because someone on the way hid the server's STARTTLS.
bool Opening::may_log_in() const {
    return encrypted_ || server_.settings.plain_login || is_this_machine(server_.settings.host);
}

void Opening::begin_login() {
    const SmtpSettings& settings = server_.settings;
    const bool wanted = !settings.username.empty() && settings.auth != AuthKind::none;
    if (!wanted) return ready("no login");
    if (!may_log_in()) {
        return fail(OutcomeClass::configuration, "auth",
                    "the login would travel without encryption; see tls and plain_login");
    }
    const auto mechanism = choose_mechanism(settings.auth, server_.token->exists(), features_);
    if (!mechanism) {
        return fail(OutcomeClass::configuration, "auth", mechanism.error().detail);
    }
    mechanism_ = *mechanism;
    if (mechanism_ != AuthKind::xoauth2) return log_in({settings.username, settings.password});
    step_ = Step::token;
    set_timer(server_.wait(command_wait));
    server_.token->get([self = shared_from_this()](Result<std::string> token) {
        self->with_token(std::move(token));
    });
}

void Opening::with_token(Result<std::string> token) {
    if (step_ != Step::token) return;
    if (token) {
        token_ = *token;
        log_in({server_.settings.username, token_});
        return;
    }
    const bool refused = token.error().code == ErrorCode::config_invalid;
    fail(refused ? OutcomeClass::configuration : OutcomeClass::transient, "oauth",
         token.error().detail);
}

void Opening::log_in(Credentials credentials) {
    login_.emplace(mechanism_, std::move(credentials));
    say(Step::login, login_->first_line());
}

void Opening::on_login(const Reply& reply) {
    if (reply.code == 334) {
        const auto answer = login_->answer(reply.text);
        // "*" ends the exchange (RFC 4954); the server then says 501.
        return say(Step::login, answer ? *answer : "*\r\n");
    }
    if (reply.code / 100 == 2) return ready("logged in");
    // The token may have been called back before its time: one fresh one is worth a try.
    if (mechanism_ == AuthKind::xoauth2 && !token_renewed_ && server_.token->refused(token_)) {
        token_renewed_ = true;
        return begin_login();
    }
    refuse(Stage::login, reply);
}

void Opening::ready(std::string_view login) {
    Opened opened;
    opened.stream = std::move(stream_);
    opened.features = features_;
    opened.summary = summary_ + (encrypted_ ? ", encrypted, " : ", not encrypted, ");
    opened.summary += login;
    finish(std::move(opened));
}

void Opening::set_timer(Millis wait) {
    timer_.expires_after(wait);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
        if (cancelled || self->step_ == Step::over) return;
        if (self->timer_.expiry() > std::chrono::steady_clock::now()) return;  // set anew
        if (self->step_ == Step::connecting && self->next_endpoint_ > 0) {
            self->stream_->close();  // its handler is not called any more
            self->connect_next("no answer in time");
            return;
        }
        self->fail(OutcomeClass::transient, "timeout", "the mail server did not answer in time");
    });
}

void Opening::refuse(Stage stage, const Reply& reply) {
    if (reply.code < 400) {
        return fail(OutcomeClass::transient, reply.code_text(),
                    "the mail server answered out of turn: " + reply.line());
    }
    const Verdict verdict = classify_reply(stage, reply);
    Opened opened;
    opened.failure.kind = verdict.kind;
    opened.failure.retry_after_ms = verdict.retry_after_ms;
    opened.failure.code = reply.code_text();
    opened.failure.detail = std::string(verdict.reason) + ": " + reply.line();
    finish(std::move(opened));
}

void Opening::fail(OutcomeClass kind, std::string code, std::string detail) {
    Opened opened;
    opened.failure.kind = kind;
    opened.failure.code = std::move(code);
    opened.failure.detail = std::move(detail);
    finish(std::move(opened));
}

void Opening::finish(Opened opened) {
    step_ = Step::over;
    timer_.cancel();
    if (stream_) stream_->close();
    if (!done_) return;
    Done done = std::move(done_);
    done_ = nullptr;
    done(std::move(opened));
}

}  // namespace hongyan::mail
