// Commands, dot-stuffing, EHLO and logins as bytes, with the vectors of the RFCs.
#include "channel/mail/smtp_wire.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "channel/mail/smtp_login.hpp"

namespace hongyan::mail {
namespace {

Mail mail_of(std::string data) {
    return {{"bounce+1@our.example", "ann@example.org", false, false}, std::move(data), "id@x"};
}

std::string envelope_of(const Mail& mail, const WireOptions& options = {}) {
    std::string out;
    EXPECT_TRUE(append_envelope(out, mail, options));
    return out;
}

std::string stuffed(std::string_view data) {
    std::string out = "before";
    const Status fine = append_dot_stuffed(out, data);
    EXPECT_TRUE(fine) << fine.error().detail;
    return out;
}

TEST(smtp_wire, the_envelope_uses_what_is_offered) {
    Mail mail = mail_of("a\r\n");
    EXPECT_EQ(envelope_of(mail),
              "MAIL FROM:<bounce+1@our.example>\r\nRCPT TO:<ann@example.org>\r\n");
    WireOptions all;
    all.features = read_features("x\nSIZE 1000\n8BITMIME\nSMTPUTF8\nDSN");
    all.notices = true;
    all.envelope_id = "msg_1+a";
    mail.envelope.eightbit = true;
    EXPECT_EQ(envelope_of(mail, all),
              "MAIL FROM:<bounce+1@our.example> SIZE=3 BODY=8BITMIME RET=HDRS ENVID=msg_1+2Ba\r\n"
              "RCPT TO:<ann@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;ann@example.org\r\n");
    mail.envelope.smtputf8 = true;
    mail.envelope.rcpt_to = "用户@example.org";
    mail.envelope.mail_from = "";
    EXPECT_EQ(envelope_of(mail, all),
              "MAIL FROM:<> SIZE=3 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=msg_1+2Ba\r\n"
              "RCPT TO:<用户@example.org> NOTIFY=FAILURE,DELAY\r\n");
}

TEST(smtp_wire, what_the_server_lacks_or_an_address_smuggles_is_refused) {
    WireOptions options;
    std::string out;
    for (const char* bad : {"a@b>\r\nDATA\r\n", "a@b c", "<a@b", "a@b\x01", "a@b\x7f", ""}) {
        Mail mail = mail_of("a\r\n");
        mail.envelope.rcpt_to = bad;
        const auto refused = append_envelope(out, mail, options);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code, ErrorCode::recipient_invalid);
    }
    Mail mail = mail_of("a\r\n");
    mail.envelope.mail_from = "a\r\nRSET@b";
    EXPECT_FALSE(append_envelope(out, mail, options));
    mail = mail_of("a\r\n");
    mail.envelope.smtputf8 = true;
    EXPECT_EQ(append_envelope(out, mail, options).error().code, ErrorCode::recipient_invalid);
    mail = mail_of("a\r\n");
    mail.envelope.eightbit = true;
    EXPECT_EQ(append_envelope(out, mail, options).error().code, ErrorCode::content_invalid);
    options.features = read_features("x\nSIZE 2");
    EXPECT_EQ(append_envelope(out, mail_of("a\r\n"), options).error().code,
              ErrorCode::content_invalid);
    EXPECT_EQ(out, "");
}

TEST(smtp_wire, leading_dots_are_doubled_and_nothing_else_is_touched) {
    EXPECT_EQ(stuffed("a\r\n"), "beforea\r\n.\r\n");
    EXPECT_EQ(stuffed(".\r\n"), "before..\r\n.\r\n");
    EXPECT_EQ(stuffed(".a\r\nb.\r\n\r\n..c\r\n.\r\nd\r\n"),
              "before..a\r\nb.\r\n\r\n...c\r\n..\r\nd\r\n.\r\n");
    EXPECT_EQ(stuffed(""), "before.\r\n");
    EXPECT_EQ(stuffed(std::string(998, 'x') + "\r\n").size(), 6 + 1000 + 3U);
}

TEST(smtp_wire, what_could_end_a_mail_early_is_refused_not_mended) {
    using std::string_literals::operator""s;
    for (const std::string& bad :
         {"a\n"s, "a\r"s, "a"s, "a\n.\r\nb\r\n"s, "a\r\r\n"s, "a\r.\r\n"s, "a\0b\r\n"s,
          "a\r\n.\nb\r\n"s, "\n"s, std::string(999, 'x') + "\r\n", "ok\r\nlast"s}) {
        std::string out = "before";
        const auto refused = append_dot_stuffed(out, bad);
        ASSERT_FALSE(refused) << to_hex(bad);
        EXPECT_EQ(refused.error().code, ErrorCode::content_invalid);
        EXPECT_EQ(out, "before");
        EXPECT_FALSE(check_lines(bad));
    }
    EXPECT_TRUE(check_lines("a\r\n.\r\nb\r\n"));
}

TEST(smtp_features, are_read_whatever_the_spelling) {
    const auto features = read_features(
        "mx.example at your service\nPIPELINING\nsize 35882577\n8bitmime\nSTARTTLS\n"
        "AUTH PLAIN login XOAUTH2 CRAM-MD5\nSMTPUTF8\nCHUNKING\nDSN\nHELP\n\n");
    EXPECT_TRUE(features.pipelining && features.eightbit && features.starttls);
    EXPECT_TRUE(features.smtputf8 && features.chunking && features.notices);
    EXPECT_TRUE(features.auth_plain && features.auth_login && features.auth_xoauth2 &&
                features.auth_cram_md5);
    EXPECT_EQ(features.max_size, 35'882'577U);
    // The first line is the greeting, whatever it says.
    EXPECT_FALSE(read_features("PIPELINING").pipelining);
    EXPECT_TRUE(read_features("x\nAUTH=PLAIN").auth_plain);
    EXPECT_EQ(read_features("x\nSIZE").max_size, 0U);
    EXPECT_EQ(read_features("x\nSIZE -5").max_size, 0U);
    EXPECT_EQ(read_features("x\nSIZE 99999999999999999999").max_size, 0U);
}

TEST(smtp_login, plain_is_as_in_rfc_4616) {
    Login login(AuthKind::plain, {"tim", "tanstaaftanstaaf"});
    EXPECT_EQ(login.first_line(), "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n");
    EXPECT_FALSE(login.answer(""));
}

TEST(smtp_login, login_answers_two_questions_whatever_they_say) {
    Login login(AuthKind::login, {"tim", "tanstaaftanstaaf"});
    EXPECT_EQ(login.first_line(), "AUTH LOGIN\r\n");
    EXPECT_EQ(login.answer("VXNlcm5hbWU6"), to_base64("tim") + "\r\n");
    EXPECT_EQ(login.answer("anything"), to_base64("tanstaaftanstaaf") + "\r\n");
    EXPECT_FALSE(login.answer("more?"));
}

TEST(smtp_login, cram_md5_is_as_in_rfc_2195) {
    const std::string challenge = "<1896.697170952@postoffice.reston.mci.net>";
    EXPECT_EQ(cram_md5_digest("tanstaaftanstaaf", challenge), "b913a602c7eda7a495b4e6e7334d3890");
    Login login(AuthKind::cram_md5, {"tim", "tanstaaftanstaaf"});
    EXPECT_EQ(login.first_line(), "AUTH CRAM-MD5\r\n");
    EXPECT_EQ(login.answer(to_base64(challenge)),
              to_base64("tim b913a602c7eda7a495b4e6e7334d3890") + "\r\n");
    // A key longer than a block is digested first (RFC 2104).
    EXPECT_EQ(cram_md5_digest(std::string(80, '\xaa'),
                              "Test Using Larger Than Block-Size Key - Hash Key First"),
              "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
    EXPECT_FALSE(Login(AuthKind::cram_md5, {"a", "b"}).answer("!"));
}

TEST(smtp_login, xoauth2_is_as_published) {
    Login login(AuthKind::xoauth2,
                {"someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"});
    EXPECT_EQ(
        login.first_line(),
        "AUTH XOAUTH2 dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRj"
        "Mk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==\r\n");
    EXPECT_EQ(login.answer("eyJzdGF0dXMiOiI0MDEifQ=="), "\r\n");
    EXPECT_FALSE(login.answer("again"));
}

TEST(smtp_login, the_best_that_is_offered_is_chosen) {
    const auto features = read_features("x\nAUTH LOGIN CRAM-MD5");
    EXPECT_EQ(*choose_mechanism(AuthKind::automatic, false, features), AuthKind::login);
    EXPECT_EQ(*choose_mechanism(AuthKind::cram_md5, false, features), AuthKind::cram_md5);
    EXPECT_FALSE(choose_mechanism(AuthKind::plain, false, features));
    EXPECT_FALSE(choose_mechanism(AuthKind::automatic, true, features));
    EXPECT_FALSE(choose_mechanism(AuthKind::automatic, false, read_features("x")));
}

}  // namespace
}  // namespace hongyan::mail
