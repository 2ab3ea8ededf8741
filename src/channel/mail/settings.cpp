#include "channel/mail/settings.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <set>

#include "channel/mail/address.hpp"
#include "kit/described.hpp"

namespace hongyan::mail {
namespace {

using shape::field;
using S = SmtpSettings;

bool is_host_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:[]").find(c) != std::string_view::npos;
}

std::optional<std::string> host_problem(std::string_view host) {
    if (std::all_of(host.begin(), host.end(), is_host_char)) return std::nullopt;
    return "must be a host name or IP address without scheme, port or path, e.g. smtp.example.com";
}

/// User name and password become part of the dialogue in base64; a NUL would part them wrongly.
std::optional<std::string> credential_problem(std::string_view text) {
    if (text.find('\0') == text.npos && text.find('\x01') == text.npos) return std::nullopt;
    return "must not hold the characters U+0000 and U+0001";
}

std::vector<shape::Field> server_fields() {
    std::vector<shape::Field> out;
    out.push_back(field("host", &S::host, "Host name or IP address of the mail server.")
                      .required()
                      .length(1, 253)
                      .check(host_problem)
                      .example("smtp.example.com"));
    out.push_back(field("port", &S::port, "Its port; 0 = 465 with implicit TLS, else 587.")
                      .between(0, 65535)
                      .default_value(0)
                      .example(465));
    out.push_back(field("tls", &S::tls,
                        "implicit: TLS from the first byte; required: STARTTLS or no mail; "
                        "offered: STARTTLS if the server offers it; off: never.")
                      .one_of(tls_mode_names)
                      .default_value("required"));
    out.push_back(field("verify_certificate", &S::verify_certificate,
                        "The server's certificate must be trusted and fit its name.")
                      .default_value(true));
    out.push_back(field("ca_file", &S::ca_file,
                        "PEM file of authorities trusted instead of the system's; empty = the "
                        "system's.")
                      .length(0, 4096)
                      .default_value(""));
    out.push_back(field("helo", &S::helo,
                        "The name we greet the server with, a host name or [address]; empty = this "
                        "machine's name.")
                      .length(0, 253)
                      .check(host_problem)
                      .default_value("")
                      .example("mail.example.com"));
    return out;
}

std::vector<shape::Field> login_fields() {
    std::vector<shape::Field> out;
    out.push_back(
        field("auth", &S::auth,
              "How the login is proved; auto = XOAUTH2 with a token, else PLAIN, LOGIN or "
              "CRAM-MD5 as offered, none without a user name.")
            .one_of(auth_kind_names)
            .default_value("auto"));
    out.push_back(field("username", &S::username, "User name; empty = no login.")
                      .length(0, 320)
                      .check(credential_problem)
                      .default_value("")
                      .example("sender@example.com"));
    out.push_back(field("password", &S::password, "Password.")
                      .length(0, 1024)
                      .check(credential_problem)
                      .default_value(""));
    out.push_back(field("plain_login", &S::plain_login,
                        "The login may travel without encryption to a host that is not this "
                        "machine.")
                      .default_value(false));
    out.push_back(field("oauth_access_token", &S::oauth_access_token,
                        "Access token for XOAUTH2, if it is renewed outside.")
                      .length(0, 8192)
                      .check(credential_problem)
                      .default_value(""));
    out.push_back(field("oauth_token_url", &S::oauth_token_url,
                        "Where a refresh token is exchanged for an access token.")
                      .format("uri")
                      .length(0, 2048)
                      .default_value("")
                      .example("https://oauth2.googleapis.com/token"));
    out.push_back(field("oauth_client_id", &S::oauth_client_id, "Client id for that exchange.")
                      .length(0, 512)
                      .default_value(""));
    out.push_back(field("oauth_client_secret", &S::oauth_client_secret,
                        "Client secret for that exchange; empty = none is sent.")
                      .length(0, 1024)
                      .default_value(""));
    out.push_back(field("oauth_refresh_token", &S::oauth_refresh_token, "The refresh token.")
                      .length(0, 8192)
                      .default_value(""));
    out.push_back(field("oauth_scope", &S::oauth_scope, "Scope to ask for; empty = none is sent.")
                      .length(0, 2048)
                      .default_value(""));
    return out;
}

std::vector<shape::Field> pace_fields() {
    std::vector<shape::Field> out;
    out.push_back(field("max_connections", &S::max_connections, "Connections at most.")
                      .between(1, 256)
                      .default_value(8));
    out.push_back(field("messages_per_connection", &S::messages_per_connection,
                        "Mails after which a connection is replaced.")
                      .between(1, 1'000'000)
                      .default_value(100));
    out.push_back(
        field("domains", &S::domains,
              "Limits for the recipients' domains on top of these, e.g. two connections to one "
              "mailbox provider; without them a domain may have all connections.")
            .items(0, 1000));
    out.push_back(
        field("idle_seconds", &S::idle_seconds, "How long a connection without mails is kept open.")
            .between(0, 3600)
            .default_value(30));
    out.push_back(field("pipelining", &S::pipelining,
                        "Use PIPELINING (RFC 2920) where it is offered: one round trip a mail.")
                      .default_value(true));
    out.push_back(field("chunking", &S::chunking,
                        "Use CHUNKING (RFC 3030) where it is offered beside PIPELINING: many mails "
                        "a round trip.")
                      .default_value(false));
    out.push_back(field("chunking_window", &S::chunking_window,
                        "With chunking: mails sent ahead of their answers on one connection.")
                      .between(1, 256)
                      .default_value(16));
    out.push_back(field("delivery_notices", &S::delivery_notices,
                        "Ask for bounces about failures and delays (RFC 3461) where offered.")
                      .default_value(false));
    out.push_back(field("connect_timeout_seconds", &S::connect_timeout_seconds,
                        "For the name's look-up, the connection and TLS, each.")
                      .between(1, 300)
                      .default_value(10));
    out.push_back(field("timeout_percent", &S::timeout_percent,
                        "Waits for greeting, commands and data in percent of RFC 5321 4.5.3.2 "
                        "(5 min, 5 min, 2 and 3 min).")
                      .between(1, 100)
                      .default_value(20));
    out.push_back(field("final_timeout_seconds", &S::final_timeout_seconds,
                        "Wait for the answer to a complete mail; giving up early sends mails "
                        "twice. The message's own deadline ends it too.")
                      .between(1, 3600)
                      .default_value(600));
    out.push_back(field("callback_key", &S::callback_key,
                        "Whoever posts bounces to this account's callback URL must give it as "
                        "bearer token or as ?key=; empty = bounces are only believed if signed.")
                      .length(0, 256)
                      .default_value(""));
    out.push_back(
        field("dkim", &S::dkim, "DKIM keys that sign each mail, e.g. one RSA and one Ed25519.")
            .items(0, 4));
    out.push_back(
        field("verp_key", &S::verp_key,
              "Signs the return paths of mail.verp and the header X-Hongyan-Ref; at least "
              "16 bytes.")
            .length(0, 256)
            .default_value(""));
    out.push_back(field("unsubscribe_key", &S::unsubscribe_key,
                        "Seals the tokens of mail.unsubscribe; at least 16 bytes.")
                      .length(0, 256)
                      .default_value(""));
    out.push_back(field("mail", &S::mail, "What the mails look like.").required());
    return out;
}

void check_login(const SmtpSettings& s, shape::Problems& problems) {
    const bool named = !s.username.empty();
    const bool refresh = !s.oauth_refresh_token.empty();
    const bool by_token = !s.oauth_access_token.empty() || refresh;
    const bool wants = s.auth != AuthKind::automatic && s.auth != AuthKind::none;
    if (!named && (wants || by_token || !s.password.empty())) {
        problems.add("username", "required", "a login needs a user name");
    }
    if (s.auth == AuthKind::xoauth2 && !by_token) {
        problems.add("oauth_access_token", "required",
                     "XOAUTH2 needs an access token, or a refresh token and its URL");
    }
    if (refresh && s.oauth_token_url.empty()) {
        problems.add("oauth_token_url", "required", "a refresh token needs the URL to use it at");
    }
    if (named && s.auth != AuthKind::xoauth2 && s.auth != AuthKind::none && !by_token &&
        s.password.empty()) {
        problems.add("password", "required", "a user name needs a password or an OAuth token");
    }
}

/// Whole members are kept encrypted, so keys must not stand deep inside an open one.
void check_places(const SmtpSettings& s, shape::Problems& problems) {
    if (!s.mail.dkim.empty()) problems.add("mail", "misplaced", "give DKIM keys as dkim");
    if (!s.mail.verp.hmac_key.empty()) {
        problems.add("mail", "misplaced", "give verp.hmac_key as verp_key");
    }
    if (!s.mail.unsubscribe.hmac_key.empty()) {
        problems.add("mail", "misplaced", "give unsubscribe.hmac_key as unsubscribe_key");
    }
}

void check_domains(const SmtpSettings& s, shape::Problems& problems) {
    std::set<std::string> seen;
    for (const auto& limit : s.domains) {
        const auto name = ascii_domain(limit.domain);
        if (!seen.insert(name ? *name : limit.domain).second)
            problems.add("domains", "duplicate", limit.domain + " stands here more than once");
    }
}

std::optional<std::string> wrong_domain(std::string_view text) {
    if (text == "*" || ascii_domain(text)) return std::nullopt;
    return "must be a domain such as example.com, or * for each of the others";
}

void check_settings(const SmtpSettings& s, shape::Problems& problems) {
    check_domains(s, problems);
    check_login(s, problems);
    check_places(s, problems);
}

/// Takes a property out of a struct's definition.
void hide(boost::json::object& definitions, const char* name, const char* property) {
    auto* definition = definitions.if_contains(name);
    HY_ASSERT(definition != nullptr);
    auto* properties = definition->as_object().if_contains("properties");
    HY_ASSERT(properties != nullptr && properties->as_object().erase(property) == 1);
}

}  // namespace

