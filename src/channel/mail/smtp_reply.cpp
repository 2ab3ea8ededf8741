#include "channel/mail/smtp_reply.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace hongyan::mail {
namespace {

constexpr std::size_t max_line = 4096;
constexpr std::size_t max_reply = 64 * 1024;
constexpr int max_lines = 1000;
constexpr std::size_t max_shown = 500;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The length of the enhanced code at the start of text, e.g. 5 for "5.1.1 no such user"; or 0.
std::size_t enhanced_length(std::string_view text, char first_digit) {
    if (text.size() < 5 || text[0] != first_digit || text[1] != '.') return 0;
    std::size_t at = 2;
    for (int part = 0; part < 2; ++part) {
        const std::size_t start = at;
        while (at < text.size() && is_digit(text[at])) ++at;
        if (at == start || at - start > 3) return 0;
        if (part == 0 && (at >= text.size() || text[at++] != '.')) return 0;
    }
    return at == text.size() || text[at] == ' ' ? at : 0;
}

std::string printable(std::string_view text) {
    std::string out(text);
    const bool keep_high = is_utf8(text);
    for (char& c : out) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !keep_high)) c = '?';
    }
    return out;
}

bool is_id_char(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.' || c == '@';
}

std::string_view token_at(std::string_view text, std::size_t start) {
    while (start < text.size() && (text[start] == ' ' || text[start] == '<')) ++start;
    std::size_t end = start;
    while (end < text.size() && is_id_char(text[end])) ++end;
    return text.substr(start, end - start);
}

}  // namespace

std::string Reply::code_text() const {
    std::string out = std::to_string(code);
    if (!enhanced.empty()) out += " " + enhanced;
    return out;
}

std::string Reply::line() const {
    std::string out = code_text();
    if (!text.empty()) out += " " + text;
    std::replace(out.begin(), out.end(), '\n', ' ');
    if (out.size() <= max_shown) return out;
    std::size_t end = max_shown;
    while (end > 0 && (out[end] & 0xC0) == 0x80) --end;  // never inside a character
    return out.substr(0, end) + "...";
}

bool ReplyReader::take_line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) ||
        !is_digit(line[2])) {
        return false;
    }
    if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return false;
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (partial_.code != 0 && partial_.code != code) return false;
    if (++lines_ > max_lines) return false;
    partial_.code = code;
    last_line_ = line.size() == 3 || line[3] == ' ';
    std::string_view text = line.substr(std::min<std::size_t>(4, line.size()));
    if (const std::size_t length = enhanced_length(text, line[0]); length != 0) {
        partial_.enhanced = text.substr(0, length);
        text = trim(text.substr(length));
    }
    if (!partial_.text.empty()) partial_.text += '\n';
    partial_.text += printable(text);
    return partial_.text.size() <= max_reply;
}

std::optional<Reply> ReplyReader::next() {
    std::optional<Reply> whole;
    while (!broken_ && !whole) {
        const auto end = buffer_.find('\n', start_);
        if (end == buffer_.npos) {
            broken_ = buffer_.size() - start_ > max_line;
            break;
        }
        const auto line = std::string_view(buffer_).substr(start_, end - start_);
        start_ = end + 1;
        if (line.size() > max_line || !take_line(line)) {
            broken_ = true;
        } else if (last_line_) {
            whole = std::move(partial_);
            partial_ = Reply();
            lines_ = 0;
        }
    }
    if (start_ == buffer_.size()) {
        buffer_.clear();
        start_ = 0;
    }
    return whole;
}

void ReplyReader::feed(std::string_view bytes) {
    buffer_.erase(0, start_);
    start_ = 0;
    buffer_ += bytes;
}

std::string queue_id_of(const Reply& reply) {
    const std::string_view text = reply.text;
    const std::string lower = to_lower(text);
    // Postfix, Exchange and many more; Exim; aiosmtpd and others say nothing.
    for (const std::string_view mark : {"queued as ", "queued with id ", "id="}) {
        if (const auto at = lower.find(mark); at != lower.npos) {
            return std::string(token_at(text, at + mark.size()));
        }
    }
    if (const auto at = lower.find(" message accepted for delivery"); at != lower.npos) {
        const auto word = lower.rfind(' ', at - (at > 0 ? 1 : 0));  // sendmail: the id comes first
        const std::size_t start = word == lower.npos || word >= at ? 0 : word + 1;
        return std::string(token_at(text.substr(0, at), start));
    }
    return "";
}

}  // namespace hongyan::mail
