#include "channel/aliyun/callback_guard.hpp"

#include <gtest/gtest.h>

namespace hongyan::aliyun {
namespace {

Callback from(std::string address, std::string url, std::string token = "") {
    Callback callback;
    callback.url = std::move(url);
    if (!token.empty()) callback.query.emplace_back("token", std::move(token));
    callback.peer_address = std::move(address);
    return callback;
}

constexpr const char* url = "https://h/api/callbacks/sms/main";

TEST(aliyun_callback_guard, the_token_may_stand_in_query_or_path) {
    const CallbackTrust trust{"s3cret", {}};
    EXPECT_TRUE(check_trust(from("1.2.3.4", url, "s3cret"), trust));
    EXPECT_TRUE(check_trust(from("1.2.3.4", std::string(url) + "/s3cret?x=1"), trust));
    EXPECT_FALSE(check_trust(from("1.2.3.4", url), trust));
    EXPECT_FALSE(check_trust(from("1.2.3.4", url, "s3cre"), trust));
    EXPECT_FALSE(check_trust(from("1.2.3.4", std::string(url) + "/s3cret/x"), trust));
}

TEST(aliyun_callback_guard, an_account_without_token_and_addresses_takes_nothing) {
    const auto status = check_trust(from("1.2.3.4", url), {});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::unauthorized);
    EXPECT_FALSE(check_trust(from("1.2.3.4", "https://h/"), {}));
}

TEST(aliyun_callback_guard, with_addresses_both_must_fit) {
    const CallbackTrust trust{"s3cret", {"203.0.113.0/24", "2001:db8::/32"}};
    EXPECT_TRUE(check_trust(from("203.0.113.9", url, "s3cret"), trust));
    EXPECT_TRUE(check_trust(from("2001:db8::5", url, "s3cret"), trust));
    EXPECT_FALSE(check_trust(from("203.0.114.9", url, "s3cret"), trust));
    EXPECT_FALSE(check_trust(from("203.0.113.9", url, "wrong"), trust));
    EXPECT_FALSE(check_trust(from("", url, "s3cret"), trust));
    EXPECT_TRUE(check_trust(from("203.0.113.9", url), {"", {"203.0.113.9"}}));
}

TEST(aliyun_callback_guard, an_ipv4_address_mapped_into_ipv6_counts_as_ipv4) {
    EXPECT_TRUE(is_in("::ffff:203.0.113.9", {"203.0.113.9"}));
    EXPECT_FALSE(is_in("::ffff:203.0.113.9", {"203.0.113.8"}));
    EXPECT_TRUE(is_in("203.0.113.9", {"0.0.0.0/0"}));
    EXPECT_FALSE(is_in("2001:db8::1", {"0.0.0.0/0"}));
    EXPECT_TRUE(is_in("203.0.113.9", {"203.0.113.8/31"}));
    EXPECT_FALSE(is_in("203.0.113.10", {"203.0.113.8/31"}));
}

TEST(aliyun_callback_guard, networks_are_checked) {
    for (const char* good : {"1.2.3.4", "1.2.3.4/0", "1.2.3.4/32", "::1", "fe80::/10"}) {
        EXPECT_TRUE(is_network(good)) << good;
    }
    for (const char* bad :
         {"", "1.2.3", "1.2.3.4/33", "::1/129", "1.2.3.4/", "1.2.3.4/-1", "host"}) {
        EXPECT_FALSE(is_network(bad)) << bad;
    }
}

}  // namespace
}  // namespace hongyan::aliyun
