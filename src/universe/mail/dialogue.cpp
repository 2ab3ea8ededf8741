#include "universe/mail/dialogue.hpp"

#include <algorithm>
#include <limits>

#include "base/text.hpp"

namespace hongyan::universe::mail {
namespace {

constexpr std::size_t longest_command = 12'288;  // AUTH may be so long (RFC 4954)
constexpr std::size_t longest_line = 998;        // of a mail, without CRLF
constexpr int most_errors = 20;
constexpr std::size_t no_bound = std::size_t{512} << 20;  // even then, not all of the memory

bool has_high(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return (c & 0x80) != 0; });
}

bool has_bare_line_end(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return true;
        if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return true;
    }
    return false;
}

std::string upper_word(std::string_view line) {
    std::string word(line.substr(0, line.find_first_of(" :")));
    for (char& c : word) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return word;
}

/// What stands behind "MAIL FROM:" or "RCPT TO:"; nothing if that is not there.
std::optional<std::string_view> behind(std::string_view line, std::string_view mark) {
    if (line.size() < mark.size() || !equals_ignoring_case(line.substr(0, mark.size()), mark)) {
        return std::nullopt;
    }
    return line.substr(mark.size());
}

Step closing(std::string reply) { return {std::move(reply), Millis(0), Step::Then::close}; }

}  // namespace

Dialogue::Dialogue(Rules rules, Judge& judge, bool encrypted)
    : rules_(std::move(rules)), judge_(judge), login_(rules_), encrypted_(encrypted) {}

Step Dialogue::greeting() const { return {"220 " + rules_.host + " ESMTP Hongyan sandbox\r\n"}; }

void Dialogue::encrypted() {
    encrypted_ = true;
    greeted_ = false;
    input_.clear();
    read_ = 0;
    login_.log_out();
    reset();
}

void Dialogue::reset() {
    has_sender_ = false;
    mail_ = TakenMail();
    fate_ = Fate();
    too_big_ = bare_line_end_ = long_line_ = chunk_refused_ = last_chunk_ = false;
}

Step Dialogue::bad(std::string reply) {
    if (++errors_ < most_errors) return {std::move(reply)};
    mode_ = Mode::over;
    return closing("421 4.7.0 " + rules_.host + " Error: too many errors\r\n");
}

std::optional<Step> Dialogue::next() {
    std::optional<Step> step;
    if (mode_ == Mode::command) step = next_command();
    if (!step && mode_ == Mode::data) step = next_data();
    if (!step && mode_ == Mode::chunk) step = next_chunk();
    if (read_ == input_.size() || read_ > 64 * 1024) {
        input_.erase(0, read_);
        read_ = 0;
    }
    if (step && step->then == Step::Then::close) mode_ = Mode::over;
    return step;
}

std::optional<Step> Dialogue::next_command() {
    const auto end = input_.find('\n', read_);
    if (end == input_.npos) {
        if (input_.size() - read_ <= longest_command) return std::nullopt;
        read_ = input_.size();
        if (std::exchange(skipping_, true)) return std::nullopt;
        return bad("500 5.5.2 Error: line too long\r\n");
    }
    const std::string line = input_.substr(read_, std::min(end - read_, longest_command + 1));
    read_ = end + 1;
    if (std::exchange(skipping_, false)) return next_command();
    if (line.size() > longest_command) return bad("500 5.5.2 Error: line too long\r\n");
    if (!line.ends_with('\r') || line.find('\r') + 1 != line.size()) {
        return closing("521 5.5.2 " + rules_.host + " Error: bare <LF> or <CR> received\r\n");
    }
    return command(std::string_view(line).substr(0, line.size() - 1));
}

