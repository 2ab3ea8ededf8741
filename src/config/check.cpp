#include "config/check.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "base/vault.hpp"
#include "config/setting_table.hpp"

namespace hongyan::config {
namespace {

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), is_control);
}

bool is_host(std::string_view text) {
    if (text.empty() || text.size() > 253) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == '_';
    });
}

bool is_ipv6(std::string_view text) {
    return text.find(':') != text.npos &&
           text.find_first_not_of("0123456789abcdefABCDEF:.") == text.npos;
}

struct HostPort {
    std::string host;
    std::string_view port;  ///< "" if there is none
};

/// Splits host:port or [IPv6]:port; nothing if the host is not one.
std::optional<HostPort> split_host_port(std::string_view text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos || !is_ipv6(text.substr(1, end - 1))) return std::nullopt;
        const auto rest = text.substr(end + 1);
        if (!rest.empty() && (rest.size() < 2 || rest[0] != ':')) return std::nullopt;
        return HostPort{std::string(text.substr(1, end - 1)), rest.empty() ? rest : rest.substr(1)};
    }
    const auto colon = text.find(':');
    const auto host = text.substr(0, colon);
    if (!is_host(host) || (colon != text.npos && colon + 1 == text.size())) return std::nullopt;
    return HostPort{std::string(host), colon == text.npos ? "" : text.substr(colon + 1)};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto port = parse_int(text);
    if (!port || *port < 0 || *port > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(*port);
}

bool is_address(std::string_view text) {
    const auto at = text.rfind('@');
    if (at == text.npos || at == 0 || at > 64) return false;
    const auto local = text.substr(0, at);
    if (local.find_first_of(" <>()[],;:\\\"@") != local.npos) return false;
    return is_host(text.substr(at + 1)) || text.substr(at + 1).find_first_of(" <>@,;") == text.npos;
}

bool is_loopback(std::string_view host) {
    return equals_ignoring_case(host, "localhost") || host == "::1" || host.starts_with("127.");
}

void check_email(const EmailSettings& email, std::vector<Problem>& problems) {
    const auto address = parse_smtp_url(email.smtp_url);
    if (address && email.tls == "off") {
        if (!is_loopback(address->host)) {
            problems.push_back(
                {"email.tls", "not_allowed",
                 "may only be \"off\" when email.smtp_url names this machine (localhost, 127.x, "
                 "::1), because "
                 "the password and the mails would travel readable; use \"auto\" or \"required\""});
        }
        if (address->implicit_tls) {
            problems.push_back({"email.tls", "not_allowed",
                                "cannot be \"off\" with an smtps:// address; use \"auto\", or "
                                "smtp:// in email.smtp_url"});
        }
    }
    if (address && email.from.empty()) {
        problems.push_back(
            {"email.from", "required",
             "is needed once email.smtp_url is set; for example \"Shop <no-reply@example.com>\""});
    }
    if (email.username.empty() != email.password.empty()) {
        const bool no_name = email.username.empty();
        problems.push_back({no_name ? "email.username" : "email.password", "required",
                            std::string("is needed because ") +
                                (no_name ? "email.password" : "email.username") +
                                " is set; give both or neither"});
    }
    if (!email.ca_file.empty() && access(email.ca_file.c_str(), R_OK) != 0) {
        problems.push_back({"email.ca_file", "unreadable",
                            "names a file that cannot be read: " + email.ca_file +
                                "; give a readable PEM file, or leave "
                                "it empty for the system's certificates"});
    }
}

}  // namespace

std::optional<ListenAddress> parse_listen(std::string_view text) {
    const auto parts = split_host_port(text);
    if (!parts || parts->port.empty()) return std::nullopt;
    const auto port = parse_port(parts->port);
    if (!port) return std::nullopt;
    return ListenAddress{parts->host, *port};
}

std::optional<SmtpAddress> parse_smtp_url(std::string_view url) {
    SmtpAddress address;
    if (url.starts_with("smtps://")) {
        address.implicit_tls = true;
        url.remove_prefix(8);
    } else if (url.starts_with("smtp://")) {
        url.remove_prefix(7);
    } else {
        return std::nullopt;
    }
    if (url.ends_with('/')) url.remove_suffix(1);
    const auto parts = split_host_port(url);
    if (!parts) return std::nullopt;
    address.host = parts->host;
    if (parts->port.empty()) return address;
    const auto port = parse_port(parts->port);
    if (!port || *port == 0) return std::nullopt;
    address.port = *port;
    return address;
}

std::string check_listen(std::string_view text) {
    return parse_listen(text)
               ? ""
               : "HOST:PORT, for example \"127.0.0.1:8000\", \"0.0.0.0:8000\" or \"[::]:8000\"";
}

std::string check_folder(std::string_view text) {
    return text.empty() || has_control(text) ? "the path of a folder, for example \"./data\"" : "";
}

std::string check_admin_key(std::string_view text) {
    if (text.empty()) return "";
    const bool printable =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
    const bool good =
        printable && text.size() >= 32 && text.size() <= 512 && trim(text).size() == text.size();
    return good ? ""
                : "32 to 512 printable ASCII characters without a space at either end, for example "
                  "the output of "
                  "'openssl rand -hex 32'";
}

