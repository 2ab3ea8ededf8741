#include "channel/mail/header_text.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace hongyan::mail {
namespace {

std::string subject(std::string_view text) {
    std::string out;
    append_text_header(out, "Subject", text);
    return out;
}
std::string sender(std::string_view text) {
    std::string out;
    append_mailbox_header(out, "From", *parse_mailbox(text));
    return out;
}
void expect_short_lines(std::string_view header) {
    for (const std::string& line : split(header, '\n')) EXPECT_LE(line.size(), 78U) << header;
}

TEST(header_text, plain_text_stays_as_it_is) {
    EXPECT_EQ(subject("Is dinner ready?"), "Subject: Is dinner ready?\r\n");
    EXPECT_EQ(subject(""), "Subject: \r\n");
}

TEST(header_text, other_text_is_an_encoded_word) {
    EXPECT_EQ(subject("您的验证码"), "Subject: =?UTF-8?B?5oKo55qE6aqM6K+B56CB?=\r\n");
}

TEST(header_text, text_that_a_reader_would_change_is_encoded) {
    for (const char* text : {"=?UTF-8?Q?x?=", "two  blanks", " first", "last "}) {
        EXPECT_NE(subject(text).find("=?UTF-8?B?"), std::string::npos) << text;
    }
    EXPECT_NE(subject(std::string(200, 'x')).find("=?UTF-8?B?"), std::string::npos);
}

TEST(header_text, long_text_is_folded_and_characters_stay_whole) {
    std::string plain;
    std::string goose;
    for (int i = 0; i < 60; ++i) {
        plain += "word ";
        goose += "🦢鸿";
    }
    plain += "end";
    const std::string folded = subject(plain);
    expect_short_lines(folded);
    EXPECT_EQ(folded.find("=?"), std::string::npos);
    const std::string encoded = subject(goose);
    expect_short_lines(encoded);
    std::string back;
    for (auto at = encoded.find("?B?"); at != encoded.npos; at = encoded.find("?B?", at + 3)) {
        const auto end = encoded.find("?=", at + 3);
        const auto piece = from_base64(encoded.substr(at + 3, end - at - 3));
        ASSERT_TRUE(piece && is_utf8(*piece));
        back += *piece;
    }
    EXPECT_EQ(back, goose);
}

TEST(header_text, names_are_quoted_or_encoded_as_they_need) {
    EXPECT_EQ(sender("a@b.co"), "From: a@b.co\r\n");
    EXPECT_EQ(sender("Ann Doe <a@b.co>"), "From: Ann Doe <a@b.co>\r\n");
    EXPECT_EQ(sender("\"Doe, Ann\" <a@b.co>"), "From: \"Doe, Ann\" <a@b.co>\r\n");
    EXPECT_EQ(sender("\"a\\\"b\\\\c\" <a@b.co>"), "From: \"a\\\"b\\\\c\" <a@b.co>\r\n");
    EXPECT_EQ(sender("鸿雁 <a@b.co>"), "From: =?UTF-8?B?6bi/6ZuB?= <a@b.co>\r\n");
}

TEST(header_text, a_long_name_and_address_are_folded) {
    const std::string address = std::string(60, 'a') + "@" + std::string(60, 'b') + ".example";
    const std::string header = sender("Somebody With A Long Name <" + address + ">");
    EXPECT_EQ(header, "From: Somebody With A Long Name\r\n <" + address + ">\r\n");
}

TEST(header_text, a_filename_is_written_after_rfc_2231) {
    std::string out;
    append_disposition_header(out, "attachment", "报表 2026.pdf");
    EXPECT_EQ(out,
              "Content-Disposition: attachment;\r\n"
              " filename*=UTF-8''%E6%8A%A5%E8%A1%A8%202026.pdf\r\n");
    out.clear();
    append_disposition_header(out, "inline", "a \"b\".png");
    EXPECT_EQ(out, "Content-Disposition: inline;\r\n filename=\"a \\\"b\\\".png\"\r\n");
}

TEST(header_text, a_long_filename_is_written_in_pieces_that_tear_no_byte) {
    std::string name;
    for (int i = 0; i < 30; ++i) name += "文a";
    std::string out;
    append_disposition_header(out, "attachment", name);
    expect_short_lines(out);
    EXPECT_NE(out.find(" filename*0*=UTF-8''%E6%96%87a"), out.npos);
    EXPECT_NE(out.find(" filename*1*="), out.npos);
    for (auto at = out.find('%'); at != out.npos; at = out.find('%', at + 1)) {
        EXPECT_NE(std::string("0123456789ABCDEF").find(out[at + 1]), std::string::npos);
        EXPECT_NE(std::string("0123456789ABCDEF").find(out[at + 2]), std::string::npos);
    }
}

TEST(header_text, a_name_in_a_type_is_an_encoded_word_inside_quotes) {
    std::string out;
    append_type_header(out, "image/png", "鸿.png");
    EXPECT_EQ(out, "Content-Type: image/png;\r\n name=\"=?UTF-8?B?6bi/LnBuZw==?=\"\r\n");
}

TEST(header_text, a_date_is_utc_in_the_form_of_rfc_5322) {
    std::string out;
    append_date_header(out, 1'787'279'400'000);
    EXPECT_EQ(out, "Date: Fri, 21 Aug 2026 02:30:00 +0000\r\n");
}

}  // namespace
}  // namespace hongyan::mail
