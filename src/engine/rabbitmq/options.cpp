#include "engine/rabbitmq/options.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace hongyan::rabbitmq {
namespace {

constexpr std::size_t longest_name = 200;  ///< AMQP's short strings end at 255
constexpr int plain_port = 5672;
constexpr int tls_port = 5671;

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

std::optional<std::string> decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const auto high = hex_digit(text[i + 1]);
        const auto low = hex_digit(text[i + 2]);
        if (!high || !low || (*high == 0 && *low == 0)) return std::nullopt;
        plain += static_cast<char>(*high * 16 + *low);
        i += 2;
    }
    return plain;
}

std::optional<std::int64_t> whole(std::string_view text, std::int64_t lowest,
                                  std::int64_t highest) {
    std::int64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size() || value < lowest ||
        value > highest)
        return std::nullopt;
    return value;
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

class Parser {
  public:
    Result<Options> run(std::string_view url) {
        if (url.starts_with("amqps://")) {
            options_.tls = true;
            url.remove_prefix(8);
        } else if (url.starts_with("amqp://")) {
            url.remove_prefix(7);
        } else {
            complain("queue", "a RabbitMQ URL begins with amqp:// or amqps://");
            return failure();
        }
        const auto query = url.find('?');
        if (query != std::string_view::npos) read_query(url.substr(query + 1));
        url = url.substr(0, query);
        const auto slash = url.find('/');
        if (slash != std::string_view::npos) {
            // RFC 3986 has it that "amqp://host/" names the empty path; everybody means "/".
            const auto path = url.substr(slash + 1);
            if (!path.empty()) set(options_.vhost, path, "vhost");
        }
        read_authority(url.substr(0, slash));
        if (options_.cert_file.empty() != options_.key_file.empty())
            complain("queue.certfile", "certfile and keyfile are given together");
        if (!problems_.empty()) return failure();
        return std::move(options_);
    }

  private:
    void complain(std::string path, std::string detail) {
        problems_.push_back({std::move(path), "invalid", std::move(detail)});
    }
    Error failure() {
        auto error =
            make_error(ErrorCode::config_invalid, "queue: " + problems_.front().detail + ".");
        error.problems = std::move(problems_);
        return error;
    }
    void set(std::string& field, std::string_view text, const std::string& name) {
        auto plain = decoded(text);
        if (!plain || plain->empty() || plain->size() > longest_name)
            complain("queue." + name,
                     name + " is empty, longer than 200 bytes or not percent-encoded");
        else
            field = std::move(*plain);
    }
    void read_authority(std::string_view text) {
        if (const auto at = text.rfind('@'); at != std::string_view::npos) {
            const auto user = text.substr(0, at);
            const auto colon = user.find(':');
            set(options_.user, user.substr(0, colon), "user");
            if (colon != std::string_view::npos)
                set(options_.password, user.substr(colon + 1), "password");
            text.remove_prefix(at + 1);
        }
        for (const auto host : split(text, ',')) read_host(host);
    }
    void read_host(std::string_view text) {
        Host host;
        host.port = options_.tls ? tls_port : plain_port;
        std::string_view port;
        if (text.starts_with('[')) {
            const auto end = text.find(']');
            host.name = std::string(text.substr(1, end == std::string_view::npos ? 0 : end - 1));
            if (end != std::string_view::npos) port = text.substr(end + 1);
        } else {
            const auto colon = text.find(':');
            host.name = std::string(text.substr(0, colon));
            if (colon != std::string_view::npos) port = text.substr(colon);
        }
        if (!port.empty()) {
            const auto number = port[0] == ':' ? whole(port.substr(1), 1, 65'535) : std::nullopt;
            if (!number) complain("queue.port", "a port is a number from 1 to 65535");
            host.port = static_cast<int>(number.value_or(host.port));
        }
        if (host.name.empty() || host.name.size() > longest_name)
            complain("queue.host", "the name of a host is missing or too long");
        options_.hosts.push_back(std::move(host));
    }
    void read_query(std::string_view text) {
        for (const auto pair : split(text, '&')) {
            if (pair.empty()) continue;
            const auto equals = pair.find('=');
            const auto value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
            read_setting(std::string(pair.substr(0, equals)), value);
        }
    }
    void read_setting(const std::string& name, std::string_view value) {
        if (name == "prefix") return set(options_.prefix, value, name);
        if (name == "cacertfile") return set(options_.ca_file, value, name);
        if (name == "certfile") return set(options_.cert_file, value, name);
        if (name == "keyfile") return set(options_.key_file, value, name);
        if (name == "queues") return read_queues(value);
        if (name == "verify" && (value == "peer" || value == "none")) {
            options_.verify = value == "peer";
            return;
        }
        if (name == "heartbeat") return read_number(options_.heartbeat_seconds, name, value, 600);
        if (name == "prefetch") return read_number(options_.prefetch, name, value, 1'000);
        if (name == "held") return read_number(options_.held_max, name, value, 100'000'000);
        if (name == "outbox") return read_number(options_.outbox_max, name, value, 100'000'000);
        complain("queue." + name, "'" + name +
                                      "' is none of prefix, queues, cacertfile, certfile, keyfile, "
                                      "verify (peer or none), heartbeat, prefetch, held, outbox");
    }
    template <class Number>
    void read_number(Number& field, const std::string& name, std::string_view value,
                     std::int64_t highest) {
        const auto number = whole(value, 1, highest);
        if (number)
            field = static_cast<Number>(*number);
        else
            complain("queue." + name, name + " is a number from 1 to " + std::to_string(highest));
    }
    void read_queues(std::string_view value) {
        for (const auto part : split(value, ',')) {
            options_.queues.emplace_back();
            set(options_.queues.back(), part, "queues");
        }
        if (options_.queues.size() != 1 && options_.queues.size() != 4) {
            complain("queue.queues",
                     "queues names one queue for all priorities, or four: urgent (9-10), "
                     "important (6-8), normal (3-5), low (0-2)");
        }
    }

    Options options_;
    std::vector<Problem> problems_;
};

}  // namespace

Result<Options> parse(std::string_view url) { return Parser().run(url); }

std::vector<Band> Options::bands() const {
    if (queues.size() == 1) return {{queues[0], 0, priority_levels - 1}};
    std::vector<Band> all{{prefix + ".urgent", 9, 10},
                          {prefix + ".important", 6, 8},
                          {prefix + ".normal", 3, 5},
                          {prefix + ".low", 0, 2}};
    for (std::size_t i = 0; i < queues.size(); ++i) all[i].queue = queues[i];
    return all;
}

std::string Options::shown() const {
    std::string text = (tls ? "amqps://" : "amqp://") + user + "@";
    for (std::size_t i = 0; i < hosts.size(); ++i)
        text += (i == 0 ? "" : ",") + hosts[i].name + ":" + std::to_string(hosts[i].port);
    return text + "/" + vhost;
}

}  // namespace hongyan::rabbitmq
