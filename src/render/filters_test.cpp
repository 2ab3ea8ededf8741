#include <gtest/gtest.h>

#include <algorithm>

#include "render/testing.hpp"

namespace hongyan::render {
namespace {

using testing::rendered;
using testing::with;

/// {{ v | filter }} for a JSON value v.
std::string filtered(std::string_view json, std::string_view filter,
                     Escape escape = Escape::plain) {
    return rendered("{{ v | " + std::string(filter) + " }}", "{\"v\":" + std::string(json) + "}",
                    with(escape));
}

TEST(Filters, are_listed_in_alphabetical_order) {
    const auto all = filters();
    EXPECT_EQ(all.size(), 21u);
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end(),
                               [](const auto& a, const auto& b) { return a.name < b.name; }));
}

TEST(Filters, change_case_without_a_locale) {
    EXPECT_EQ(filtered(R"("straße ÿ ñandú žluť ŀ łódź αβγς привет ёж 茶 😀")", "upper"),
              "STRAßE Ÿ ÑANDÚ ŽLUŤ Ŀ ŁÓDŹ ΑΒΓς ПРИВЕТ ЁЖ 茶 😀");
    EXPECT_EQ(filtered(R"("ÀÞ× Ÿ ĀŐ ŹŽ ΑΩ АЯЁ İ")", "lower"), "àþ× ÿ āő źž αω аяё İ");
    EXPECT_EQ(filtered(R"("élan VITAL")", "capitalize"), "Élan VITAL");
    EXPECT_EQ(filtered("\"\"", "capitalize"), "");
    EXPECT_EQ(filtered("true", "upper"), "TRUE");
}

TEST(Filters, truncate_counts_characters_and_keeps_its_promise) {
    EXPECT_EQ(filtered(R"("订单已发货")", "truncate(5)"), "订单已发货");
    EXPECT_EQ(filtered(R"("订单已发货")", "truncate(4)"), "订单已…");
    EXPECT_EQ(filtered(R"("abcdef")", "truncate(2, '...')"), "ab");
    EXPECT_EQ(filtered(R"("abcdef")", "truncate(3, '...')"), "...");
    EXPECT_EQ(filtered(R"("abcdef")", "truncate(0)"), "");
    EXPECT_EQ(filtered("1234567", "truncate(3, '')"), "123");
    EXPECT_NE(rendered("{{ 'a' | truncate(n) }}", R"({"n":-1})").find("from 0 to 1000000"),
              std::string::npos);
}

TEST(Filters, replace_works_from_left_to_right) {
    EXPECT_EQ(filtered(R"("aaaa")", "replace('aa', 'a')"), "aa");
    EXPECT_EQ(filtered(R"("abc")", "replace('x', 'y')"), "abc");
    EXPECT_EQ(filtered(R"("abc")", "replace('abc', '')"), "");
    EXPECT_NE(rendered("{{ 'a' | replace(f, '') }}", R"({"f":""})").find("must not be empty"),
              std::string::npos);
    EXPECT_NE(rendered("{{ 'a' | replace(f, '') }}", R"({"f":1})").find("argument 1 must be text"),
              std::string::npos);
}

TEST(Filters, round_as_on_paper) {
    EXPECT_EQ(filtered("1.005", "number(2)"), "1.01");
    EXPECT_EQ(filtered("-1.005", "number(2)"), "-1.01");
    EXPECT_EQ(filtered("2.5", "number"), "3");
    EXPECT_EQ(filtered("-0.004", "number(2)"), "0.00");
    EXPECT_EQ(filtered("9.999", "number(2)"), "10.00");
    EXPECT_EQ(filtered("99999.5", "number(0, ',')"), "100,000");
    EXPECT_EQ(filtered("1e-9", "number(9)"), "0.000000001");
    EXPECT_EQ(filtered("1e-300", "number(3)"), "0.000");
    EXPECT_EQ(filtered("1e20", "number(1, ' ')"), "100 000 000 000 000 000 000.0");
    EXPECT_EQ(filtered("999", "number(0, ',')"), "999");
    EXPECT_EQ(filtered("\"+0012.345\"", "number(1)"), "12.3");
    EXPECT_EQ(filtered("1.45", "round(1)"), "1.5");
    EXPECT_EQ(filtered("-7", "round(2)"), "-7");
    EXPECT_EQ(filtered("9223372036854775807", "round"), "9223372036854775807");
    EXPECT_EQ(filtered("\"-0.5\"", "currency('EUR')"), "-€0.50");
}

TEST(Filters, of_numbers_refuse_what_is_none) {
    for (const auto* json : {"\"abc\"", "\"\\u00e9\"", "\"1.\"", "\".5\"", "\"1e5\"", "\"-\"",
                             "\"1,000\"", "1e21", "-1e300", "\"1111111111222222222233\""}) {
        EXPECT_NE(filtered(json, "number").find("number takes a number"), std::string::npos)
            << json;
    }
    EXPECT_NE(filtered("[1]", "number").find("but got a list"), std::string::npos);
    EXPECT_NE(filtered("true", "round").find("but got true or false"), std::string::npos);
    EXPECT_EQ(filtered("\"\"", "number").substr(0, 6), "error:");
}