Step Dialogue::command(std::string_view line) {
    if (login_.is_open()) return {login_.next(line)};
    if (line.find('\0') != line.npos) return bad("500 5.5.2 Error: NUL in a command\r\n");
    const std::string word = upper_word(line);
    const std::string_view rest =
        line.size() > word.size() ? line.substr(word.size() + 1) : std::string_view();
    if (word == "EHLO" || word == "HELO") return on_hello(trim(rest), word == "EHLO");
    if (word == "STARTTLS") return on_starttls();
    if (word == "AUTH") return on_auth(rest);
    if (word == "MAIL") return on_mail(line);
    if (word == "RCPT") return on_rcpt(line);
    if (word == "DATA") return on_data();
    if (word == "BDAT" && rules_.chunking) return on_bdat(rest);
    if (word == "NOOP") return {"250 2.0.0 Ok\r\n"};
    if (word == "VRFY") return {"252 2.0.0 Try to send something\r\n"};
    if (word == "RSET") {
        reset();
        return {"250 2.0.0 Ok\r\n"};
    }
    if (word == "QUIT") return closing("221 2.0.0 Bye\r\n");
    return bad("502 5.5.2 Error: command not recognized\r\n");
}

Step Dialogue::on_hello(std::string_view name, bool extended) {
    if (name.empty()) return bad("501 5.5.4 Syntax: EHLO hostname\r\n");
    helo_ = name;
    greeted_ = true;
    reset();
    if (!extended) return {"250 " + rules_.host + "\r\n"};
    std::string reply = "250-" + rules_.host + "\r\n";
    if (rules_.pipelining) reply += "250-PIPELINING\r\n";
    reply += "250-SIZE " + std::to_string(rules_.max_size) + "\r\n";
    if (!encrypted_ && rules_.tls != TlsOffer::off) reply += "250-STARTTLS\r\n";
    if (!rules_.users.empty()) reply += "250-AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2\r\n";
    if (rules_.chunking) reply += "250-CHUNKING\r\n";
    if (rules_.smtputf8) reply += "250-SMTPUTF8\r\n";
    return {reply + "250-8BITMIME\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n"};
}

Step Dialogue::on_starttls() {
    if (rules_.tls == TlsOffer::off) return bad("502 5.5.1 Error: STARTTLS not offered\r\n");
    if (encrypted_) return bad("503 5.5.1 Error: TLS already active\r\n");
    return {"220 2.0.0 Ready to start TLS\r\n", Millis(0), Step::Then::start_tls};
}

Step Dialogue::on_auth(std::string_view arguments) {
    if (rules_.users.empty()) return bad("502 5.5.1 Error: AUTH not offered\r\n");
    if (!greeted_ || has_sender_) return bad("503 5.5.1 Error: out of order\r\n");
    if (login_.is_logged_in()) return bad("503 5.5.1 Error: already authenticated\r\n");
    if (rules_.tls == TlsOffer::required && !encrypted_) {
        return bad("538 5.7.11 Encryption required for this authentication\r\n");
    }
    std::string reply = login_.begin(arguments, judge_.stamp());
    return reply.starts_with('5') ? bad(std::move(reply)) : Step{std::move(reply)};
}

std::optional<std::string> Dialogue::parameter_problem(const Path& path) {
    for (const auto& [name, value] : path.parameters) {
        if (name == "SIZE") {
            const auto size = parse_int(value);
            if (!size || *size < 0) return "501 5.5.4 Bad SIZE\r\n";
            if (rules_.max_size != 0 && static_cast<std::uint64_t>(*size) > rules_.max_size) {
                return "552 5.3.4 Message size exceeds fixed limit\r\n";
            }
        } else if (name == "BODY") {
            const std::string body = to_lower(value);
            if (body != "7bit" && body != "8bitmime") return "501 5.5.4 Bad BODY\r\n";
            mail_.eightbit = body == "8bitmime";
        } else if (name == "SMTPUTF8" && rules_.smtputf8) {
            mail_.smtputf8 = true;
        } else if (name == "ENVID") {
            mail_.envelope_id = value;
        } else if (name != "RET" && name != "AUTH" && name != "NOTIFY" && name != "ORCPT") {
            return "555 5.5.4 Unsupported option: " + name + "\r\n";
        }
    }
    if (!path.is_ascii && !mail_.smtputf8) return "553 5.6.7 Address needs SMTPUTF8\r\n";
    return std::nullopt;
}

