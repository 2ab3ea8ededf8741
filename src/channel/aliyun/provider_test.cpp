#include "channel/aliyun/provider.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hongyan::aliyun {
namespace {

class aliyun_provider : public testing::Test {
  protected:
    aliyun_provider() { add_providers(list_); }
    [[nodiscard]] const Provider& provider() const { return *list_.front(); }
    [[nodiscard]] std::vector<std::string> paths(std::string_view recipient,
                                                 std::string_view options) const {
        Content content;
        content.options = options;
        std::vector<std::string> found;
        for (const Problem& p : provider().check(recipient, content)) found.push_back(p.path);
        return found;
    }

    ProviderList list_;
};

using Paths = std::vector<std::string>;
constexpr std::string_view good = R"({"aliyun":{"template_code":"SMS_1","params":{"a":"b"}}})";

TEST_F(aliyun_provider, a_template_is_needed) {
    EXPECT_EQ(paths("13800138000", good), Paths{});
    EXPECT_EQ(paths("13800138000", ""), Paths{"$.options.aliyun.template_code"});
    EXPECT_EQ(paths("13800138000", R"({"twilio":{}})"), Paths{"$.options.aliyun.template_code"});
}

TEST_F(aliyun_provider, bad_recipients_and_options_are_named_by_path) {
    EXPECT_EQ(paths("fcm:abc", good), Paths{"$.recipient"});
    EXPECT_EQ(paths("", good), Paths{"$.recipient"});
    EXPECT_EQ(paths("13800138000", R"({"aliyun":{"template_code":"S","params":{"a":1}}})"),
              Paths{"$.options.aliyun.params.a"});
    EXPECT_EQ(paths("13800138000", R"({"aliyun":{"template_code":"S","sign":"x"}})"),
              Paths{"$.options.aliyun.sign"});
}

TEST_F(aliyun_provider, settings_are_checked_with_paths) {
    EXPECT_TRUE(
        provider().check_settings(R"({"access_key_id":"a","access_key_secret":"b"})").empty());
    const auto problems = provider().check_settings(
        R"({"access_key_id":"a","signature":"v4","endpoint":"ftp://x","callback_allowed_ips":["1.2"],"default_country_code":"+86"})");
    Paths found;
    for (const Problem& p : problems) found.push_back(p.path);
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, (Paths{"$.access_key_secret", "$.callback_allowed_ips[0]",
                            "$.default_country_code", "$.endpoint", "$.signature"}));
}

TEST_F(aliyun_provider, secrets_are_write_only_in_the_schema) {
    EXPECT_EQ(provider().secrets().size(), 3U);
    EXPECT_NE(provider().shapes().settings.find("writeOnly"), std::string::npos);
    EXPECT_NE(provider().shapes().content.find("template_code"), std::string::npos);
    EXPECT_EQ(provider().traits().idempotency_ms, 0);
    EXPECT_TRUE(provider().traits().has_receipts);
}

}  // namespace
}  // namespace hongyan::aliyun
