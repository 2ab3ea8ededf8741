// Login: one SMTP AUTH exchange (RFC 4954) by PLAIN, LOGIN, CRAM-MD5 or XOAUTH2, as the lines to
// send and the answers to challenges. Used by one thread. Nothing of it is ever logged.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "channel/mail/settings.hpp"
#include "channel/mail/smtp_features.hpp"

namespace hongyan::mail {

struct Credentials {
    std::string username;
    std::string secret;  ///< the password, or the access token for XOAUTH2
};

/// The mechanism for this server: the wanted one, or by automatic the best that is offered.
/// config_invalid if the server offers none that will do.
[[nodiscard]] Result<AuthKind> choose_mechanism(AuthKind wanted, bool has_token,
                                                const Features& features);

class Login {
  public:
    Login(AuthKind kind, Credentials credentials)
        : kind_(kind), credentials_(std::move(credentials)) {}

    /// "AUTH PLAIN AHRpbQ..." with CRLF.
    [[nodiscard]] std::string first_line() const;
    /// The line that answers a 334 with this text, CRLF included; nothing if the server asks for
    /// more than the mechanism knows.
    [[nodiscard]] std::optional<std::string> answer(std::string_view challenge);

  private:
    const AuthKind kind_;
    const Credentials credentials_;
    int answers_ = 0;
};

/// Hex HMAC-MD5 as CRAM-MD5 wants it (RFC 2195).
[[nodiscard]] std::string cram_md5_digest(std::string_view password, std::string_view challenge);

}  // namespace hongyan::mail
