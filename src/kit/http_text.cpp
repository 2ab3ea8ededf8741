// The pure helpers of http_account.hpp.
#include <algorithm>
#include <charconv>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "kit/http_account.hpp"
#include "kit/http_date.hpp"

namespace hongyan::kit {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

/// Walks over JSON text without building anything. What is not JSON ends in "not found"; nothing is
/// read beyond the text.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    [[nodiscard]] char peek() {
        skip_space();
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    bool take(char c) {
        if (peek() != c) return false;
        ++at_;
        return true;
    }
    /// A string with its escapes as they stand, without the quotes.
    std::string_view string() {
        if (!take('"')) return {};
        const std::size_t start = at_;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
        at_ = std::min(at_, text_.size());
        const std::string_view found = text_.substr(start, at_ - start);
        at_ = std::min(at_ + 1, text_.size());
        return found;
    }
    /// Any value, as it stands.
    std::string_view value() {
        skip_space();
        const std::size_t start = at_;
        std::size_t depth = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
            if (c == '"') {
                string();
                continue;
            }
            if (c == '{' || c == '[') ++depth;
            if (c == '}' || c == ']') --depth;
            ++at_;
        }
        return text_.substr(start, at_ - start);
    }

  private:
    void skip_space() {
        while (at_ < text_.size() &&
               std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
            ++at_;
        }
    }
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

std::string message_token(const Message& message) {
    // Two installations on one provider account may draw the same id in the same millisecond; the
    // recipient keeps their messages apart.
    std::string bytes = sha256("hongyan message token\n" + std::to_string(message.id) + "\n" +
                               std::to_string(message.tenant_id) + "\n" + message.recipient);
    bytes.resize(16);
    bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x80);  // version 8
    bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);  // the variant of RFC 9562
    std::string text = to_hex(bytes);
    for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
    return text;
}

std::string options_section(std::string_view options, std::string_view provider) {
    Scanner scanner(options);
    if (!scanner.take('{')) return "{}";
    while (scanner.peek() == '"') {
        const std::string_view key = scanner.string();
        if (!scanner.take(':')) break;
        const std::string_view value = trim(scanner.value());
        if (key == provider) {
            const bool is_object = value.size() >= 2 && value.front() == '{' && value.back() == '}';
            return is_object ? std::string(value) : "{}";
        }
        if (!scanner.take(',')) break;
    }
    return "{}";
}

std::int64_t retry_after_ms(std::string_view value, std::int64_t now_ms) {
    value = trim(value);
    if (value.empty()) return 0;
    const bool is_number = value.find_first_not_of("0123456789") == std::string_view::npos;
    if (is_number) {
        while (value.size() > 1 && value.front() == '0') value.remove_prefix(1);
        if (value.size() > 9) return day_ms;
        const std::int64_t seconds = parse_int(value).value_or(0);
        return std::min(seconds * 1000, day_ms);
    }
    const auto at = parse_http_date(value, now_ms);
    return at ? std::clamp(*at - now_ms, std::int64_t{0}, day_ms) : 0;
}

OutcomeClass class_of_status(int status) {
    switch (status) {
        case 400:  // the server does not understand this very request
        case 406:
        case 409:
        case 411:
        case 413:
        case 414:
        case 415:
        case 416:
        case 417:
        case 422:
        case 428:
        case 431:
            return OutcomeClass::message_permanent;
        case 408:
        case 423:  // locked, a dependency, too early: what it says may change by itself
        case 424:
        case 425:
            return OutcomeClass::transient;
        case 429:
            return OutcomeClass::rate_limited;
        default:
            break;
    }
    if (status >= 200 && status < 300) return OutcomeClass::accepted;
    if (status >= 500 && status < 600) return OutcomeClass::transient;
    // 401, 402, 403, 404, 405, 407, 410, 421, 426, 451, 3xx and what nobody has defined: the
    // address or the credentials are not what the provider expects, and no other message would fare
    // better.
    return OutcomeClass::configuration;
}

}  // namespace hongyan::kit
