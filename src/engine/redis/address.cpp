#include "engine/redis/address.hpp"

#include <optional>

#include "base/text.hpp"

namespace hongyan::redis {
namespace {

Error wrong(const std::string& part, const std::string& detail) {
    Error error = make_error(ErrorCode::config_invalid, "the address of Redis: " + detail);
    error.problems.push_back({part, "invalid", detail});
    return error;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        int value = 0;
        for (std::size_t k = 1; k <= 2; ++k) {
            const char c = i + k < text.size() ? text[i + k] : ' ';
            const auto digit = std::string_view("0123456789abcdef").find(to_lower({&c, 1}));
            if (digit == std::string_view::npos) return std::nullopt;
            value = value * 16 + static_cast<int>(digit);
        }
        decoded += static_cast<char>(value);
        i += 2;
    }
    return decoded;
}

/// Takes "user:password@" from the front.
Status take_credentials(std::string_view& rest, Address& address) {
    const auto at = rest.substr(0, rest.find('/')).rfind('@');
    if (at == std::string_view::npos) return Done{};
    const std::string_view both = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    const auto colon = both.find(':');
    const auto user = percent_decoded(both.substr(0, colon));
    const auto password =
        percent_decoded(colon == std::string_view::npos ? "" : both.substr(colon + 1));
    if (!user) return wrong("user", "the user has a % without two hexadecimal digits");
    if (!password) return wrong("password", "the password has a % without two hexadecimal digits");
    address.user = *user;
    address.password = *password;
    return Done{};
}

Status take_host(std::string_view& rest, Address& address) {
    const std::string_view place = rest.substr(0, rest.find_first_of("/?"));
    rest.remove_prefix(place.size());
    std::string_view port;
    if (place.starts_with('[')) {
        const auto end = place.find(']');
        if (end == std::string_view::npos) return wrong("host", "the host's ] is missing");
        address.host = place.substr(1, end - 1);
        port = place.substr(end + 1);
    } else {
        address.host = place.substr(0, place.find(':'));
        port = place.substr(address.host.size());
    }
    if (address.host.empty()) return wrong("host", "the host is missing");
    if (port.empty()) return Done{};
    const auto number = parse_int(port.substr(1));
    if (port[0] != ':' || !number || *number < 1 || *number > 65'535)
        return wrong("port", "the port is not a number from 1 to 65535");
    address.port = std::to_string(*number);
    return Done{};
}

Status take_options(std::string_view options, Address& address) {
    for (const std::string& option : split(options, '&')) {
        const auto equals = option.find('=');
        const std::string name = option.substr(0, equals);
        const auto value =
            percent_decoded(equals == std::string::npos ? "" : option.substr(equals + 1));
        if (!value || value->empty()) return wrong(name, "the option " + name + " has no value");
        if (name == "ca_file") {
            address.ca_file = *value;
        } else if (name == "server_name") {
            address.server_name = *value;
        } else {
            return wrong(name, "there is no option " + name + "; known: ca_file, server_name");
        }
        if (!address.tls) return wrong(name, "the option " + name + " needs rediss://");
    }
    return Done{};
}

}  // namespace

std::string Address::shown() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return (tls ? "rediss://" : "redis://") + (is_v6 ? "[" + host + "]" : host) + ":" + port + "/" +
           std::to_string(database);
}

Result<Address> parse_address(std::string_view text) {
    Address address;
    if (text.starts_with("rediss://")) {
        address.tls = true;
        text.remove_prefix(9);
    } else if (text.starts_with("redis://")) {
        text.remove_prefix(8);
    } else {
        return wrong("scheme", "it begins with redis:// or rediss://");
    }
    if (auto taken = take_credentials(text, address); !taken) return taken.error();
    if (auto taken = take_host(text, address); !taken) return taken.error();
    const std::string_view path = text.substr(0, text.find('?'));
    if (path.size() > 1) {
        const auto database = parse_int(path.substr(1));
        if (!database || *database < 0 || *database > 65'535)
            return wrong("database", "the database after / is not a number from 0 to 65535");
        address.database = static_cast<int>(*database);
    }
    text.remove_prefix(path.size());
    if (text.size() > 1) {
        if (auto taken = take_options(text.substr(1), address); !taken) return taken.error();
    }
    if (address.server_name.empty()) address.server_name = address.host;
    return address;
}

}  // namespace hongyan::redis
