#include "channel/mail/smtp_login.hpp"

#include "base/assert.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::mail {
namespace {

bool offers(const Features& features, AuthKind kind) {
    switch (kind) {
        case AuthKind::plain:
            return features.auth_plain;
        case AuthKind::login:
            return features.auth_login;
        case AuthKind::cram_md5:
            return features.auth_cram_md5;
        case AuthKind::xoauth2:
            return features.auth_xoauth2;
        default:
            return false;
    }
}

std::string joined(std::string_view a, char separator, std::string_view b) {
    std::string out(a);
    out += separator;
    return out.append(b);
}

}  // namespace

Result<AuthKind> choose_mechanism(AuthKind wanted, bool has_token, const Features& features) {
    if (wanted == AuthKind::automatic) {
        if (has_token) {
            wanted = AuthKind::xoauth2;
        } else {
            for (const auto kind : {AuthKind::plain, AuthKind::login, AuthKind::cram_md5}) {
                if (offers(features, kind)) return kind;
            }
            return make_error(ErrorCode::config_invalid,
                              "the mail server offers no login that we know; see auth");
        }
    }
    if (offers(features, wanted)) return wanted;
    return make_error(ErrorCode::config_invalid,
                      "the mail server does not offer the login " +
                          std::string(auth_kind_names[static_cast<std::size_t>(wanted)]) +
                          "; see auth");
}

std::string cram_md5_digest(std::string_view password, std::string_view challenge) {
    constexpr std::size_t block = 64;
    std::string key = password.size() > block ? md5(password) : std::string(password);
    key.resize(block, '\0');
    std::string inner = key;
    std::string outer = key;
    for (char& c : inner) c = static_cast<char>(c ^ 0x36);
    for (char& c : outer) c = static_cast<char>(c ^ 0x5C);
    return to_hex(md5(outer + md5(inner.append(challenge))));
}

std::string Login::first_line() const {
    switch (kind_) {
        case AuthKind::plain: {
            std::string response(1, '\0');
            response += joined(credentials_.username, '\0', credentials_.secret);
            return "AUTH PLAIN " + to_base64(response) + "\r\n";
        }
        case AuthKind::xoauth2:
            return "AUTH XOAUTH2 " +
                   to_base64("user=" + credentials_.username +
                             "\x01"
                             "auth=Bearer " +
                             credentials_.secret + "\x01\x01") +
                   "\r\n";
        case AuthKind::login:
            return "AUTH LOGIN\r\n";
        default:
            HY_ASSERT(kind_ == AuthKind::cram_md5);
            return "AUTH CRAM-MD5\r\n";
    }
}

std::optional<std::string> Login::answer(std::string_view challenge) {
    const int number = answers_++;
    switch (kind_) {
        case AuthKind::login:
            if (number > 1) return std::nullopt;
            return to_base64(number == 0 ? credentials_.username : credentials_.secret) + "\r\n";
        case AuthKind::cram_md5: {
            const auto decoded = from_base64(trim(challenge));
            if (number > 0 || !decoded) return std::nullopt;
            return to_base64(joined(credentials_.username, ' ',
                                    cram_md5_digest(credentials_.secret, *decoded))) +
                   "\r\n";
        }
        case AuthKind::xoauth2:
            // The challenge is the error; an empty line lets the server say 535 (its own words).
            return number == 0 ? std::optional<std::string>("\r\n") : std::nullopt;
        default:
            return std::nullopt;
    }
}

}  // namespace hongyan::mail
