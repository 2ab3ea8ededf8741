#include "channel/mail/mail_settings.hpp"

#include <gtest/gtest.h>

#include "channel/mail/compose.hpp"

namespace hongyan::mail {
namespace {

std::string path_of(std::string_view json) {
    const auto read = shape::read<MailSettings>(json);
    if (read) return "";
    return read.error().problems.empty() ? "no path" : read.error().problems.front().path;
}

TEST(mail_settings, a_sender_is_all_that_is_needed) {
    EXPECT_EQ(path_of(R"({"from":"A <a@example.com>"})"), "");
    EXPECT_EQ(path_of("{}"), "$.from");
}

TEST(mail_settings, all_of_them_together) {
    EXPECT_EQ(path_of(R"({"from":"a@example.com","reply_to":"b@example.com",
        "return_path":"r@example.com","message_id_domain":"id.example.com",
        "from_domains":["example.org","*.example.net"],"max_bytes":1048576,"eight_bit":true,
        "auto_submitted":false,"accept_unsigned":false,
        "dkim":[{"domain":"example.com","selector":"s1","private_key":"PEM"},
                {"domain":"example.com","selector":"s2","algorithm":"ed25519",
                 "private_key_file":"/etc/key.pem"}],
        "verp":{"enabled":true,"domain":"b.example.com","prefix":"x","hmac_key":"0123456789abcdef"},
        "unsubscribe":{"url":"https://example.com/u?t={token}","one_click":false,
                       "mailto":"mailto:u+{token}@example.com","hmac_key":"0123456789abcdef"}})"),
              "");
}

TEST(mail_settings, each_problem_has_its_path) {
    const auto with = [](const std::string& more) {
        return path_of(R"({"from":"a@example.com",)" + more + "}");
    };
    EXPECT_EQ(with(R"("reply_to":"x")"), "$.reply_to");
    EXPECT_EQ(with(R"("max_bytes":1)"), "$.max_bytes");
    EXPECT_EQ(with(R"("from_domains":["*"])"), "$.from_domains[0]");
    EXPECT_EQ(with(R"("dkim":[{"domain":"example.com","selector":"s"}])"), "$.dkim[0].private_key");
    EXPECT_EQ(with(R"("dkim":[{"domain":"example.com","selector":"a b","private_key":"P"}])"),
              "$.dkim[0].selector");
    EXPECT_EQ(with(R"("verp":{"enabled":true,"hmac_key":"0123456789abcdef"})"), "$.verp.domain");
    EXPECT_EQ(with(R"("verp":{"hmac_key":"short"})"), "$.verp.hmac_key");
    EXPECT_EQ(with(R"("verp":{"prefix":"a\r\nb"})"), "$.verp.prefix");
    EXPECT_EQ(with(R"("unsubscribe":{"url":"https://example.com/u"})"), "$.unsubscribe.url");
    EXPECT_EQ(with(R"("unsubscribe":{"url":"https://example.com/{token}>"})"), "$.unsubscribe.url");
    EXPECT_EQ(with(R"("unsubscribe":{"mailto":"u@example.com"})"), "$.unsubscribe.mailto");
}

TEST(mail_settings, keys_must_be_there_where_they_are_needed) {
    MailSettings settings;
    settings.from = "a@example.com";
    EXPECT_TRUE(key_problems(settings).empty());
    settings.verp = {true, "b.example.com", "b", ""};
    settings.unsubscribe.url = "https://example.com/{token}";
    const auto composer = Composer::make(settings);
    ASSERT_FALSE(composer.ok());
    ASSERT_EQ(composer.error().problems.size(), 2U);
    EXPECT_EQ(composer.error().problems[0].path, "$.verp_key");
    EXPECT_EQ(composer.error().problems[1].path, "$.unsubscribe_key");
    settings.verp.hmac_key = settings.unsubscribe.hmac_key = "0123456789abcdef";
    EXPECT_TRUE(Composer::make(settings).ok());
    settings.verp.hmac_key = "short";
    EXPECT_EQ(key_problems(settings).front().code, "length");
}

}  // namespace
}  // namespace hongyan::mail
