// Dialogue: the server's side of SMTP as a machine without sockets: bytes go in, steps come out,
// each with what to answer, after which pause, and what then. It is stricter than most servers:
// bare LF and CR, long lines, wrong order and unknown parameters are refused. Faults of the chaos
// script are spoken here as a mail server would. One for each connection, used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "universe/mail/login.hpp"
#include "universe/mail/path.hpp"
#include "universe/mail/rules.hpp"

namespace hongyan::universe::mail {

struct TakenMail {
    std::string sender;  ///< "" is the null sender
    std::vector<std::string> recipients;
    std::string data;  ///< CRLF lines, dots undone
    std::string helo;
    std::string user;  ///< logged in as
    std::string envelope_id;
    bool encrypted = false;
    bool eightbit = false;
    bool smtputf8 = false;
    bool chunked = false;
};

/// What the dialogue asks the service about.
class Judge {
  public:
    virtual ~Judge() = default;
    /// The fate of a mail to this recipient.
    [[nodiscard]] virtual Fate fate(const std::string& recipient) = 0;
    /// True if this pair was put off often enough.
    [[nodiscard]] virtual bool passes_greylist(const std::string& sender,
                                               const std::string& recipient) = 0;
    /// Takes a mail; gives its queue id.
    [[nodiscard]] virtual std::string take(TakenMail mail) = 0;
    [[nodiscard]] virtual std::string stamp() = 0;
};

struct Step {
    enum class Then : std::uint8_t { go_on, start_tls, close, hang };
    std::string reply;
    Millis pause{0};
    Then then = Then::go_on;
};

class Dialogue {
  public:
    Dialogue(Rules rules, Judge& judge, bool encrypted);

    [[nodiscard]] Step greeting() const;
    void feed(std::string_view bytes) { input_ += bytes; }
    /// The next step of what was fed, or nothing until more comes.
    [[nodiscard]] std::optional<Step> next();
    /// TLS has begun: everything said before is forgotten.
    void encrypted();

  private:
    enum class Mode : std::uint8_t { command, data, chunk, over };
    using Handler = Step (Dialogue::*)(std::string_view);

    [[nodiscard]] std::optional<Step> next_command();
    [[nodiscard]] std::optional<Step> next_data();
    [[nodiscard]] std::optional<Step> next_chunk();
    [[nodiscard]] Step command(std::string_view line);
    [[nodiscard]] Step on_hello(std::string_view arguments, bool extended);
    [[nodiscard]] Step on_starttls();
    [[nodiscard]] Step on_auth(std::string_view arguments);
    [[nodiscard]] Step on_mail(std::string_view arguments);
    [[nodiscard]] std::optional<std::string> parameter_problem(const Path& path);
    [[nodiscard]] Step on_rcpt(std::string_view arguments);
    [[nodiscard]] std::optional<Step> faulted(const Fate& fate);
    [[nodiscard]] Step on_data();
    [[nodiscard]] Step on_bdat(std::string_view arguments);
    [[nodiscard]] Step finish_mail();
    [[nodiscard]] std::optional<std::string> data_problem() const;
    void take_line(std::string_view line);
    void reset();
    [[nodiscard]] Step bad(std::string reply);

    const Rules rules_;
    Judge& judge_;
    LoginServer login_;
    Mode mode_ = Mode::command;
    std::string input_;
    std::size_t read_ = 0;  ///< of input_
    bool encrypted_;
    bool greeted_ = false;
    bool skipping_ = false;  ///< the rest of a line that is too long
    std::size_t mails_ = 0;
    int errors_ = 0;
    std::string helo_;
    // the transaction
    bool has_sender_ = false;
    TakenMail mail_;
    Fate fate_;
    bool too_big_ = false;
    bool bare_line_end_ = false;
    bool long_line_ = false;
    bool joined_ = false;  ///< the line before had no whole end, so this one is not its own
    std::uint64_t chunk_left_ = 0;
    bool last_chunk_ = false;
    bool chunk_refused_ = false;
};

}  // namespace hongyan::universe::mail
