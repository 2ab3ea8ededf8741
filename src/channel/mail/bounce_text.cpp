#include "channel/mail/bounce_text.hpp"

#include <algorithm>
#include <span>

#include "base/text.hpp"
#include "channel/mail/bounce_words.hpp"
#include "channel/mail/report_reader.hpp"

namespace hongyan::mail {
namespace {

constexpr std::size_t max_text = 64 * 1024;

std::size_t find_any(std::string_view text, std::span<const std::string_view> words) {
    std::size_t first = text.npos;
    for (const std::string_view word : words) first = std::min(first, text.find(word));
    return first;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A basic reply code as servers quote it: "said: 550 ...", "#550 ...", "550-5.1.1"; not any
/// number.
std::string find_reply_code(std::string_view text) {
    for (std::size_t i = 0; i + 3 < text.size(); ++i) {
        if ((text[i] != '4' && text[i] != '5') || !is_digit(text[i + 1]) || !is_digit(text[i + 2]))
            continue;
        if (text[i + 1] > '7') continue;
        const char before = i == 0 ? '\n' : text[i - 1];
        const char after = text[i + 3];
        const bool starts = before == '\n' || before == ' ' || before == '#' || before == '(' ||
                            before == ':' || before == '<' || before == '\t';
        if (!starts || (after != ' ' && after != '-' && after != '\r' && after != '\n')) continue;
        const std::string_view lead =
            text.substr(i - std::min<std::size_t>(i, 16), std::min<std::size_t>(i, 16));
        const bool quoted =
            before == '#' || before == '\n' || before == '<' || before == ':' ||
            lead.ends_with("said: ") || lead.ends_with("error: ") || lead.ends_with("response: ") ||
            lead.ends_with("code: ") || lead.ends_with("status: ") || lead.ends_with("command: ") ||
            lead.ends_with("text: ") || lead.ends_with("smtp; ") || lead.find(": ") != lead.npos;
        if (quoted) return std::string(text.substr(i, 3));
    }
    return "";
}

std::string line_around(std::string_view text, std::size_t at) {
    at = std::min(at, text.size());
    const auto before = text.substr(0, at).rfind('\n');
    const std::size_t start = before == text.npos ? 0 : before + 1;
    const auto end = std::min(text.find('\n', at), text.size());
    return std::string(trim(text.substr(start, end - start)));
}

/// The first "<a@example.com>:" (qmail) or a line that is an address only.
std::string find_recipient(std::string_view text) {
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        std::string_view line = trim(text.substr(start, end - start));
        start = end + 1;
        if (line.ends_with(':')) line.remove_suffix(1);
        if (line.starts_with('<') && line.ends_with('>')) line = line.substr(1, line.size() - 2);
        const auto at = line.find('@');
        const bool one = at != line.npos && at > 0 && at + 1 < line.size() && line.size() <= 320 &&
                         line.find_first_of(" \t<>,;()\"") == line.npos &&
                         line.find('.', at) != line.npos;
        if (one) return std::string(line);
    }
    return "";
}

BounceWord word_of_code(char first) {
    return first == '5' ? BounceWord::hard : first == '4' ? BounceWord::soft : BounceWord::none;
}

}  // namespace

std::size_t original_start(std::string_view text) {
    const std::string lower = to_lower(text.substr(0, max_text));
    return std::min(find_any(lower, original_marks), text.size());
}

TextBounce read_bounce_text(std::string_view text) {
    text = text.substr(0, std::min(original_start(text), max_text));
    const std::string lower = to_lower(text);
    TextBounce bounce;
    if (find_any(lower, bounce_phrases) == lower.npos) return bounce;
    bounce.recipient = find_recipient(text);
    bounce.code = find_status(text);
    if (bounce.code.empty()) bounce.code = find_reply_code(lower);
    const std::size_t code_at = bounce.code.empty() ? lower.npos : lower.find(bounce.code);
    const std::size_t hard = find_any(lower, hard_phrases);
    const std::size_t soft = find_any(lower, soft_phrases);
    if (const auto delayed = find_any(lower, delayed_phrases); delayed != lower.npos) {
        bounce.word = BounceWord::delayed;
        bounce.detail = line_around(text, delayed);
    } else if (code_at != lower.npos) {
        bounce.word = word_of_code(bounce.code.front());
        bounce.detail = line_around(text, code_at);
    } else if (hard != lower.npos || soft != lower.npos) {
        bounce.word = hard <= soft ? BounceWord::hard : BounceWord::soft;
        bounce.detail = line_around(text, std::min(hard, soft));
    }
    if (bounce.word == BounceWord::none) {
        bounce.word = BounceWord::failed;
        bounce.detail = line_around(text, find_any(lower, bounce_phrases));
    }
    return bounce;
}

}  // namespace hongyan::mail
