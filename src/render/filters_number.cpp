#include <algorithm>
#include <charconv>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "render/decimal.hpp"
#include "render/escape.hpp"
#include "render/filter_functions.hpp"

namespace hongyan::render {
namespace {

struct Currency {
    std::string_view code;
    std::string_view symbol;
    std::size_t decimals;
};

/// Currencies with a symbol of their own; every other code is written before the amount with two
/// decimals.
constexpr Currency currencies[] = {
    {"CNY", "¥", 2},  {"USD", "$", 2},   {"EUR", "€", 2},   {"GBP", "£", 2}, {"JPY", "JP¥", 0},
    {"KRW", "₩", 0},  {"HKD", "HK$", 2}, {"TWD", "NT$", 2}, {"INR", "₹", 2}, {"SGD", "S$", 2},
    {"AUD", "A$", 2}, {"CAD", "CA$", 2}, {"NZD", "NZ$", 2}, {"VND", "₫", 0}, {"THB", "฿", 2},
};

bool read_decimal(Workspace& workspace, std::string_view filter, const Value& subject,
                  std::optional<Decimal>& decimal) {
    decimal = Decimal::of(subject);
    if (decimal) return true;
    const auto given = subject.is(Value::Kind::text)
                           ? "the text " + json_quoted(excerpt(subject.text))
                           : std::string(kind_name(subject.kind));
    return workspace.fail(std::string(filter) +
                          " takes a number below 10^21, or a text like \"1234.50\", but got " +
                          given);
}

std::size_t decimals_in(Arguments arguments) {
    return arguments.empty() ? 0 : static_cast<std::size_t>(arguments[0].integer);
}

}  // namespace

std::string check_decimals(std::size_t index, const Value& argument) {
    const bool good = index > 0 || (argument.integer >= 0 && argument.integer <= max_decimals);
    return good ? "" : "the number of decimals must be from 0 to " + std::to_string(max_decimals);
}

bool filter_number(Workspace& workspace, Value& subject, Arguments arguments) {
    std::optional<Decimal> decimal;
    if (!read_decimal(workspace, "number", subject, decimal)) return false;
    decimal->round(decimals_in(arguments));
    const std::string_view group = arguments.size() > 1 ? arguments[1].text : "";
    const std::string_view point = arguments.size() > 2 ? arguments[2].text : ".";
    TextBuffer out(workspace, 32);
    if (decimal->is_negative()) out.append("-");
    decimal->append_to(out, group, point);
    std::string_view text;
    if (!out.finish(text)) return false;
    subject = Value::of_text(text);
    return true;
}

bool filter_round(Workspace& workspace, Value& subject, Arguments arguments) {
    const std::size_t decimals = decimals_in(arguments);
    std::optional<Decimal> decimal;
    if (!read_decimal(workspace, "round", subject, decimal)) return false;
    decimal->round(decimals);
    TextBuffer out(workspace, 32);
    if (decimal->is_negative()) out.append("-");
    decimal->append_to(out, "", ".");
    std::string_view text;
    if (!out.finish(text)) return false;
    const auto whole = decimals == 0 ? parse_int(text) : std::nullopt;
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    HY_ASSERT(failure == std::errc() && end == text.data() + text.size());
    subject = whole ? Value::of_integer(*whole) : Value::of_number(number);
    return true;
}

std::string check_currency(std::size_t, const Value& argument) {
    const auto code = argument.text;
    const bool good = code.size() == 3 && std::all_of(code.begin(), code.end(),
                                                      [](char c) { return c >= 'A' && c <= 'Z'; });
    return good ? "" : "the currency must be a code of three capital letters, such as \"CNY\"";
}

bool filter_currency(Workspace& workspace, Value& subject, Arguments arguments) {
    const auto code = arguments[0].text;
    std::optional<Decimal> decimal;
    if (!read_decimal(workspace, "currency", subject, decimal)) return false;
    const auto* known =
        std::find_if(std::begin(currencies), std::end(currencies),
                     [&](const Currency& currency) { return currency.code == code; });
    const bool has_symbol = known != std::end(currencies);
    decimal->round(has_symbol ? known->decimals : 2);
    TextBuffer out(workspace, 32);
    if (decimal->is_negative()) out.append("-");
    out.append(has_symbol ? known->symbol : code);
    if (!has_symbol) out.append(" ");
    decimal->append_to(out, ",", ".");
    std::string_view text;
    if (!out.finish(text)) return false;
    subject = Value::of_text(text);
    return true;
}

}  // namespace hongyan::render