Step Dialogue::on_mail(std::string_view line) {
    if (!greeted_) return bad("503 5.5.1 Error: send EHLO first\r\n");
    if (has_sender_) return bad("503 5.5.1 Error: nested MAIL command\r\n");
    if (rules_.tls == TlsOffer::required && !encrypted_) {
        return bad("530 5.7.0 Must issue a STARTTLS command first\r\n");
    }
    if (rules_.auth_required && !login_.is_logged_in()) {
        return bad("530 5.7.0 Authentication required\r\n");
    }
    if (rules_.max_mails != 0 && mails_ >= rules_.max_mails) {
        return closing("421 4.7.0 " + rules_.host + " Error: too many mails\r\n");
    }
    const auto text = behind(line, "MAIL FROM:");
    const auto path = text ? read_path(*text) : std::nullopt;
    if (!path) return bad("501 5.1.7 Bad sender address syntax\r\n");
    if (auto problem = parameter_problem(*path)) {
        mail_ = TakenMail();
        return bad(*std::move(problem));
    }
    has_sender_ = true;
    mail_.sender = path->address;
    return {"250 2.1.0 Ok\r\n"};
}

/// The server's own answer to a fault of the script, given to RCPT; nothing: it comes later or not.
std::optional<Step> Dialogue::faulted(const Fate& fate) {
    const auto answer = [&](std::string reply) { return Step{std::move(reply), fate.latency}; };
    if (fate.cut_before) return Step{"", fate.latency, Step::Then::close};
    if (fate.fault == "rate_limited") {
        return answer("451 4.7.1 Rate limit exceeded, please try again later\r\n");
    }
    if (fate.fault == "server_error") return answer("451 4.3.0 Error: queue file write error\r\n");
    if (fate.fault == "invalid_recipient") return answer("550 5.1.1 User unknown\r\n");
    if (fate.fault == "quota") return answer("452 4.2.2 Mailbox full\r\n");
    if (fate.fault == "token_expired") {
        login_.log_out();
        return answer("530 5.7.0 Authentication required\r\n");
    }
    if (fate.fault == "goaway") {
        return Step{"421 4.3.2 " + rules_.host + " Service closing transmission channel\r\n",
                    fate.latency, Step::Then::close};
    }
    if (fate.fault == "status") {
        const int code = fate.status >= 400 && fate.status < 600 ? fate.status : 451;
        Step step = answer(std::to_string(code) + " Error: as the script says\r\n");
        if (code == 421) step.then = Step::Then::close;
        return step;
    }
    return std::nullopt;
}

Step Dialogue::on_rcpt(std::string_view line) {
    if (!has_sender_) return bad("503 5.5.1 Error: need MAIL command\r\n");
    const auto text = behind(line, "RCPT TO:");
    const auto path = text ? read_path(*text) : std::nullopt;
    if (!path || path->address.empty()) return bad("501 5.1.3 Bad recipient address syntax\r\n");
    const bool utf8 = mail_.smtputf8;
    auto problem = parameter_problem(*path);
    mail_.smtputf8 = utf8;
    if (problem) return bad(*std::move(problem));
    if (mail_.recipients.size() >= rules_.max_recipients) {
        return {"452 4.5.3 Error: too many recipients\r\n"};
    }
    const Fate fate = judge_.fate(path->address);
    if (auto step = faulted(fate)) return *std::move(step);
    if (rules_.greylist_tries != 0 && !judge_.passes_greylist(mail_.sender, path->address)) {
        return {"450 4.7.1 Greylisted, see you later\r\n", fate.latency};
    }
    // What happens at the end of the mail is decided by the first recipient that wants something.
    const bool wants = fate.hang || fate.cut_after || fate.half_answer || !fate.fault.empty();
    if (wants || mail_.recipients.empty()) fate_ = fate;
    mail_.recipients.push_back(path->address);
    return {"250 2.1.5 Ok\r\n", fate.latency};
}

Step Dialogue::on_data() {
    if (!has_sender_) return bad("503 5.5.1 Error: need MAIL command\r\n");
    if (mail_.chunked) return bad("503 5.5.1 Error: DATA after BDAT\r\n");
    if (mail_.recipients.empty()) return bad("554 5.5.1 Error: no valid recipients\r\n");
    mode_ = Mode::data;
    return {"354 End data with <CR><LF>.<CR><LF>\r\n"};
}

