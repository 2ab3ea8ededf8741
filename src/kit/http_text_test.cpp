#include <gtest/gtest.h>

#include "kit/http_account.hpp"
#include "kit/http_date.hpp"

namespace hongyan::kit {
namespace {

constexpr std::int64_t now_ms = 1'800'000'000'000;  // 2027-01-15T08:00:00Z

TEST(http_text, all_three_forms_of_a_date_are_read) {
    constexpr std::int64_t expected = 784'111'777'000;
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now_ms), expected);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now_ms), expected);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", now_ms), expected);
    EXPECT_EQ(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT", now_ms), 0);
    EXPECT_EQ(parse_http_date("Tuesday, 29-Feb-28 00:00:00 GMT", now_ms), 1'835'395'200'000);
}

TEST(http_text, what_is_no_date_is_nothing) {
    for (const std::string_view bad :
         {"", "GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
          "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
          "Sun, 06 Nov 99999 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "a b c d e f g GMT",
          "1 2 3 4 5 6 7 8 9 10 GMT"}) {
        EXPECT_FALSE(parse_http_date(bad, now_ms)) << bad;
    }
}

TEST(http_text, retry_after_is_seconds_or_a_date) {
    EXPECT_EQ(retry_after_ms("120", now_ms), 120'000);
    EXPECT_EQ(retry_after_ms(" 0 ", now_ms), 0);
    EXPECT_EQ(retry_after_ms("Fri, 15 Jan 2027 08:00:30 GMT", now_ms), 30'000);
    EXPECT_EQ(retry_after_ms("Fri, 15 Jan 2027 07:00:00 GMT", now_ms), 0);
    EXPECT_EQ(retry_after_ms("999999", now_ms), 86'400'000);
    for (const std::string_view long_one : {"1000000000", "99999999999999999999", "00000086400"})
        EXPECT_EQ(retry_after_ms(long_one, now_ms), 86'400'000) << long_one;
    for (const std::string_view bad : {"", "-5", "-99999999999999999999", "soon", "1.5", "1, 2"}) {
        EXPECT_EQ(retry_after_ms(bad, now_ms), 0) << bad;
    }
}

TEST(http_text, a_section_of_options_comes_as_it_was_written) {
    constexpr std::string_view options =
        R"( {"other" : [1,{"aliyun":1}], "aliyun":{"a":"}\"{","n":1.10,"l":[1,2]},"x":null} )";
    EXPECT_EQ(options_section(options, "aliyun"), R"({"a":"}\"{","n":1.10,"l":[1,2]})");
    EXPECT_EQ(options_section(options, "other"), "{}");
    EXPECT_EQ(options_section(options, "x"), "{}");
    EXPECT_EQ(options_section(options, "absent"), "{}");
}

TEST(http_text, options_that_are_no_json_have_no_section) {
    for (const std::string_view bad :
         {"", "null", "[]", "{", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":{", "{\"a\\", "{\"a\":\"\\",
          "{\"a\":}", "{\"a\":1}", "{,}", "{\"b\":[[[[", "{\"a\" {}}"}) {
        EXPECT_EQ(options_section(bad, "a"), "{}") << bad;
    }
}

TEST(http_text, a_token_is_a_uuid_of_version_8_and_stays) {
    Message message;
    message.id = 42;
    message.recipient = "13800138000";
    const std::string token = message_token(message);
    ASSERT_EQ(token.size(), 36U);
    for (const std::size_t at : {8U, 13U, 18U, 23U}) EXPECT_EQ(token[at], '-');
    EXPECT_EQ(token[14], '8');
    EXPECT_NE(std::string_view("89ab").find(token[19]), std::string_view::npos);
    message.attempts = 3;
    message.content = "anything";
    EXPECT_EQ(message_token(message), token);
    message.id = 43;
    EXPECT_NE(message_token(message), token);
}

TEST(http_text, a_status_has_a_class) {
    EXPECT_EQ(class_of_status(200), OutcomeClass::accepted);
    EXPECT_EQ(class_of_status(204), OutcomeClass::accepted);
    EXPECT_EQ(class_of_status(302), OutcomeClass::configuration);
    EXPECT_EQ(class_of_status(400), OutcomeClass::message_permanent);
    EXPECT_EQ(class_of_status(401), OutcomeClass::configuration);
    EXPECT_EQ(class_of_status(403), OutcomeClass::configuration);
    EXPECT_EQ(class_of_status(404), OutcomeClass::configuration);
    EXPECT_EQ(class_of_status(408), OutcomeClass::transient);
    EXPECT_EQ(class_of_status(413), OutcomeClass::message_permanent);
    EXPECT_EQ(class_of_status(429), OutcomeClass::rate_limited);
    EXPECT_EQ(class_of_status(500), OutcomeClass::transient);
    EXPECT_EQ(class_of_status(503), OutcomeClass::transient);
    EXPECT_EQ(class_of_status(0), OutcomeClass::configuration);
}

}  // namespace
}  // namespace hongyan::kit
