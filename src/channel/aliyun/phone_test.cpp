#include "channel/aliyun/phone.hpp"

#include <gtest/gtest.h>

namespace hongyan::aliyun {
namespace {

std::string digits(std::string_view text, std::string_view code = "86") {
    return international_digits(text, code).value_or("none");
}

TEST(aliyun_phone, a_number_with_plus_or_00_is_international) {
    EXPECT_EQ(digits("+85261234567"), "85261234567");
    EXPECT_EQ(digits("0085261234567"), "85261234567");
    EXPECT_EQ(digits("+8613800138000", "1"), "8613800138000");
    EXPECT_EQ(digits("+085261234567"), "none");
}

TEST(aliyun_phone, a_bare_mainland_number_gets_86) {
    EXPECT_EQ(digits("13800138000"), "8613800138000");
    EXPECT_EQ(digits("8613800138000"), "8613800138000");
    EXPECT_EQ(digits("1440012345678"), "861440012345678");
}

TEST(aliyun_phone, a_bare_number_that_is_no_mainland_mobile_is_refused) {
    EXPECT_EQ(digits("85261234567"), "none");
    EXPECT_EQ(digits("075512345678"), "none");
}

TEST(aliyun_phone, another_default_country_drops_the_trunk_zero) {
    EXPECT_EQ(digits("07700900123", "44"), "447700900123");
    EXPECT_EQ(digits("7700900123", "44"), "447700900123");
    EXPECT_EQ(digits("447700900123", "44"), "447700900123");
    EXPECT_EQ(digits("0612345678", "39"), "390612345678");
    EXPECT_EQ(digits("4155552671", "1"), "14155552671");
    EXPECT_EQ(digits("14155552671", "1"), "14155552671");
}

TEST(aliyun_phone, without_a_default_country_bare_numbers_are_refused) {
    EXPECT_EQ(digits("13800138000", ""), "none");
    EXPECT_EQ(digits("+8613800138000", ""), "8613800138000");
}

TEST(aliyun_phone, what_is_no_number_is_refused) {
    for (const char* text : {"", "+", "1234", "+1234567890123456", "138-0013-8000", "sms:138001380",
                             "１３８００１３８０００", "+86138 00138000"}) {
        EXPECT_FALSE(is_phone(text)) << text;
        EXPECT_EQ(digits(text), "none") << text;
    }
}

TEST(aliyun_phone, the_service_wants_mainland_numbers_without_86_and_others_without_plus) {
    EXPECT_EQ(service_number("8613800138000"), "13800138000");
    EXPECT_EQ(service_number("85261234567"), "85261234567");
    EXPECT_EQ(service_number("8675512345678"), "8675512345678");
}

}  // namespace
}  // namespace hongyan::aliyun
