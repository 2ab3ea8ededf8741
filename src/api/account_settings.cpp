#include "api/account_settings.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <optional>
#include <string>

#include "base/text.hpp"

namespace hongyan::api {
namespace {

namespace json = boost::json;

constexpr std::int64_t last_port = 65'535;

std::string_view view_of(const json::string& text) { return {text.data(), text.size()}; }

bool is_key_text(std::string_view text) {
    const auto start = trim(text);
    return start.starts_with("-----BEGIN ") || start.starts_with('{');
}

std::optional<std::string> check_characters(std::string_view text) {
    const bool may_break = is_key_text(text);
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_break = c == '\n' || c == '\r' || c == '\t';
        if (byte == 0x7F || (byte < 0x20 && !(is_break && may_break)))
            return is_break ? "holds a line break or tab; it must be one line"
                            : "holds a control character";
    }
    return std::nullopt;
}

bool is_host(std::string_view host) {
    const auto consists_of = [](std::string_view text, std::string_view others) {
        return std::all_of(text.begin(), text.end(), [others](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   others.find(c) != std::string_view::npos;
        });
    };
    if (!host.starts_with('[')) return !host.empty() && consists_of(host, ".-_");
    return host.size() > 3 && host.ends_with(']') &&
           consists_of(host.substr(1, host.size() - 2), ":.");
}

std::optional<std::string> check_address(std::string_view url) {
    const std::size_t start = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
    if (start == 0) return "must be an address that begins with https:// or http://";
    const auto authority = url.substr(start, url.find_first_of("/?#", start) - start);
    if (authority.find('@') != std::string_view::npos)
        return "must not hold a user name or password; there are settings for them";
    const auto colon = authority.find(':', authority.find(']') + 1);
    const auto host = authority.substr(0, colon);
    if (!is_host(host)) return "has no host name or IP address that can be called";
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = parse_int(authority.substr(colon + 1));
    if (!port || *port < 1 || *port > last_port) return "has a port that is not 1 to 65535";
    return std::nullopt;
}

void look(const json::value& value, const std::string& path, std::vector<Problem>& problems) {
    if (value.is_string()) {
        if (auto wrong = check_characters(view_of(value.get_string())))
            problems.push_back({path, "invalid", path.substr(2) + " " + *wrong});
    } else if (value.is_array()) {
        std::size_t at = 0;
        for (const auto& element : value.get_array())
            look(element, path + "[" + std::to_string(at++) + "]", problems);
    } else if (value.is_object()) {
        for (const auto& entry : value.get_object())
            look(entry.value(), path + "." + std::string(entry.key().data(), entry.key().size()),
                 problems);
    }
}

/// Names of the properties that are addresses.
std::vector<std::string> addresses_in(std::string_view schema) {
    std::vector<std::string> names;
    json::error_code failure;
    const auto parsed = json::parse(json::string_view(schema.data(), schema.size()), failure);
    if (failure || !parsed.is_object()) return names;
    const auto* properties = parsed.get_object().if_contains("properties");
    if (properties == nullptr || !properties->is_object()) return names;
    for (const auto& entry : properties->get_object()) {
        if (!entry.value().is_object()) continue;
        const auto* format = entry.value().get_object().if_contains("format");
        if (format != nullptr && format->is_string() && format->get_string() == "uri")
            names.emplace_back(entry.key().data(), entry.key().size());
    }
    return names;
}

}  // namespace

std::vector<Problem> general_problems(std::string_view schema,
                                      const boost::json::object& settings) {
    std::vector<Problem> problems;
    for (const auto& entry : settings) {
        look(entry.value(), "$." + std::string(entry.key().data(), entry.key().size()), problems);
    }
    if (!problems.empty()) return problems;
    for (const auto& name : addresses_in(schema)) {
        const auto* given = settings.if_contains(name);
        if (given == nullptr || !given->is_string() || given->get_string().empty()) continue;
        if (auto wrong = check_address(view_of(given->get_string())))
            problems.push_back({"$." + name, "format", name + " " + *wrong});
    }
    return problems;
}

}  // namespace hongyan::api
