#include "render/template.hpp"

#include <gtest/gtest.h>

#include <boost/json/value.hpp>
#include <thread>

#include "render/testing.hpp"

namespace hongyan::render {
namespace {

using testing::problems_of;
using testing::rendered;
using testing::variables;
using testing::with;

constexpr std::string_view order =
    R"({"no":"A17","n":3,"sum":12.5,"yes":true,"empty":null,"items":["a","b","c"],"deep":{"list":[{"k":"v"}]}})";

TEST(Template, plain_text_is_itself) {
    EXPECT_EQ(rendered("Hello, 你好! } }} % {\"a\": {\"b\": 1}}"),
              "Hello, 你好! } }} % {\"a\": {\"b\": 1}}");
    EXPECT_EQ(rendered(""), "");
    EXPECT_EQ(rendered("{"), "{");
    EXPECT_EQ(Template().render(variables("{}")).ok(), true);
}

TEST(Template, writes_values_of_every_kind) {
    EXPECT_EQ(rendered("{{no}} {{ n }} {{sum}} {{yes}}", order), "A17 3 12.5 true");
    EXPECT_EQ(rendered("{{ deep.list[0].k }} {{ items[n - 1] }}", order).substr(0, 6), "error:");
    EXPECT_EQ(rendered("{{ deep.list[0].k }}{{ items[2] }}", order), "vc");
    EXPECT_EQ(rendered("{{ 1 }}{{ -2.50 }}{{ 'it\\'s' }}{{ \"\\n\\t\\\\\" }}{{ true }}"),
              "1-2.5it's\n\t\\true");
}

TEST(Template, writes_numbers_as_people_do) {
    const auto number = [](std::string_view json) {
        return rendered("{{ n }}", "{\"n\":" + std::string(json) + "}");
    };
    EXPECT_EQ(number("100000.0"), "100000");
    EXPECT_EQ(number("0.1"), "0.1");
    EXPECT_EQ(number("-0.0"), "0");
    EXPECT_EQ(number("123456789012.25"), "123456789012.25");
    EXPECT_EQ(number("9223372036854775807"), "9223372036854775807");
    EXPECT_EQ(number("1e300"), "1e+300");
}

TEST(Template, a_missing_variable_is_an_error_that_names_it) {
    const auto compiled = compile("Hi\n  {{ name }}", Escape::plain);
    ASSERT_TRUE(compiled);
    const auto text = compiled->render(variables(R"({"nam": 1})"));
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, ErrorCode::template_variables);
    ASSERT_EQ(text.error().problems.size(), 1u);
    EXPECT_EQ(text.error().problems[0].path, "$.variables.name");
    EXPECT_EQ(text.error().problems[0].code, "required");
    EXPECT_EQ(text.error().problems[0].detail,
              "2:6: the variable 'name' is missing; give it, or write | default(...) behind it");
    EXPECT_NE(rendered("{{ empty }}", order).find("the variable 'empty' is missing"),
              std::string::npos);
}

TEST(Template, a_missing_value_is_an_error_wherever_it_is_used) {
    for (const auto* source :
         {"{% if gone %}{% endif %}", "{% for x in gone %}{% endfor %}", "{{ gone == 1 }}",
          "{{ gone | upper }}", "{{ 'a' in gone }}", "{{ gone and yes }}", "{{ not gone }}",
          "{{ no | default('x') | replace('A', gone) }}", "{{ items[gone] }}",
          "{{ gone in ['a'] }}", "{{ gone | default(gone) }}"}) {
        EXPECT_NE(rendered(source, order).find("'gone' is missing"), std::string::npos) << source;
    }
    EXPECT_NE(rendered("{{ deep.other.more }}", order).find("'deep.other' is missing"),
              std::string::npos);
    EXPECT_NE(rendered("{{ items[3] }}", order).find("no element with this index"),
              std::string::npos);
}

TEST(Template, an_optional_variable_that_is_absent_is_empty) {
    VariableSpec spec;
    spec.name = "note";
    spec.required = false;
    CompileOptions options;
    options.variables = std::span(&spec, 1);
    EXPECT_EQ(rendered("[{{ note }}]", "{}", options), "[]");
    EXPECT_EQ(rendered("[{{ note | upper }}{{ note.x }}{{ note[0] }}]", "{\"note\":null}", options),
              "[]");
    EXPECT_EQ(rendered("{% if note %}a{% else %}b{% endif %}{{ note == '' }}{{ note < 'a' }}", "{}",
                       options),
              "btruefalse");
    EXPECT_EQ(
        rendered("{% for x in note %}a{% else %}b{% endfor %}{{ note | length }}", "{}", options),
        "b0");
    EXPECT_EQ(
        rendered("{{ note | default('none') }} {{ note | json }} {{ 'a' in note }}", "{}", options),
        "none null false");
    EXPECT_NE(rendered("{{ other }}", "{}", options).find("'other' is missing"), std::string::npos);
}

TEST(Template, conditions_follow_their_branches) {
    const auto source =
        "{% if n == 1 %}one{% elif n == 2 %}two{% elif n == 3 %}three{% else %}many{% endif %}";
    EXPECT_EQ(rendered(source, R"({"n":1})"), "one");
    EXPECT_EQ(rendered(source, R"({"n":2})"), "two");
    EXPECT_EQ(rendered(source, R"({"n":3})"), "three");
    EXPECT_EQ(rendered(source, R"({"n":4})"), "many");
    EXPECT_EQ(rendered("a{% if n %}{% endif %}b", R"({"n":4})"), "ab");
}

TEST(Template, comparisons_and_logic_have_the_documented_precedence) {
    const auto value = [](std::string source) { return rendered("{{ " + source + " }}", order); };
    EXPECT_EQ(value("true or false and false"), "true");
    EXPECT_EQ(value("(true or false) and false"), "false");
    EXPECT_EQ(value("not n == 4 and yes"), "true");
    EXPECT_EQ(value("no | length == 3"), "true");
    EXPECT_EQ(value("1 < 1.5 and 2 >= 2 and 'a' <= 'b' and 3 != '3'"), "true");
    EXPECT_EQ(value("'b' in items and 'z' not in items and '1' in no and 2 in [1, 2]"), "true");
    EXPECT_EQ(value("no in []"), "false");
    EXPECT_EQ(value("not not items"), "true");
    EXPECT_EQ(value("0 or '' or 0.0 or false"), "false");
}

TEST(Template, and_and_or_look_at_the_right_side_only_if_they_must) {
    EXPECT_EQ(rendered("{{ yes or gone }}{{ not yes and gone }}", order), "truefalse");
}

TEST(Template, ordering_things_that_have_no_order_is_an_error) {
    EXPECT_NE(rendered("{{ n < 'a' }}", order).find("compare two numbers or two texts"),
              std::string::npos);
    EXPECT_NE(rendered("{{ items < items }}", order).find("a list and a list"), std::string::npos);
    EXPECT_NE(rendered("{{ 1 in n }}", order).find("'in' looks for"), std::string::npos);
}

TEST(Template, loops_know_where_they_are) {
    EXPECT_EQ(
        rendered("{% for x in items %}{{ loop.index }}{{ loop.index0 }}{{ x }}{{ loop.length }}"
                 "{% if loop.first %}<{% endif %}{% if loop.last %}>{% endif %} {% endfor %}",
                 order),
        "10a3< 21b3 32c3> ");
}

TEST(Template, loops_nest_and_have_an_else) {
    const auto source =
        "{% for row in rows %}{% for x in row %}{{ x }}{{ loop.index }}{% else %}-{% endfor %}{{ "
        "loop.index }};{% "
        "else %}empty{% endfor %}";
    EXPECT_EQ(rendered(source, R"({"rows":[[7,8],[],[9]]})"), "71821;-2;913;");
    EXPECT_EQ(rendered(source, R"({"rows":[]})"), "empty");
    EXPECT_EQ(rendered("{% for a in l %}{% if a > 1 %}{{ a }}{% endif %}{% endfor %}{% for a in l "
                       "%}{{ a }}{% endfor %}",
                       R"({"l":[1,2]})"),
              "212");
}

TEST(Template, a_loop_variable_hides_the_variable_of_that_name_inside_only) {
    EXPECT_EQ(rendered("{{ x }}{% for x in l %}{{ x }}{% endfor %}{{ x }}", R"({"x":0,"l":[1,2]})"),
              "0120");
    const auto compiled =
        compile("{% for x in l %}{{ x }}{{ y }}{% endfor %}{{ y }}", Escape::plain);
    ASSERT_TRUE(compiled);
    EXPECT_EQ(compiled->variables(), (std::vector<std::string>{"l", "y"}));
}

TEST(Template, comments_vanish_and_raw_text_stays) {
    EXPECT_EQ(rendered("a{# {{ x }} {% if %} #}b"), "ab");
    EXPECT_EQ(rendered("{% raw %}{{ x }}{% if %}{#{% endraw %}!"), "{{ x }}{% if %}{#!");
    EXPECT_EQ(rendered("a {%- raw -%} {{ {%- endraw -%} b"), "a{{b");
    EXPECT_EQ(rendered("{% raw %}{% endraw %}{% raw %} {%- endraw %}"), "");
}

TEST(Template, hyphens_remove_white_space_on_their_side) {
    EXPECT_EQ(rendered("a \n {{- 1 -}} \n b"), "a1b");
    EXPECT_EQ(rendered("a {%- if true -%} b {%- endif -%} c"), "abc");
    EXPECT_EQ(rendered("a {#- note -#} b"), "ab");
    EXPECT_EQ(rendered(" {{- 1 }} {{ 2 -}} "), "1 2");
    EXPECT_EQ(rendered("{{ 3 -}} \n"), "3");
    EXPECT_EQ(rendered(" \n {{- -4 -}}\n"), "-4");
}

TEST(Template, escapes_values_but_never_its_own_text) {
    const auto values = R"({"v":"<a href=\"x\">'&'\n\u0001"})";
    EXPECT_EQ(rendered("<b>{{ v }}", values, with(Escape::html)),
              "<b>&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;\n\x01");
    EXPECT_EQ(rendered("\"{{ v }}\"", values, with(Escape::json_string)),
              R"("<a href=\"x\">'&'\n\u0001")");
    EXPECT_EQ(rendered("<{{ v }}>", values), "<<a href=\"x\">'&'\n\x01>");
}

