// The simulated server's side of SMTP without sockets: order, pieces, faults, noise; and its
// reading and reporting of mails.
#include "universe/mail/dialogue.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "universe/mail/mail_reader.hpp"
#include "universe/mail/reports.hpp"

namespace hongyan::universe::mail {
namespace {

class TestJudge final : public Judge {
  public:
    Fate fate(const std::string&) override { return next; }
    bool passes_greylist(const std::string&, const std::string&) override { return true; }
    std::string take(TakenMail mail) override {
        mails.push_back(std::move(mail));
        return "Q" + std::to_string(mails.size());
    }
    std::string stamp() override { return "1896.697170952"; }
    Fate next;
    std::vector<TakenMail> mails;
};

Rules plain_rules() {
    Rules rules;
    rules.host = "postoffice.reston.mci.net";
    rules.users = {{"tim", "tanstaaftanstaaf"}};
    rules.max_size = 1000;
    rules.chunking = true;
    return rules;
}

/// All that is answered to bytes that come in pieces of that size.
std::string answers(Dialogue& dialogue, std::string_view bytes, std::size_t piece = 100'000) {
    std::string out;
    while (!bytes.empty()) {
        dialogue.feed(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        while (auto step = dialogue.next()) {
            out += step->reply;
            if (step->then == Step::Then::close) return out + "(closed)";
            if (step->then == Step::Then::hang) return out + "(hangs)";
        }
    }
    return out;
}

std::string codes(const std::string& replies) {
    std::string out;
    std::size_t start = 0;
    while (start < replies.size()) {
        const auto end = replies.find("\r\n", start);
        const auto line = replies.substr(start, end - start);
        if (line.size() < 4 || line[3] == ' ') out += line.substr(0, 3) + " ";
        if (end == replies.npos) break;
        start = end + 2;
    }
    return out;
}

constexpr std::string_view two_mails =
    "EHLO x\r\nMAIL FROM:<a@b.org> SIZE=10\r\nRCPT TO:<c@d.org>\r\nDATA\r\n"
    "Subject: one\r\n\r\n..dot\r\n.\r\nRSET\r\nMAIL FROM:<>\r\nRCPT TO:<\"x y\"@[1.2.3.4]>\r\n"
    "BDAT 7\r\nhello\r\nBDAT 2 LAST\r\n\r\nNOOP\r\nQUIT\r\n";

TEST(mail_dialogue, is_the_same_in_whatever_pieces_the_bytes_come) {
    for (const std::size_t piece : {1, 2, 3, 7, 20, 1000}) {
        TestJudge judge;
        Dialogue dialogue(plain_rules(), judge, false);
        EXPECT_EQ(codes(answers(dialogue, two_mails, piece)),
                  "250 250 250 354 250 250 250 250 250 250 250 221 ");
        ASSERT_EQ(judge.mails.size(), 2U);
        EXPECT_EQ(judge.mails[0].data, "Subject: one\r\n\r\n.dot\r\n");
        EXPECT_EQ(judge.mails[1].data, "hello\r\n\r\n");
        EXPECT_EQ(judge.mails[1].sender, "");
        EXPECT_TRUE(judge.mails[1].chunked);
    }
}

TEST(mail_dialogue, logins_are_checked) {
    const std::map<std::string, std::string> cases{
        {"AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n", "235 "},
        {"AUTH PLAIN\r\nAHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n", "334 235 "},
        {"AUTH PLAIN AHRpbQB3cm9uZw==\r\n", "535 "},
        {"AUTH LOGIN\r\ndGlt\r\ndGFuc3RhYWZ0YW5zdGFhZg==\r\n", "334 334 235 "},
        {"AUTH CRAM-MD5\r\ndGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n", "334 235 "},
        {"AUTH CRAM-MD5\r\n*\r\n", "334 501 "},
        {"AUTH XOAUTH2 dXNlcj10aW0=\r\n\r\n", "334 535 "},
        {"AUTH PLAIN !!!\r\n", "501 "},
        {"AUTH GSSAPI\r\n", "504 "},
    };
    for (const auto& [dialogue_bytes, wanted] : cases) {
        TestJudge judge;
        Dialogue dialogue(plain_rules(), judge, false);
        (void)answers(dialogue, "EHLO x\r\n");
        EXPECT_EQ(codes(answers(dialogue, dialogue_bytes)), wanted) << dialogue_bytes;
    }
}

TEST(mail_dialogue, faults_are_spoken_as_a_mail_server_does) {
    const std::string mail = "EHLO x\r\nMAIL FROM:<a@b.org>\r\nRCPT TO:<c@d.org>\r\n";
    const std::string rest = "DATA\r\nx: y\r\n\r\n.\r\n";
    const auto answer = [&](auto set, bool whole) {
        TestJudge judge;
        set(judge.next);
        Dialogue dialogue(plain_rules(), judge, false);
        const auto replies = answers(dialogue, whole ? mail + rest : mail);
        const auto line = replies.rfind("\r\n", replies.size() - 3);
        return std::pair(replies.substr(line == replies.npos ? 0 : line + 2), judge.mails.size());
    };
    const auto fault = [](std::string kind) { return [kind](Fate& fate) { fate.fault = kind; }; };
    EXPECT_TRUE(answer(fault("rate_limited"), false).first.starts_with("451 4.7.1"));
    EXPECT_TRUE(answer(fault("server_error"), false).first.starts_with("451 4.3.0"));
    EXPECT_TRUE(answer(fault("invalid_recipient"), false).first.starts_with("550 5.1.1"));
    EXPECT_TRUE(answer(fault("quota"), false).first.starts_with("452 4.2.2"));
    EXPECT_TRUE(answer(fault("error_in_body"), true).first.starts_with("554 5.7.1"));
    EXPECT_TRUE(answer(fault("goaway"), false).first.ends_with("(closed)"));
    const auto cut = answer([](Fate& fate) { fate.cut_after = true; }, true);
    EXPECT_EQ(cut.second, 1U);
    EXPECT_TRUE(cut.first.ends_with("(closed)"));
    const auto silent = answer([](Fate& fate) { fate.hang = true; }, true);
    EXPECT_EQ(silent.second, 0U);
    EXPECT_TRUE(silent.first.ends_with("(hangs)"));
    EXPECT_EQ(answer([](Fate& fate) { fate.cut_before = true; }, false).second, 0U);
    EXPECT_EQ(answer([](Fate& fate) { fate.half_answer = true; }, true).second, 1U);
}

TEST(mail_dialogue, what_is_too_big_or_too_much_is_refused) {
    TestJudge judge;
    Dialogue dialogue(plain_rules(), judge, false);
    const std::string start = "MAIL FROM:<a@b.org>\r\nRCPT TO:<c@d.org>\r\nDATA\r\n";
    std::string big = "EHLO x\r\n" + start;
    for (int i = 0; i < 100; ++i) big += "twenty bytes of text\r\n";
    EXPECT_TRUE(answers(dialogue, big + ".\r\n").find("552 5.3.4") != std::string::npos);
    EXPECT_TRUE(answers(dialogue, start + "x: y\r\n\r\n.\r\n").find("queued as Q1") !=
                std::string::npos);
    std::string noise;
    for (int i = 0; i < 30; ++i) noise += "WHAT\r\n";
    EXPECT_TRUE(answers(dialogue, noise).ends_with("(closed)"));
}

TEST(mail_dialogue, noise_of_any_kind_ends_or_is_refused) {
    std::mt19937 dice(17);
    const std::vector<std::string> words{"EHLO x\r\n",
                                         "MAIL FROM:<a@b.c>\r\n",
                                         "RCPT TO:<a@b.c>\r\n",
                                         "DATA\r\n",
                                         "BDAT 5 LAST\r\n",
                                         "BDAT 99\r\n",
                                         ".\r\n",
                                         "AUTH LOGIN\r\n",
                                         "\r\n",
                                         "\n",
                                         "\r",
                                         "\0",
                                         "AAAA",
                                         "<>",
                                         std::string(2000, 'z'),
                                         "\xff\xfe",
                                         "RSET\r\n",
                                         "=\r\n"};
    for (int round = 0; round < 2000; ++round) {
        TestJudge judge;
        Dialogue dialogue(plain_rules(), judge, false);
        std::string bytes;
        for (int i = 0; i < 20; ++i) bytes += words[dice() % words.size()];
        (void)answers(dialogue, bytes, 1 + dice() % 50);
        for (const TakenMail& mail : judge.mails) EXPECT_FALSE(mail.recipients.empty());
    }
}

TEST(mail_reader, reads_what_people_see) {
    const auto mail = read_mail(
        "From: =?UTF-8?B?6bi/6ZuB?= <a@example.com>\r\nTo: b@example.org\r\n"
        "Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@example.com>\r\n"
        "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        "Content-Type: text/plain; charset=gb18030\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "xPq6ww==\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n--x\r\n"
        "Content-Type: image/png; name=a.png\r\nContent-Disposition: attachment\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nAAECAw==\r\n--x--\r\n");
    EXPECT_EQ(mail.from, "鸿雁 <a@example.com>");
    EXPECT_EQ(mail.subject, "Grüße");
    EXPECT_EQ(mail.message_id, "1@example.com");
    EXPECT_EQ(mail.text, "您好");
    EXPECT_TRUE(mail.html.starts_with("<p>x</p>"));
    ASSERT_EQ(mail.attachments.size(), 1U);
    EXPECT_EQ(mail.attachments[0].name, "a.png");
    EXPECT_EQ(mail.attachments[0].bytes, 4U);
    EXPECT_EQ(read_mail("").subject, "");
    EXPECT_EQ(read_mail("\xff\xff no mail at all").subject, "");
}

TEST(mail_reports, are_the_forms_of_rfc_3464_and_5965) {
    ReportFacts facts;
    facts.host = "mx.example";
    facts.sender = "bounce+1@our.example";
    facts.recipient = "a@b.org";
    facts.queue_id = "Q1";
    facts.original = "Subject: x\r\n\r\nbody\r\n";
    const std::string bounce = bounce_mail(facts, BounceKind::hard);
    EXPECT_NE(bounce.find("report-type=delivery-status"), bounce.npos);
    EXPECT_NE(bounce.find("\r\nAction: failed\r\nStatus: 5.1.1\r\n"), bounce.npos);
    EXPECT_NE(bounce.find("\r\nTo: bounce+1@our.example\r\n"), bounce.npos);
    EXPECT_EQ(bounce.find("body\r\n--"), bounce.npos);
    EXPECT_NE(bounce_mail(facts, BounceKind::delay).find("Action: delayed"), bounce.npos);
    const std::string complaint = complaint_mail(facts);
    EXPECT_NE(complaint.find("Feedback-Type: abuse\r\n"), complaint.npos);
    EXPECT_EQ(mail_date(1'787'279'400'000), "Fri, 21 Aug 2026 02:30:00 +0000");
}

}  // namespace
}  // namespace hongyan::universe::mail
