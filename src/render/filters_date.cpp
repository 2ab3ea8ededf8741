#include <array>
#include <charconv>
#include <chrono>

#include "base/text.hpp"
#include "render/date.hpp"
#include "render/escape.hpp"
#include "render/filter_functions.hpp"

namespace hongyan::render {
namespace {

constexpr std::string_view month_names[] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};
constexpr std::string_view day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};
constexpr std::string_view letters = "YymdHIMSpjuaAbBzFT%";
constexpr std::string_view paddable = "mdHIMSj";
constexpr std::size_t max_format = 200;

/// The parts of one moment as its clock shows them.
struct Fields {
    explicit Fields(const Date& date) : offset_minutes(date.offset_minutes) {
        using namespace std::chrono;
        const sys_seconds local{seconds(date.unix_seconds + date.offset_minutes * 60)};
        const auto midnight = floor<days>(local);
        const year_month_day ymd{midnight};
        year = static_cast<int>(ymd.year());
        month = static_cast<int>(static_cast<unsigned>(ymd.month()));
        day = static_cast<int>(static_cast<unsigned>(ymd.day()));
        day_of_year = static_cast<int>((midnight - sys_days(ymd.year() / January / 1)).count()) + 1;
        weekday = static_cast<int>(std::chrono::weekday(midnight).c_encoding());
        const auto clock = (local - midnight).count();
        hour = static_cast<int>(clock / 3600);
        minute = static_cast<int>(clock / 60 % 60);
        second = static_cast<int>(clock % 60);
    }
    int year, month, day, day_of_year, weekday, hour, minute, second;
    int offset_minutes;
};

void append_number(TextBuffer& out, int value, int width) {
    std::array<char, 12> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    const auto length = end - digits.data();
    if (length < width) out.append(static_cast<std::size_t>(width - length), '0');
    out.append({digits.data(), static_cast<std::size_t>(length)});
}

void append_offset(TextBuffer& out, int minutes) {
    out.append(minutes < 0 ? "-" : "+");
    const int size = minutes < 0 ? -minutes : minutes;
    append_number(out, size / 60, 2);
    out.append(":");
    append_number(out, size % 60, 2);
}

void append_field(TextBuffer& out, const Fields& f, char letter, bool padded) {
    const int two = padded ? 2 : 1;
    switch (letter) {
        case 'Y':
            append_number(out, f.year, 4);
            return;
        case 'y':
            append_number(out, f.year % 100, 2);
            return;
        case 'm':
            append_number(out, f.month, two);
            return;
        case 'd':
            append_number(out, f.day, two);
            return;
        case 'H':
            append_number(out, f.hour, two);
            return;
        case 'I':
            append_number(out, (f.hour + 11) % 12 + 1, two);
            return;
        case 'M':
            append_number(out, f.minute, two);
            return;
        case 'S':
            append_number(out, f.second, two);
            return;
        case 'p':
            out.append(f.hour < 12 ? "AM" : "PM");
            return;
        case 'j':
            append_number(out, f.day_of_year, padded ? 3 : 1);
            return;
        case 'u':
            append_number(out, f.weekday == 0 ? 7 : f.weekday, 1);
            return;
        case 'a':
            out.append(day_names[f.weekday].substr(0, 3));
            return;
        case 'A':
            out.append(day_names[f.weekday]);
            return;
        case 'b':
            out.append(month_names[f.month - 1].substr(0, 3));
            return;
        case 'B':
            out.append(month_names[f.month - 1]);
            return;
        case 'z':
            append_offset(out, f.offset_minutes);
            return;
        case 'F':
            append_number(out, f.year, 4);
            out.append("-");
            append_number(out, f.month, 2);
            out.append("-");
            append_number(out, f.day, 2);
            return;
        case 'T':
            append_number(out, f.hour, 2);
            out.append(":");
            append_number(out, f.minute, 2);
            out.append(":");
            append_number(out, f.second, 2);
            return;
        default:
            out.append("%");
            return;
    }
}

/// "" or what is wrong with a format.
std::string format_problem(std::string_view format) {
    if (format.size() > max_format)
        return "the format is longer than " + std::to_string(max_format) + " bytes";
    for (std::size_t at = format.find('%'); at != format.npos; at = format.find('%', at + 1)) {
        ++at;
        const bool unpadded = at < format.size() && format[at] == '-';
        if (unpadded) ++at;
        const auto known = unpadded ? paddable : letters;
        if (at >= format.size() || known.find(format[at]) == known.npos) {
            return "the format has an unknown place at \"%" + std::string(unpadded ? "-" : "") +
                   std::string(format.substr(std::min(at, format.size()), 1)) +
                   "\"; known are %Y %y %m %d %H %I %M %S %p %j %u %a %A %b %B %z %F %T %%, and "
                   "%-m %-d ... without a "
                   "leading zero";
        }
    }
    return "";
}

}  // namespace

std::optional<Date> read_date(std::string_view text) {
    if (text.size() < 10 || text.size() > 64) return std::nullopt;
    const bool is_day = text.size() == 10;
    const auto unix_ms =
        is_day ? parse_rfc3339(std::string(text) + "T00:00:00Z") : parse_rfc3339(text);
    if (!unix_ms) return std::nullopt;
    Date date;
    date.unix_seconds = *unix_ms >= 0 ? *unix_ms / 1000 : -((999 - *unix_ms) / 1000);
    if (is_day || text.ends_with('Z') || text.ends_with('z')) return date;
    const auto offset = read_offset(text.substr(text.size() - 6));
    if (!offset) return std::nullopt;
    date.offset_minutes = *offset;
    return date;
}

std::optional<int> read_offset(std::string_view text) {
    if (text == "Z") return 0;
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
        return std::nullopt;
    for (const std::size_t i : {1U, 2U, 4U, 5U}) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
    }
    const int hours = (text[1] - '0') * 10 + text[2] - '0';
    const int minutes = (text[4] - '0') * 10 + text[5] - '0';
    if (hours > 23 || minutes > 59) return std::nullopt;
    return (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

std::string check_date(std::size_t index, const Value& argument) {
    if (index == 0) return format_problem(argument.text);
    return read_offset(argument.text) ? "" : "the offset must be like \"+08:00\" or \"Z\"";
}

bool filter_date(Workspace& workspace, Value& subject, Arguments arguments) {
    auto date = subject.is(Value::Kind::text) ? read_date(subject.text) : std::nullopt;
    if (!date) {
        const auto given = subject.is(Value::Kind::text) ? json_quoted(excerpt(subject.text))
                                                         : std::string(kind_name(subject.kind));
        return workspace.fail(
            "date takes a time like \"2026-11-23T08:00:00+08:00\" or a day like \"2026-11-23\", "
            "but got " +
            given);
    }
    if (arguments.size() > 1) date->offset_minutes = *read_offset(arguments[1].text);
    const Fields fields(*date);
    const std::string_view format = arguments[0].text;
    TextBuffer out(workspace, format.size() * 2);
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%') {
            out.append(1, format[i]);
            continue;
        }
        const bool padded = format[++i] != '-';
        if (!padded) ++i;
        append_field(out, fields, format[i], padded);
    }
    std::string_view text;
    if (!out.finish(text)) return false;
    subject = Value::of_text(text);
    return true;
}

}  // namespace hongyan::render