TEST(Template, a_header_stays_on_one_line_whatever_the_value) {
    const auto header = [](std::string_view json) {
        return rendered("S: {{ v }}!", "{\"v\":\"" + std::string(json) + "\"}",
                        with(Escape::header));
    };
    EXPECT_EQ(header("a\\r\\nBcc: x"), "S: a Bcc: x!");
    EXPECT_EQ(header("\\u0000\\u001f\\u007f"), "S:  !");
    EXPECT_EQ(header("a\\u0085b\\u2028c\\u2029\\u000bd"), "S: a b c d!");
    EXPECT_EQ(header("茶 é\\u00a0x"), "S: 茶 é\u00a0x!");
    EXPECT_NE(
        problems_of("a\nb", with(Escape::header)).find("1:2: a subject or header is one line"),
        std::string::npos);
    EXPECT_EQ(rendered("a{%- if true -%}\n b\n{%- endif -%}\n", "{}", with(Escape::header)), "ab");
    EXPECT_EQ(rendered("{{ 'a\\nb' }}", "{}", with(Escape::header)), "a b");
}

TEST(Template, safe_is_only_for_those_who_are_permitted) {
    const auto values = R"({"v":"<b>"})";
    EXPECT_EQ(rendered("{{ v | safe }}{{ v }}", values, with(Escape::html, true)), "<b>&lt;b&gt;");
    EXPECT_NE(problems_of("{{ v | safe }}", with(Escape::html)).find("safe is not permitted here"),
              std::string::npos);
    EXPECT_NE(problems_of("{{ v | safe }}", with(Escape::header, true))
                  .find("never permitted in a header"),
              std::string::npos);
    for (const auto* source : {"{{ v | safe | upper }}", "{{ (v | safe) }}",
                               "{% if v | safe %}{% endif %}", "{{ v | default(v | safe) }}"}) {
        EXPECT_NE(problems_of(source, with(Escape::html, true)).find("must be the last filter"),
                  std::string::npos)
            << source;
    }
}

