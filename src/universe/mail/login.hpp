// The server's side of AUTH: PLAIN, LOGIN, CRAM-MD5 and XOAUTH2. One exchange at a time, on the
// session's thread.
#pragma once

#include <string>
#include <string_view>

#include "universe/mail/rules.hpp"

namespace hongyan::universe::mail {

class LoginServer {
  public:
    explicit LoginServer(const Rules& rules) : rules_(rules) {}

    /// Begins with what stands behind "AUTH "; gives the reply. stamp makes a challenge unique.
    [[nodiscard]] std::string begin(std::string_view arguments, std::string_view stamp);
    /// The client's next line, while is_open().
    [[nodiscard]] std::string next(std::string_view line);
    [[nodiscard]] bool is_open() const { return open_; }
    [[nodiscard]] bool is_logged_in() const { return !user_.empty(); }
    [[nodiscard]] const std::string& user() const { return user_; }
    void log_out() { user_.clear(); }

  private:
    [[nodiscard]] std::string ask(std::string_view text);
    [[nodiscard]] std::string decide(const std::string& user, bool fits);
    [[nodiscard]] std::string on_plain(const std::string& decoded);
    [[nodiscard]] std::string on_login(const std::string& decoded);
    [[nodiscard]] std::string on_cram(const std::string& decoded);
    [[nodiscard]] std::string on_xoauth2(const std::string& decoded);
    [[nodiscard]] const std::string* password_of(std::string_view user) const;

    const Rules& rules_;
    std::string mechanism_;
    std::string challenge_;
    std::string pending_user_;
    bool has_user_ = false;
    bool failed_token_ = false;
    bool open_ = false;
    std::string user_;
};

}  // namespace hongyan::universe::mail
