#include "channel/twilio/url.hpp"

#include <algorithm>

#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::twilio {
namespace {

constexpr std::size_t most_fields = 1'000;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_digit(text[i + 1]);
        const int low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

}  // namespace

std::optional<UrlParts> split_url(std::string_view url) {
    const auto colon = url.find("://");
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    UrlParts parts;
    parts.scheme = to_lower(url.substr(0, colon + 3));
    url.remove_prefix(colon + 3);
    const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
    url.remove_prefix(authority.size());
    // A colon inside brackets belongs to an IPv6 address.
    const auto bracket = authority.rfind(']');
    const auto port = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    parts.host = std::string(authority.substr(0, port));
    if (port != std::string_view::npos) parts.port = std::string(authority.substr(port));
    const auto query = std::min(url.find('?'), url.size());
    parts.path = std::string(url.substr(0, query));
    parts.query = std::string(url.substr(query));
    return parts;
}

std::string join(const UrlParts& parts) {
    return parts.scheme + parts.host + parts.port + parts.path + parts.query;
}

std::string write_form(const Form& form) {
    std::string text;
    for (const auto& [name, value] : form) {
        if (!text.empty()) text += '&';
        text += percent_encoded(name) + "=" + percent_encoded(value);
    }
    return text;
}

std::optional<Form> read_form(std::string_view text) {
    Form form;
    while (!text.empty()) {
        if (form.size() == most_fields) return std::nullopt;
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        if (pair.empty()) continue;
        const auto equals = pair.find('=');
        auto name = decoded(pair.substr(0, equals));
        auto value = decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
        if (!name || !value) return std::nullopt;
        form.emplace_back(std::move(*name), std::move(*value));
    }
    return form;
}

std::string_view value_in(const Form& form, std::string_view name) {
    const auto found = std::find_if(form.begin(), form.end(),
                                    [&](const auto& field) { return field.first == name; });
    return found == form.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace hongyan::twilio
