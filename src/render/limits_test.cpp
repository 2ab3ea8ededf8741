// Mistakes of templates and the budgets that hold against hostile ones.
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "render/testing.hpp"

namespace hongyan::render {
namespace {

using testing::problems_of;
using testing::rendered;
using testing::variables;

std::string repeated(std::string_view text, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += text;
    return all;
}

bool complains(std::string_view source, std::string_view about) {
    const auto problems = problems_of(source);
    if (problems.find(about) != std::string::npos) return true;
    ADD_FAILURE() << source << " -> " << problems;
    return false;
}

TEST(TemplateMistakes, are_told_with_their_place_and_what_would_be_right) {
    EXPECT_TRUE(complains("a\n{{ }}", "2:1: {{ }} is empty"));
    EXPECT_TRUE(complains("茶{{ a b }}", "1:7: expected '}}', but found 'b'"));
    EXPECT_TRUE(complains("{{ a | nope(1) }}", "there is no filter 'nope'; known are"));
    EXPECT_TRUE(complains("{{ a | truncate }}",
                          "1:8: truncate takes 1 to 2 arguments: truncate(n, ending)"));
    EXPECT_TRUE(complains("{{ a | upper(1) }}", "upper takes no arguments"));
    EXPECT_TRUE(complains("{{ a | date('%Q') }}", "unknown place at \"%Q\""));
    EXPECT_TRUE(complains("{{ a | date('%') }}", "unknown place"));
    EXPECT_TRUE(complains("{{ a | date('%F', '8') }}", "offset must be like \"+08:00\""));
    EXPECT_TRUE(complains("{{ a | number(10) }}", "from 0 to 9"));
    EXPECT_TRUE(complains("{{ a | currency('yuan') }}", "three capital letters"));
    EXPECT_TRUE(complains("{{ a | replace('', 'x') }}", "must not be empty"));
    EXPECT_TRUE(complains("{{ a | nl2br }}", "only permitted in HTML"));
    EXPECT_TRUE(complains("{{ a < b < c }}", "comparisons cannot be chained"));
    EXPECT_TRUE(complains("{{ 'abc }}", "no closing quote"));
    EXPECT_TRUE(complains("{{ 'a\\q' }}", "escapes"));
    EXPECT_TRUE(complains("{{ a.0 }}", "an element of a list is written [0]"));
    EXPECT_TRUE(complains("{{ a in [b] }}", "expected a literal"));
    EXPECT_TRUE(complains("{{ (a }}", "expected ')'"));
    EXPECT_TRUE(complains("{{ a[0 }}", "expected ']'"));
    EXPECT_TRUE(complains("{{ 99999999999999999999 }}", "64 bits"));
    EXPECT_TRUE(complains("{{ for }}", "'for' is a word of the language"));
    EXPECT_TRUE(complains("{{ loop.index }}", "only known inside {% for %}"));
    EXPECT_TRUE(complains("{% for x in l %}{{ loop.nr }}{% endfor %}", "'loop' has index"));
    EXPECT_TRUE(complains("{{ - a }}", "expected a number after '-'"));
    EXPECT_TRUE(complains("{{ a not b }}", "expected 'in' after 'not'"));
}

TEST(TemplateMistakes, blocks_that_do_not_fit_are_told_by_both_names) {
    EXPECT_TRUE(complains("{% fi x %}", "there is no statement 'fi'; did you mean 'if'?"));
    EXPECT_TRUE(complains("{% if x %}{% endfor %}{% endif %}",
                          "expected {% endif %} before this {% endfor %}"));
    EXPECT_TRUE(complains("{% for x in l %}{% endif %}{% endfor %}",
                          "expected {% endfor %} before this {% endif %}"));
    EXPECT_TRUE(complains("{% endif %}", "there is no {% if %}"));
    EXPECT_TRUE(complains("{% endfor %}", "there is no {% for %}"));
    EXPECT_TRUE(complains("{% else %}", "outside of"));
    EXPECT_TRUE(complains("{% elif x %}", "outside of {% if %}"));
    EXPECT_TRUE(complains("{% if x %}{% else %}{% else %}{% endif %}", "second {% else %}"));
    EXPECT_TRUE(
        complains("{% if x %}{% else %}{% elif y %}{% endif %}", "cannot come after {% else %}"));
    EXPECT_TRUE(complains("{% for x in l %}", "this {% for %} has no {% endfor %}"));
    EXPECT_TRUE(complains("{% for in l %}{% endfor %}", "expected {% for NAME in LIST %}"));
    EXPECT_TRUE(
        complains("{% for x of l %}{% endfor %}", "expected 'in' as in {% for x in LIST %}"));
    EXPECT_TRUE(complains("{% for x in l %}{% for x in x %}{% endfor %}{% endfor %}",
                          "already the variable of a loop"));
    EXPECT_TRUE(complains("{% raw %}", "no {% endraw %}"));
    EXPECT_TRUE(complains("{% endraw %}", "no {% raw %} before"));
    EXPECT_TRUE(complains("{# a", "this '{#' has no '#}'"));
    EXPECT_TRUE(complains("{% %}", "expected a statement"));
}

TEST(TemplateMistakes, several_are_told_at_once_without_false_ones) {
    EXPECT_EQ(problems_of("{{ a b }}\n{% if c = 1 %}x{% endif %}\n{% for 1 in l %}{% endfor %}\n{{ "
                          "ok }}{{ d | uper }}"),
              "1:6: expected '}}', but found 'b'\n"
              "2:9: expected '%}', but found '='; to compare, write ==\n"
              "3:8: expected {% for NAME in LIST %}, but found '1' in the place of NAME\n"
              "4:16: there is no filter 'uper'; did you mean 'upper'?\n");
    const auto many = compile(repeated("{{ a b }}", 40), Escape::plain);
    ASSERT_FALSE(many);
    EXPECT_EQ(many.error().code, ErrorCode::template_invalid);
    EXPECT_EQ(many.error().problems.size(), 10u);
    EXPECT_EQ(many.error().problems[0].path, "$.content");
    EXPECT_EQ(many.error().detail, many.error().problems[0].detail + ".");
}

TEST(TemplateMistakes, bytes_that_are_no_text_are_refused) {
    EXPECT_TRUE(complains("a\xFF", "not UTF-8"));
    EXPECT_TRUE(complains(std::string_view("ab\0c", 4), "1:3: the template has a NUL"));
}

TEST(TemplateLimits, the_source_and_its_parts_are_bounded) {
    EXPECT_TRUE(complains(std::string(64 * 1024 + 1, 'x'), "65536 are permitted"));
    EXPECT_EQ(rendered(std::string(64 * 1024, 'x')).size(), 64u * 1024);
    Limits few;
    few.nodes = 5;
    const auto compiled = compile(repeated("{{ a }} ", 3), Escape::plain, few);
    ASSERT_FALSE(compiled);
    EXPECT_NE(compiled.error().detail.find("more than 5 parts"), std::string::npos);
    EXPECT_FALSE(
        compile(repeated("{% if a %}{% for x in l %}{{ x }}{% endfor %}{% else %}{% endif %}", 3),
                Escape::plain, few));
}

TEST(TemplateLimits, nesting_is_bounded) {
    EXPECT_EQ(rendered(repeated("{% if true %}", 16) + "x" + repeated("{% endif %}", 16)), "x");
    EXPECT_TRUE(complains(repeated("{% if true %}", 17) + repeated("{% endif %}", 17),
                          "nested deeper than 16"));
    EXPECT_TRUE(complains("{{ " + repeated("(", 5000) + "1" + repeated(")", 5000) + " }}",
                          "nested deeper than 16"));
    EXPECT_TRUE(complains("{{ " + repeated("not ", 5000) + "1 }}", "nested deeper than 16"));
    EXPECT_TRUE(complains("{{ " + repeated("a[", 5000) + " }}", "nested deeper than 16"));
    EXPECT_TRUE(complains("{{ " + repeated("a | default(", 5000) + " }}", "nested deeper than 16"));
    Limits deep;
    deep.depth = 1000;
    EXPECT_FALSE(compile(repeated("{% for x in l %}", 33), Escape::plain, deep));
}

TEST(TemplateLimits, loops_are_bounded_in_elements_and_steps) {
    boost::json::object values;
    values["l"] = boost::json::array(1001, 1);
    const auto compiled = compile("{% for x in l %}.{% endfor %}", Escape::plain);
    const auto text = compiled->render(values);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, ErrorCode::content_invalid);
    EXPECT_EQ(text.error().detail, "1:1: the list has 1001 elements; 1000 may be looped over.");
    values["l"] = boost::json::array(1000, 1);
    EXPECT_EQ(compiled->render(values)->size(), 1000u);
    const auto nested =
        compile("{% for x in l %}{% for y in l %}{% endfor %}{% endfor %}", Escape::plain);
    EXPECT_NE(nested->render(values).error().detail.find("more than 100000 steps"),
              std::string::npos);
    EXPECT_EQ(nested->render(values).error().code, ErrorCode::content_invalid);
}

TEST(TemplateLimits, the_output_is_bounded_in_every_way_it_can_grow) {
    boost::json::object values;
    values["t"] = std::string(100'000, '<');
    values["l"] = boost::json::array(10, 1);
    for (const auto* source : {"{{ t }}{{ t }}{{ t }}", "{% for x in l %}{{ t }}{% endfor %}",
                               "{{ t | replace('<<<<<<<<<<', '<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<') }}",
                               "{{ t | urlencode }}", "{{ t | html }}"}) {
        std::string out = "x";
        const auto compiled = compile(source, Escape::plain);
        ASSERT_TRUE(compiled);
        const auto status = compiled->render_to(out, values);
        ASSERT_FALSE(status) << source;
        EXPECT_EQ(status.error().code, ErrorCode::content_invalid);
        EXPECT_NE(status.error().detail.find("longer than 262144 bytes"), std::string::npos)
            << status.error().detail;
        EXPECT_EQ(out, "x");
    }
    const auto html = compile("{{ t }}", Escape::html);
    EXPECT_FALSE(html->render(values));
}

TEST(TemplateLimits, work_inside_filters_counts_as_steps) {
    boost::json::object values;
    values["t"] = std::string(200'000, 'a');
    values["n"] = std::string(100'000, 'a') + "b";
    values["l"] = boost::json::array(1000, 1);
    for (const auto* source :
         {"{% for x in l %}{% if t | upper == t %}{% endif %}{% endfor %}",
          "{% for x in l %}{% if n in t %}{% endif %}{% endfor %}",
          "{% for x in l %}{% if t == t %}{% endif %}{% endfor %}",
          "{% for x in l %}{% if t | truncate(3) %}{% endif %}{% endfor %}",
          "{% for x in l %}{% if t | replace(n, '') %}{% endif %}{% endfor %}"}) {
        const auto compiled = compile(source, Escape::plain);
        ASSERT_TRUE(compiled);
        EXPECT_NE(compiled->render(values).error().detail.find("100000 steps"), std::string::npos)
            << source;
    }
}

TEST(TemplateLimits, json_of_deep_values_is_bounded) {
    std::string deep = "1";
    for (int i = 0; i < 20; ++i) deep = "[" + deep + "]";
    EXPECT_NE(rendered("{{ a | json }}", "{\"a\":" + deep + "}").find("too large or too deep"),
              std::string::npos);
}

}  // namespace
}  // namespace hongyan::render
