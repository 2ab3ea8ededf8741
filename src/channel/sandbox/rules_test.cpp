#include "channel/sandbox/rules.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace hongyan::sandbox {
namespace {

bool takes(ChannelKind channel, std::string_view recipient) {
    return check_by(rule_of(channel), recipient, {"", "text", ""}).empty();
}

std::vector<std::string> paths(ChannelKind channel, const Content& content) {
    const std::string_view recipient = channel == ChannelKind::email ? "a@b.cn" : "13800138000";
    std::vector<std::string> found;
    for (const Problem& problem : check_by(rule_of(channel), recipient, content)) {
        found.push_back(problem.path + " " + problem.code);
    }
    return found;
}

TEST(sandbox_rules, know_phone_numbers) {
    for (const char* good : {"13800138000", "+8613800138000", "10086", "12345678901234567890"}) {
        EXPECT_TRUE(takes(ChannelKind::sms, good)) << good;
    }
    for (const char* bad : {"", "+", "1234", "123456789012345678901", "138-0013-8000",
                            "1380013800a", "++123456", "１３８００１３８０００", " 13800138000"}) {
        EXPECT_FALSE(takes(ChannelKind::sms, bad)) << bad;
    }
}

TEST(sandbox_rules, know_email_addresses) {
    for (const char* good :
         {"a@b.cn", "first.last+tag@sub.example.com", "o'neil@x-y.org", "root@localhost"}) {
        EXPECT_TRUE(takes(ChannelKind::email, good)) << good;
    }
    for (const char* bad :
         {"", "a", "@b.cn", "a@", "a b@c.cn", ".a@b.cn", "a.@b.cn", "a..b@c.cn", "a@-b.cn",
          "a@b-.cn", "a@b..cn", "a@b.cn\r\nBcc: x@y.cn", "A <a@b.cn>", "a@b@c d", "\"a\"@b.cn"}) {
        EXPECT_FALSE(takes(ChannelKind::email, bad)) << bad;
    }
    EXPECT_TRUE(takes(ChannelKind::email, std::string(64, 'a') + "@b.cn"));
    EXPECT_FALSE(takes(ChannelKind::email, std::string(65, 'a') + "@b.cn"));
    EXPECT_FALSE(takes(ChannelKind::email, "a@" + std::string(64, 'b') + ".cn"));
}

TEST(sandbox_rules, know_the_other_recipients) {
    EXPECT_TRUE(takes(ChannelKind::app, "device token:1"));
    EXPECT_TRUE(takes(ChannelKind::app, "运维"));
    EXPECT_FALSE(takes(ChannelKind::app, "two\nlines"));
    EXPECT_FALSE(takes(ChannelKind::app, std::string(257, 'a')));
    EXPECT_FALSE(takes(ChannelKind::app, "\xff\xfe"));
    EXPECT_TRUE(takes(ChannelKind::wechat, "oABC-123_x"));
    EXPECT_FALSE(takes(ChannelKind::wechat, "o.a"));
    EXPECT_FALSE(takes(ChannelKind::wechat, std::string(129, 'a')));
    EXPECT_TRUE(takes(ChannelKind::feishu, "ou_123"));
    EXPECT_TRUE(takes(ChannelKind::feishu, "a@b.cn"));
    EXPECT_FALSE(takes(ChannelKind::feishu, "a@b@"));
}

TEST(sandbox_rules, let_the_steering_words_through_everywhere) {
    for (const ChannelKind channel : {ChannelKind::sms, ChannelKind::app, ChannelKind::wechat,
                                      ChannelKind::feishu, ChannelKind::email}) {
        EXPECT_TRUE(takes(channel, "fail-transient-2")) << to_text(channel);
        EXPECT_TRUE(takes(channel, "13800138000-slow-20")) << to_text(channel);
        EXPECT_FALSE(takes(channel, "fail-permanent\n")) << to_text(channel);
    }
}

TEST(sandbox_rules, measure_the_content) {
    using Paths = std::vector<std::string>;
    const std::string character = "\xe9\xb8\xbf";
    std::string text;
    for (int i = 0; i < 2000; ++i) text += character;
    EXPECT_EQ(paths(ChannelKind::sms, {"", text, ""}), Paths{});
    EXPECT_EQ(paths(ChannelKind::sms, {"", text + "x", ""}), Paths{"$.content too_long"});
    EXPECT_EQ(paths(ChannelKind::sms, {"", std::string(9000, 'x'), ""}),
              Paths{"$.content too_long"});
    EXPECT_EQ(paths(ChannelKind::sms, {"", "", ""}), Paths{"$.content required"});
    EXPECT_EQ(paths(ChannelKind::app, {"", std::string(4097, 'x'), ""}),
              Paths{"$.content too_long"});
    EXPECT_EQ(paths(ChannelKind::wechat, {"", std::string(20 * 1024, 'x'), ""}), Paths{});
    EXPECT_EQ(paths(ChannelKind::wechat, {"", "x", "<b>"}), Paths{"$.html not_allowed"});
    EXPECT_EQ(paths(ChannelKind::email, {"s", "", "<b>x</b>"}), Paths{});
    EXPECT_EQ(paths(ChannelKind::email, {std::string(999, 's'), "x", ""}),
              Paths{"$.subject too_long"});
    EXPECT_EQ(paths(ChannelKind::email, {"a\r\nBcc: b@c.cn", "x", ""}), Paths{"$.subject format"});
    EXPECT_EQ(paths(ChannelKind::sms, {"not\nshown", "x", ""}), Paths{});
}

TEST(sandbox_rules, name_every_problem_at_once) {
    EXPECT_EQ(check_by(rule_of(ChannelKind::email), "nobody", {"a\nb", "", ""}).size(), 3U);
}

}  // namespace
}  // namespace hongyan::sandbox
