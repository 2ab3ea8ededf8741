#include "channel/smpp/split.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace hongyan::smpp {
namespace {

std::string times(std::size_t count, std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

std::size_t parts(const std::string& text, const SplitRules& rules = {}) {
    const auto split = split_text(text, rules, 0x2A);
    return split ? split->segments.size() : 0;
}

SplitRules with(Concatenation how, Encoding encoding = Encoding::gsm7) {
    SplitRules rules;
    rules.concatenation = how;
    rules.encoding = encoding;
    return rules;
}

TEST(SmppSplit, the_limits_of_each_alphabet_and_header_are_kept) {
    EXPECT_EQ(parts(times(160, "a")), 1u);
    EXPECT_EQ(parts(times(161, "a")), 2u);
    EXPECT_EQ(parts(times(306, "a")), 2u);
    EXPECT_EQ(parts(times(307, "a")), 3u);
    EXPECT_EQ(parts(times(304, "a"), with(Concatenation::udh16)), 2u);
    EXPECT_EQ(parts(times(305, "a"), with(Concatenation::udh16)), 3u);
    EXPECT_EQ(parts(times(70, "码")), 1u);
    EXPECT_EQ(parts(times(71, "码")), 2u);
    EXPECT_EQ(parts(times(134, "码")), 2u);
    EXPECT_EQ(parts(times(135, "码")), 3u);
    EXPECT_EQ(parts(times(132, "码"), with(Concatenation::udh16)), 2u);
    EXPECT_EQ(parts(times(133, "码"), with(Concatenation::udh16)), 3u);
    EXPECT_EQ(parts(times(140, "é"), with(Concatenation::udh8, Encoding::latin1)), 1u);
    EXPECT_EQ(parts(times(268, "é"), with(Concatenation::udh8, Encoding::latin1)), 2u);
    EXPECT_EQ(parts(times(269, "é"), with(Concatenation::udh8, Encoding::latin1)), 3u);
}

TEST(SmppSplit, every_gsm_character_has_its_code) {
    std::string_view all =
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    int code = 0;
    while (!all.empty()) {
        if (code == 0x1B) ++code;
        EXPECT_EQ(gsm_septets(take_character(all)), std::string(1, static_cast<char>(code++)));
    }
    EXPECT_EQ(code, 128);
    EXPECT_EQ(to_hex(split_text("\f^{}\\[~]|€", {}, 0)->segments[0].text),
              "1b0a1b141b281b291b2f1b3c1b3d1b3e1b401b65");
    for (const char* foreign : {"`", "ç", "\t", "码", "\x1B"})
        EXPECT_FALSE(fits(Alphabet::gsm7, foreign)) << foreign;
}

TEST(SmppSplit, an_escape_pair_is_never_torn) {
    // 152 letters and the pair would end at 154.
    const auto split = split_text(times(152, "a") + "€" + times(20, "b"), {}, 1);
    ASSERT_EQ(split->segments.size(), 2u);
    EXPECT_EQ(split->segments[0].text.size(), 6u + 152u);
    EXPECT_EQ(to_hex(split->segments[1].text).substr(12, 4), "1b65");
}

TEST(SmppSplit, a_surrogate_pair_is_never_torn) {
    const auto split = split_text(times(66, "码") + "😀" + times(10, "b"), {}, 1);
    ASSERT_EQ(split->segments.size(), 2u);
    EXPECT_EQ(split->segments[0].text.size(), 6u + 132u);
    EXPECT_EQ(to_hex(split->segments[1].text).substr(12, 8), "d83dde00");
    EXPECT_EQ(split->data_coding, 8);
}

TEST(SmppSplit, headers_name_the_reference_the_total_and_the_place) {
    const auto text = times(200, "a");
    const auto narrow = split_text(text, with(Concatenation::udh8), 0x012A);
    EXPECT_EQ(to_hex(narrow->segments[1].text).substr(0, 12), "0500032a0202");
    EXPECT_EQ(narrow->segments[1].esm_class, 0x40);
    const auto wide = split_text(text, with(Concatenation::udh16), 0x012A);
    EXPECT_EQ(to_hex(wide->segments[0].text).substr(0, 14), "060804012a0201");
    const auto sar = split_text(text, with(Concatenation::sar), 0x012A);
    EXPECT_EQ(sar->segments[1].esm_class, 0);
    ASSERT_EQ(sar->segments[1].tlvs.size(), 3u);
    EXPECT_EQ(to_hex(sar->segments[1].tlvs[0].value), "012a");
    EXPECT_EQ(to_hex(sar->segments[1].tlvs[1].value), "02");
    EXPECT_EQ(to_hex(sar->segments[1].tlvs[2].value), "02");
    EXPECT_EQ(sar->segments[0].text.size(), 153u);
    const auto payload = split_text(text, with(Concatenation::payload), 1);
    ASSERT_EQ(payload->segments.size(), 1u);
    EXPECT_EQ(payload->segments[0].text, "");
    EXPECT_EQ(payload->segments[0].tlvs[0].value, text);
    const auto brief = split_text("hi", with(Concatenation::payload), 1);
    EXPECT_EQ(brief->segments[0].text, "hi");
}

TEST(SmppSplit, packing_is_that_of_the_standard) {
    EXPECT_EQ(to_hex(pack_septets("hellohello", 0)), "e8329bfd4697d9ec37");
    const auto split =
        split_text(times(161, "a"), with(Concatenation::udh8, Encoding::gsm7_packed), 1);
    ASSERT_EQ(split->segments.size(), 2u);
    EXPECT_EQ(split->segments[0].text.size(), 140u);
    // One fill bit brings the first septet to a septet's border behind six octets.
    EXPECT_EQ(static_cast<unsigned char>(split->segments[0].text[6]), 0xC2);
    const auto alone =
        split_text(times(160, "a"), with(Concatenation::udh8, Encoding::gsm7_packed), 1);
    EXPECT_EQ(alone->segments[0].text.size(), 140u);
}

TEST(SmppSplit, a_message_may_demand_its_data_coding) {
    SplitRules rules;
    rules.data_coding = 8;
    EXPECT_EQ(to_hex(split_text("a", rules, 1)->segments[0].text), "0061");
    rules.data_coding = 3;
    EXPECT_EQ(to_hex(split_text("ç", rules, 1)->segments[0].text), "e7");
    EXPECT_FALSE(split_text("码", rules, 1));
    rules.data_coding = 4;
    EXPECT_FALSE(split_text("a", rules, 1));
    rules.data_coding = 0xF1;
    EXPECT_EQ(split_text("a", rules, 1)->data_coding, 0xF1);
}

TEST(SmppSplit, flash_has_its_own_data_codings) {
    SplitRules rules;
    rules.flash = true;
    EXPECT_EQ(split_text("a", rules, 1)->data_coding, 0x10);
    EXPECT_EQ(split_text("码", rules, 1)->data_coding, 0x18);
    rules.encoding = Encoding::latin1;
    EXPECT_EQ(split_text("a", rules, 1)->data_coding, 0x10);
}

TEST(SmppSplit, texts_beyond_the_limits_are_refused) {
    EXPECT_FALSE(split_text("", {}, 1));
    EXPECT_FALSE(split_text("\xFF", {}, 1));
    EXPECT_EQ(parts(times(255 * 153, "a")), 255u);
    EXPECT_FALSE(split_text(times(255 * 153 + 1, "a"), {}, 1));
    SplitRules few;
    few.max_segments = 2;
    EXPECT_FALSE(split_text(times(307, "a"), few, 1));
    few.concatenation = Concatenation::payload;
    EXPECT_FALSE(split_text(times(307, "a"), few, 1));
    EXPECT_FALSE(split_text(times(200'000, "a"), with(Concatenation::payload), 1));
}

}  // namespace
}  // namespace hongyan::smpp
