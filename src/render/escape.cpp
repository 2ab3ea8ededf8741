#include "render/escape.hpp"

#include "base/text.hpp"

namespace hongyan::render {

std::size_t control_length(std::string_view text) {
    if (text.empty()) return 0;
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x20 || first == 0x7F) return 1;
    if (first == 0xC2 && text.size() > 1 && static_cast<unsigned char>(text[1]) < 0xA0) return 2;
    if (text.starts_with("\xE2\x80\xA8") || text.starts_with("\xE2\x80\xA9")) return 3;
    return 0;
}

void append_header(std::string& out, std::string_view text) {
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size();) {
        std::size_t length = control_length(text.substr(i));
        if (length == 0) {
            ++i;
            continue;
        }
        out.append(text.substr(start, i - start));
        out += ' ';
        for (; length > 0; length = control_length(text.substr(i))) i += length;
        start = i;
    }
    out.append(text.substr(start));
}

void append_escaped(std::string& out, std::string_view text, Escape escape) {
    switch (escape) {
        case Escape::plain:
            out.append(text);
            return;
        case Escape::html:
            append_html(out, text);
            return;
        case Escape::json_string:
            append_json_escaped(out, text);
            return;
        case Escape::header:
            append_header(out, text);
            return;
    }
}

std::size_t character_bytes(char first) {
    const auto byte = static_cast<unsigned char>(first);
    if (byte < 0xC0) return 1;
    if (byte < 0xE0) return 2;
    return byte < 0xF0 ? 3 : 4;
}

std::size_t bytes_of_characters(std::string_view text, std::size_t count) {
    std::size_t bytes = 0;
    for (; count > 0 && bytes < text.size(); --count) bytes += character_bytes(text[bytes]);
    return bytes < text.size() ? bytes : text.size();
}

std::string quoted(std::string_view text) {
    // Not "'" + ...: g++ 12 warns of an overlap there that cannot be.
    std::string result(1, '\'');
    result.append(text.substr(0, bytes_of_characters(text, 40)));
    result += '\'';
    return result;
}

}  // namespace hongyan::render
