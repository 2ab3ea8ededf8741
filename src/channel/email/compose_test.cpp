#include "channel/email/compose.hpp"

#include <gtest/gtest.h>

#include <random>

namespace hongyan::email {
namespace {

class compose_mail : public ::testing::Test {
  protected:
    compose_mail() {
        from_ = *parse_mailbox("鸿雁 <no-reply@example.com>");
        to_ = *parse_mailbox("Ann <ann@example.org>");
        message_.id = first_id_at(1'790'000'000'000) + 5;
        message_.subject = "Hi";
        message_.content = "text";
    }
    [[nodiscard]] std::string mail() const {
        const auto out = compose(from_, to_, message_);
        EXPECT_TRUE(out.ok());
        return out ? *out : "";
    }
    Mailbox from_;
    Mailbox to_;
    Message message_;
};

TEST_F(compose_mail, has_the_headers_that_every_mail_needs_and_no_more) {
    const std::string out = mail();
    const std::string head = out.substr(0, out.find("\n\n") + 1);
    EXPECT_NE(head.find("From: =?UTF-8?B?6bi/6ZuB?= <no-reply@example.com>\n"), head.npos) << head;
    EXPECT_NE(head.find("To: Ann <ann@example.org>\n"), head.npos) << head;
    EXPECT_NE(head.find("Subject: Hi\n"), head.npos);
    EXPECT_NE(head.find("Date: Mon, 21 Sep 2026 14:13:20 +0000\n"), head.npos) << head;
    EXPECT_NE(head.find("Message-Id: <" + trace_id_of(message_.id) + "@example.com>\n"), head.npos);
    EXPECT_NE(head.find("MIME-Version: 1.0\n"), head.npos) << head;
    EXPECT_EQ(head.find("Bcc"), head.npos);
    EXPECT_EQ(std::count(head.begin(), head.end(), '\n'), 9) << head;
}

TEST_F(compose_mail, is_the_same_for_every_attempt) {
    const std::string first = mail();
    message_.attempts = 3;
    EXPECT_EQ(mail(), first);
}

TEST_F(compose_mail, a_control_character_in_a_header_is_refused) {
    for (const char c : {'\r', '\n', '\0'}) {
        message_.subject = std::string("Hi") + c + "Bcc: evil@example.com";
        EXPECT_FALSE(compose(from_, to_, message_).ok());
    }
    message_.subject = "Hi";
    to_.name = "Ann\r\nBcc: evil@example.com";
    EXPECT_FALSE(compose(from_, to_, message_).ok());
}

TEST_F(compose_mail, picks_the_encoding_by_the_text) {
    EXPECT_NE(mail().find("Content-Transfer-Encoding: 7bit"), std::string::npos);
    message_.content = "Grüße aus München, und noch ein wenig mehr Text dazu";
    EXPECT_NE(mail().find("Content-Transfer-Encoding: quoted-printable"), std::string::npos);
    message_.content = "您的验证码是 123456";
    EXPECT_NE(mail().find("Content-Transfer-Encoding: base64"), std::string::npos);
    message_.content = std::string(5000, 'x');
    EXPECT_NE(mail().find("Content-Transfer-Encoding: quoted-printable"), std::string::npos);
}

TEST_F(compose_mail, a_page_alone_gets_a_text_part) {
    message_.content = "";
    message_.html = "<p>Hello <b>you</b></p>";
    const std::string out = mail();
    EXPECT_NE(out.find("multipart/alternative"), out.npos);
    EXPECT_LT(out.find("text/plain"), out.find("text/html"));
    EXPECT_NE(out.find("\n\nHello you\n"), out.npos) << out;
}

TEST(wire_form, line_ends_are_crlf_and_dots_are_doubled) {
    EXPECT_EQ(to_wire("a\nb\r\nc\rd"), "a\r\nb\r\nc\r\nd\r\n.\r\n");
    EXPECT_EQ(to_wire(".\n..\n.a\na."), "..\r\n...\r\n..a\r\na.\r\n.\r\n");
    EXPECT_EQ(to_wire(""), "\r\n.\r\n");
    EXPECT_EQ(to_wire("a\r\r\n.\r\nMAIL FROM:<x>"),
              "a\r\n\r\n..\r\nMAIL FROM:<x>\r\n.\r\n");  // nothing ends the mail early
}

TEST_F(compose_mail, any_text_gives_short_ascii_lines_and_one_end) {
    std::mt19937 random(20261123);
    const std::vector<std::string> pieces = {"a",   "验", "🦢",  ".",
                                             "\n.", "\r", "\n",    "\r\n.\r\n",
                                             " ",   "=",  "From ", std::string(300, 'w'),
                                             "\t",  "é",  "--"};
    for (int round = 0; round < 500; ++round) {
        message_.content.clear();
        message_.subject.clear();
        for (auto i = random() % 60; i > 0; --i) {
            message_.content += pieces[random() % pieces.size()];
        }
        for (auto i = random() % 30; i > 0; --i) message_.subject += pieces[random() % 3];
        message_.html = random() % 2 == 0 ? "" : message_.content;
        const std::string wire = to_wire(mail());
        EXPECT_EQ(wire.find("\r\n.\r\n"), wire.size() - 5);
        std::size_t line = 0;
        for (std::size_t i = 0; i < wire.size(); ++i) {
            const char c = wire[i];
            ASSERT_EQ(c & 0x80, 0);
            ASSERT_TRUE(c != '\n' || wire[i - 1] == '\r');
            line = c == '\n' ? 0 : line + 1;
            ASSERT_LE(line, 999U);
        }
    }
}

}  // namespace
}  // namespace hongyan::email