std::string smtp_settings_schema() {
    const auto text = kit::schema_text(shape::description_of<SmtpSettings>(), smtp_secrets());
    auto schema = boost::json::parse(text);
    auto& definitions = schema.as_object()["$defs"].as_object();
    hide(definitions, describe(shape::Tag<MailSettings>()).name().c_str(), "dkim");
    hide(definitions, describe(shape::Tag<VerpSettings>()).name().c_str(), "hmac_key");
    hide(definitions, describe(shape::Tag<UnsubscribeSettings>()).name().c_str(), "hmac_key");
    return boost::json::serialize(schema);
}

MailSettings mail_with_secrets(const SmtpSettings& settings) {
    MailSettings mail = settings.mail;
    mail.dkim = settings.dkim;
    mail.verp.hmac_key = settings.verp_key;
    mail.unsubscribe.hmac_key = settings.unsubscribe_key;
    return mail;
}

std::string SmtpSettings::port_text() const {
    if (port != 0) return std::to_string(port);
    return tls == TlsMode::implicit ? "465" : "587";
}

const shape::Object& describe(shape::Tag<DomainLimit>) {
    static const shape::Object object = shape::object<DomainLimit>(
        "DomainLimit", "What an account's connections may do to one domain of recipients.",
        field("domain", &DomainLimit::domain,
              "The domain; * = each domain that has no limit of its own, by itself.")
            .required()
            .length(1, 253)
            .check(wrong_domain)
            .example("example.com"),
        field("max_connections", &DomainLimit::max_connections,
              "Connections on which mails to it are under way at the same time; 0 = no limit.")
            .between(0, 256)
            .default_value(0)
            .example(2),
        field("messages_per_connection", &DomainLimit::messages_per_connection,
              "Mails to it after which a connection is replaced; 0 = no limit.")
            .between(0, 1'000'000)
            .default_value(0)
            .example(20));
    return object;
}

const shape::Object& describe(shape::Tag<SmtpSettings>) {
    static const shape::Object object =
        shape::object<SmtpSettings>("SmtpSettings", "An account at a mail server (SMTP).",
                                    server_fields(), login_fields(), pace_fields())
            .rule<SmtpSettings>(check_settings);
    return object;
}

std::vector<std::string_view> smtp_secrets() {
    return {"password",
            "oauth_access_token",
            "oauth_client_secret",
            "oauth_refresh_token",
            "callback_key",
            "dkim",
            "verp_key",
            "unsubscribe_key"};
}

}  // namespace hongyan::mail