std::string check_master_key(std::string_view text) {
    if (text.empty() || !Vault::key_problem(text)) return "";
    return "keys of 32 bytes in base64 with commas between, each made by 'openssl rand -base64 32'";
}

std::string check_public_url(std::string_view text) {
    const bool has_scheme = text.starts_with("https://") || text.starts_with("http://");
    const bool good = text.empty() || (has_scheme && !text.ends_with('/') && !has_control(text) &&
                                       text.find_first_of(" ?#\"<>") == text.npos);
    return good ? "" : "https://HOST[:PORT][/PATH] without a slash at the end";
}

std::string check_store_url(std::string_view text) {
    const bool has_scheme = text.starts_with("postgres://") || text.starts_with("postgresql://");
    return text.empty() || (has_scheme && !has_control(text))
               ? ""
               : "postgres://USER:PASSWORD@HOST[:PORT]/DATABASE, or empty for SQLite in data_dir";
}

std::string check_queue_url(std::string_view text) {
    const bool has_scheme = text.starts_with("amqp://") || text.starts_with("amqps://");
    return text.empty() || (has_scheme && !has_control(text))
               ? ""
               : "amqp://USER:PASSWORD@HOST[:PORT]/VHOST, or empty for a queue in the process";
}

std::string check_coordination_url(std::string_view text) {
    const bool has_scheme = text.starts_with("redis://") || text.starts_with("rediss://");
    return text.empty() || (has_scheme && !has_control(text))
               ? ""
               : "redis://[USER][:PASSWORD@]HOST[:PORT][/DATABASE], or empty for none";
}

std::string check_roles(std::string_view text) {
    const auto words = split(text, ',');
    const bool good =
        !words.empty() && std::all_of(words.begin(), words.end(), [](const auto& one) {
            const auto word = trim(one);
            return word == "api" || word == "worker" || word == "jobs";
        });
    return good ? "" : "one or more of api, worker and jobs, with commas between";
}

std::string check_smtp_url(std::string_view text) {
    return text.empty() || parse_smtp_url(text)
               ? ""
               : "smtp://HOST[:PORT] or smtps://HOST[:PORT], or empty for the sandbox; name and "
                 "password go into "
                 "email.username and email.password";
}

std::string check_mailbox(std::string_view text) {
    if (text.empty()) return "";
    std::string_view address = text;
    if (text.ends_with('>')) {
        const auto open = text.rfind('<');
        address = open == text.npos ? "" : text.substr(open + 1, text.size() - open - 2);
    }
    return !has_control(text) && is_utf8(text) && is_address(address)
               ? ""
               : "an address, or a name and an address: \"Shop <no-reply@example.com>\"";
}

std::string check_host_name(std::string_view text) {
    return text.empty() || is_host(text)
               ? ""
               : "a host name such as \"mail.example.com\", or empty for this machine's name";
}

std::string check_one_line(std::string_view text) {
    return is_utf8(text) && !has_control(text)
               ? ""
               : "one line of UTF-8 text without control characters";
}

namespace {

/// One node alone must do everything; what nodes share needs a store that they share.
void check_cluster(const Settings& settings, std::vector<Problem>& problems) {
    if (!settings.store.url.empty()) {
        const bool works = settings.node.roles.find("worker") != std::string::npos;
        if (settings.queue.url.empty() && !works) {
            problems.push_back({"node.roles", "not_allowed",
                                "must contain worker without queue.url: the queue inside a process "
                                "is emptied by nobody else"});
        }
        return;
    }
    constexpr std::string_view why = "needs store.url: nodes share nothing without PostgreSQL";
    if (!settings.queue.url.empty())
        problems.push_back({"queue.url", "not_allowed", std::string(why)});
    if (!settings.coordination.url.empty())
        problems.push_back({"coordination.url", "not_allowed", std::string(why)});
    for (const char* role : {"api", "worker", "jobs"}) {
        if (settings.node.roles.find(role) != std::string::npos) continue;
        problems.push_back(
            {"node.roles", "not_allowed",
             "must be api,worker,jobs without store.url: this node is the only one"});
        break;
    }
}

}  // namespace

std::vector<Problem> check_together(const Settings& settings) {
    std::vector<Problem> problems;
    if (settings.delivery.retry_max_ms < settings.delivery.retry_base_ms) {
        problems.push_back({"delivery.retry_max_ms", "out_of_range",
                            "must not be smaller than delivery.retry_base_ms (" +
                                std::to_string(settings.delivery.retry_base_ms) + ")"});
    }
    if (settings.retention.message_days < settings.retention.trace_days) {
        problems.push_back({"retention.message_days", "out_of_range",
                            "must not be smaller than retention.trace_days (" +
                                std::to_string(settings.retention.trace_days) +
                                "), since a trace belongs to its message"});
    }
    check_email(settings.email, problems);
    check_cluster(settings, problems);
    return problems;
}

}  // namespace hongyan::config
