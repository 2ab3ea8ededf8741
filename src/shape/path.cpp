#include "shape/path.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.hpp"
#include "shape/shape.hpp"

namespace hongyan::shape {
namespace {

bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/// RFC 6901 escapes, then the percent escapes that a URI fragment needs.
void append_pointer_step(std::string& out, std::string_view step) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    constexpr std::string_view plain = "!$&'()*+,;=:@._?";
    out += '/';
    for (const char c : step) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else if (is_word_byte(c) || plain.find(c) != plain.npos) {
            out += c;
        } else {
            out += '%';
            out += hex[byte >> 4];
            out += hex[byte & 15];
        }
    }
}

/// The key of ["..."] whose text starts after the quote; moves rest behind the closing bracket.
/// Only the escapes that append_json_escaped writes are known.
std::string take_quoted(std::string_view& rest) {
    std::string key;
    std::size_t i = 0;
    for (; i < rest.size() && rest[i] != '"'; ++i) {
        if (rest[i] != '\\' || i + 1 >= rest.size()) {
            key += rest[i];
            continue;
        }
        switch (rest[++i]) {
            case 'n':
                key += '\n';
                break;
            case 'r':
                key += '\r';
                break;
            case 't':
                key += '\t';
                break;
            case 'u': {
                int code = 0;
                const auto digits = rest.substr(i + 1, 4);
                std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
                key += static_cast<char>(code);
                i += digits.size();
                break;
            }
            default:
                key += rest[i];
        }
    }
    rest.remove_prefix(std::min(rest.size(), i + 2));
    return key;
}

void append_steps(std::string& out, const Path& path) {
    if (path.parent == nullptr) return;
    append_steps(out, *path.parent);
    if (path.is_index)
        append_index_step(out, path.index);
    else
        append_key_step(out, path.name);
}

}  // namespace

void append_key_step(std::string& out, std::string_view name) {
    if (!name.empty() && std::all_of(name.begin(), name.end(), is_word_byte)) {
        out += '.';
        out += name;
        return;
    }
    out += '[';
    out += json_quoted(name);
    out += ']';
}

void append_index_step(std::string& out, std::size_t index) {
    out += '[';
    out += std::to_string(index);
    out += ']';
}

std::string path_text(const Path& path) {
    const Path* root = &path;
    while (root->parent != nullptr) root = root->parent;
    std::string out(root->name);
    append_steps(out, path);
    return out;
}

std::string place_name(const Path& path) {
    std::string out;
    append_steps(out, path);
    if (out.empty()) return "the document";
    return out.starts_with('.') ? out.substr(1) : out;
}

std::string pointer_of(std::string_view path) {
    if (!path.starts_with('$')) return "";
    path.remove_prefix(1);
    if (!path.empty() && path.front() != '.' && path.front() != '[') return "";
    std::string out = "#";
    while (!path.empty()) {
        if (path.starts_with("[\"")) {
            path.remove_prefix(2);
            append_pointer_step(out, take_quoted(path));
            continue;
        }
        const bool bracket = path.front() == '[';
        path.remove_prefix(1);
        const std::size_t end =
            std::min(path.size(), bracket ? path.find(']') : path.find_first_of(".["));
        append_pointer_step(out, path.substr(0, end));
        path.remove_prefix(std::min(path.size(), end + (bracket ? 1 : 0)));
    }
    return out;
}

}  // namespace hongyan::shape
