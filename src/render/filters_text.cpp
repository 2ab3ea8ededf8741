#include <cstring>

#include "base/text.hpp"
#include "render/escape.hpp"
#include "render/filter_functions.hpp"

namespace hongyan::render {
namespace {

/// The other case of a two-byte letter: Latin-1, Latin Extended-A, Greek, Cyrillic; itself if it
/// has none there.
char32_t changed_case(char32_t c, bool to_upper) {
    const auto within = [c](char32_t low, char32_t high) { return c >= low && c <= high; };
    const auto shifted = [&](char32_t upper_low, char32_t upper_high,
                             char32_t distance) -> char32_t {
        if (!to_upper && within(upper_low, upper_high)) return c + distance;
        if (to_upper && within(upper_low + distance, upper_high + distance)) return c - distance;
        return c;
    };
    const auto paired = [&](char32_t upper_parity) -> char32_t {
        const bool is_upper = (c & 1) == upper_parity;
        return is_upper == to_upper ? c : (to_upper ? c - 1 : c + 1);
    };
    if (c == 0xD7 || c == 0xF7 || c == 0xDF || within(0x130, 0x131) || c == 0x138) return c;
    if (c == 0xFF) return to_upper ? 0x178 : c;
    if (c == 0x178) return to_upper ? c : 0xFF;
    if (within(0xC0, 0xFE)) return shifted(0xC0, 0xDE, 0x20);
    if (within(0x100, 0x137) || within(0x14A, 0x177)) return paired(0);
    if (within(0x139, 0x148) || within(0x179, 0x17E)) return paired(1);
    if (within(0x391, 0x3A9) || within(0x3B1, 0x3C9))
        return c == 0x3C2 ? c : shifted(0x391, 0x3A9, 0x20);
    if (within(0x410, 0x44F)) return shifted(0x410, 0x42F, 0x20);
    if (within(0x400, 0x40F) || within(0x450, 0x45F)) return shifted(0x400, 0x40F, 0x50);
    return c;
}

/// Appends text with the case of every letter changed; lengths in bytes stay the same.
void append_case(TextBuffer& out, std::string_view text, bool to_upper) {
    for (std::size_t i = 0; i < text.size();) {
        const auto first = static_cast<unsigned char>(text[i]);
        if (first < 0x80) {
            const bool changes =
                to_upper ? first >= 'a' && first <= 'z' : first >= 'A' && first <= 'Z';
            out.append(1, static_cast<char>(changes ? first ^ 0x20 : first));
            ++i;
        } else if (first >= 0xC3 && first < 0xE0 && i + 1 < text.size()) {
            const auto second = static_cast<unsigned char>(text[i + 1]);
            const char32_t other =
                changed_case(char32_t{first & 0x1FU} << 6 | (second & 0x3FU), to_upper);
            const char pair[2] = {static_cast<char>(0xC0 | other >> 6),
                                  static_cast<char>(0x80 | (other & 0x3F))};
            out.append({pair, 2});
            i += 2;
        } else {
            const std::size_t length = std::min(character_bytes(text[i]), text.size() - i);
            out.append(text.substr(i, length));
            i += length;
        }
    }
}

bool change_case(Workspace& workspace, Value& subject, std::size_t upper_bytes,
                 bool rest_is_upper) {
    std::string_view text;
    if (!text_of(workspace, subject, text)) return false;
    TextBuffer out(workspace, text.size());
    const std::size_t head = std::min(upper_bytes, text.size());
    append_case(out, text.substr(0, head), true);
    if (rest_is_upper || upper_bytes == 0) {
        append_case(out, text.substr(head), rest_is_upper);
    } else {
        out.append(text.substr(head));
    }
    if (!out.finish(text)) return false;
    subject = Value::of_text(text);
    return true;
}

/// Position of needle at or after start, npos if none; bounded in time for any needle, unlike
/// string_view::find.
std::size_t find_from(std::string_view text, std::string_view needle, std::size_t start) {
    const void* found =
        memmem(text.data() + start, text.size() - start, needle.data(), needle.size());
    if (found == nullptr) return std::string_view::npos;
    return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

}  // namespace

bool text_of(Workspace& workspace, const Value& subject, std::string_view& text) {
    if (subject.is(Value::Kind::text)) {
        text = subject.text;
        return true;
    }
    NumberText room;
    const auto digits = scalar_text(subject, room);
    TextBuffer out(workspace, digits.size());
    out.append(digits);
    return out.finish(text);
}

bool filter_upper(Workspace& workspace, Value& subject, Arguments) {
    return change_case(workspace, subject, std::string_view::npos, true);
}

bool filter_lower(Workspace& workspace, Value& subject, Arguments) {
    return change_case(workspace, subject, 0, false);
}

bool filter_capitalize(Workspace& workspace, Value& subject, Arguments) {
    std::string_view text;
    if (!text_of(workspace, subject, text)) return false;
    if (text.empty()) return true;
    return change_case(workspace, subject, character_bytes(text[0]), false);
}

bool filter_trim(Workspace& workspace, Value& subject, Arguments) {
    std::string_view text;
    if (!text_of(workspace, subject, text)) return false;
    subject = Value::of_text(trim(text));
    return workspace.charge(text.size());
}

std::string check_truncate(std::size_t index, const Value& argument) {
    const bool good = index > 0 || (argument.integer >= 0 && argument.integer <= 1'000'000);
    return good ? "" : "the length must be from 0 to 1000000";
}

bool filter_truncate(Workspace& workspace, Value& subject, Arguments arguments) {
    std::string_view text;
    if (!text_of(workspace, subject, text) || !workspace.charge(text.size())) return false;
    const auto most = static_cast<std::size_t>(arguments[0].integer);
    const std::string_view ending = arguments.size() > 1 ? arguments[1].text : "…";
    subject = Value::of_text(text);
    if (bytes_of_characters(text, most) == text.size()) return true;
    if (!workspace.charge(ending.size())) return false;
    const std::size_t ending_length = utf8_length(ending);
    TextBuffer out(workspace, std::min(text.size(), most) + ending.size());
    // An ending that does not fit is left out, so that the promise "at most n" always holds.
    const bool with_ending = ending_length <= most;
    out.append(
        text.substr(0, bytes_of_characters(text, with_ending ? most - ending_length : most)));
    if (with_ending) out.append(ending);
    if (!out.finish(text)) return false;
    subject = Value::of_text(text);
    return true;
}

std::string check_replace(std::size_t index, const Value& argument) {
    return index > 0 || !argument.text.empty() ? "" : "the text to look for must not be empty";
}

bool filter_replace(Workspace& workspace, Value& subject, Arguments arguments) {
    std::string_view text;
    if (!text_of(workspace, subject, text) || !workspace.charge(text.size())) return false;
    const std::string_view from = arguments[0].text;
    TextBuffer out(workspace, text.size());
    std::size_t start = 0;
    for (std::size_t at = find_from(text, from, 0); at != text.npos;
         at = find_from(text, from, start)) {
        // Each search costs time in the needle's length, which may be much more than what it
        // advances by.
        if (!workspace.charge(from.size())) return false;
        out.append(text.substr(start, at - start));
        out.append(arguments[1].text);
        start = at + from.size();
    }
    out.append(text.substr(start));
    if (!out.finish(text)) return false;
    subject = Value::of_text(text);
    return true;
}

bool filter_escape(Workspace& workspace, Value& subject, Arguments) {
    std::string_view text;
    if (!text_of(workspace, subject, text)) return false;
    TextBuffer out(workspace, text.size());
    append_html(out, text);
    if (!out.finish(text)) return false;
    subject = Value::of_text(text, Value::Ready::html);
    return true;
}

bool filter_nl2br(Workspace& workspace, Value& subject, Arguments) {
    std::string_view text;
    if (!text_of(workspace, subject, text)) return false;
    TextBuffer out(workspace, text.size() + 32);
    const bool is_html = subject.ready == Value::Ready::html;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const bool breaks = end != text.npos;
        auto line = text.substr(0, end);
        text.remove_prefix(breaks ? end + 1 : text.size());
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (is_html) {
            out.append(line);
        } else {
            append_html(out, line);
        }
        if (breaks) out.append("<br>\n");
    }
    if (!out.finish(text)) return false;
    subject = Value::of_text(text, Value::Ready::html);
    return true;
}

bool filter_urlencode(Workspace& workspace, Value& subject, Arguments) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string_view text;
    if (!text_of(workspace, subject, text)) return false;
    TextBuffer out(workspace, text.size() * 3);
    for (const char c : text) {
        if (is_unreserved(c)) {
            out.append(1, c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        const char triple[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        out.append({triple, 3});
    }
    if (!out.finish(text)) return false;
    subject = Value::of_text(text);
    return true;
}

}  // namespace hongyan::render
