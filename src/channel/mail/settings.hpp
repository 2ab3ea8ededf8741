// SmtpSettings: the settings of one account at a mail server: where it is, how the line is
// encrypted and the login proved, how many connections it may have and how long it may take. What a
// mail looks like is the member "mail". Plain data, described once: schema and checks follow from
// describe().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "channel/mail/mail_settings.hpp"
#include "shape/shape.hpp"

namespace hongyan::mail {

enum class TlsMode : std::uint8_t {
    implicit,  ///< TLS from the first byte (RFC 8314)
    required,  ///< STARTTLS, or no mail
    offered,   ///< STARTTLS if the server offers it
    off,
};
inline constexpr std::array<std::string_view, 4> tls_mode_names{"implicit", "required", "offered",
                                                                "off"};

enum class AuthKind : std::uint8_t { automatic, none, plain, login, cram_md5, xoauth2 };
inline constexpr std::array<std::string_view, 6> auth_kind_names{"auto",  "none",     "plain",
                                                                 "login", "cram_md5", "xoauth2"};

/// What one domain of recipients is spared; 0 = no limit.
struct DomainLimit {
    std::string domain;  ///< "*" = each domain that has no limit of its own, by itself
    std::int64_t max_connections = 0;
    std::int64_t messages_per_connection = 0;
};

struct SmtpSettings {
    std::string host;
    std::int64_t port = 0;  ///< 0 = 465 with implicit TLS, else 587
    TlsMode tls = TlsMode::required;
    bool verify_certificate = true;
    std::string ca_file;
    AuthKind auth = AuthKind::automatic;
    std::string username;
    std::string password;
    bool plain_login = false;  ///< a login may travel readable
    std::string oauth_access_token;
    std::string oauth_token_url;
    std::string oauth_client_id;
    std::string oauth_client_secret;
    std::string oauth_refresh_token;
    std::string oauth_scope;
    std::string helo;
    std::int64_t max_connections = 8;
    std::int64_t messages_per_connection = 100;
    std::vector<DomainLimit> domains;
    std::int64_t idle_seconds = 30;
    bool pipelining = true;
    bool chunking = false;
    std::int64_t chunking_window = 16;
    bool delivery_notices = false;
    std::int64_t connect_timeout_seconds = 10;
    std::int64_t timeout_percent = 20;
    std::int64_t final_timeout_seconds = 600;
    std::string callback_key;
    // The secrets of mail stand beside it, because whole members of the settings are encrypted;
    // see mail_with_secrets().
    std::vector<DkimSettings> dkim;
    std::string verp_key;
    std::string unsubscribe_key;
    MailSettings mail;

    [[nodiscard]] std::string port_text() const;
};

const shape::Object& describe(shape::Tag<DomainLimit>);
const shape::Object& describe(shape::Tag<SmtpSettings>);

/// The settings as a JSON Schema, secrets marked and named once.
[[nodiscard]] std::string smtp_settings_schema();

/// The member "mail" with its keys in place.
[[nodiscard]] MailSettings mail_with_secrets(const SmtpSettings& settings);

/// Names of the secrets among these settings.
[[nodiscard]] std::vector<std::string_view> smtp_secrets();

}  // namespace hongyan::mail
