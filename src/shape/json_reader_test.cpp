#include "shape/json_reader.hpp"

#include <gtest/gtest.h>

#include <boost/json/value.hpp>
#include <cmath>

namespace hongyan::shape {
namespace {

struct Refused {
    std::string code;
    std::string path;
    std::string detail;
};

Refused refused(std::string_view text, const ReadLimits& limits = {}) {
    const auto value = parse_json(text, limits);
    if (value.ok()) return {"accepted", "", ""};
    EXPECT_EQ(value.error().code, ErrorCode::invalid_json);
    EXPECT_EQ(value.error().problems.size(), 1U);
    if (value.error().problems.empty()) return {};
    const Problem& problem = value.error().problems.front();
    return {problem.code, problem.path, problem.detail};
}

TEST(json, accepts_what_rfc_8259_allows) {
    for (const auto* text :
         {"null", "true", " 0 ", "-0", "1.5e-3", "\"\"", "[]", "{}", "[1,[2,{\"a\":[]}]]\n",
          "\"\\u00e9\"", "18446744073709551615", "1e-999", "\"\xF0\x9F\x98\x80\""}) {
        EXPECT_TRUE(parse_json(text).ok()) << text;
    }
}

TEST(json, duplicate_keys_are_refused_with_path_and_place) {
    const auto twice = refused("{\"a\":{\"b\":1,\n \"b\":2}}");
    EXPECT_EQ(twice.code, "duplicate_key");
    EXPECT_EQ(twice.path, "$.a.b");
    EXPECT_EQ(twice.detail,
              "Found the key \"b\" for a second time, at line 2, column 2 (byte 14).");
    EXPECT_EQ(refused(R"([{"a":1},{"a":1,"\u0061":2}])").path, "$[1].a");
}

TEST(json, duplicate_keys_are_found_in_large_objects) {
    std::string text = "{";
    for (int i = 0; i < 500; ++i)
        text += "\"key" + std::to_string(i) + "\":" + std::to_string(i) + ",";
    EXPECT_EQ(refused(text + "\"last\":1}").code, "accepted");
    EXPECT_EQ(refused(text + "\"key250\":1}").path, "$.key250");
}

TEST(json, depth_and_number_of_values_are_limited) {
    EXPECT_EQ(refused(std::string(32, '[') + std::string(32, ']')).code, "accepted");
    EXPECT_EQ(refused(std::string(33, '[') + std::string(33, ']')).code, "too_deep");
    EXPECT_EQ(refused(std::string(100'000, '[')).code, "too_deep");
    EXPECT_EQ(refused("[1,2,3]", {.values = 2}).code, "too_many");
    EXPECT_EQ(refused("[1,2]", {.values = 3}).code, "accepted");
    EXPECT_EQ(refused("[[],[],[],[]]", {.values = 3}).code, "too_many");
}

TEST(json, what_harms_text_is_refused_by_name) {
    EXPECT_EQ(refused(R"({"a":"x\u0000y"})").code, "nul");
    EXPECT_EQ(refused(R"({"a":"x\u0000y"})").path, "$.a");
    EXPECT_EQ(refused("{\"a\":\"\xff\"}").code, "invalid_utf8");
    EXPECT_EQ(refused("{\"a\":\"\xed\xa0\x80\"}").code, "invalid_utf8");
    EXPECT_EQ(refused("{\"a\":\"\xc0\xaf\"}").code, "invalid_utf8");
    EXPECT_EQ(refused(R"(["\ud800"])").code, "surrogate");
    EXPECT_EQ(refused(R"(["\udc00"])").code, "surrogate");
    EXPECT_EQ(refused(R"(["\ud800\u0041"])").code, "surrogate");
    EXPECT_EQ(refused("\xEF\xBB\xBF{}").code, "bom");
}

TEST(json, numbers_without_a_value_are_refused) {
    EXPECT_EQ(refused(R"({"a":[0,1e999]})").code, "out_of_range");
    EXPECT_EQ(refused(R"({"a":[0,1e999]})").path, "$.a[1]");
    EXPECT_EQ(refused("1e99999999999").code, "out_of_range");
    EXPECT_EQ(refused("[NaN]").code, "out_of_range");
    EXPECT_EQ(refused("[Infinity]").code, "out_of_range");
    EXPECT_EQ(refused("[-Infinity]").code, "out_of_range");
    for (const auto* text : {"01", "+1", "1.", ".5", "0x10", "1e", "--1"})
        EXPECT_NE(refused(text).code, "accepted") << text;
}

TEST(json, what_does_not_belong_is_refused_by_name) {
    EXPECT_EQ(refused("{} x").code, "trailing");
    EXPECT_EQ(refused("{}{}").code, "trailing");
    EXPECT_EQ(refused("{} // end").code, "comment");
    EXPECT_EQ(refused("[1, /* two */ 2]").code, "comment");
    EXPECT_EQ(refused("{\"a\":").code, "incomplete");
    EXPECT_EQ(refused("\"abc").code, "incomplete");
    EXPECT_EQ(refused("").code, "incomplete");
    EXPECT_EQ(refused(" \n").code, "incomplete");
    EXPECT_EQ(refused("[1,]").code, "syntax");
    EXPECT_EQ(refused("{'a':1}").code, "syntax");
    EXPECT_EQ(refused("{a:1}").code, "syntax");
    EXPECT_EQ(refused("[\"a\nb\"]").code, "syntax");
    EXPECT_EQ(refused(std::string_view("[1\0]", 4)).code, "syntax");
}

TEST(json, syntax_errors_name_line_column_and_byte) {
    EXPECT_EQ(refused("{\n  \"雁\": oops}").detail,
              "Found something unexpected: \"o\", at line 2, column 8 (byte 11).");
    EXPECT_EQ(refused("{\n  \"雁\": oops}").path, "$[\"雁\"]");
}

TEST(json, doubles_are_exact) {
    for (const double value : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 123456789.123456789,
                               9007199254740993.0, -0.0}) {
        std::string text;
        append_number(text, value);
        const double back = parse_json("[" + text + "]")->at(0).to_number<double>();
        EXPECT_EQ(back, value) << text;
        EXPECT_EQ(std::signbit(back), std::signbit(value)) << text;
    }
}

TEST(json, a_tree_is_written_as_it_was_read) {
    const std::string text =
        R"({"a":[1,-2,2.5,true,null,"x\n雁"],"":{},"b":[],"c":18446744073709551615})";
    Document document;
    const auto root = document.parse(text, {});
    ASSERT_TRUE(root.ok());
    std::string out;
    append_node(out, **root);
    EXPECT_EQ(out, text);
}

}  // namespace
}  // namespace hongyan::shape
