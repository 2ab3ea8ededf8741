#include <gtest/gtest.h>

#include <set>

#include "base/text.hpp"
#include "shape/sample_test.hpp"

namespace hongyan::shape {
namespace {

using sample::Batch;
using sample::Everything;
using sample::Send;

/// "path code" of each problem, in order.
std::vector<std::string> found(const Error& error) {
    std::vector<std::string> out;
    for (const auto& problem : error.problems) out.push_back(problem.path + " " + problem.code);
    return out;
}

template <class T>
std::vector<std::string> problems_of(std::string_view text) {
    const auto result = read<T>(text);
    if (result.ok()) return {};
    EXPECT_EQ(result.error().code, ErrorCode::invalid_fields) << result.error().detail;
    return found(result.error());
}

template <class T>
std::string first_detail(std::string_view text) {
    const auto result = read<T>(text);
    return result.ok() || result.error().problems.empty() ? ""
                                                          : result.error().problems.front().detail;
}

using Lines = std::vector<std::string>;

TEST(read, fills_every_member_of_a_good_request) {
    const auto send =
        read<Send>(R"({"channel":"sms","recipient":"13800138000","template_id":7,"priority":9,
        "send_at":"2026-11-23T08:00:00+08:00","variables":{"order_no":"A1","n":2,"deep":{"x":[1,null]}},
        "metadata":{"a": 1, "b": [true, 2.5]}})");
    ASSERT_TRUE(send.ok()) << send.error().detail;
    EXPECT_EQ(send->channel, "sms");
    EXPECT_EQ(send->recipient, "13800138000");
    EXPECT_EQ(send->template_id, 7);
    EXPECT_EQ(send->priority, 9);
    EXPECT_EQ(send->send_at_ms, parse_rfc3339("2026-11-23T00:00:00Z"));
    ASSERT_TRUE(send->variables.has_value());
    EXPECT_EQ(send->variables->at("deep").at("x").as_array().size(), 2U);
    EXPECT_EQ(send->metadata, R"({"a":1,"b":[true,2.5]})");
    EXPECT_FALSE(send->content.has_value());
}

TEST(read, absent_and_null_fields_keep_what_the_member_starts_with) {
    const auto send = read<Send>(
        R"({"channel":"sms","recipient":"x","priority":null,"template_id":null,"metadata":null})");
    ASSERT_TRUE(send.ok());
    EXPECT_EQ(send->priority, 5);
    EXPECT_FALSE(send->template_id.has_value());
    EXPECT_EQ(send->metadata, "");
}

TEST(read, lists_all_problems_at_once_with_their_paths) {
    EXPECT_EQ(
        problems_of<Send>(
            R"({"channel":"smss","priority":17,"chanel":1,"send_at":"tomorrow","template_id":"7"})"),
        (Lines{"$.channel not_one_of", "$.priority out_of_range", "$.chanel unknown_field",
               "$.send_at format", "$.template_id type", "$.recipient required"}));
}

TEST(read, says_what_would_be_right) {
    EXPECT_EQ(first_detail<Send>(R"({"channel":"sms","recipient":"x","priority":17})"),
              "priority is 17, must be 0 to 10");
    EXPECT_EQ(first_detail<Send>(R"({"channel":"smss","recipient":"x"})"),
              "channel is \"smss\", must be one of sms, email, app; did you mean sms?");
    EXPECT_EQ(first_detail<Send>(R"({"channel":"sms","recipient":"x","priorty":1})"),
              "\"priorty\" is not a known field; did you mean priority?");
    EXPECT_EQ(first_detail<Send>(R"({"channel":"sms"})"), "recipient is missing, it is required");
    EXPECT_EQ(first_detail<Send>(R"({"channel":"sms","recipient":""})"),
              "recipient has 0 characters, must have 1 to 320");
    EXPECT_EQ(first_detail<Send>(R"({"channel":"sms","recipient":"x","priority":"9"})"),
              "priority is the string \"9\", must be an integer");
    EXPECT_EQ(first_detail<Send>(R"([])"), "the document is an array, must be an object");
}

TEST(read, unknown_field_without_a_near_one_lists_the_known_ones) {
    EXPECT_EQ(first_detail<sample::Entry>(R"({"recipient":"x","zzzzzzzzzzzz":1})"),
              "\"zzzzzzzzzzzz\" is not a known field; known are recipient, variables");
}

TEST(read, error_detail_counts_the_problems_and_quotes_the_first) {
    const auto one = read<Send>(R"({"channel":"sms"})");
    ASSERT_FALSE(one.ok());
    EXPECT_EQ(one.error().detail,
              "1 field is missing or wrong: recipient is missing, it is required.");
    const auto two = read<Send>("{}");
    ASSERT_FALSE(two.ok());
    EXPECT_EQ(two.error().detail,
              "2 fields are missing or wrong; the first: channel is missing, it is required.");
}

TEST(read, recipients_may_be_strings_or_objects) {
    const auto batch = read<Batch>(
        R"({"channel":"sms","recipients":["13800138000",{"recipient":"x","variables":{"a":1}}]})");
    ASSERT_TRUE(batch.ok()) << batch.error().detail;
    ASSERT_EQ(batch->recipients.size(), 2U);
    EXPECT_EQ(batch->recipients[0].recipient, "13800138000");
    EXPECT_EQ(batch->recipients[1].variables->at("a").as_int64(), 1);
}

TEST(read, problems_inside_a_list_name_the_element) {
    EXPECT_EQ(problems_of<Batch>(
                  R"({"channel":"sms","recipients":["a",{"recipient":""},"",5,{"x":1},null]})"),
              (Lines{"$.recipients[1].recipient too_short", "$.recipients[2] too_short",
                     "$.recipients[3] type", "$.recipients[4].x unknown_field",
                     "$.recipients[4].recipient required", "$.recipients[5] type"}));
}

TEST(read, list_and_object_sizes_are_limited) {
    EXPECT_EQ(problems_of<Batch>(R"({"channel":"sms","recipients":[]})"),
              Lines{"$.recipients too_few"});
    std::string many = R"({"channel":"sms","recipients":[)";
    for (int i = 0; i < 10001; ++i) many += i == 0 ? "\"a\"" : ",\"a\"";
    EXPECT_EQ(problems_of<Batch>(many + "]}"), Lines{"$.recipients too_many"});
    EXPECT_EQ(
        problems_of<sample::Entry>(R"({"recipient":"x","variables":{"a":1,"b":2,"c":3,"d":4}})"),
        Lines{"$.variables too_many"});
    EXPECT_EQ(problems_of<Send>(R"({"channel":"sms","recipient":"x","metadata":{"k":")" +
                                std::string(80, 'v') + "\"}}"),
              Lines{"$.metadata too_long"});
}

