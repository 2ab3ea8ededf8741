// Opening: the way from nothing to a line on which mails can be sent: name, connection, TLS,
// greeting, EHLO, STARTTLS, login. Driven by the loop's thread without blocking; every step has its
// time. What it found is given once to done, as the open stream or as what a mail's attempt came to
// by it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/address_guard.hpp"
#include "channel/mail/settings.hpp"
#include "channel/mail/smtp_features.hpp"
#include "channel/mail/smtp_login.hpp"
#include "channel/mail/smtp_loops.hpp"
#include "channel/mail/smtp_reply_table.hpp"
#include "channel/mail/smtp_stream.hpp"
#include "channel/mail/smtp_token.hpp"
#include "model/message.hpp"

namespace hongyan::mail {

/// What all connections of one account share; outlives them.
struct Server {
    SmtpSettings settings;
    std::string helo;
    TlsContext tls;
    Loops& loops;
    boost::asio::io_context& loop;
    const Clock& clock;
    std::shared_ptr<TokenSource> token;    ///< shared: see there
    const NetworkList* allowed = nullptr;  ///< see ProviderParts

    /// A wait of RFC 5321 4.5.3.2 as the settings scale it, at least a second.
    [[nodiscard]] Millis wait(std::chrono::seconds full) const;
};

struct Opened {
    std::unique_ptr<Stream> stream;  ///< nothing if it failed
    Features features;
    std::string summary;  ///< for people: greeting, TLS, login
    Outcome failure;
};

// shared: the socket's handlers keep it.
class Opening : public std::enable_shared_from_this<Opening> {
  public:
    using Done = UniqueFunction<void(Opened)>;
    explicit Opening(Server& server);
    /// done is called once, unless it is cancelled.
    void start(Done done);
    /// Ends it; done is not called any more.
    void cancel();
    /// Ends it as failed.
    void give_up();

  private:
    enum class Step { connecting, tls, greeting, hello, old_hello, starttls, token, login, over };

    void keep_allowed(Loops::Endpoints found);
    void connect_next(std::string last_problem);
    void connected();
    void begin_tls();
    void go_on_with_tls();
    void begin_greeting();
    void say(Step step, std::string line);
    void write();
    void read_later();
    void on_readable();
    void on_reply(const Reply& reply);
    void on_hello(const Reply& reply);
    void greeted();
    void begin_login();
    void with_token(Result<std::string> token);
    void log_in(Credentials credentials);
    void on_login(const Reply& reply);
    void ready(std::string_view login);
    void set_timer(Millis wait);
    void refuse(Stage stage, const Reply& reply);
    void fail(OutcomeClass kind, std::string code, std::string detail);
    void finish(Opened opened);
    [[nodiscard]] bool may_log_in() const;

    Server& server_;
    Done done_;
    std::unique_ptr<Stream> stream_;
    boost::asio::steady_timer timer_;
    Loops::Endpoints endpoints_;
    std::size_t next_endpoint_ = 0;
    Step step_ = Step::connecting;
    bool encrypted_ = false;
    ReplyReader replies_;
    std::string out_;
    Features features_;
    AuthKind mechanism_ = AuthKind::none;
    std::optional<Login> login_;
    std::string token_;
    bool token_renewed_ = false;
    std::string summary_;
};

}  // namespace hongyan::mail
