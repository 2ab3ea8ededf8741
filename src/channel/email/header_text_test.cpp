#include "channel/email/header_text.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace hongyan::email {
namespace {

std::string mailbox(const std::string& name) {
    return header_mailbox("To", {name, "ann@example.com", "example.com"});
}

void expect_short_lines(const std::string& name, const std::string& value) {
    for (const std::string& line : split(name + ": " + value, '\n')) EXPECT_LE(line.size(), 76U);
}

TEST(header_text, plain_text_stays_plain) {
    EXPECT_EQ(header_text("Subject", "Your order has been sent."), "Your order has been sent.");
    EXPECT_EQ(header_text("Subject", "a = b? 1+1=2"), "a = b? 1+1=2");
}

TEST(header_text, a_long_line_is_folded_before_a_space) {
    std::string text = "word";
    for (int i = 0; i < 100; ++i) text += " word" + std::to_string(i);
    std::string value = header_text("Subject", text);
    expect_short_lines("Subject", value);
    value.erase(std::remove(value.begin(), value.end(), '\n'), value.end());
    EXPECT_EQ(value, text);
}

TEST(header_text, what_would_not_come_back_is_encoded) {
    EXPECT_EQ(header_text("Subject", "您的验证码"), "=?UTF-8?B?5oKo55qE6aqM6K+B56CB?=");
    for (const std::string& text : {std::string("=?utf-8?q?x?="), std::string("a  b"),
                                    std::string(" a"), std::string("a "), std::string(998, 'x')}) {
        const std::string value = header_text("Subject", text);
        EXPECT_TRUE(value.starts_with("=?UTF-8?B?")) << text;
        expect_short_lines("Subject", value);
    }
}

TEST(header_text, encoded_words_hold_whole_characters) {
    for (std::size_t lead = 0; lead < 8; ++lead) {
        std::string text(lead, 'a');
        for (int i = 0; i < 60; ++i) text += "🦢";
        const std::string value = header_text("Subject", text);
        expect_short_lines("Subject", value);
        std::string back;
        for (std::string word : split(value, '\n')) {
            word = std::string(trim(word));
            const auto bytes = from_base64(word.substr(10, word.size() - 12));
            ASSERT_TRUE(bytes && is_utf8(*bytes));
            back += *bytes;
        }
        EXPECT_EQ(back, text);
    }
}

TEST(header_text, names_are_quoted_or_encoded_as_they_need) {
    EXPECT_EQ(mailbox(""), "ann@example.com");
    EXPECT_EQ(mailbox("Ann Doe"), "Ann Doe <ann@example.com>");
    EXPECT_EQ(mailbox("Doe, Ann \"A\\\""), "\"Doe, Ann \\\"A\\\\\\\"\" <ann@example.com>");
    EXPECT_EQ(mailbox("张三"), "=?UTF-8?B?5byg5LiJ?= <ann@example.com>");
    EXPECT_TRUE(mailbox("=?utf-8?q?x?=").starts_with("=?UTF-8?B?"));
    for (std::size_t size = 1; size < 200; ++size)
        expect_short_lines("To", mailbox(std::string(size, 'n')));
}

}  // namespace
}  // namespace hongyan::email
