#include "channel/email/email_channel.hpp"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "channel/email/address.hpp"
#include "channel/email/sender.hpp"

namespace hongyan::email {
namespace {

constexpr std::string_view settings_schema = R"json({
  "type": "object",
  "properties": {
    "smtp_url": {"type": "string", "pattern": "^smtps?://",
                 "description": "smtp://HOST[:PORT] (587) or smtps://HOST[:PORT] (465)"},
    "tls": {"enum": ["auto", "required", "off"], "default": "auto"},
    "username": {"type": "string"},
    "password": {"type": "string", "writeOnly": true},
    "from": {"type": "string", "description": "Sender, \"Name <address>\""},
    "helo": {"type": "string"},
    "ca_file": {"type": "string"},
    "connections": {"type": "integer", "minimum": 1, "maximum": 256, "default": 8},
    "timeout_seconds": {"type": "integer", "minimum": 1, "maximum": 3600, "default": 60},
    "messages_per_connection": {"type": "integer", "minimum": 1, "maximum": 100000, "default": 100}
  },
  "required": ["smtp_url", "from"]
})json";
constexpr std::string_view content_schema = R"json({
  "type": "object",
  "properties": {
    "subject": {"type": "string", "minLength": 1, "maxLength": 998, "description": "One line"},
    "content": {"type": "string", "description": "The text part; made from html if empty"},
    "html": {"type": "string", "description": "The HTML part"}
  },
  "required": ["subject"]
})json";
constexpr std::string_view recipient_schema = R"json({
  "type": "string",
  "maxLength": 320,
  "description": "One mail address, with or without a name",
  "examples": ["ann@example.com", "Ann Doe <ann@example.com>"]
})json";

ChannelLimits limits_for(std::int64_t connections) {
    ChannelLimits limits;
    limits.max_recipient = 320;
    limits.max_subject = 998;
    limits.max_content = 256 * 1024;
    limits.batch = 64;
    // Some wait behind each connection, so that none is idle while outcomes travel.
    limits.max_in_flight = std::max<std::size_t>(16, static_cast<std::size_t>(connections) * 4);
    return limits;
}

class EmailChannel final : public Channel {
  public:
    EmailChannel(SessionOptions options, std::int64_t connections, const Clock& clock, Log& log)
        : limits_(limits_for(connections)),
          shapes_{std::string(settings_schema), std::string(content_schema),
                  std::string(recipient_schema)},
          sender_(std::move(options), static_cast<std::size_t>(connections), clock, log) {}

    ChannelKind kind() const override { return ChannelKind::email; }
    std::string_view provider() const override { return "smtp"; }
    ChannelLimits limits() const override { return limits_; }
    const ChannelShapes& shapes() const override { return shapes_; }
    bool wants_intent() const override { return true; }

    std::vector<Problem> check(std::string_view recipient, const Content& content) const override {
        std::vector<Problem> problems;
        if (recipient.size() > limits_.max_recipient) {
            problems.push_back({"$.recipient", "too_long", "must have at most 320 bytes"});
        } else if (auto box = parse_mailbox(recipient); !box) {
            problems.push_back({"$.recipient", "recipient_invalid", box.error().detail});
        }
        check_subject(content.subject, problems);
        if (content.content.empty() && content.html.empty()) {
            problems.push_back({"$.content", "required", "a mail needs content, html or both"});
        }
        check_body("$.content", content.content, problems);
        check_body("$.html", content.html, problems);
        return problems;
    }

    Status start(OutcomeSink sink) override {
        sender_.start(std::move(sink));
        return Done{};
    }
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) override {
        sender_.send(std::move(batch), deadline_ms);
    }
    Result<std::vector<Receipt>> receipt(const Callback&) override {
        return make_error(ErrorCode::not_found, "SMTP gives no receipts");
    }
    void stop(Millis grace) override { sender_.stop(grace); }

  private:
    void check_subject(std::string_view subject, std::vector<Problem>& problems) const {
        if (subject.empty()) {
            problems.push_back({"$.subject", "required", "a mail needs a subject"});
        } else if (subject.size() > limits_.max_subject) {
            problems.push_back({"$.subject", "too_long", "must have at most 998 bytes"});
        } else if (has_control(subject) || !is_utf8(subject)) {
            problems.push_back({"$.subject", "content_invalid",
                                "must be one line of UTF-8 without control characters"});
        }
    }

    void check_body(const char* path, std::string_view text, std::vector<Problem>& problems) const {
        if (text.size() > limits_.max_content) {
            problems.push_back({path, "too_long", "must have at most 262144 bytes"});
        } else if (text.find('\0') != text.npos || !is_utf8(text)) {
            problems.push_back({path, "content_invalid", "must be UTF-8 without NUL"});
        }
    }

    const ChannelLimits limits_;
    const ChannelShapes shapes_;
    Sender sender_;
};

