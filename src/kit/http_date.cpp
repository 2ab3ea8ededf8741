#include "kit/http_date.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.hpp"

namespace hongyan::kit {
namespace {

namespace chrono = std::chrono;

/// The words and numbers of a date, whatever stood between them; more than eight are too many.
struct Words {
    std::array<std::string_view, 8> word;
    std::size_t count = 0;
};

Words words_of(std::string_view text) {
    Words found;
    constexpr std::string_view between = " ,-:";
    std::size_t at = 0;
    while (found.count < found.word.size()) {
        at = text.find_first_not_of(between, at);
        if (at == std::string_view::npos) break;
        const std::size_t end = std::min(text.find_first_of(between, at), text.size());
        found.word[found.count++] = text.substr(at, end - at);
        at = end;
    }
    return found;
}

std::optional<unsigned> number(std::string_view text) {
    const auto value = parse_int(text);
    if (text.size() > 4 || !value || *value < 0) return std::nullopt;
    return static_cast<unsigned>(*value);
}

std::optional<unsigned> month_of(std::string_view text) {
    constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto at = std::find(names.begin(), names.end(), text);
    if (at == names.end()) return std::nullopt;
    return static_cast<unsigned>(at - names.begin()) + 1;
}

/// RFC 9110: a year that seems more than 50 years ahead is of the past century.
int full_year(unsigned two_digits, std::int64_t now_ms) {
    const chrono::year_month_day today(chrono::floor<chrono::days>(
        chrono::sys_time<chrono::milliseconds>(chrono::milliseconds(now_ms))));
    const int century = static_cast<int>(today.year()) / 100 * 100;
    const int year = century + static_cast<int>(two_digits);
    return year > static_cast<int>(today.year()) + 50 ? year - 100 : year;
}

struct Parts {
    std::string_view day, month, year, hour, minute, second;
};

std::optional<std::int64_t> time_of(const Parts& parts, std::int64_t now_ms) {
    const auto day = number(parts.day);
    const auto month = month_of(parts.month);
    const auto year = number(parts.year);
    const auto hour = number(parts.hour);
    const auto minute = number(parts.minute);
    const auto second = number(parts.second);
    if (!day || !month || !year || !hour || !minute || !second) return std::nullopt;
    if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    const int whole_year =
        parts.year.size() == 2 ? full_year(*year, now_ms) : static_cast<int>(*year);
    const chrono::year_month_day date{chrono::year(whole_year), chrono::month(*month),
                                      chrono::day(*day)};
    if (!date.ok()) return std::nullopt;
    const auto time = chrono::sys_days(date).time_since_epoch() + chrono::hours(*hour) +
                      chrono::minutes(*minute) + chrono::seconds(*second);
    return chrono::duration_cast<chrono::milliseconds>(time).count();
}

}  // namespace

std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now_ms) {
    text = trim(text);
    if (text.size() > 40) return std::nullopt;
    const Words found = words_of(text);
    const auto& word = found.word;
    // asctime: "Sun Nov  6 08:49:37 1994"
    if (found.count == 7 && month_of(word[1])) {
        return time_of({word[2], word[1], word[6], word[3], word[4], word[5]}, now_ms);
    }
    // "Sun, 06 Nov 1994 08:49:37 GMT" and "Sunday, 06-Nov-94 08:49:37 GMT"
    if (found.count != 8 || word[7] != "GMT") return std::nullopt;
    return time_of({word[1], word[2], word[3], word[4], word[5], word[6]}, now_ms);
}

}  // namespace hongyan::kit
