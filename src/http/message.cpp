#include "http/message.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace hongyan::http {

namespace {

struct MethodName {
    Method method;
    std::string_view text;
};
constexpr std::array<MethodName, 8> method_names{{{Method::get, "GET"},
                                                  {Method::post, "POST"},
                                                  {Method::put, "PUT"},
                                                  {Method::patch, "PATCH"},
                                                  {Method::del, "DELETE"},
                                                  {Method::head, "HEAD"},
                                                  {Method::options, "OPTIONS"},
                                                  {Method::other, "OTHER"}}};

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// True if text[at] starts a valid escape.
bool is_escape(std::string_view text, std::size_t at) {
    return at + 2 < text.size() && hex_value(text[at + 1]) >= 0 && hex_value(text[at + 2]) >= 0;
}

/// Calls visit(raw_name, raw_value) for each pair until it returns false.
template <class Visit>
void visit_query(std::string_view query, const Visit& visit) {
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(part.size() + 1, query.size()));
        if (part.empty()) continue;
        const std::size_t equals = part.find('=');
        const std::string_view name = part.substr(0, equals);
        const std::string_view value =
            equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
        if (!visit(name, value)) return;
    }
}

}  // namespace

std::string_view to_text(Method method) {
    return method_names.at(static_cast<std::size_t>(method)).text;
}

Method method_from_text(std::string_view text) {
    for (const auto& row : method_names) {
        if (row.text == text) return row.method;
    }
    return Method::other;
}

std::string_view Request::header(std::string_view name) const {
    for (const auto& field : fields) {
        if (field.name.size() == name.size() && equals_ignoring_case(field.name, name)) {
            return field.value;
        }
    }
    return {};
}

std::size_t Request::header_count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(fields.begin(), fields.end(), [&](const Field& field) {
            return field.name.size() == name.size() && equals_ignoring_case(field.name, name);
        }));
}

std::string_view Request::param(std::string_view name) const {
    for (const auto& field : params) {
        if (field.name == name) return field.value;
    }
    return {};
}

std::optional<std::string> Request::query_value(std::string_view name) const {
    std::optional<std::string> found;
    visit_query(query, [&](std::string_view raw_name, std::string_view value) {
        if (raw_name != name && percent_decoded(raw_name, true) != name) return true;
        found = percent_decoded(value, true);
        return false;
    });
    return found;
}

std::vector<std::pair<std::string, std::string>> Request::query_pairs() const {
    std::vector<std::pair<std::string, std::string>> pairs;
    visit_query(query, [&](std::string_view name, std::string_view value) {
        pairs.emplace_back(percent_decoded(name, true), percent_decoded(value, true));
        return true;
    });
    return pairs;
}

void HeaderList::add(std::string_view name, std::string_view value) {
    lines_.reserve(lines_.size() + name.size() + value.size() + 4);
    lines_ += name;
    lines_ += ": ";
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        lines_ += byte < 0x20 || byte == 0x7f ? ' ' : c;
    }
    lines_ += "\r\n";
}

std::string_view HeaderList::find(std::string_view name) const {
    std::string_view rest = lines_;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\r'));
        rest.remove_prefix(line.size() + 2);
        const std::size_t colon = line.find(':');
        if (colon == name.size() && equals_ignoring_case(line.substr(0, colon), name)) {
            return line.substr(colon + 2);
        }
    }
    return {};
}

std::string percent_decoded(std::string_view text, bool plus_is_space) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && is_escape(text, i)) {
            decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            decoded += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return decoded;
}

bool has_valid_escapes(std::string_view text) {
    for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
        if (!is_escape(text, i)) return false;
    }
    return true;
}

}  // namespace hongyan::http
