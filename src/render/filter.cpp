#include "render/filter.hpp"

#include <algorithm>
#include <array>

#include "render/filter_functions.hpp"

namespace hongyan::render {
namespace {

using enum ArgumentKind;

// clang-format off
constexpr std::array table = {
    Filter{.info = {"capitalize", "capitalize",
                    "The first letter as a capital."},
           .apply = filter_capitalize},
    Filter{.info = {"currency", "currency(code)",
                    "An amount with its currency's symbol, thousands and decimals."},
           .subject = SubjectKind::number, .min_arguments = 1, .max_arguments = 1,
           .arguments = {text, any, any}, .apply = filter_currency, .check = check_currency},
    Filter{.info = {"date", "date(format, offset)",
                    "A date in the given format, moved to offset if there is one."},
           .subject = SubjectKind::date, .min_arguments = 1, .max_arguments = 2,
           .arguments = {text, text, any}, .apply = filter_date, .check = check_date},
    Filter{.info = {"default", "default(value)",
                    "value where the subject is missing, null or an empty text."},
           .subject = SubjectKind::any, .min_arguments = 1, .max_arguments = 1,
           .apply = filter_default, .takes_nothing = true, .takes_missing = true},
    Filter{.info = {"escape", "escape",
                    "HTML character references for & < > \" '."},
           .apply = filter_escape},
    Filter{.info = {"first", "first",
                    "The first element of a list, or character of a text."},
           .subject = SubjectKind::text_or_list, .apply = filter_first},
    Filter{.info = {"html", "html",
                    "The same as escape."},
           .apply = filter_escape},
    Filter{.info = {"join", "join(separator)",
                    "The elements of a list in one text, with \", \" between them if nothing is given."},
           .subject = SubjectKind::list, .max_arguments = 1, .arguments = {text, any, any},
           .apply = filter_join},
    Filter{.info = {"json", "json",
                    "Any value as a whole JSON value, with the quotes of a text."},
           .subject = SubjectKind::any, .apply = filter_json, .takes_nothing = true},
    Filter{.info = {"last", "last",
                    "The last element of a list, or character of a text."},
           .subject = SubjectKind::text_or_list, .apply = filter_last},
    Filter{.info = {"length", "length",
                    "Characters of a text, elements of a list, members of an object."},
           .subject = SubjectKind::countable, .apply = filter_length, .takes_nothing = true},
    Filter{.info = {"lower", "lower",
                    "Small letters."},
           .apply = filter_lower},
    Filter{.info = {"nl2br", "nl2br",
                    "HTML with <br> at each line break; in HTML templates only."},
           .apply = filter_nl2br},
    Filter{.info = {"number", "number(decimals, group, point)",
                    "A number with so many decimals; group goes between thousands."},
           .subject = SubjectKind::number, .max_arguments = 3,
           .arguments = {integer, text, text}, .apply = filter_number, .check = check_decimals},
    Filter{.info = {"replace", "replace(from, to)",
                    "Every from replaced by to."},
           .min_arguments = 2, .max_arguments = 2, .arguments = {text, text, any},
           .apply = filter_replace, .check = check_replace},
    Filter{.info = {"round", "round(decimals)",
                    "The number rounded, half away from zero; it stays a number."},
           .subject = SubjectKind::number, .max_arguments = 1, .arguments = {integer, any, any},
           .apply = filter_round, .check = check_decimals},
    Filter{.info = {"safe", "safe",
                    "Writes the value unescaped; only where permitted, never in headers."},
           .apply = filter_safe},
    Filter{.info = {"trim", "trim",
                    "Without spaces, tabs and line breaks at both ends."},
           .apply = filter_trim},
    Filter{.info = {"truncate", "truncate(n, ending)",
                    "At most n characters; a cut text ends with ending, or with an ellipsis."},
           .min_arguments = 1, .max_arguments = 2, .arguments = {integer, text, any},
           .apply = filter_truncate, .check = check_truncate},
    Filter{.info = {"upper", "upper",
                    "Capital letters."},
           .apply = filter_upper},
    Filter{.info = {"urlencode", "urlencode",
                    "Percent-encoded for one part of an address."},
           .apply = filter_urlencode},
};
// clang-format on

bool fits(SubjectKind wanted, const Value& value) {
    using Kind = Value::Kind;
    switch (wanted) {
        case SubjectKind::any:
            return true;
        case SubjectKind::scalar:
            return value.is_scalar();
        case SubjectKind::number:
            return value.is_numeric() || value.is(Kind::text);
        case SubjectKind::date:
            return value.is(Kind::text);
        case SubjectKind::text_or_list:
            return value.is(Kind::text) || value.is(Kind::list);
        case SubjectKind::countable:
            return value.is(Kind::text) || value.is(Kind::list) || value.is(Kind::object);
        case SubjectKind::list:
            return value.is(Kind::list);
    }
    return false;
}

}  // namespace

std::span<const Filter> filter_table() { return table; }

std::optional<std::size_t> find_filter(std::string_view name) {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (table[i].info.name == name) return i;
    }
    return std::nullopt;
}

std::span<const FilterInfo> filters() {
    static const auto infos = [] {
        std::array<FilterInfo, table.size()> all;
        std::transform(table.begin(), table.end(), all.begin(),
                       [](const Filter& filter) { return filter.info; });
        return all;
    }();
    return infos;
}

std::string_view subject_name(SubjectKind kind) {
    switch (kind) {
        case SubjectKind::any:
            return "any value";
        case SubjectKind::scalar:
            return "text, a number, or true or false";
        case SubjectKind::number:
            return "a number";
        case SubjectKind::date:
            return "a date";
        case SubjectKind::text_or_list:
            return "text or a list";
        case SubjectKind::countable:
            return "text, a list or an object";
        case SubjectKind::list:
            return "a list";
    }
    return "";
}

std::string argument_problem(const Filter& filter, std::size_t index, const Value& argument) {
    const ArgumentKind wanted = filter.arguments[index];
    const bool good = wanted == any || (wanted == text && argument.is(Value::Kind::text)) ||
                      (wanted == integer && argument.is(Value::Kind::integer));
    if (!good) {
        return std::string("argument ") + std::to_string(index + 1) + " must be " +
               (wanted == text ? "text" : "a whole number") + ", but is " +
               std::string(kind_name(argument.kind));
    }
    return filter.check == nullptr ? "" : filter.check(index, argument);
}

bool apply_filter(const Filter& filter, Workspace& workspace, Value& subject,
                  std::span<const Value> arguments) {
    if (!fits(filter.subject, subject) && !subject.is(Value::Kind::nothing) &&
        !subject.is(Value::Kind::missing)) {
        return workspace.fail(std::string(filter.info.name) + " takes " +
                              std::string(subject_name(filter.subject)) + ", but got " +
                              std::string(kind_name(subject.kind)));
    }
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto problem = argument_problem(filter, i, arguments[i]);
        if (!problem.empty()) return workspace.fail(std::string(filter.info.name) + ": " + problem);
    }
    if (subject.is(Value::Kind::nothing) && !filter.takes_nothing) return true;
    return filter.apply(workspace, subject, arguments);
}

}  // namespace hongyan::render
