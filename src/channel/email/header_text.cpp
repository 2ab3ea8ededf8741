#include "channel/email/header_text.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace hongyan::email {
namespace {

constexpr std::size_t max_line = 76;  // RFC 2047 section 2
constexpr std::string_view word_start = "=?UTF-8?B?";
constexpr std::string_view word_end = "?=";

/// The longest start of text with at most size bytes that ends between two characters.
std::string_view whole_characters(std::string_view text, std::size_t size) {
    if (size >= text.size()) return text;
    while (size > 0 && (text[size] & 0xC0) == 0x80) --size;
    return text.substr(0, size);
}

/// Encoded words, each on a line of its own; used is what already stands on the first line.
std::string encoded_words(std::string_view text, std::size_t used) {
    std::string out;
    while (!text.empty()) {
        HY_ASSERT(used + word_start.size() + word_end.size() < max_line);
        const std::size_t room = max_line - used - word_start.size() - word_end.size();
        const std::string_view piece = whole_characters(text, room / 4 * 3);
        HY_ASSERT(!piece.empty());
        text.remove_prefix(piece.size());
        out += word_start;
        out += to_base64(piece);
        out += word_end;
        if (!text.empty()) out += "\n ";
        used = 1;
    }
    return out;
}

/// True if the text survives as it stands, folded at its spaces.
bool is_plain(std::string_view text) {
    const bool ascii =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
    if (!ascii || text.starts_with(' ') || text.ends_with(' ')) return false;
    if (text.find("=?") != text.npos || text.find("  ") != text.npos) return false;
    const auto words = split(text, ' ');
    return std::all_of(words.begin(), words.end(),
                       [](const std::string& word) { return word.size() <= max_line / 2; });
}

std::string folded(std::string_view text, std::size_t used) {
    std::string out;
    for (const std::string& word : split(text, ' ')) {
        if (!out.empty() && used + 1 + word.size() > max_line) {
            out += '\n';
            used = 0;
        }
        if (!out.empty()) {
            out += ' ';
            ++used;
        }
        out += word;
        used += word.size();
    }
    return out;
}

std::string phrase(std::string_view text, std::size_t used) {
    if (!is_plain(text) || text.size() + used + 2 > max_line) return encoded_words(text, used);
    const bool atoms = text.find_first_of("()<>[]:;@\\,.\"") == text.npos;
    if (atoms) return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

}  // namespace

std::string header_text(std::string_view name, std::string_view text) {
    const std::size_t used = name.size() + 2;
    return is_plain(text) ? folded(text, used) : encoded_words(text, used);
}

std::string header_mailbox(std::string_view name, const Mailbox& box) {
    if (box.name.empty()) return box.address;
    std::string out = phrase(box.name, name.size() + 2);
    const auto last = out.rfind('\n');
    const std::size_t used =
        last == out.npos ? name.size() + 2 + out.size() : out.size() - last - 1;
    out += used + box.address.size() + 3 > max_line ? "\n <" : " <";
    return out + box.address + ">";
}

}  // namespace hongyan::email