TEST(read, length_counts_code_points_and_bytes_counts_bytes) {
    std::string han;
    for (int i = 0; i < 320; ++i) han += "鸿";
    EXPECT_TRUE(read<Send>(R"({"channel":"sms","recipient":")" + han + "\"}").ok());
    EXPECT_EQ(problems_of<Send>(R"({"channel":"sms","recipient":")" + han + "雁\"}"),
              Lines{"$.recipient too_long"});
    EXPECT_EQ(problems_of<Send>(R"({"channel":"sms","recipient":"x","content":")" +
                                std::string(4097, 'a') + "\"}"),
              Lines{"$.content too_long"});
}

TEST(read, at_most_a_hundred_problems_are_listed_and_the_rest_is_counted) {
    std::string text = R"({"channel":"sms","recipients":[)";
    for (int i = 0; i < 150; ++i) text += i == 0 ? "1" : ",1";
    const auto batch = read<Batch>(text + "]}");
    ASSERT_FALSE(batch.ok());
    ASSERT_EQ(batch.error().problems.size(), 101U);
    EXPECT_EQ(batch.error().problems.back().code, "more");
    EXPECT_EQ(batch.error().problems.back().detail, "and 50 more problems");
    EXPECT_TRUE(batch.error().detail.starts_with("150 fields"));
}

TEST(read, a_rule_over_fields_is_asked_once_the_fields_are_right) {
    EXPECT_EQ(
        problems_of<Send>(R"({"channel":"sms","recipient":"x","template_id":1,"content":"c"})"),
        Lines{"$.content conflict"});
    EXPECT_EQ(problems_of<Send>(R"({"channel":"sms","template_id":1,"content":"c"})"),
              Lines{"$.recipient required"});
}

TEST(read, whole_floats_are_integers_and_others_are_not) {
    EXPECT_EQ(read<Everything>(R"({"small":5.0,"wide":1e3,"real":5})")->wide, 1000);
    EXPECT_EQ(problems_of<Everything>(R"({"small":5.5})"), Lines{"$.small type"});
    EXPECT_EQ(first_detail<Everything>(R"({"small":5.5})"),
              "small is the number 5.5, must be an integer");
}

TEST(read, integers_out_of_range_of_the_member_are_refused) {
    EXPECT_EQ(
        problems_of<Everything>(R"({"small":2147483648,"tiny":256,"wide":9223372036854775808})"),
        (Lines{"$.small out_of_range", "$.tiny out_of_range", "$.wide out_of_range"}));
    EXPECT_EQ(
        problems_of<Everything>(R"({"wide":-9223372036854775809,"small":1e30,"narrow":1e300})"),
        (Lines{"$.wide out_of_range", "$.small out_of_range", "$.narrow out_of_range"}));
    const auto edge = read<Everything>(R"({"wide":-9223372036854775808,"small":2147483647})");
    ASSERT_TRUE(edge.ok());
    EXPECT_EQ(edge->wide, INT64_MIN);
}

