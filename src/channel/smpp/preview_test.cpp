// The preview's count of segments and what is really sent are two codes; here they must agree.
#include <gtest/gtest.h>

#include <random>

#include "channel/smpp/split.hpp"
#include "render/sms_segments.hpp"

namespace hongyan::smpp {
namespace {

TEST(SmppPreview, the_preview_counts_the_segments_that_are_sent) {
    const std::vector<std::string> characters{"a", "Z",  " ", "\n", "é", "ç",  "€", "[",
                                              "~", "\f", "`", "码", "😀", "\t", "Δ", "\x1B"};
    std::mt19937 random(42);
    for (int round = 0; round < 3'000; ++round) {
        // Some texts of a few kinds only, so that GSM stays as likely as UCS-2.
        const std::size_t kinds = 1 + random() % characters.size();
        const std::size_t length = 1 + random() % 700;
        std::string text;
        for (std::size_t i = 0; i < length; ++i) text += characters[random() % kinds];
        const auto preview = render::sms_segments(text);
        const auto split = split_text(text, {}, 1);
        ASSERT_TRUE(split);
        ASSERT_EQ(split->segments.size(), preview.segments) << text;
        ASSERT_EQ(split->alphabet == Alphabet::ucs2, preview.encoding == render::SmsEncoding::ucs2);
    }
}

}  // namespace
}  // namespace hongyan::smpp
