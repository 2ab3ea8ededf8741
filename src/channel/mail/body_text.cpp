#include "channel/mail/body_text.hpp"

#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace hongyan::mail {
namespace {

constexpr std::size_t max_plain_line = 78;  // RFC 5322 2.1.1
constexpr std::size_t max_hard_line = 998;
constexpr std::size_t coded_line = 76;

struct TextShape {
    std::size_t longest_line = 0;
    std::size_t high_bytes = 0;   ///< beyond ASCII
    std::size_t other_bytes = 0;  ///< controls but tab and line ends
    bool fragile = false;         ///< would be changed on the way, or taken for a boundary
};

/// The next line without its end (CRLF, LF or CR); text moves behind it. has_cr: whether a CR
/// occurs in text at all, which is the rare case.
std::string_view take_line(std::string_view& text, bool has_cr) {
    const std::size_t end = has_cr ? text.find_first_of("\r\n") : text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(line.size());
    if (text.starts_with("\r\n")) {
        text.remove_prefix(2);
    } else if (!text.empty()) {
        text.remove_prefix(1);
    }
    return line;
}

/// Calls line(text) for each line; a last one without an end counts.
template <class F>
void each_line(std::string_view text, F&& line) {
    const bool has_cr = text.find('\r') != text.npos;
    while (!text.empty()) line(take_line(text, has_cr));
}

TextShape shape_of(std::string_view text) {
    TextShape shape;
    each_line(text, [&shape](std::string_view line) {
        shape.longest_line = std::max(shape.longest_line, line.size());
        for (const char c : line) {  // without branches: the compiler makes vectors of it
            const auto byte = static_cast<unsigned char>(c);
            shape.high_bytes += byte >> 7;
            shape.other_bytes += ((byte < 0x20) & (byte != '\t')) | (byte == 0x7F) ? 1U : 0U;
        }
        // mbox stores write ">From ", some relays drop blanks at the end of a line.
        shape.fragile = shape.fragile || line.starts_with("From ") || line.starts_with("--=_") ||
                        line.ends_with(' ') || line.ends_with('\t');
    });
    return shape;
}

void append_plain(std::string& out, std::string_view text) {
    if (text.empty()) out += "\r\n";
    each_line(text, [&out](std::string_view line) { out.append(line).append("\r\n"); });
}

void append_quoted_line(std::string& out, std::string_view line) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::size_t used = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        const bool last = i + 1 == line.size();
        const bool blank = c == ' ' || c == '\t';
        // A leading dot or "From " is changed by some relays on the way.
        const bool risky = (c == '.' && used == 0) || (c == 'F' && used == 0) || (blank && last);
        const bool plain = ((c > 0x20 && c < 0x7F && c != '=') || blank) && !risky;
        const std::size_t size = plain ? 1 : 3;
        if (used + size > coded_line - (last ? 0 : 1)) {
            out += "=\r\n";
            used = 0;
            --i;  // judged anew at the start of a line
            continue;
        }
        used += size;
        if (plain) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '=';
        out += hex[byte >> 4];
        out += hex[byte & 15];
    }
    out += "\r\n";
}

void append_quoted_printable(std::string& out, std::string_view text) {
    if (text.empty()) out += "\r\n";
    each_line(text, [&out](std::string_view line) { append_quoted_line(out, line); });
}

/// 0 to 63, 64 for white space, 65 for padding, 66 for what is no base64.
constexpr std::array<std::uint8_t, 256> make_base64_table() {
    std::array<std::uint8_t, 256> table{};
    for (auto& entry : table) entry = 66;
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < 64; ++i) {
        table[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
    }
    table['-'] = 62;
    table['_'] = 63;
    for (const char c : {' ', '\t', '\r', '\n'}) table[static_cast<unsigned char>(c)] = 64;
    table['='] = 65;
    return table;
}
constexpr std::array<std::uint8_t, 256> base64_table = make_base64_table();

/// Base64 carries the text's own line ends, which MIME wants as CRLF.
void append_base64_text(std::string& out, std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size() + text.size() / 16 + 2);
    append_plain(bytes, text);
    constexpr std::size_t piece = coded_line / 4 * 3;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        out += to_base64(std::string_view(bytes).substr(at, piece));
        out += "\r\n";
    }
}

}  // namespace

std::string_view to_text(Encoding encoding) {
    constexpr std::array<std::string_view, 4> names{"7bit", "8bit", "quoted-printable", "base64"};
    return names[static_cast<std::size_t>(encoding)];
}

Encoding encoding_for(std::string_view text, bool allow_eight_bit) {
    const TextShape shape = shape_of(text);
    const bool as_it_stands = !shape.fragile && shape.other_bytes == 0;
    if (as_it_stands && shape.high_bytes == 0 && shape.longest_line <= max_plain_line) {
        return Encoding::seven_bit;
    }
    if (as_it_stands && allow_eight_bit && shape.high_bytes != 0 &&
        shape.longest_line <= max_hard_line) {
        return Encoding::eight_bit;
    }
    const std::size_t odd = shape.high_bytes + shape.other_bytes;
    return odd * 6 > text.size() ? Encoding::base64 : Encoding::quoted_printable;
}

void append_text(std::string& out, std::string_view text, Encoding encoding) {
    switch (encoding) {
        case Encoding::quoted_printable:
            return append_quoted_printable(out, text);
        case Encoding::base64:
            return append_base64_text(out, text);
        case Encoding::seven_bit:
        case Encoding::eight_bit:
            return append_plain(out, text);
    }
}

std::optional<std::size_t> base64_size(std::string_view base64) {
    std::size_t digits = 0;
    std::size_t padding = 0;
    for (const char c : base64) {
        const std::uint8_t value = base64_table[static_cast<unsigned char>(c)];
        if (value < 64) {
            if (padding > 0) return std::nullopt;
            ++digits;
        } else if (value == 65) {
            ++padding;
        } else if (value == 66) {
            return std::nullopt;
        }
    }
    if (digits % 4 == 1 || padding > 2) return std::nullopt;
    if (padding > 0 && (digits + padding) % 4 != 0) return std::nullopt;
    return digits * 3 / 4;
}

void append_base64_lines(std::string& out, std::string_view base64) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.reserve(out.size() + base64.size() + base64.size() / 38 + 8);
    std::size_t used = 0;
    std::size_t count = 0;
    const auto put = [&](char c) {
        if (used == coded_line) {
            out += "\r\n";
            used = 0;
        }
        out += c;
        ++used;
    };
    for (const char c : base64) {
        const std::uint8_t value = base64_table[static_cast<unsigned char>(c)];
        HY_ASSERT(value < 66);
        if (value >= 64) continue;
        put(digits[value]);
        ++count;
    }
    for (; count % 4 != 0; ++count) put('=');
    out += "\r\n";
}

}  // namespace hongyan::mail
