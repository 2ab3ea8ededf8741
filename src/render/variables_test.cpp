#include "render/variables.hpp"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "render/testing.hpp"

namespace hongyan::render {
namespace {

using testing::variables;

std::vector<VariableSpec> specs(std::string_view json) {
    auto read = read_specs(json);
    EXPECT_TRUE(read.ok()) << json;
    return read ? *read : std::vector<VariableSpec>();
}

/// "path code: detail" of each problem, one a line.
std::string told(const std::vector<Problem>& problems) {
    std::string all;
    for (const auto& problem : problems)
        all += problem.path + " " + problem.code + ": " + problem.detail + "\n";
    return all;
}

std::string told_for(std::string_view type, std::string_view value) {
    const auto declared = specs("[{\"name\":\"v\",\"type\":\"" + std::string(type) + "\"}]");
    const auto problems =
        check_variables(declared, variables("{\"v\":" + std::string(value) + "}"));
    return problems.empty() ? "" : problems[0].code + ": " + problems[0].detail;
}

TEST(Variables, of_each_type_are_accepted) {
    EXPECT_EQ(told_for("string", "\"a\""), "");
    EXPECT_EQ(told_for("number", "1"), "");
    EXPECT_EQ(told_for("number", "1.5"), "");
    EXPECT_EQ(told_for("integer", "-7"), "");
    EXPECT_EQ(told_for("boolean", "false"), "");
    EXPECT_EQ(told_for("date", "\"2026-11-23\""), "");
    EXPECT_EQ(told_for("date", "\"2026-11-23T08:00:00.5+08:00\""), "");
    EXPECT_EQ(told_for("url", "\"HTTPS://example.com:8443/a?b=c#d\""), "");
    EXPECT_EQ(told_for("url", "\"http://例子.cn/茶\""), "");
    EXPECT_EQ(told_for("list", "[]"), "");
    EXPECT_EQ(told_for("object", "{}"), "");
}

TEST(Variables, of_another_type_are_refused_with_both_types_named) {
    EXPECT_EQ(told_for("string", "5"),
              "type: The variable 'v' must be text (a JSON string), but is a number.");
    EXPECT_EQ(told_for("number", "\"5\""),
              "type: The variable 'v' must be a number, but is the text \"5\".");
    EXPECT_EQ(told_for("integer", "5.5"),
              "type: The variable 'v' must be a whole number, but is a number with a fraction.");
    EXPECT_EQ(told_for("boolean", "\"true\""),
              "type: The variable 'v' must be true or false, but is the text \"true\".");
    EXPECT_EQ(told_for("list", "{}"),
              "type: The variable 'v' must be a list (a JSON array), but is an object.");
    EXPECT_EQ(told_for("object", "[]"), "type: The variable 'v' must be an object, but is a list.");
    EXPECT_EQ(told_for("integer", "18446744073709551615").substr(0, 12), "out_of_range");
    for (const auto* date : {"\"2026-13-01\"", "\"now\"", "20261123", "\"2026-11-23T08:00:00\""}) {
        EXPECT_EQ(told_for("date", date).substr(0, 5), "type:") << date;
    }
    for (const auto* url :
         {"\"javascript:alert(1)\"", "\"http://\"", "\"http:///x\"", "\"ftp://a\"",
          "\"http://a b\"", "\"http://a\\\"b\"", "\"//a\"", "\"\"", "\"http://a\\r\\n\""}) {
        EXPECT_EQ(told_for("url", url).substr(0, 5), "type:") << url;
    }
}

TEST(Variables, that_are_missing_too_long_or_unknown_are_all_told_by_path) {
    const auto declared = specs(
        R"([{"name":"order_no","max_length":3},{"name":"name"},{"name":"note","required":false},
        {"name":"tags","type":"list","max_length":1}])");
    EXPECT_EQ(
        told(check_variables(
            declared,
            variables(R"({"order_no":"茶茶茶茶","tags":[1,2],"nmae":"x","zzzzzzzzzz":1})"))),
        "$.variables.order_no too_long: The variable 'order_no' has 4 characters; at most 3 are "
        "permitted.\n"
        "$.variables.name required: The variable 'name' is missing; it must be text (a JSON "
        "string).\n"
        "$.variables.tags too_long: The variable 'tags' has 2 elements; at most 1 are permitted.\n"
        "$.variables.nmae unknown_field: The template does not declare a variable 'nmae'; did you "
        "mean 'name'?\n"
        "$.variables.zzzzzzzzzz unknown_field: The template does not declare a variable "
        "'zzzzzzzzzz'; leave it out.\n");
    EXPECT_EQ(
        told(check_variables(
            declared, variables(R"({"order_no":"茶茶茶","name":"x","tags":[1],"note":null})"))),
        "");
    EXPECT_EQ(check_variables(declared, variables(R"({"order_no":"a","name":null,"tags":[]})"),
                              "$.recipients[7].variables")[0]
                  .path,
              "$.recipients[7].variables.name");
}

TEST(Variables, lists_are_bounded_even_if_nothing_is_said) {
    const auto declared = specs(R"([{"name":"l","type":"list"}])");
    boost::json::object values;
    values["l"] = boost::json::array(1001, 1);
    EXPECT_EQ(check_variables(declared, values).at(0).code, "too_long");
}

TEST(Variables, declarations_are_read_and_written) {
    const auto text =
        R"([{"name":"a","type":"integer","required":false,"sample":"5","description":"d","max_length":7},{"name":"b","type":"string","required":true}])";
    EXPECT_EQ(write_specs(specs(text)), text);
    EXPECT_EQ(specs(R"([{"name":"a","type":"list","sample":[1]}])")[0].sample, "[1]");
    EXPECT_EQ(specs("[]").size(), 0u);
}

TEST(Variables, declarations_that_cannot_be_read_are_refused_with_their_paths) {
    EXPECT_EQ(read_specs("{").error().code, ErrorCode::invalid_json);
    EXPECT_EQ(read_specs("{}").error().code, ErrorCode::invalid_fields);
    const auto bad = read_specs(
        R"([1,{"type":"text","requird":true,"required":1,"max_length":0,"description":1}])");
    ASSERT_FALSE(bad);
    EXPECT_EQ(told(bad.error().problems),
              "$.variables[0] type: A variable must be an object like {\"name\": \"order_no\"}.\n"
              "$.variables[1].name required: A variable needs a name.\n"
              "$.variables[1].description type: The description must be text.\n"
              "$.variables[1].type enum: The type must be one of string, number, integer, boolean, "
              "date, url, list, object.\n"
              "$.variables[1].required type: This must be true or false.\n"
              "$.variables[1].max_length type: The max_length must be a whole number from 1.\n"
              "$.variables[1].requird unknown_field: A variable has no such field; did you mean "
              "'required'?\n");
}

TEST(Variables, declarations_are_checked) {
    const auto declared = specs(
        R"([{"name":"1a"},{"name":"for"},{"name":"a"},{"name":"a"},{"name":"n","type":"number","sample":"x"},
        {"name":"u","type":"url","sample":"example.com"},{"name":"t","sample":"long","max_length":2},{"name":"ok","type":"list","sample":"[1]"}])");
    const auto problems = told(check_specs(declared));
    EXPECT_NE(problems.find("$.variables[0].name format"), std::string::npos);
    EXPECT_NE(problems.find("$.variables[1].name format"), std::string::npos);
    EXPECT_NE(problems.find("$.variables[3].name repeated"), std::string::npos);
    EXPECT_NE(
        problems.find("$.variables[4].sample type: The sample of 'n' must be written as JSON"),
        std::string::npos);
    EXPECT_NE(problems.find("$.variables[5].sample type: The sample does not fit"),
              std::string::npos);
    EXPECT_NE(problems.find("$.variables[6].sample"), std::string::npos);
    EXPECT_EQ(problems.find("$.variables[7]"), std::string::npos);
    EXPECT_EQ(check_specs(std::vector<VariableSpec>(101)).at(0).code, "too_many");
}