TEST(Filters, show_dates_by_their_own_clock) {
    EXPECT_EQ(filtered("\"2024-02-29T23:59:60Z\"", "date('%F %T')"), "2024-03-01 00:00:00");
    EXPECT_EQ(filtered("\"2026-01-01T00:30:00.999-05:30\"", "date('%F %T %z')"),
              "2026-01-01 00:30:00 -05:30");
    EXPECT_EQ(filtered("\"2026-01-01T00:30:00+08:00\"", "date('%Y %j %u %A', 'Z')"),
              "2025 365 3 Wednesday");
    EXPECT_EQ(filtered("\"2026-12-31\"", "date('%y %-m %-d %-H %I %p %% %j %b %a %u')"),
              "26 12 31 0 12 AM % 365 Dec Thu 4");
    EXPECT_EQ(filtered("\"1969-12-31T23:59:59.5Z\"", "date('%T')"), "23:59:59");
    EXPECT_EQ(filtered("\"2026-06-07T13:04:05Z\"", "date('%I:%M %p %-I %-M %-S %-j %B')"),
              "01:04 PM 1 4 5 158 June");
    for (const auto* json :
         {"\"2026-02-30\"", "\"2026-1-1\"", "\"tomorrow\"", "\"2026-01-01T00:00:00\"", "\"\""}) {
        EXPECT_NE(filtered(json, "date('%F')").find("date takes a time like"), std::string::npos)
            << json;
    }
}

TEST(Filters, join_takes_scalars_only) {
    EXPECT_EQ(filtered(R"(["a",1,2.5,true,null])", "join('|')"), "a|1|2.5|true|");
    EXPECT_EQ(filtered("[]", "join"), "");
    EXPECT_NE(filtered("[[1]]", "join").find("an element is a list"), std::string::npos);
    EXPECT_NE(filtered("\"ab\"", "join").find("join takes a list, but got text"),
              std::string::npos);
}

TEST(Filters, first_and_last_of_nothing_are_missing) {
    EXPECT_EQ(filtered("\"é茶😀\"", "first"), "é");
    EXPECT_EQ(filtered("\"é茶😀\"", "last"), "😀");
    EXPECT_NE(filtered("[]", "first").find("there is no first of an empty list"),
              std::string::npos);
    EXPECT_EQ(filtered("[]", "last | default('-')"), "-");
    EXPECT_EQ(rendered("{{ (v | last).k }}", R"({"v":[{"k":1},{"k":2}]})"), "2");
}

TEST(Filters, json_is_written_for_its_surrounding) {
    const auto value = R"({"a":[1,2.5,"<\n>",null,true,{}],"b":[]})";
    EXPECT_EQ(filtered(value, "json"), R"({"a":[1,2.5,"<\n>",null,true,{}],"b":[]})");
    EXPECT_EQ(filtered(value, "json", Escape::json_string),
              R"({"a":[1,2.5,"<\n>",null,true,{}],"b":[]})");
    EXPECT_EQ(filtered("\"<\"", "json", Escape::html), "&quot;&lt;&quot;");
    EXPECT_EQ(filtered("\"a\"", "json | upper", Escape::json_string), "\\\"A\\\"");
}

TEST(Filters, html_is_not_escaped_twice_but_never_left_unescaped) {
    EXPECT_EQ(filtered("\"<\"", "escape", Escape::html), "&lt;");
    EXPECT_EQ(filtered("\"<\"", "escape | trim", Escape::html), "&amp;lt;");
    EXPECT_EQ(filtered("\"<\\r\\n>\\n\"", "nl2br", Escape::html), "&lt;<br>\n&gt;<br>\n");
    EXPECT_EQ(filtered("\"<\\n\"", "escape | nl2br", Escape::html), "&lt;<br>\n");
    EXPECT_EQ(filtered("\"\"", "nl2br", Escape::html), "");
    EXPECT_EQ(filtered("\"<\"", "escape | default('x')", Escape::html), "&lt;");
}

TEST(Filters, default_takes_the_place_of_what_is_missing_or_empty_only) {
    EXPECT_EQ(filtered("0", "default(5)"), "0");
    EXPECT_EQ(filtered("false", "default(5)"), "false");
    EXPECT_EQ(filtered("null", "default(5)"), "5");
    EXPECT_EQ(filtered("\"\"", "default(5)"), "5");
    EXPECT_EQ(
        rendered("{{ a.b.c | default('x') }}{% if q | default(false) %}{% endif %}", R"({"a":{}})"),
        "x");
    EXPECT_NE(rendered("{{ a.b | default('x') }}", R"({"a":1})").find("needs an object"),
              std::string::npos);
}

TEST(Filters, length_and_urlencode_and_trim) {
    EXPECT_EQ(filtered(R"({"a":1,"b":2})", "length"), "2");
    EXPECT_NE(filtered("5", "length").find("length takes text, a list or an object"),
              std::string::npos);
    EXPECT_EQ(filtered(R"("a-b_c.d~ /?é")", "urlencode"), "a-b_c.d~%20%2F%3F%C3%A9");
    EXPECT_EQ(filtered("1.5", "urlencode"), "1.5");
    EXPECT_EQ(filtered("\" \\t\\r\\n \"", "trim"), "");
    EXPECT_EQ(filtered("12", "trim"), "12");
}

}  // namespace
}  // namespace hongyan::render