struct Url {
    std::string scheme;
    std::string host;
    std::string port;
};

/// scheme://host[:port], nothing else; libcurl does the reading.
std::optional<Url> read_url(const std::string& text) {
    const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
    if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
        return std::nullopt;
    }
    const auto part = [&url](CURLUPart which) {
        char* found = nullptr;
        if (curl_url_get(url.get(), which, &found, 0) != CURLUE_OK) return std::string();
        std::string out = found;
        curl_free(found);
        return out;
    };
    Url out{part(CURLUPART_SCHEME), part(CURLUPART_HOST), part(CURLUPART_PORT)};
    const std::string path = part(CURLUPART_PATH);
    const bool extra = !part(CURLUPART_USER).empty() || !part(CURLUPART_QUERY).empty() ||
                       !part(CURLUPART_FRAGMENT).empty() || (!path.empty() && path != "/");
    if (extra || (out.scheme != "smtp" && out.scheme != "smtps")) return std::nullopt;
    // Submission, not relay: RFC 6409 and RFC 8314.
    if (out.port.empty()) out.port = out.scheme == "smtps" ? "465" : "587";
    return out;
}

bool is_this_machine(const std::string& host) {
    return host == "localhost" || host.starts_with("127.") || host == "[::1]";
}

std::string own_host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    const auto host = ascii_domain(name.data());
    return host ? *host : "localhost";
}

TlsMode tls_mode(const EmailOptions& options, const Url& url) {
    if (options.tls == "off") return TlsMode::off;
    // A login must not travel readable because someone on the way hid the server's STARTTLS.
    const bool login_abroad = !options.username.empty() && !is_this_machine(url.host);
    if (options.tls == "required" || login_abroad) return TlsMode::required;
    return TlsMode::offered;
}

Result<std::unique_ptr<Channel>> invalid(std::string path, std::string detail) {
    Error error = make_error(ErrorCode::config_invalid, path + ": " + detail);
    error.problems.push_back({std::move(path), "invalid", std::move(detail)});
    return error;
}

}  // namespace

Result<std::unique_ptr<Channel>> make_email_channel(EmailOptions options, const Clock& clock,
                                                    Log& log) {
    const auto url = read_url(options.smtp_url);
    if (!url) return invalid("email.smtp_url", "must be smtp://HOST[:PORT] or smtps://HOST[:PORT]");
    auto from = parse_mailbox(options.from);
    if (!from) return invalid("email.from", from.error().detail);
    if (options.tls != "auto" && options.tls != "required" && options.tls != "off") {
        return invalid("email.tls", "must be auto, required or off");
    }
    if (options.connections < 1 || options.connections > 256) {
        return invalid("email.connections", "must be 1 to 256");
    }
    if (options.timeout_seconds < 1) return invalid("email.timeout_seconds", "must be at least 1");
    if (options.messages_per_connection < 1) {
        return invalid("email.messages_per_connection", "must be at least 1");
    }
    const auto helo = options.helo.empty() ? own_host_name() : options.helo;
    if (!ascii_domain(helo)) return invalid("email.helo", "must be a host name");

    SessionOptions session;
    session.server.url = url->scheme + "://" + url->host + ":" + url->port + "/" + helo;
    session.server.tls = tls_mode(options, *url);
    session.server.username = std::move(options.username);
    session.server.password = std::move(options.password);
    session.server.ca_file = std::move(options.ca_file);
    session.server.timeout = Millis(options.timeout_seconds * 1000);
    session.timeout = session.server.timeout;
    session.from = std::move(*from);
    session.messages_per_connection = options.messages_per_connection;
    return std::unique_ptr<Channel>(
        std::make_unique<EmailChannel>(std::move(session), options.connections, clock, log));
}

}  // namespace hongyan::email
