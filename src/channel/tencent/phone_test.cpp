#include "channel/tencent/phone.hpp"

#include <gtest/gtest.h>

namespace hongyan::tencent {
namespace {

TEST(tencent_phone, numbers_become_country_code_and_number) {
    EXPECT_EQ(international_digits("13800138000", "86"), "8613800138000");
    EXPECT_EQ(international_digits("8613800138000", "86"), "8613800138000");
    EXPECT_EQ(international_digits("0085261234567", "86"), "85261234567");
    EXPECT_EQ(international_digits("4155552671", "1"), "14155552671");
    EXPECT_EQ(international_digits("61234567", "86"), std::nullopt);
    EXPECT_EQ(international_digits("13800138000", ""), std::nullopt);
    EXPECT_EQ(international_digits("fcm:13800138000", "86"), std::nullopt);
}

TEST(tencent_phone, mainland_is_told_by_its_country_code) {
    EXPECT_TRUE(is_mainland("8613800138000"));
    EXPECT_FALSE(is_mainland("85261234567"));
}

}  // namespace
}  // namespace hongyan::tencent