TEST(Variables, samples_make_a_preview) {
    const auto declared = specs(
        R"([{"name":"a","sample":"x"},{"name":"n","type":"integer","sample":7},{"name":"l","type":"list"},
        {"name":"d","type":"date"},{"name":"s"}])");
    const auto values = sample_variables(declared);
    EXPECT_EQ(boost::json::serialize(values),
              R"({"a":"x","n":7,"l":[],"d":"2026-01-01T08:00:00+08:00","s":"s"})");
    EXPECT_TRUE(check_variables(declared, values).empty());
}

TEST(Variables, type_names_are_read_back) {
    for (const auto name : variable_type_names)
        EXPECT_EQ(to_text(*variable_type_from_text(name)), name);
    EXPECT_FALSE(variable_type_from_text("text"));
}

std::string checked(std::string_view source) {
    const auto declared =
        specs(R"([{"name":"name"},{"name":"n","type":"number"},{"name":"yes","type":"boolean"},
        {"name":"day","type":"date"},{"name":"items","type":"list"},{"name":"order","type":"object"},{"name":"unused"}])");
    const auto compiled = compile(source, Escape::plain);
    EXPECT_TRUE(compiled.ok()) << source;
    return compiled ? told(check_template(*compiled, declared, "$.subject")) : "";
}

