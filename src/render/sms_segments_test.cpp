#include "render/sms_segments.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hongyan::render {
namespace {

std::string repeated(std::string_view text, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += text;
    return all;
}

/// "encoding characters units segments per_segment"
std::string counted(std::string_view text) {
    const auto sms = sms_segments(text);
    return std::string(to_text(sms.encoding)) + " " + std::to_string(sms.characters) + " " +
           std::to_string(sms.units) + " " + std::to_string(sms.segments) + " " +
           std::to_string(sms.per_segment);
}

TEST(SmsSegments, gsm_text_takes_160_then_153) {
    EXPECT_EQ(counted(""), "gsm7 0 0 0 160");
    EXPECT_EQ(counted("Hello"), "gsm7 5 5 1 160");
    EXPECT_EQ(counted(repeated("a", 160)), "gsm7 160 160 1 160");
    EXPECT_EQ(counted(repeated("a", 161)), "gsm7 161 161 2 153");
    EXPECT_EQ(counted(repeated("a", 306)), "gsm7 306 306 2 153");
    EXPECT_EQ(counted(repeated("a", 307)), "gsm7 307 307 3 153");
}

TEST(SmsSegments, the_whole_default_alphabet_is_known) {
    EXPECT_EQ(counted("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ "
                      "!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
                      "abcdefghijklmnopqrstuvwxyzäöñüà"),
              "gsm7 127 127 1 160");
    for (const auto* other : {"`", "ç", "á", "Α", "\t", "“", "…", "\x7F", "中"}) {
        EXPECT_EQ(sms_segments(other).encoding, SmsEncoding::ucs2) << other;
    }
}

TEST(SmsSegments, extension_characters_count_twice_and_are_never_split) {
    EXPECT_EQ(counted("^{}\\[~]|€\f"), "gsm7 10 20 1 160");
    EXPECT_EQ(counted(repeated("€", 80)), "gsm7 80 160 1 160");
    EXPECT_EQ(counted(repeated("€", 81)), "gsm7 81 162 2 153");
    // 153 is odd: each part holds 76 of them, so 153 do not fit into two parts.
    EXPECT_EQ(counted(repeated("€", 152)), "gsm7 152 304 2 153");
    EXPECT_EQ(counted(repeated("€", 153)), "gsm7 153 306 3 153");
}

TEST(SmsSegments, other_text_takes_70_then_67) {
    EXPECT_EQ(counted("您好"), "ucs2 2 2 1 70");
    EXPECT_EQ(counted(repeated("茶", 70)), "ucs2 70 70 1 70");
    EXPECT_EQ(counted(repeated("茶", 71)), "ucs2 71 71 2 67");
    EXPECT_EQ(counted(repeated("茶", 135)), "ucs2 135 135 3 67");
}

TEST(SmsSegments, surrogate_pairs_are_never_split) {
    EXPECT_EQ(counted(repeated("😀", 35)), "ucs2 35 70 1 70");
    EXPECT_EQ(counted(repeated("😀", 66)), "ucs2 66 132 2 67");
    EXPECT_EQ(counted(repeated("😀", 67)), "ucs2 67 134 3 67");
}

TEST(SmsSegments, bytes_that_are_no_text_do_no_harm) {
    EXPECT_EQ(counted("a\xFF\xC3"), "ucs2 3 3 1 70");
}

}  // namespace
}  // namespace hongyan::render
