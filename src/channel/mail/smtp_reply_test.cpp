#include <gtest/gtest.h>

#include "channel/mail/smtp_reply.hpp"
#include "channel/mail/smtp_reply_table.hpp"

namespace hongyan::mail {
namespace {

using Class = OutcomeClass;

Reply read(const std::string& bytes) {
    ReplyReader reader;
    reader.feed(bytes);
    auto reply = reader.next();
    EXPECT_TRUE(reply.has_value()) << bytes;
    return reply ? *reply : Reply();
}

Class class_of(Stage stage, const std::string& line) {
    return classify_reply(stage, read(line + "\r\n")).kind;
}

TEST(reply, code_enhanced_code_and_text_are_parted) {
    const Reply reply = read("550 5.1.1 <x@y>: no such user\r\n");
    EXPECT_EQ(reply.code, 550);
    EXPECT_EQ(reply.enhanced, "5.1.1");
    EXPECT_EQ(reply.text, "<x@y>: no such user");
    EXPECT_EQ(reply.line(), "550 5.1.1 <x@y>: no such user");
    EXPECT_EQ(read("250\r\n").code, 250);
    EXPECT_EQ(read("250 1.2.3.4 hello\r\n").enhanced, "");
    EXPECT_EQ(read("250 4.2.0 other digit\r\n").enhanced, "");
}

TEST(reply, lines_come_in_any_pieces) {
    const std::string bytes = "250-first\r\n250-SIZE 1000\r\n250 2.0.0 last\r\n354 go\r\n";
    ReplyReader reader;
    std::vector<Reply> replies;
    for (const char c : bytes) {
        reader.feed({&c, 1});
        while (auto reply = reader.next()) replies.push_back(*reply);
    }
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(replies[0].text, "first\nSIZE 1000\nlast");
    EXPECT_EQ(replies[0].enhanced, "2.0.0");
    EXPECT_EQ(replies[1].code, 354);
}

TEST(reply, what_is_not_smtp_breaks_the_reader) {
    const std::string many_lines = [] {
        std::string out;
        for (int i = 0; i < 40'000; ++i) out += "250-x\r\n";
        return out;
    }();
    for (const std::string& bytes :
         {std::string("HTTP/1.1 400\r\n"), std::string("25\r\n"), std::string("250-a\r\n251 b\r\n"),
          std::string("950 x\r\n"), std::string("250xx\r\n"), std::string(5000, 'a'),
          "250 " + std::string(5000, 'a') + "\r\n", many_lines}) {
        ReplyReader reader;
        reader.feed(bytes);
        EXPECT_FALSE(reader.next().has_value());
        EXPECT_TRUE(reader.broken()) << bytes.substr(0, 20);
    }
}

TEST(reply, text_for_people_is_clean_and_short) {
    EXPECT_EQ(read("550 bad\x01\x1b[31m\xff\r\n").text, "bad??[31m?");
    Reply reply = read("550 ok\r\n");
    for (int i = 0; i < 400; ++i) reply.text += "雁";
    EXPECT_LE(reply.line().size(), 503U);
    EXPECT_TRUE(reply.line().ends_with("雁..."));
}

TEST(reply, queue_ids_of_common_servers_are_found) {
    EXPECT_EQ(queue_id_of(read("250 2.0.0 Ok: queued as 4Tabc1XyZ\r\n")), "4Tabc1XyZ");
    EXPECT_EQ(queue_id_of(read("250 OK id=1rBcDe-0001Ab-2C\r\n")), "1rBcDe-0001Ab-2C");
    EXPECT_EQ(queue_id_of(read("250 2.0.0 xAB12cd Message accepted for delivery\r\n")), "xAB12cd");
    EXPECT_EQ(queue_id_of(read("250 2.6.0 <a@b> Queued mail for delivery\r\n")), "");
    EXPECT_EQ(queue_id_of(read("250 OK\r\n")), "");
}

TEST(reply_table, refusals_of_the_recipient) {
    for (const char* line : {"550 5.1.1 no such user", "550 no such user", "501 5.1.3 bad syntax",
                             "553 mailbox name not allowed", "550 5.2.1 disabled",
                             "556 5.1.10 null MX", "504 5.5.2 need fully-qualified address",
                             "550 5.1.1 User unknown in relay recipient table",
                             "550 5.4.1 Recipient address rejected: Access denied"}) {
        EXPECT_EQ(class_of(Stage::recipient, line), Class::recipient_permanent) << line;
    }
    EXPECT_EQ(class_of(Stage::content, "550 5.1.1 no such user"), Class::recipient_permanent);
}

TEST(reply_table, refusals_of_the_message) {
    for (const char* line : {"554 5.7.1 spam", "554 rejected", "552 5.3.4 too big", "550 5.6.0 bad",
                             "552 5.2.3 too big", "552 too much", "550 5.7.0 policy"}) {
        EXPECT_EQ(class_of(Stage::content, line), Class::message_permanent) << line;
    }
    EXPECT_EQ(class_of(Stage::sender, "552 5.3.4 size over limit"), Class::message_permanent);
    EXPECT_EQ(class_of(Stage::recipient, "550 5.7.1 blocked by policy"), Class::message_permanent);
}

TEST(reply_table, what_an_operator_must_mend) {
    EXPECT_EQ(class_of(Stage::login, "535 5.7.8 bad credentials"), Class::configuration);
    EXPECT_EQ(class_of(Stage::login, "534 5.7.9 need another mechanism"), Class::configuration);
    EXPECT_EQ(class_of(Stage::sender, "530 5.7.0 Must issue STARTTLS first"), Class::configuration);
    EXPECT_EQ(class_of(Stage::sender, "550 5.7.1 not allowed to send"), Class::configuration);
    EXPECT_EQ(class_of(Stage::sender, "553 5.1.8 sender domain"), Class::configuration);
    EXPECT_EQ(class_of(Stage::recipient, "554 5.7.1 <a@b>: Relay access denied"),
              Class::configuration);
    EXPECT_EQ(class_of(Stage::recipient, "550 5.7.54 SMTP; Unable to relay recipient"),
              Class::configuration);
    EXPECT_EQ(class_of(Stage::greeting, "554 no service"), Class::configuration);
    EXPECT_EQ(class_of(Stage::hello, "550 bad HELO"), Class::configuration);
    EXPECT_EQ(class_of(Stage::content, "550 5.7.26 DMARC"), Class::configuration);
    EXPECT_EQ(class_of(Stage::content, "550 5.7.515 access denied"), Class::configuration);
    EXPECT_EQ(class_of(Stage::sender, "503 5.5.1 bad sequence"), Class::configuration);
}

TEST(reply_table, what_passes_with_time) {
    for (const char* line : {"421 closing", "450 mailbox busy", "451 4.3.0 local error", "452 full",
                             "450 4.1.1 unverified", "451 4.4.1 no answer", "452 4.3.1 storage",
                             "452 4.5.3 too many recipients"}) {
        EXPECT_EQ(class_of(Stage::recipient, line), Class::transient) << line;
    }
    EXPECT_EQ(class_of(Stage::login, "454 4.7.0 temporary failure"), Class::transient);
    EXPECT_EQ(class_of(Stage::tls, "454 TLS not available"), Class::transient);
    EXPECT_EQ(class_of(Stage::content, "554 5.4.7 expired"), Class::transient);
    EXPECT_EQ(class_of(Stage::content, "554 5.4.6 loop"), Class::message_permanent);
    const auto full = classify_reply(Stage::recipient, read("552 5.2.2 over quota\r\n"));
    EXPECT_EQ(full.kind, Class::transient);
    EXPECT_EQ(full.retry_after_ms, 3'600'000);
    const auto grey = classify_reply(Stage::recipient, read("450 4.7.1 Greylisted\r\n"));
    EXPECT_EQ(grey.kind, Class::transient);
    EXPECT_EQ(grey.retry_after_ms, 300'000);
}

TEST(reply_table, limits_of_rate_and_of_one_recipient) {
    for (const char* line : {"421 4.7.28 unusual rate of mail", "421 4.7.1 slow down",
                             "451 too many messages", "421 4.3.2 throttled"}) {
        EXPECT_EQ(class_of(Stage::recipient, line), Class::rate_limited) << line;
    }
    EXPECT_EQ(class_of(Stage::content, "450 4.7.1 policy"), Class::rate_limited);
    EXPECT_EQ(class_of(Stage::recipient, "450 4.7.1 policy"), Class::quota)
        << "one recipient's trouble must not hold up the account";
    EXPECT_EQ(class_of(Stage::recipient, "450 4.2.1 receiving too quickly"), Class::quota);
}

TEST(reply_table, every_code_at_every_stage_has_a_class_that_fits_its_first_digit) {
    for (int stage = 0; stage <= static_cast<int>(Stage::reset); ++stage) {
        for (int code = 400; code < 600; ++code) {
            Reply reply;
            reply.code = code;
            const auto verdict = classify_reply(static_cast<Stage>(stage), reply);
            EXPECT_FALSE(verdict.reason.empty());
            EXPECT_NE(verdict.kind, Class::accepted);
            EXPECT_NE(verdict.kind, Class::unknown);
            EXPECT_TRUE(code >= 500 || verdict.kind == Class::transient) << code;
        }
    }
}

}  // namespace
}  // namespace hongyan::mail
