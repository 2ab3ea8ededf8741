#include "config/setting_table.hpp"

#include <charconv>
#include <cmath>
#include <vector>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "config/check.hpp"

namespace hongyan::config {
namespace {

using enum Type;

constexpr Setting text(std::string_view name, std::string_view fallback,
                       std::string (*check)(std::string_view), std::string_view sentence) {
    return {name, string, fallback, 0, 0, "", check, sentence, Change::restart};
}
constexpr Setting secret_text(std::string_view name, std::string (*check)(std::string_view),
                              std::string_view sentence) {
    return {name, secret, "", 0, 0, "", check, sentence, Change::restart};
}
constexpr Setting word(std::string_view name, std::string_view fallback, std::string_view allowed,
                       std::string_view sentence) {
    return {name, string, fallback, 0, 0, allowed, nullptr, sentence, Change::restart};
}
constexpr Setting whole(std::string_view name, std::string_view fallback, double min, double max,
                        std::string_view sentence) {
    return {name, integer, fallback, min, max, "", nullptr, sentence, Change::restart};
}
constexpr Setting time_span(std::string_view name, std::string_view fallback, double min,
                            double max, std::string_view sentence) {
    return {name, duration, fallback, min, max, "", nullptr, sentence, Change::restart};
}

constexpr Setting table[] = {
    text("listen", "127.0.0.1:8000", check_listen,
         "Address and port of the HTTP server; 0.0.0.0 or [::] listens on every network interface, "
         "port 0 takes a free one."),
    text("data_dir", "./data", check_folder,
         "Folder of the database; created if missing, readable by its owner only."),
    secret_text(
        "admin_key", check_admin_key,
        "The administrator's API key; empty lets the first start make one and show it once."),
    text("public_url", "", check_public_url,
         "Where providers and receivers reach this server, for callbacks and links: "
         "https://HOST[/PATH]; empty = the address it listens on."),
    secret_text("master_key", check_master_key,
                "Keys that encrypt stored secrets: 32 bytes each in base64, separated by commas or "
                "lines, the first one seals; empty = those of master.key in data_dir, which the "
                "first start makes. Nodes of one store need the same. Keep a copy apart from "
                "backups."),

    word("log.level", "info", "debug|info|warn|error",
         "The least important lines still written to the log."),
    word("log.format", "logfmt", "logfmt|json", "How a log line is written."),

    whole("http.io_threads", "1", 1, 64,
          "Threads that read and write connections; one for every two cores is a good start."),
    whole("http.max_connections", "10000", 1, 1'000'000,
          "Connections open at once; further ones are closed at once."),
    whole("http.max_connections_per_address", "2000", 1, 1'000'000,
          "Connections open at once from one client address."),
    time_span("http.header_timeout_seconds", "5", 1, 300,
              "Time for a request's header to arrive, from its first byte."),
    time_span("http.idle_timeout_seconds", "75", 1, 3600,
              "Time that a connection may stay open without a request."),
    time_span("http.request_timeout_seconds", "60", 1, 3600,
              "Time for a whole request to arrive and its answer to be taken."),
    time_span("http.stop_grace_seconds", "10", 0, 600,
              "Time that requests and attempts under way get at a stop."),

    whole("live.max_connections", "1000", 1, 100'000, "Monitoring screens connected at once."),
    whole("live.max_connections_per_key", "200", 1, 100'000,
          "Monitoring screens connected at once with one API key."),
    whole("live.max_connections_per_address", "200", 1, 100'000,
          "Monitoring screens connected at once from one client address."),

    secret_text(
        "store.url", check_store_url,
        "PostgreSQL as the store: postgres://USER:PASSWORD@HOST[,HOST2][:PORT]/DATABASE, with "
        "what libpq takes behind a question mark, such as sslmode=verify-full; empty = SQLite "
        "in data_dir."),
    whole("store.cache_mib", "32", 1, 65536,
          "Memory of SQLite's page cache, in MiB, over all its connections."),
    whole(
        "store.checkpoint_pages", "1000", 100, 1'000'000,
        "Pages of 4 KiB in the write-ahead log after which it is written back into the database."),
    whole("store.reader_threads", "2", 1, 64, "Threads that answer questions to the database."),
    whole("store.batch_rows", "2000", 100, 100'000,
          "Most rows that one transaction of the committer takes."),

    secret_text("queue.url", check_queue_url,
                "RabbitMQ as the queue: amqp[s]://USER:PASSWORD@HOST[:PORT][,HOST2]/VHOST, with "
                "options behind a question mark (docs/rabbitmq.md); empty = a queue inside the "
                "process. Needs store.url."),
    time_span("queue.aging_seconds", "30", 0, 86400,
              "Waiting time that raises a message's priority by one, so that nothing starves; 0 = "
              "never."),
    whole("queue.max_messages", "20000000", 1, 1'000'000'000,
          "Messages waiting at once; beyond, new ones are answered 503 until some are delivered."),

    secret_text("coordination.url", check_coordination_url,
                "Redis for locks, limits that all nodes share, and live traces: "
                "redis[s]://[USER][:PASSWORD@]HOST[:PORT][/DATABASE]; empty = locks in the store, "
                "limits on each node alone. Needs store.url."),

    text("node.name", "", check_one_line,
         "This node's name in logs, metrics and lists; empty = the machine's name and the port."),
    text("node.roles", "api,worker,jobs", check_roles,
         "What this node does, with commas: api answers senders, worker delivers, jobs clears up, "
         "calls webhooks and takes over from dead nodes. All three without store.url."),

    whole("delivery.retry_attempts", "8", 1, 100,
          "Attempts for one message before it becomes a dead letter, the first included."),
    time_span("delivery.retry_base_ms", "1000", 10, 3'600'000,
              "Upper end of the random pause before the second attempt; it doubles with every "
              "further one."),
    time_span("delivery.retry_max_ms", "600000", 10, 86'400'000,
              "Upper end that this pause never exceeds."),
    time_span("delivery.deadline_hours", "24", 1, 720,
              "Age at which a message that still fails becomes a dead letter."),
    time_span("delivery.attempt_timeout_seconds", "60", 1, 3600, "Time that one attempt may take."),
    word("delivery.unknown_outcome", "send_again", "send_again|hold",
         "What follows when a request left and no answer came: send_again risks that the receiver "
         "gets it twice, hold keeps the message as unknown until an operator decides."),

    time_span("retention.trace_days", "7", 1, 3650,
              "Days that the traces of finished messages are kept."),
    time_span("retention.message_days", "30", 1, 3650,
              "Days that finished messages are kept; not fewer than traces."),
    whole("retention.step_rows", "500", 1, 100'000,
          "Rows deleted in one step; small steps never stall the server."),

    time_span("idempotency.hours", "24", 1, 720,
              "Hours that an Idempotency-Key and its reply are remembered."),

    text("email.smtp_url", "", check_smtp_url,
         "Mail server, smtp://HOST[:PORT] or smtps://HOST[:PORT]; empty = e-mail goes to the "
         "built-in sandbox."),
    word("email.tls", "auto", "auto|required|off",
         "auto encrypts when the server offers it, required refuses to send otherwise, off (this "
         "machine only) never does."),
    text("email.username", "", check_one_line,
         "Name for the login at the mail server; empty = no login."),
    secret_text("email.password", check_one_line, "Password for the login at the mail server."),
    text("email.from", "", check_mailbox,
         "Sender of every mail, \"Name <address>\"; needed once email.smtp_url is set."),
    text("email.helo", "", check_host_name,
         "Name by which the server introduces itself; empty = this machine's name."),
    text("email.ca_file", "", check_one_line,
         "PEM file of trusted certificates; empty = the system's."),
    whole("email.connections", "8", 1, 256, "Connections to the mail server open at once."),
    time_span("email.timeout_seconds", "60", 1, 3600,
              "Time that the mail server has for one mail."),
    whole("email.messages_per_connection", "100", 1, 100'000,
          "Mails sent over one connection before it is renewed."),

    text(
        "outbound.allow_networks", "", check_one_line,
        "Private networks that addresses given by senders (callback_url, webhooks) and by accounts "
        "of tenants other than the operator's own may lead to, e.g. \"10.1.0.0/16,127.0.0.1/32\"; "
        "empty = public addresses only."),
    whole("outbound.max_in_flight", "2000", 1, 100'000,
          "Requests to providers and webhooks under way at once; further ones wait, and one host "
          "gets at most half."),
    whole("outbound.max_per_host", "512", 1, 100'000,
          "Connections open to one host and port at once; without HTTP/2 also the requests under "
          "way there. Further ones wait."),

    {"sandbox.enabled", boolean, "true", 0, 0, "", nullptr,
     "Whether channels without a real provider deliver into the built-in sandbox; if not, their "
     "messages are refused.",
     Change::restart},
    whole("sandbox.inbox_messages", "2000", 1, 1'000'000,
          "Newest messages that the sandbox's inbox keeps."),
    whole("sandbox.ledger_mib", "64", 0, 65536,
          "Size in MiB at which the sandbox's journal file is rotated; 0 = no journal."),
    time_span("sandbox.latency_ms", "0", 0, 600'000,
              "Time that the sandbox takes for each message, like a slow provider."),
    {"sandbox.failure_percent", number, "0", 0, 100, "", nullptr,
     "Share of attempts that the sandbox lets fail.", Change::restart},
    word("sandbox.failure_class", "transient",
         "transient|unknown|rate_limited|quota|token|configuration|recipient_permanent|message_"
         "permanent",
         "What the sandbox reports for the attempts it lets fail."),
    {"sandbox.providers", boolean, "true", 0, 0, "", nullptr,
     "Whether the simulated providers listen on this machine, to try accounts without a contract.",
     Change::restart},
    whole("sandbox.http_port", "8090", 0, 65535,
          "Port of the simulated providers over HTTP; another is taken if it is in use; 0 = any."),
    whole("sandbox.https_port", "8443", 0, 65535,
          "Port of the simulated providers over HTTPS; another is taken if it is in use; 0 = any."),
    text("sandbox.providers_file", "", check_one_line,
         "TOML file with their credentials, limits and faults; empty = as documented."),
};

std::string plain_number(double value) {
    char buffer[32];
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
    return std::string(buffer, end);
}

std::optional<bool> parse_bool(std::string_view text_value) {
    const std::string word_value = to_lower(text_value);
    if (word_value == "true" || word_value == "1" || word_value == "yes" || word_value == "on")
        return true;
    if (word_value == "false" || word_value == "0" || word_value == "no" || word_value == "off")
        return false;
    return std::nullopt;
}

std::optional<double> parse_double(std::string_view text_value) {
    double value = 0;
    const auto [end, failure] =
        std::from_chars(text_value.data(), text_value.data() + text_value.size(), value);
    if (failure != std::errc() || end != text_value.data() + text_value.size()) return std::nullopt;
    return value;
}

bool is_allowed(const Setting& setting, const std::string& value) {
    for (const auto& one : split(setting.allowed, '|')) {
        if (one == value) return true;
    }
    return false;
}

}  // namespace

std::span<const Setting> setting_table() { return table; }

const Setting* find_setting(std::string_view name) {
    for (const auto& setting : table) {
        if (setting.name == name) return &setting;
    }
    return nullptr;
}

std::string nearest_setting(std::string_view name) {
    std::vector<std::string_view> names;
    const auto last = name.substr(name.rfind('.') + 1);
    for (const auto& setting : table) {
        names.push_back(setting.name);
        // The right word in the wrong group is the commonest slip, and far away by edit distance.
        if (setting.name.substr(setting.name.rfind('.') + 1) == last)
            return std::string(setting.name);
    }
    return nearest_word(name, names);
}

std::string variable_of(std::string_view name) {
    std::string variable = "HONGYAN_";
    for (const char c : name) {
        variable += c == '.' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    }
    return variable;
}

std::string_view unit_of(const Setting& setting) {
    const auto separator = setting.name.find_last_of("._");
    const auto word_value = setting.name.substr(separator + 1);
    return word_value == "ms" ? "milliseconds" : word_value;
}

std::string requirement(const Setting& setting) {
    const auto range = [&] {
        return " from " + plain_number(setting.min) + " to " + plain_number(setting.max);
    };
    switch (setting.type) {
        case boolean:
            return "true or false";
        case integer:
            return "a whole number" + range();
        case duration:
            return "a whole number of " + std::string(unit_of(setting)) + range();
        case number:
            return "a number" + range();
        case string:
        case secret:
            break;
    }
    if (setting.allowed.empty()) return "text";
    std::string words;
    for (const auto& one : split(setting.allowed, '|'))
        words += (words.empty() ? "one of " : ", ") + one;
    return words;
}

std::optional<Value> parse_value(const Setting& setting, std::string_view text_value) {
    switch (setting.type) {
        case boolean:
            if (const auto value = parse_bool(trim(text_value)); value) return Value(*value);
            return std::nullopt;
        case integer:
        case duration:
            if (const auto value = parse_int(trim(text_value)); value) return Value(*value);
            return std::nullopt;
        case number:
            if (const auto value = parse_double(trim(text_value)); value) return Value(*value);
            return std::nullopt;
        case string:
        case secret:
            return Value(std::string(text_value));
    }
    return std::nullopt;
}

std::string check_value(const Setting& setting, const Value& value) {
    switch (setting.type) {
        case boolean:
            HY_ASSERT(std::holds_alternative<bool>(value));
            return "";
        case integer:
        case duration:
        case number: {
            const auto* whole_value = std::get_if<std::int64_t>(&value);
            const double size = whole_value != nullptr ? static_cast<double>(*whole_value)
                                                       : std::get<double>(value);
            return size >= setting.min && size <= setting.max
                       ? ""
                       : requirement(setting);  // NaN fails both
        }
        case string:
        case secret:
            break;
    }
    const auto& words = std::get<std::string>(value);
    if (!setting.allowed.empty()) return is_allowed(setting, words) ? "" : requirement(setting);
    return setting.check == nullptr ? "" : setting.check(words);
}

std::string show_value(const Setting& setting, const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value); flag != nullptr)
        return *flag ? "true" : "false";
    if (const auto* whole_value = std::get_if<std::int64_t>(&value); whole_value != nullptr) {
        return std::to_string(*whole_value);
    }
    if (const auto* real = std::get_if<double>(&value); real != nullptr) return plain_number(*real);
    const auto& words = std::get<std::string>(value);
    return setting.type == secret && !words.empty() ? "******" : words;
}

}  // namespace hongyan::config
