// Escaping of values for the place they are written to, and the Unicode helpers that filters share.
// Pure functions. Internal to render/.
#pragma once

#include <string>
#include <string_view>

#include "render/template.hpp"

namespace hongyan::render {

/// The character reference of a character that has a meaning in HTML, "" for any other.
[[nodiscard]] inline std::string_view html_reference(char c) {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#39;";
        default:
            return {};
    }
}

/// Appends text to anything with append(string_view), safe for HTML text and quoted attributes.
template <class Sink>
void append_html(Sink& out, std::string_view text) {
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto reference = html_reference(text[i]);
        if (reference.empty()) continue;
        out.append(text.substr(start, i - start));
        out.append(reference);
        start = i + 1;
    }
    out.append(text.substr(start));
}

/// Length in bytes of the line break or other control character at the front of text (C0, DEL, C1,
/// U+2028, U+2029); else 0.
[[nodiscard]] std::size_t control_length(std::string_view text);
/// Appends text on one line: each run of control characters becomes one space.
void append_header(std::string& out, std::string_view text);

/// Appends text as escape asks for.
void append_escaped(std::string& out, std::string_view text, Escape escape);

/// Bytes of the first count characters of text (all of it if it has fewer).
[[nodiscard]] std::size_t bytes_of_characters(std::string_view text, std::size_t count);
/// The first 40 characters, for error messages.
[[nodiscard]] inline std::string excerpt(std::string_view text) {
    return std::string(text.substr(0, bytes_of_characters(text, 40)));
}
/// The same in single quotes.
[[nodiscard]] std::string quoted(std::string_view text);
/// Bytes of the character that starts with this byte.
[[nodiscard]] std::size_t character_bytes(char first);

}  // namespace hongyan::render