TEST(Template, appends_and_leaves_the_output_as_it_was_on_failure) {
    const auto compiled = compile("{{ a }}-{{ b }}", Escape::plain);
    ASSERT_TRUE(compiled);
    std::string out = "> ";
    EXPECT_TRUE(compiled->render_to(out, variables(R"({"a":1,"b":2})")).ok());
    EXPECT_EQ(out, "> 1-2");
    EXPECT_FALSE(compiled->render_to(out, variables(R"({"a":1})")).ok());
    EXPECT_EQ(out, "> 1-2");
}

TEST(Template, knows_its_variables_and_whether_it_needs_any) {
    const auto compiled =
        compile("{{ b.c | default(a) }}{% if b and d in ['x'] %}{% endif %}", Escape::plain);
    ASSERT_TRUE(compiled);
    EXPECT_EQ(compiled->variables(), (std::vector<std::string>{"b", "a", "d"}));
    EXPECT_FALSE(compiled->is_constant());
    EXPECT_TRUE(compile("text", Escape::plain)->is_constant());
    EXPECT_EQ(compile("{{ x }}", Escape::plain)->source(), "{{ x }}");
}

TEST(Template, is_rendered_by_many_threads_at_once) {
    const auto compiled =
        compile("{% for x in l %}{{ x | upper }}{% endfor %}{{ a }}", Escape::html);
    ASSERT_TRUE(compiled);
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&good, copy = *compiled, t] {
            const auto values = variables("{\"l\":[\"x\",\"y\"],\"a\":" + std::to_string(t) + "}");
            for (int i = 0; i < 500; ++i)
                good +=
                    copy.render(values).ok() && *copy.render(values) == "XY" + std::to_string(t);
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(good.load(), 2000);
}

}  // namespace
}  // namespace hongyan::render