void Dialogue::take_line(std::string_view line) {
    const std::size_t limit = rules_.max_size == 0 ? no_bound : rules_.max_size;
    if (line.size() > longest_line + 2) long_line_ = true;
    if (mail_.data.size() + line.size() > limit) {
        too_big_ = true;
    } else {
        mail_.data += line;
    }
}

/// Takes whole lines; only CRLF . CRLF ends the mail, whatever else looks like it.
std::optional<Step> Dialogue::next_data() {
    while (true) {
        const auto end = input_.find('\n', read_);
        if (end == input_.npos) return std::nullopt;
        std::string_view line(input_.data() + read_, end + 1 - read_);
        const bool whole = line.ends_with("\r\n");
        const auto carriage = line.find('\r');
        if (!whole || carriage + 2 != line.size()) bare_line_end_ = true;
        read_ = end + 1;
        if (line == ".\r\n" && !joined_) {
            return finish_mail();
        }
        if (line.starts_with('.') && !joined_) line.remove_prefix(1);
        take_line(line);
        joined_ = !whole;
    }
}

Step Dialogue::on_bdat(std::string_view arguments) {
    const auto words = split(trim(arguments), ' ');
    const auto size = words.empty() ? std::nullopt : parse_int(words[0]);
    const bool last = words.size() == 2 && equals_ignoring_case(words[1], "LAST");
    if (!size || *size < 0 || words.size() > 2 || (words.size() == 2 && !last)) {
        return closing("501 5.5.4 Syntax: BDAT count [LAST]\r\n");  // how much to skip is unknown
    }
    chunk_refused_ = !has_sender_ || mail_.recipients.empty();
    mail_.chunked = true;
    chunk_left_ = static_cast<std::uint64_t>(*size);
    last_chunk_ = last;
    mode_ = Mode::chunk;
    const auto step = next_chunk();
    return step ? *step : Step{""};
}

std::optional<Step> Dialogue::next_chunk() {
    const auto count = std::min<std::uint64_t>(chunk_left_, input_.size() - read_);
    if (!chunk_refused_) take_line(std::string_view(input_).substr(read_, count));
    read_ += count;
    chunk_left_ -= count;
    if (chunk_left_ > 0) return std::nullopt;
    mode_ = Mode::command;
    if (chunk_refused_) {
        mail_.chunked = false;
        return bad("503 5.5.1 Error: no valid recipients\r\n");
    }
    if (last_chunk_) return finish_mail();
    return Step{"250 2.0.0 Ok: chunk taken\r\n"};
}

std::optional<std::string> Dialogue::data_problem() const {
    if (too_big_) return "552 5.3.4 Message size exceeds fixed limit\r\n";
    if (bare_line_end_ || (mail_.chunked && has_bare_line_end(mail_.data)))
        return "550 5.6.11 Message rejected: bare <LF> or <CR>\r\n";
    if (long_line_ && !mail_.chunked) return "550 5.6.0 Message rejected: line too long\r\n";
    if (mail_.data.find('\0') != mail_.data.npos) return "554 5.6.0 Message rejected: NUL\r\n";
    if (rules_.strict_8bit && !mail_.eightbit && has_high(mail_.data)) {
        return "554 5.6.1 Message rejected: 8-bit data without BODY=8BITMIME\r\n";
    }
    if (fate_.fault == "error_in_body") return "554 5.7.1 Message rejected as spam\r\n";
    return std::nullopt;
}

Step Dialogue::finish_mail() {
    mode_ = Mode::command;
    joined_ = false;
    const Fate fate = fate_;
    if (const auto problem = data_problem()) {
        reset();
        return {*problem};
    }
    if (fate.hang) {
        mode_ = Mode::over;
        return {"", Millis(0), Step::Then::hang};
    }
    ++mails_;
    TakenMail mail = std::move(mail_);
    reset();
    mail.helo = helo_;
    mail.user = login_.user();
    mail.encrypted = encrypted_;
    const std::string reply = "250 2.0.0 Ok: queued as " + judge_.take(std::move(mail)) + "\r\n";
    if (fate.cut_after) return closing("");
    if (fate.half_answer) return closing(reply.substr(0, 9));
    return {reply};
}

}  // namespace hongyan::universe::mail
