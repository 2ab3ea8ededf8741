// The dialogue against servers that behave oddly, are slow, break off or lie.
#include "channel/mail/testing/scripted_server.hpp"

namespace hongyan::mail {
namespace {

using testing::Line;
using testing::Mailer;
using testing::ScriptedServer;
using Class = OutcomeClass;

TEST(smtp_connection, a_pipeline_sends_commands_together_and_the_next_ones_behind_the_dot) {
    std::atomic<int> together = 0;
    ScriptedServer server([&](Line& line, int) {
        line.greet("PIPELINING");
        (void)line.hear("DATA\r\n");
        line.say("250 Ok\r\n250 Ok\r\n354 go\r\n");
        for (int i = 0; i < 4; ++i) {
            (void)line.take_content();
            // Before the answer to this mail the next one's commands are here.
            if (i < 3) {
                const std::string commands = line.hear("DATA\r\n");
                together += commands.starts_with("MAIL FROM:<sender@example.com>\r\n") ? 1 : 0;
                line.say("250 Ok\r\n250 Ok\r\n250 Ok\r\n354 go\r\n");
            }
        }
        line.say("250 Ok\r\n");
        EXPECT_EQ(line.hear(), "QUIT\r\n");
        line.say("221 Bye\r\n");
    });
    Mailer mailer(server.port());
    mailer.send(4);
    for (const auto& each : mailer.wait(4)) EXPECT_EQ(each.kind, Class::accepted) << each.detail;
    EXPECT_EQ(together, 3);
    mailer.stop(Millis(5000));
}

TEST(smtp_connection, without_pipelining_each_command_waits_for_its_answer) {
    ScriptedServer server([&](Line& line, int) {
        line.greet("SIZE");
        for (const char* reply : {"250 Ok\r\n", "250 Ok\r\n", "354 go\r\n"}) {
            (void)line.hear();
            EXPECT_TRUE(line.has_heard_all());
            line.say(reply);
        }
        (void)line.take_content();
        EXPECT_TRUE(line.has_heard_all());
        line.say("250 Ok\r\n");
        (void)line.hear();
    });
    Mailer mailer(server.port());
    EXPECT_EQ(mailer.outcome().kind, Class::accepted);
}

TEST(smtp_connection, chunks_follow_each_other_without_waiting) {
    ScriptedServer server([&](Line& line, int) {
        line.greet("PIPELINING\nCHUNKING");
        std::string replies;
        for (int i = 0; i < 5; ++i) {
            if (i > 0) {
                EXPECT_EQ(line.hear(), "RSET\r\n");
                replies += "250 Ok\r\n";
            }
            (void)line.hear();
            (void)line.hear();
            const std::string chunk = line.hear();
            EXPECT_TRUE(chunk.starts_with("BDAT ") && chunk.ends_with(" LAST\r\n")) << chunk;
            (void)line.hear("text\r\n");
            replies += i == 2 ? "250 Ok\r\n550 5.1.1 who\r\n503 5.5.1 no recipients\r\n"
                              : "250 Ok\r\n250 Ok\r\n250 2.0.0 Ok\r\n";
        }
        line.say(replies);  // not before all five are here
        (void)line.hear();
    });
    Mailer mailer(server.port(), {{"chunking", true}});
    mailer.send(5);
    const auto outcomes = mailer.wait(5);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        EXPECT_EQ(outcomes[i].kind, i == 2 ? Class::recipient_permanent : Class::accepted);
    }
}

TEST(smtp_connection, a_refused_recipient_costs_nobody_else) {
    ScriptedServer server([&](Line& line, int) {
        line.greet("PIPELINING");
        (void)line.hear("DATA\r\n");
        line.say("250 Ok\r\n550 5.1.1 No such user\r\n554 5.5.1 no valid recipients\r\n");
        EXPECT_EQ(line.hear(), "RSET\r\n");
        line.say("250 Ok\r\n");
        (void)line.hear("DATA\r\n");
        line.say("250 Ok\r\n250 Ok\r\n354 go\r\n");
        (void)line.take_content();
        line.say("250 2.0.0 Ok: queued as X1\r\n");
        (void)line.hear();
    });
    Mailer mailer(server.port());
    mailer.send(2);
    const auto outcomes = mailer.wait(2);
    EXPECT_EQ(outcomes[0].kind, Class::recipient_permanent);
    EXPECT_EQ(outcomes[0].suppress, "hard bounce");
    EXPECT_EQ(outcomes[1].kind, Class::accepted);
    EXPECT_EQ(outcomes[1].provider_message_id, "X1");
}

TEST(smtp_connection, data_granted_without_a_recipient_gets_an_empty_mail_that_is_refused) {
    ScriptedServer server([&](Line& line, int) {
        line.greet("PIPELINING");
        (void)line.hear("DATA\r\n");
        line.say("250 Ok\r\n450 4.2.1 too fast\r\n354 go anyway\r\n");
        EXPECT_EQ(line.hear(), ".\r\n");
        line.say("554 5.5.1 no valid recipients\r\n");
        (void)line.hear();
    });
    Mailer mailer(server.port());
    EXPECT_EQ(mailer.outcome().kind, Class::quota);
}

TEST(smtp_connection, a_kept_line_that_went_stale_costs_no_attempt) {
    for (const char* farewell : {"", "421 4.4.2 idle too long\r\n"}) {
        ScriptedServer server([&](Line& line, int number) {
            line.greet("PIPELINING");
            (void)line.hear("DATA\r\n");
            line.say("250 Ok\r\n250 Ok\r\n354 go\r\n");
            (void)line.take_content();
            line.say("250 Ok\r\n");
            if (number > 0) (void)line.hear();
            if (number > 0) return;
            (void)line.hear("DATA\r\n");  // the second mail begins, and the server has enough
            line.say(farewell);
        });
        Mailer mailer(server.port());
        EXPECT_EQ(mailer.outcome().kind, Class::accepted);
        EXPECT_EQ(mailer.outcome().kind, Class::accepted);
        EXPECT_EQ(server.connections(), 2);
    }
}

TEST(smtp_connection, a_fresh_line_that_breaks_is_an_attempt) {
    ScriptedServer server([&](Line& line, int) {
        line.greet("PIPELINING");
        (void)line.hear("DATA\r\n");
    });
    Mailer mailer(server.port());
    const auto outcome = mailer.outcome();
    EXPECT_EQ(outcome.kind, Class::transient);
    EXPECT_EQ(server.connections(), 1);
}

TEST(smtp_connection, a_cut_behind_the_dot_is_unknown_before_it_transient) {
    for (const bool whole : {true, false}) {
        ScriptedServer server([&](Line& line, int) {
            line.greet("PIPELINING");
            (void)line.hear("DATA\r\n");
            line.say("250 Ok\r\n250 Ok\r\n354 go\r\n");
            if (whole) (void)line.take_content();
            // else: closed with most of a mail in the buffers, the dot not yet handed over
        });
        Mailer mailer(server.port());
        std::string content = "text\n";
        if (!whole) {
            while (content.size() < 8'000'000) content += "a line of some length, many of them\n";
        }
        const auto outcome = mailer.outcome(10'000, content);
        EXPECT_EQ(outcome.kind, whole ? Class::unknown : Class::transient) << outcome.detail;
    }
}

TEST(smtp_connection, a_refusal_in_the_middle_of_a_mail_counts_and_ends_the_line) {
    ScriptedServer server([&](Line& line, int) {
        line.greet("");
        line.take_envelope();
        (void)line.hear("many");
        line.say("552 5.3.4 too big\r\n");
        ::usleep(300'000);
    });
    Mailer mailer(server.port());
    std::string content;
    while (content.size() < 1'000'000) content += "a line of some length, many of them\n";
    for (int i = 0; i < 3; ++i) content += content;
    content.resize(1'000'000);
    const auto outcome = mailer.outcome(10'000, content);
    // Either the refusal was read before the line broke, or the line broke first.
    EXPECT_TRUE(outcome.kind == Class::message_permanent || outcome.kind == Class::transient)
        << outcome.detail;
}

TEST(smtp_connection, silence_ends_with_the_deadline) {
    ScriptedServer server([&](Line& line, int) {
        line.greet("PIPELINING");
        (void)line.hear("DATA\r\n");
        line.say("250 Ok\r\n250 Ok\r\n354 go\r\n");
        (void)line.take_content();
        (void)line.hear("never");
    });
    Mailer mailer(server.port());
    EXPECT_EQ(mailer.outcome(300).kind, Class::unknown);
}

TEST(smtp_connection, a_mail_behind_one_without_answer_is_told_as_not_sent) {
    for (const bool late : {false, true}) {
        ScriptedServer server([&](Line& line, int) {
            line.greet("PIPELINING");
            (void)line.hear("DATA\r\n");
            line.say("250 Ok\r\n250 Ok\r\n354 go\r\n");
            (void)line.take_content();
            (void)line.hear("DATA\r\n");
            ::usleep(900'000);
            line.say("250 2.0.0 late but well\r\n250 Ok\r\n250 Ok\r\n354 go\r\n");
            EXPECT_EQ(line.hear("\r\n.\r\n"), "");  // the late mail must not come
        });
        Mailer mailer(server.port());
        mailer.send(1, 10'000);
        if (late) ::usleep(200'000);  // the first one's content has left already
        mailer.send(1, 400);
        const auto outcomes = mailer.wait(2);
        EXPECT_EQ(outcomes[0].kind, Class::transient) << outcomes[0].detail;
        EXPECT_EQ(outcomes[1].kind, Class::accepted) << outcomes[1].detail;
    }
}

TEST(smtp_connection, answers_nobody_asked_for_end_the_line) {
    for (const char* extra : {"250 Ok\r\n250 Ok\r\n250 Ok\r\n354 go\r\n250 and more\r\n",
                              "this is not SMTP at all\r\n"}) {
        ScriptedServer server([&](Line& line, int) {
            line.greet("PIPELINING");
            (void)line.hear("DATA\r\n");
            line.say(extra);
            (void)line.hear("never");
        });
        Mailer mailer(server.port());
        const auto outcome = mailer.outcome(5'000);
        EXPECT_NE(outcome.kind, Class::accepted) << outcome.detail;
    }
}

TEST(smtp_connection, a_reply_without_end_or_bounds_is_cut_off) {
    for (const bool lines : {true, false}) {
        ScriptedServer server([&](Line& line, int) {
            std::string flood;
            while (flood.size() < 200'000) flood += lines ? "220-x\r\n" : "220 xxxxxxxxxxxxxxxxx";
            line.say(flood);
            (void)line.hear("never");
        });
        Mailer mailer(server.port());
        EXPECT_EQ(mailer.outcome().code, "protocol");
    }
}

TEST(smtp_connection, greetings_that_refuse_have_their_class) {
    const std::map<std::string, Class> greetings{
        {"554 5.7.1 go away\r\n", Class::configuration},
        {"421 4.3.2 too busy\r\n", Class::transient},
        {"421 4.7.0 too many connections\r\n", Class::rate_limited},
        {"354 what\r\n", Class::transient},
        {"HTTP/1.1 400 Bad Request\r\n", Class::configuration},
        {"", Class::transient},
    };
    for (const auto& [greeting, kind] : greetings) {
        ScriptedServer server([text = greeting](Line& line, int) { line.say(text); });
        Mailer mailer(server.port());
        const auto outcome = mailer.outcome();
        EXPECT_EQ(outcome.kind, kind) << greeting << outcome.detail;
    }
}

TEST(smtp_connection, a_server_without_ehlo_is_greeted_the_old_way) {
    ScriptedServer server([&](Line& line, int) {
        line.say("220 old\r\n");
        EXPECT_EQ(line.hear(), "EHLO client.example\r\n");
        line.say("502 what\r\n");
        EXPECT_EQ(line.hear(), "HELO client.example\r\n");
        line.say("250 hello\r\n");
        line.take_envelope();
        (void)line.take_content();
        line.say("250 Ok\r\n");
        (void)line.hear();
    });
    Mailer mailer(server.port());
    EXPECT_EQ(mailer.outcome().kind, Class::accepted);
}

TEST(smtp_connection, a_login_never_travels_readable_by_accident) {
    ScriptedServer server([&](Line& line, int) {
        line.greet("AUTH PLAIN");
        EXPECT_EQ(line.hear(), "");
    });
    Mailer required(server.port(),
                    {{"tls", "required"}, {"username", "u"}, {"password", "secret"}});
    const auto outcome = required.outcome();
    EXPECT_EQ(outcome.kind, Class::configuration);
    EXPECT_EQ(outcome.code, "tls");
}

TEST(smtp_connection, a_line_is_replaced_after_its_number_of_mails) {
    ScriptedServer server([&](Line& line, int) {
        line.greet("PIPELINING");
        for (int i = 0; i < 3; ++i) {
            if (line.hear("DATA\r\n").empty()) return;
            line.say("250 Ok\r\n250 Ok\r\n354 go\r\n");
            (void)line.take_content();
            line.say("250 Ok\r\n");
        }
        EXPECT_EQ(line.hear(), "QUIT\r\n");
    });
    Mailer mailer(server.port(), {{"messages_per_connection", 3}});
    mailer.send(9);
    for (const auto& each : mailer.wait(9)) EXPECT_EQ(each.kind, Class::accepted) << each.detail;
    EXPECT_EQ(server.connections(), 3);
}

TEST(smtp_connection, an_idle_line_says_goodbye) {
    std::atomic<bool> said = false;
    ScriptedServer server([&](Line& line, int) {
        line.greet("");
        line.take_envelope();
        (void)line.take_content();
        line.say("250 Ok\r\n");
        said = line.hear() == "QUIT\r\n";
        line.say("221 Bye\r\n");
    });
    Mailer mailer(server.port(), {{"idle_seconds", 0}});
    EXPECT_EQ(mailer.outcome().kind, Class::accepted);
    for (int i = 0; i < 200 && !said; ++i) ::usleep(20'000);
    EXPECT_TRUE(said);
}

TEST(smtp_connection, the_test_of_an_account_sends_nothing) {
    std::atomic<bool> clean = false;
    ScriptedServer server([&](Line& line, int) {
        line.greet("PIPELINING");
        clean = line.hear() == "QUIT\r\n";
    });
    Mailer mailer(server.port());
    std::promise<AccountTest> promise;
    mailer.account().test([&](AccountTest test) { promise.set_value(std::move(test)); });
    const auto test = promise.get_future().get();
    EXPECT_TRUE(test.ok);
    EXPECT_NE(test.detail.find("220 test ESMTP"), std::string::npos) << test.detail;
    for (int i = 0; i < 200 && !clean; ++i) ::usleep(20'000);
    EXPECT_TRUE(clean);
}

}  // namespace
}  // namespace hongyan::mail
