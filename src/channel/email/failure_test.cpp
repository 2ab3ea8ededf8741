// What the channel reports when the server refuses, breaks, lies or goes away.
#include <gtest/gtest.h>

#include "channel/email/testing/server_process.hpp"

namespace hongyan::email::testing {
namespace {

TEST(failure, refusals_are_classed_and_the_connection_goes_on) {
    for (const char* pipelining : {"", "--pipelining"}) {
        const SmtpServer server(*pipelining ? std::vector<std::string>{pipelining}
                                            : std::vector<std::string>{});
        Mailer mailer(server, 1);
        const auto kind = [&](const std::string& to) { return mailer.outcome_for(to).kind; };
        EXPECT_EQ(kind("good1@example.org"), OutcomeClass::accepted);
        EXPECT_EQ(kind("rcpt-550-5.1.1.x@example.org"), OutcomeClass::recipient_permanent);
        EXPECT_EQ(kind("rcpt-450-4.2.1.x@example.org"), OutcomeClass::quota);
        EXPECT_EQ(kind("good2@example.org"), OutcomeClass::accepted);
        EXPECT_EQ(kind("rcpt-451-4.7.1-greylisted.x@example.org"), OutcomeClass::transient);
        EXPECT_EQ(kind("rcpt-452-4.5.3.x@example.org"), OutcomeClass::rate_limited);
        EXPECT_EQ(kind("data-451-4.3.0.x@example.org"), OutcomeClass::transient);
        EXPECT_EQ(kind("data-554-5.7.1.x@example.org"), OutcomeClass::message_permanent);
        EXPECT_EQ(kind("data-552-5.3.4.x@example.org"), OutcomeClass::message_permanent);
        EXPECT_EQ(kind("rcpt-530-5.7.0-login.x@example.org"), OutcomeClass::configuration);
        EXPECT_EQ(kind("good3@example.org"), OutcomeClass::accepted);
        ASSERT_EQ(server.mails().size(), 3U);
        for (const auto& mail : server.mails()) {
            EXPECT_EQ(mail.at("connection").as_int64(), 1);
            EXPECT_EQ(mail.at("recipients").as_array().size(), 1U);  // nothing left over
        }
    }
}

TEST(failure, the_outcome_tells_the_servers_words) {
    const SmtpServer server;
    Mailer mailer(server);
    const Outcome outcome = mailer.outcome_for("rcpt-550-5.1.1.x@example.org");
    EXPECT_EQ(outcome.code, "550 5.1.1");
    EXPECT_EQ(outcome.detail, "the address does not exist: 550 5.1.1 scripted");
    EXPECT_EQ(outcome.provider, "smtp");
    const Outcome full = mailer.outcome_for("rcpt-452-4.2.2.x@example.org");
    EXPECT_EQ(full.retry_after_ms, 3'600'000);
}

TEST(failure, a_refused_sender_is_configuration) {
    const SmtpServer server({"--mail-reply", "550 5.7.1 not yours"});
    Mailer mailer(server);
    EXPECT_EQ(mailer.outcome_for("a@example.org").kind, OutcomeClass::configuration);
}

TEST(failure, a_line_cut_before_the_mail_is_transient_and_after_it_unknown) {
    const SmtpServer server;
    Mailer mailer(server);
    const Outcome before = mailer.outcome_for("cut-rcpt.x@example.org");
    EXPECT_EQ(before.kind, OutcomeClass::transient) << before.detail;
    const Outcome after = mailer.outcome_for("cut-dot.x@example.org");
    EXPECT_EQ(after.kind, OutcomeClass::unknown) << after.detail;
    EXPECT_TRUE(after.provider_message_id.starts_with("<msg_"));
    EXPECT_EQ(server.mails().size(), 1U);  // it had arrived, which nobody could know
    EXPECT_EQ(mailer.outcome_for("good@example.org").kind, OutcomeClass::accepted);
}

TEST(failure, a_deadline_after_the_mail_is_unknown) {
    const SmtpServer server;
    Mailer mailer(server);
    auto slow = mailer.message("slow-30000.x@example.org");
    const Outcome outcome = mailer.outcome_for(std::move(slow), mailer.now_ms() + 500);
    EXPECT_EQ(outcome.kind, OutcomeClass::unknown) << outcome.detail;
}

TEST(failure, a_slow_mail_does_not_hold_up_the_others) {
    const SmtpServer server;
    Mailer mailer(server, 2);
    mailer.send(mailer.message("slow-30000.x@example.org"));
    for (int i = 0; i < 50; ++i) mailer.send(mailer.message("quick@example.org"));
    ASSERT_TRUE(mailer.outcomes().wait_for(50));
    EXPECT_EQ(mailer.outcomes().count(OutcomeClass::accepted), 50U);
}

TEST(failure, waiting_messages_keep_their_deadline) {
    const SmtpServer server;
    Mailer mailer(server, 1);
    mailer.send(mailer.message("slow-3000.x@example.org"));
    const Outcome outcome =
        mailer.outcome_for(mailer.message("late@example.org"), mailer.now_ms() + 300);
    EXPECT_EQ(outcome.kind, OutcomeClass::transient) << outcome.detail;
}

TEST(failure, no_server_is_transient) {
    SmtpServer server;
    Mailer mailer(server);
    server.kill();
    const Outcome outcome = mailer.outcome_for("a@example.org");
    EXPECT_EQ(outcome.kind, OutcomeClass::transient);
    EXPECT_TRUE(outcome.detail.starts_with("the mail server cannot be reached")) << outcome.detail;
}

TEST(failure, a_server_that_dies_midway_leaves_one_outcome_for_each_message) {
    SmtpServer server;
    Mailer mailer(server, 8);
    std::vector<MessagePtr> batch;
    for (int i = 0; i < 400; ++i) {
        batch.push_back(mailer.message(i == 200 ? "die.x@example.org" : "a@example.org"));
    }
    mailer.channel().send(std::move(batch), 0);
    ASSERT_TRUE(mailer.outcomes().wait_for(400));
    EXPECT_EQ(mailer.outcomes().size(), 400U);
    EXPECT_EQ(mailer.outcomes().repeats(), 0);
    const std::size_t accepted = mailer.outcomes().count(OutcomeClass::accepted);
    const std::size_t unknown = mailer.outcomes().count(OutcomeClass::unknown);
    EXPECT_GE(accepted, 150U);
    EXPECT_GE(unknown, 1U);
    EXPECT_LE(unknown, 8U);
    EXPECT_EQ(accepted + unknown + mailer.outcomes().count(OutcomeClass::transient), 400U);
    EXPECT_GE(server.mails().size(), accepted);  // what was reported as taken was taken
    EXPECT_LE(server.mails().size(), accepted + unknown);
}

TEST(failure, a_kept_connection_that_went_stale_costs_no_attempt) {
    const SmtpServer rude;  // hangs up 20 ms after a mail, whatever is under way
    Mailer mailer(rude, 1);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(mailer.outcome_for("last.x@example.org").kind, OutcomeClass::accepted);
        // Either this connection is cut behind the mail, or a fresh one carries it.
        EXPECT_NE(mailer.outcome_for("slow-25.x@example.org").kind, OutcomeClass::transient);
    }
    const SmtpServer limited({"--max-mails", "7"});
    Mailer many(limited, 4);
    for (int i = 0; i < 200; ++i) many.send(many.message("a@example.org"));
    ASSERT_TRUE(many.outcomes().wait_for(200));
    EXPECT_EQ(many.outcomes().count(OutcomeClass::accepted), 200U);
    EXPECT_EQ(limited.mails().size(), 200U);
}

Outcome outcome_from_raw(const std::string& name, std::int64_t deadline_in_ms = 0) {
    const SmtpServer server({"--raw", name});
    Mailer mailer(server);
    return mailer.outcome_for(mailer.message("a@example.org"),
                              deadline_in_ms == 0 ? 0 : mailer.now_ms() + deadline_in_ms);
}

TEST(failure, servers_that_do_not_want_to_talk) {
    const Outcome busy = outcome_from_raw("greet421");
    EXPECT_EQ(busy.kind, OutcomeClass::transient) << busy.detail;
    EXPECT_EQ(busy.code, "421 4.3.2");
    const Outcome no = outcome_from_raw("greet554");
    EXPECT_EQ(no.kind, OutcomeClass::configuration) << no.detail;
    EXPECT_EQ(no.code, "554 5.7.1");
    const Outcome garbage = outcome_from_raw("garbage", 3000);
    EXPECT_EQ(garbage.kind, OutcomeClass::transient) << garbage.detail;
    const Outcome silent = outcome_from_raw("silent", 500);
    EXPECT_EQ(silent.kind, OutcomeClass::transient) << silent.detail;
}

TEST(failure, servers_that_answer_strangely) {
    EXPECT_EQ(outcome_from_raw("drip").provider_message_id, "DRIP");
    const Outcome nonsense = outcome_from_raw("nonsense");
    EXPECT_EQ(nonsense.kind, OutcomeClass::unknown) << nonsense.detail;
}

TEST(failure, a_server_that_breaks_into_a_large_mail_is_heard) {
    const SmtpServer server({"--raw", "early"});
    Mailer mailer(server);
    auto message = mailer.message("a@example.org");
    message->content = std::string(10'000, 'x');
    const Outcome outcome = mailer.outcome_for(std::move(message));
    EXPECT_EQ(outcome.kind, OutcomeClass::message_permanent) << outcome.detail;
}

TEST(failure, data_that_is_granted_for_nobody_sends_no_mail) {
    const SmtpServer server({"--raw", "grants"});
    Mailer mailer(server, 1);
    const Outcome refused = mailer.outcome_for("bad@example.org");
    EXPECT_EQ(refused.kind, OutcomeClass::recipient_permanent) << refused.detail;
    const Outcome next = mailer.outcome_for("good@example.org");
    EXPECT_EQ(next.provider_message_id, "RAW") << next.detail;
}

TEST(failure, a_mail_over_the_servers_size_is_not_sent) {
    const SmtpServer server({"--raw", "small"});
    Mailer mailer(server);
    auto message = mailer.message("a@example.org");
    message->content = std::string(30'000, 'x');
    const Outcome outcome = mailer.outcome_for(std::move(message));
    EXPECT_EQ(outcome.kind, OutcomeClass::message_permanent) << outcome.detail;
    EXPECT_EQ(mailer.outcome_for("a@example.org").kind, OutcomeClass::accepted);
}

TEST(failure, a_server_that_wants_fewer_connections_still_gets_every_mail) {
    const SmtpServer server({"--raw", "one"});
    Mailer mailer(server, 4);
    EXPECT_EQ(mailer.outcome_for("first@example.org").kind, OutcomeClass::accepted);
    for (int i = 0; i < 40; ++i) mailer.send(mailer.message("a@example.org"));
    ASSERT_TRUE(mailer.outcomes().wait_for(41));
    EXPECT_EQ(mailer.outcomes().count(OutcomeClass::accepted), 41U);
}

TEST(stopping, in_the_middle_leaves_no_message_without_an_outcome) {
    for (const int grace : {0, 30, 200}) {
        const SmtpServer server;
        Mailer mailer(server, 4);
        std::vector<MessagePtr> batch;
        for (int i = 0; i < 300; ++i) {
            batch.push_back(
                mailer.message(i % 10 == 0 ? "slow-40.x@example.org" : "a@example.org"));
        }
        mailer.channel().send(std::move(batch), 0);
        ASSERT_TRUE(mailer.outcomes().wait_for(5));
        mailer.channel().stop(Millis(grace));
        EXPECT_EQ(mailer.outcomes().size(), 300U);
        EXPECT_EQ(mailer.outcomes().repeats(), 0);
        EXPECT_LE(mailer.outcomes().count(OutcomeClass::unknown), 4U);
        EXPECT_GE(server.mails().size(), mailer.outcomes().count(OutcomeClass::accepted));
        // Whoever still sends is answered, too.
        EXPECT_EQ(mailer.outcome_for("late@example.org").kind, OutcomeClass::transient);
    }
}

TEST(stopping, with_enough_grace_finishes_everything) {
    const SmtpServer server;
    Mailer mailer(server, 4);
    for (int i = 0; i < 100; ++i) mailer.send(mailer.message("a@example.org"));
    mailer.channel().stop(Millis(30'000));
    EXPECT_EQ(mailer.outcomes().count(OutcomeClass::accepted), 100U);
    EXPECT_EQ(server.mails().size(), 100U);
}

TEST(stopping, while_a_connection_is_being_opened_is_quick_and_true) {
    const SmtpServer server({"--raw", "silent"});
    Mailer mailer(server, 4);
    for (int i = 0; i < 10; ++i) mailer.send(mailer.message("a@example.org"));
    mailer.channel().stop(Millis(50));
    EXPECT_EQ(mailer.outcomes().count(OutcomeClass::transient), 10U);
}

}  // namespace
}  // namespace hongyan::email::testing
