#include "channel/mail/body_text.hpp"

#include <gtest/gtest.h>

#include <random>

#include "base/text.hpp"
#include "channel/mail/mime_reader.hpp"

namespace hongyan::mail {
namespace {

std::string encoded(std::string_view text, Encoding encoding) {
    std::string out;
    append_text(out, text, encoding);
    return out;
}

TEST(body_text, the_cheapest_fitting_encoding_is_chosen) {
    EXPECT_EQ(encoding_for("plain\ntext\n", false), Encoding::seven_bit);
    EXPECT_EQ(encoding_for("", false), Encoding::seven_bit);
    EXPECT_EQ(encoding_for("Viele Grüße aus der schönen großen Stadt am Meer", false),
              Encoding::quoted_printable);
    EXPECT_EQ(encoding_for("您的验证码是 123456", false), Encoding::base64);
    EXPECT_EQ(encoding_for("您的验证码是 123456", true), Encoding::eight_bit);
    EXPECT_EQ(encoding_for(std::string(79, 'x'), false), Encoding::quoted_printable);
    EXPECT_EQ(encoding_for("ü" + std::string(2000, 'x'), true), Encoding::quoted_printable);
}

TEST(body_text, what_relays_change_never_stands_as_it_is) {
    for (const char* text : {"From me", "a\nFrom me", "blank at the end \nb", "tab\t", "--=_1m",
                             "one control byte \x01", "a\r\n--=_1a--"}) {
        EXPECT_EQ(encoding_for(text, true), Encoding::quoted_printable) << text;
    }
}

TEST(body_text, all_line_ends_become_crlf) {
    EXPECT_EQ(encoded("a\nb\r\nc\rd", Encoding::seven_bit), "a\r\nb\r\nc\r\nd\r\n");
    EXPECT_EQ(encoded("a\nb\r\nc\rd\n", Encoding::quoted_printable), "a\r\nb\r\nc\r\nd\r\n");
    EXPECT_EQ(*from_base64(trim(encoded("a\nb\rc", Encoding::base64))), "a\r\nb\r\nc\r\n");
    EXPECT_EQ(encoded("", Encoding::seven_bit), "\r\n");
}

TEST(body_text, quoted_printable_escapes_what_it_must) {
    EXPECT_EQ(encoded("a=b\tü ", Encoding::quoted_printable), "a=3Db\t=C3=BC=20\r\n");
    EXPECT_EQ(encoded(".\n.x\nFrom", Encoding::quoted_printable), "=2E\r\n=2Ex\r\n=46rom\r\n");
}

TEST(body_text, any_bytes_come_back_from_quoted_printable_in_short_lines) {
    std::mt19937 random(20261124);
    for (int round = 0; round < 300; ++round) {
        std::string text;
        for (std::size_t i = random() % 400; i > 0; --i) {
            char c = static_cast<char>(random() % (round % 2 == 0 ? 256 : 64));
            text += c == '\r' || c == '\n' ? ' ' : c;
        }
        const std::string out = encoded(text, Encoding::quoted_printable);
        for (const std::string& line : split(out, '\n')) EXPECT_LE(line.size(), 77U);
        MimePart part;
        part.fields.all.push_back({"content-transfer-encoding", "Quoted-Printable"});
        part.body = out;
        const std::string back = part.decoded(10'000);
        EXPECT_EQ(back.substr(0, back.size() - 2), text);
    }
}

TEST(body_text, base64_is_cut_into_lines_and_padded) {
    EXPECT_EQ(base64_size("aGVsbG8="), 5U);
    EXPECT_EQ(base64_size("aGVs\r\nbG8"), 5U);
    EXPECT_EQ(base64_size("_-8"), 2U);
    EXPECT_EQ(base64_size(""), 0U);
    for (const char* bad : {"a", "aGVsbG8=x", "aGVsbG8==", "a GV!", "aGVsb===", "=", "\xC3\xBC"}) {
        EXPECT_FALSE(base64_size(bad)) << bad;
    }
    std::string out;
    append_base64_lines(out, "_-8");
    EXPECT_EQ(out, "/+8=\r\n");
    out.clear();
    append_base64_lines(out, std::string(80, 'A'));
    EXPECT_EQ(out, std::string(76, 'A') + "\r\nAAAA\r\n");
}

}  // namespace
}  // namespace hongyan::mail
