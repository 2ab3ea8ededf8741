#include "api/account_settings.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace hongyan::api {
namespace {

constexpr std::string_view schema =
    R"({"properties":{"endpoint":{"type":"string","format":"uri"},"key":{"type":"string"}}})";

std::vector<Problem> problems_of(std::string_view settings) {
    const auto parsed =
        boost::json::parse(boost::json::string_view(settings.data(), settings.size()));
    return general_problems(schema, parsed.as_object());
}

TEST(AccountSettings, a_word_with_a_line_break_or_control_character_is_refused_by_its_name) {
    for (const std::string_view bad :
         {R"({"key":"a\r\nX: y"})", R"({"key":"secret\n"})", R"({"key":"a\tb"})",
          R"({"key":"a\u0000b"})", R"({"key":"\u007f"})"}) {
        const auto found = problems_of(bad);
        ASSERT_EQ(found.size(), 1U) << bad;
        EXPECT_EQ(found[0].path, "$.key");
    }
    const auto nested = problems_of(R"({"mail":{"list":["a","b\n"]}})");
    ASSERT_EQ(nested.size(), 1U);
    EXPECT_EQ(nested[0].path, "$.mail.list[1]");
}

TEST(AccountSettings, keys_in_pem_or_json_keep_their_line_breaks) {
    EXPECT_TRUE(
        problems_of(R"({"key":"-----BEGIN PRIVATE KEY-----\nMII\n-----END-----\n"})").empty());
    EXPECT_TRUE(problems_of(R"({"key":"\n{\r\n\t\"type\":\"service_account\"}"})").empty());
    EXPECT_EQ(problems_of(R"({"key":"-----BEGIN \u0000"})").size(), 1U);
}

TEST(AccountSettings, an_address_must_be_one_that_can_be_called) {
    for (const std::string_view good :
         {"", "https://api.example.com", "http://127.0.0.1:8090/aliyun", "https://[::1]:8443/x?y=1",
          "http://localhost", "https://a_b.example/x@y"}) {
        EXPECT_TRUE(problems_of(R"({"endpoint":")" + std::string(good) + R"("})").empty()) << good;
    }
    for (const std::string_view bad :
         {"ftp://x/", "nonsense", "http://", "http:///x", "http://a b/", "http://u:p@h/",
          "http://[::1", "http://[::1]x/", "http://h:99999/", "http://h:0/", "http://h:/",
          "http://h:8x/", "javascript:alert(1)", "file:///etc/passwd", "http://[]/",
          "http://a%00b/"}) {
        const auto found = problems_of(R"({"endpoint":")" + std::string(bad) + R"("})");
        ASSERT_EQ(found.size(), 1U) << bad;
        EXPECT_EQ(found[0].path, "$.endpoint") << bad;
    }
}

}  // namespace
}  // namespace hongyan::api