TEST(CheckTemplate, undeclared_variables_are_told_once_with_a_suggestion) {
    EXPECT_EQ(
        checked("{{ nam }}{{ nam }}{% for x in items %}{{ x }}{{ qqqqqq }}{% endfor %}"),
        "$.subject undeclared: 1:4: the variable 'nam' is not declared; did you mean 'name'?\n"
        "$.subject undeclared: 1:49: the variable 'qqqqqq' is not declared; add it to the "
        "template's variables\n");
    EXPECT_EQ(checked("no variables at all"), "");
}

TEST(CheckTemplate, uses_that_the_type_does_not_allow_are_told_in_every_branch) {
    EXPECT_EQ(checked("{% if yes %}{% else %}{{ items }}{% endif %}"),
              "$.subject type: 1:26: the variable 'items' is declared as list, but is written as "
              "it is; loop over it, or use "
              "join or json\n");
    for (const auto* source :
         {"{{ name.first }}", "{{ order[0] }}", "{% for x in name %}{% endfor %}", "{{ n | join }}",
          "{{ yes | number(2) }}", "{{ order | upper }}", "{{ n == '3' }}", "{{ 3 < name }}",
          "{{ n | date('%F') }}", "{{ yes == 1 }}"}) {
        EXPECT_NE(checked(source).find("$.subject type: 1:"), std::string::npos) << source;
    }
}

TEST(CheckTemplate, good_uses_are_left_alone) {
    for (const auto* source :
         {"{{ order.no }}{{ items[0].x }}", "{% for x in items %}{{ x.y }}{% endfor %}",
          "{{ items | join }}", "{{ name | number(2) }}{{ n | currency('CNY') }}",
          "{{ day | date('%F') }}{{ name | date('%F') }}",
          "{{ n == 3 }}{{ 2.5 < n }}{{ name == 'x' }}{{ day < '2026-01-01' }}",
          "{{ order | json }}{{ items | length }}",
          "{{ name | default(n) }}{{ n in [1, 2] }}{{ 'a' in items }}{{ 'a' in name }}",
          "{{ name | replace('a', name) }}", "{% if items and order and not yes %}{% endif %}",
          "{{ name | default('a') | truncate(n) }}"}) {
        EXPECT_EQ(checked(source), "") << source;
    }
}

}  // namespace
}  // namespace hongyan::render
