#include "channel/twilio/phone.hpp"

#include <gtest/gtest.h>

namespace hongyan::twilio {
namespace {

TEST(twilio_phone, numbers_become_country_code_and_number) {
    EXPECT_EQ(international_digits("13800138000", "86"), "8613800138000");
    EXPECT_EQ(international_digits("+14155552671", "86"), "14155552671");
    EXPECT_EQ(international_digits("4155552671", "1"), "14155552671");
    EXPECT_EQ(international_digits("07700900123", "44"), "447700900123");
    EXPECT_EQ(international_digits("4155552671", "86"), std::nullopt);
    EXPECT_EQ(international_digits("4155552671", ""), std::nullopt);
    EXPECT_EQ(international_digits("whatsapp:+14155552671", "86"), std::nullopt);
}

}  // namespace
}  // namespace hongyan::twilio