TEST(read, booleans_numbers_and_strings_never_stand_for_each_other) {
    EXPECT_EQ(
        problems_of<Everything>(R"({"flag":1,"small":true,"text":5,"real":"5","id":42,"kind":0})"),
        (Lines{"$.flag type", "$.small type", "$.text type", "$.real type", "$.id type",
               "$.kind type"}));
    EXPECT_EQ(read<Everything>(R"({"id":"-42"})")->id, -42);
    EXPECT_EQ(problems_of<Everything>(R"({"id":"42x"})"), Lines{"$.id format"});
}

TEST(read, maps_and_nested_optionals_are_read) {
    const auto all = read<Everything>(
        R"({"counts":{"a":1,"b c":2},"labels":{"x":"y"},"entry":"me","other_kind":"app","numbers":[1,2],"any":[1]})");
    ASSERT_TRUE(all.ok()) << all.error().detail;
    EXPECT_EQ(all->counts.at("b c"), 2);
    EXPECT_EQ(all->entry->recipient, "me");
    EXPECT_EQ(all->other_kind, sample::Kind::app);
    EXPECT_EQ(all->any.as_array().size(), 1U);
    EXPECT_EQ(problems_of<Everything>(R"({"counts":{"b c":"2"},"labels":[]})"),
              (Lines{"$.counts[\"b c\"] type", "$.labels type"}));
}

TEST(read, escapes_in_keys_and_texts_are_resolved) {
    const auto send = read<Send>(R"({"chan\u006eel":"sm\u0073","recipient":"\ud83d\ude00\n\"雁"})");
    ASSERT_TRUE(send.ok()) << send.error().detail;
    EXPECT_EQ(send->recipient, "😀\n\"雁");
}

struct Secretive {
    std::int64_t id = 3;
    std::string name;
    std::int64_t even = 0;
};
const Object& describe(Tag<Secretive>) {
    static const Object description =
        object<Secretive>(
            "Secretive", "", field("id", &Secretive::id, "").read_only(),
            field("name", &Secretive::name, "")
                .pattern("^[a-z]*$",
                         [](std::string_view text) -> std::optional<std::string> {
                             if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == text.npos)
                                 return std::nullopt;
                             return "name must be small letters";
                         }),
            field("even", &Secretive::even, "")
                .check([](std::int64_t n) -> std::optional<std::string> {
                    if (n % 2 == 0) return std::nullopt;
                    return "even must be even";
                }))
            .open();
    return description;
}

TEST(read, read_only_fields_are_ignored_and_open_objects_take_more) {
    const auto value = read<Secretive>(R"({"id":9,"name":"abc","new":[{}],"even":4})");
    ASSERT_TRUE(value.ok());
    EXPECT_EQ(value->id, 3);
}

TEST(read, checks_of_the_description_add_their_problem) {
    const auto value = read<Secretive>(R"({"name":"A","even":3})");
    ASSERT_FALSE(value.ok());
    EXPECT_EQ(found(value.error()), (Lines{"$.name format", "$.even format"}));
    EXPECT_EQ(value.error().problems[0].detail, "name must be small letters");
}

TEST(read, ten_thousand_recipients_are_read) {
    std::string text = R"({"channel":"sms","recipients":[)";
    for (int i = 0; i < 10000; ++i) {
        if (i != 0) text += ',';
        text += R"({"recipient":"1380013)" + std::to_string(i) + R"(","variables":{"order_no":"A)" +
                std::to_string(i) + R"(","name":"王","days":3}})";
    }
    const auto batch = read<Batch>(text + "]}");
    ASSERT_TRUE(batch.ok()) << batch.error().detail;
    EXPECT_EQ(batch->recipients.size(), 10000U);
    EXPECT_EQ(batch->recipients[9999].variables->at("order_no").as_string(), "A9999");
}

TEST(read, a_struct_that_holds_itself_is_read_to_the_depth_limit) {
    std::string text;
    for (int i = 0; i < 14; ++i) text += R"({"name":"n","children":[)";
    for (int i = 0; i < 14; ++i) text += "]}";
    EXPECT_TRUE(read<sample::Tree>(text).ok());
    EXPECT_EQ(read<sample::Tree>(text, {.depth = 27}).error().code, ErrorCode::invalid_json);
}

}  // namespace
}  // namespace hongyan::shape
