#include "channel/mail/reference.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace hongyan::mail {
namespace {

constexpr std::string_view key = "0123456789abcdef";
constexpr MessageId id = 1'876'954'137'600'000'017;

TEST(reference, it_is_found_anywhere_and_in_any_case) {
    const std::string reference = signed_reference(key, Purpose::bounce, id);
    EXPECT_EQ(reference.size(), 36U);
    EXPECT_TRUE(reference.starts_with("1876954137600000017-"));
    EXPECT_EQ(find_reference(reference, key, Purpose::bounce), id);
    std::string upper = "<BOUNCE+" + reference + "@EXAMPLE.COM>";
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    EXPECT_EQ(find_reference(upper, key, Purpose::bounce), id);
    EXPECT_EQ(find_reference("x-1-abc 5-aaaaaaaaaaaaaaaa " + reference, key, Purpose::bounce), id);
    EXPECT_EQ(signed_reference(key, Purpose::bounce, id), reference);
}

TEST(reference, any_change_is_noticed) {
    const std::string reference = signed_reference(key, Purpose::bounce, id);
    for (std::size_t at = 0; at < reference.size(); ++at) {
        std::string changed = reference;
        changed[at] = changed[at] == '3' ? '4' : '3';
        EXPECT_NE(find_reference(changed, key, Purpose::bounce), id) << at;
    }
    EXPECT_FALSE(find_reference(reference, "another key 1234", Purpose::bounce));
    EXPECT_FALSE(find_reference(reference, key, Purpose::unsubscribe));
    EXPECT_FALSE(find_reference(reference, "", Purpose::bounce));
    EXPECT_FALSE(find_reference("", key, Purpose::bounce));
    EXPECT_FALSE(find_reference("-", key, Purpose::bounce));
}

TEST(reference, a_token_holds_message_and_recipient_and_shows_neither) {
    const std::string token = seal_token(key, {id, "ann@example.com"});
    EXPECT_EQ(token, seal_token(key, {id, "ann@example.com"}));
    EXPECT_EQ(from_base64(token)->find("ann"), std::string::npos);
    const auto content = open_token(key, token);
    ASSERT_TRUE(content.ok());
    EXPECT_EQ(content->id, id);
    EXPECT_EQ(content->recipient, "ann@example.com");
}

TEST(reference, a_changed_token_is_refused) {
    const std::string token = seal_token(key, {id, "ann@example.com"});
    for (std::size_t at = 0; at < token.size(); ++at) {
        std::string changed = token;
        changed[at] = changed[at] == 'A' ? 'Q' : 'A';
        EXPECT_FALSE(open_token(key, changed).ok()) << at;
    }
    for (std::size_t size = 0; size < token.size(); ++size) {
        EXPECT_FALSE(open_token(key, token.substr(0, size)).ok()) << size;
    }
    EXPECT_FALSE(open_token("another key 1234", token).ok());
    EXPECT_FALSE(open_token("", token).ok());
    EXPECT_EQ(open_token(key, "!").error().code, ErrorCode::unauthorized);
}

}  // namespace
}  // namespace hongyan::mail
