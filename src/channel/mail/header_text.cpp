#include "channel/mail/header_text.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace hongyan::mail {
namespace {

constexpr std::size_t max_line = 76;  // RFC 2047 section 2
constexpr std::string_view word_start = "=?UTF-8?B?";
constexpr std::string_view word_end = "?=";
constexpr std::string_view fold = "\r\n ";

/// The longest start of text with at most size bytes that ends between two characters.
std::string_view whole_characters(std::string_view text, std::size_t size) {
    if (size >= text.size()) return text;
    while (size > 0 && (text[size] & 0xC0) == 0x80) --size;
    return text.substr(0, size);
}

/// Where the line under way started.
std::size_t column(const std::string& out) {
    const auto last = out.rfind('\n');
    return last == out.npos ? out.size() : out.size() - last - 1;
}

/// Encoded words, each on a line of its own; used is what already stands on the first line.
void append_encoded_words(std::string& out, std::string_view text, std::size_t used) {
    while (!text.empty()) {
        HY_ASSERT(used <= max_line);
        // 75 bytes is the most that an encoded word may have; one too long goes to the next line.
        const std::size_t around = word_start.size() + word_end.size();
        const std::size_t free = std::min<std::size_t>(max_line - used, 75);
        if (free < around + 16) {
            out += fold;
            used = 1;
            continue;
        }
        const std::string_view piece = whole_characters(text, (free - around) / 4 * 3);
        HY_ASSERT(!piece.empty());
        text.remove_prefix(piece.size());
        out.append(word_start).append(to_base64(piece)).append(word_end);
        if (!text.empty()) out += fold;
        used = 1;
    }
}

/// True if the text survives as it stands, folded at its spaces.
bool is_plain(std::string_view text, std::size_t max_word) {
    if (text.starts_with(' ') || text.ends_with(' ')) return false;
    std::size_t word = 0;
    char before = 0;
    for (const char c : text) {
        if (c < 0x20 || c > 0x7E) return false;
        if (c == ' ') {
            if (before == ' ') return false;
            word = 0;
        } else if (++word > max_word) {
            return false;
        }
        if (c == '?' && before == '=') return false;
        before = c;
    }
    return true;
}

void append_folded(std::string& out, std::string_view text, std::size_t used) {
    if (used + text.size() <= max_line) {
        out += text;
        return;
    }
    bool first = true;
    for (const std::string& word : split(text, ' ')) {
        if (!first && used + 1 + word.size() > max_line) {
            out += "\r\n";
            used = 0;
        }
        if (!first) {
            out += ' ';
            ++used;
        }
        out += word;
        used += word.size();
        first = false;
    }
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

void append_phrase(std::string& out, std::string_view text, std::size_t used) {
    if (!is_plain(text, max_line / 2) || text.size() + used + 2 > max_line) {
        append_encoded_words(out, text, used);
    } else if (text.find_first_of("()<>[]:;@\\,.\"") == text.npos) {
        out += text;
    } else {
        append_quoted(out, text);
    }
}

/// RFC 2231 attribute-char: what needs no %XX.
bool is_attribute_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$&+-.^_`{|}~").find(c) != std::string_view::npos;
}

std::string percent_form(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (is_attribute_char(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += hex[byte >> 4];
        out += hex[byte & 15];
    }
    return out;
}

/// `; name="value"` or its RFC 2231 forms, each on a line of its own.
void append_parameter(std::string& out, std::string_view name, std::string_view value) {
    if (is_plain(value, 50) && value.size() <= 50) {
        out.append(";").append(fold).append(name).append("=");
        return append_quoted(out, value);
    }
    const std::string coded = percent_form(value);
    constexpr std::size_t piece_size = 50;
    if (coded.size() <= piece_size) {
        out.append(";").append(fold).append(name).append("*=UTF-8''").append(coded);
        return;
    }
    std::size_t number = 0;
    for (std::size_t at = 0; at < coded.size(); ++number) {
        std::size_t size = std::min(piece_size, coded.size() - at);
        // A %XX must not be torn; a piece may end inside a character (they are joined as bytes).
        if (at + size < coded.size()) {
            if (coded[at + size - 1] == '%')
                size -= 1;
            else if (coded[at + size - 2] == '%')
                size -= 2;
        }
        out.append(";").append(fold).append(name).append("*").append(std::to_string(number));
        out.append(number == 0 ? "*=UTF-8''" : "*=").append(coded, at, size);
        at += size;
    }
}

void append_two(std::string& out, int number) {
    out += static_cast<char>('0' + number / 10);
    out += static_cast<char>('0' + number % 10);
}

}  // namespace

void append_raw_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

void append_text_header(std::string& out, std::string_view name, std::string_view text,
                        std::size_t max_word) {
    out.append(name).append(": ");
    const std::size_t used = name.size() + 2;
    if (is_plain(text, max_word)) {
        append_folded(out, text, used);
    } else {
        append_encoded_words(out, text, used);
    }
    out += "\r\n";
}

void append_mailbox_header(std::string& out, std::string_view name, const Mailbox& box) {
    out.append(name).append(": ");
    if (box.name.empty()) {
        out.append(box.address).append("\r\n");
        return;
    }
    append_phrase(out, box.name, name.size() + 2);
    out += column(out) + box.address.size() + 3 > max_line ? "\r\n <" : " <";
    out.append(box.address).append(">\r\n");
}

void append_disposition_header(std::string& out, std::string_view kind, std::string_view filename) {
    out.append("Content-Disposition: ").append(kind);
    if (!filename.empty()) append_parameter(out, "filename", filename);
    out += "\r\n";
}

void append_type_header(std::string& out, std::string_view type, std::string_view name) {
    out.append("Content-Type: ").append(type);
    if (!name.empty()) {
        out.append(";").append(fold).append("name=");
        if (is_plain(name, 60) && name.size() <= 60) {
            append_quoted(out, name);
        } else {
            out += '"';
            append_encoded_words(out, name, std::string_view(" name=\"").size() + 2);
            out += '"';
        }
    }
    out += "\r\n";
}

void append_date_header(std::string& out, std::int64_t unix_ms) {
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t seconds = unix_ms / 1000;
    std::tm tm{};
    gmtime_r(&seconds, &tm);
    out.append("Date: ").append(days[static_cast<std::size_t>(tm.tm_wday)]).append(", ");
    append_two(out, tm.tm_mday);
    out.append(" ").append(months[static_cast<std::size_t>(tm.tm_mon)]).append(" ");
    out.append(std::to_string(tm.tm_year + 1900)).append(" ");
    append_two(out, tm.tm_hour);
    out += ':';
    append_two(out, tm.tm_min);
    out += ':';
    append_two(out, tm.tm_sec);
    out += " +0000\r\n";
}

}  // namespace hongyan::mail
