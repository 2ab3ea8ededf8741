// An account against a centre that does what each test says.
#include <gtest/gtest.h>

#include <thread>

#include "channel/smpp/testing/account_harness.hpp"
#include "channel/smpp/testing/scripted_centre.hpp"

namespace hongyan::smpp {
namespace {

using testing::AccountHarness;
using testing::Line;
using testing::ScriptedCentre;

constexpr const char* phone = "+8613800138000";

std::string long_text(std::size_t segments) { return std::string(153 * segments, 'a'); }

TEST(SmppAccount, it_logs_in_and_sends_what_the_settings_say) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"system_type":"VMA","registered_delivery":"all")"));
    h.start();
    auto line = centre.accept();
    const auto bind = line.read();
    ASSERT_TRUE(bind);
    EXPECT_TRUE(bind->header.is(Command::bind_transceiver));
    EXPECT_EQ(bind->body, std::string("me\0secret\0VMA\0\x34\0\0\0", 18));
    line.answer(*bind, 0, "SCRIPT");
    const auto id = h.send(phone, "hello", R"({"smpp":{"validity_seconds":600}})");
    const auto submit = line.read(Command::submit_sm);
    ASSERT_TRUE(submit);
    const auto m = read_deliver(submit->body);
    ASSERT_TRUE(m);
    EXPECT_EQ(m->destination.digits, "8613800138000");
    EXPECT_EQ(m->source.digits, "ACME");
    EXPECT_EQ(m->source.ton, 5);
    EXPECT_EQ(m->registered_delivery, 0x11);
    EXPECT_EQ(m->validity_period, "000000001000000R");
    EXPECT_EQ(m->text, "hello");
    line.answer(*submit, 0, "00AB12");
    ASSERT_TRUE(h.wait_sent(1));
    EXPECT_EQ(h.outcome(id).kind, OutcomeClass::accepted);
    EXPECT_EQ(h.outcome(id).provider_message_id, "ab12");
}

TEST(SmppAccount, answers_may_come_out_of_order) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings());
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    const auto first = h.send(phone, "one");
    const auto second = h.send(phone, "two");
    const auto a = line.read(Command::submit_sm);
    const auto b = line.read(Command::submit_sm);
    ASSERT_TRUE(a && b);
    line.answer(*b, 0, "B");
    line.answer(*a, 0, "A");
    ASSERT_TRUE(h.wait_sent(2));
    EXPECT_EQ(h.outcome(first).provider_message_id, "a");
    EXPECT_EQ(h.outcome(second).provider_message_id, "b");
}

TEST(SmppAccount, no_more_than_the_window_is_unanswered) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"window":2)"));
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    for (int i = 0; i < 3; ++i) h.send(phone, "x");
    const auto a = line.read(Command::submit_sm);
    ASSERT_TRUE(a && line.read(Command::submit_sm));
    EXPECT_FALSE(line.read(Command::submit_sm, 150));
    line.answer(*a, 0, "1");
    EXPECT_TRUE(line.read(Command::submit_sm));
}

TEST(SmppAccount, refusals_have_their_classes) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"vendor_status":{"0x401":"quota"})"));
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    const auto refused = [&](std::uint32_t status, const char* options = "") {
        const auto id = h.send(phone, "x", options);
        const auto submit = line.read(Command::submit_sm);
        if (submit) line.answer(*submit, status);
        EXPECT_TRUE(h.wait_sent(static_cast<std::size_t>(id - 1'000)));
        return h.outcome(id).kind;
    };
    EXPECT_EQ(refused(0x08), OutcomeClass::transient);
    EXPECT_EQ(refused(0x0B), OutcomeClass::recipient_permanent);
    EXPECT_EQ(refused(0x0A), OutcomeClass::configuration);
    EXPECT_EQ(refused(0x0A, R"({"smpp":{"sender":"OTHER"}})"), OutcomeClass::message_permanent);
    EXPECT_EQ(refused(0x401), OutcomeClass::quota);
}

TEST(SmppAccount, throttling_pauses_the_bind) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"throttle_pause_seconds":0.3)"));
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    const auto id = h.send(phone, "x");
    const auto submit = line.read(Command::submit_sm);
    ASSERT_TRUE(submit);
    line.answer(*submit, 0x58);
    ASSERT_TRUE(h.wait_sent(1));
    EXPECT_EQ(h.outcome(id).kind, OutcomeClass::rate_limited);
    EXPECT_GT(h.outcome(id).retry_after_ms, 100);
    h.send(phone, "y");
    EXPECT_FALSE(line.read(Command::submit_sm, 100));
    EXPECT_TRUE(line.read(Command::submit_sm));
}

TEST(SmppAccount, what_was_submitted_when_the_line_was_cut_is_unknown_and_the_rest_goes_later) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"window":2)"));
    h.start();
    std::vector<MessageId> ids;
    {
        auto line = centre.accept();
        ASSERT_TRUE(line.let_in());
        for (int i = 0; i < 3; ++i) ids.push_back(h.send(phone, "x"));
        ASSERT_TRUE(line.read(Command::submit_sm) && line.read(Command::submit_sm));
    }
    ASSERT_TRUE(h.wait_sent(2));
    EXPECT_EQ(h.outcome(ids[0]).kind, OutcomeClass::unknown);
    EXPECT_EQ(h.outcome(ids[1]).kind, OutcomeClass::unknown);
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    const auto submit = line.read(Command::submit_sm);
    ASSERT_TRUE(submit);
    line.answer(*submit, 0, "7");
    ASSERT_TRUE(h.wait_sent(3));
    EXPECT_EQ(h.outcome(ids[2]).kind, OutcomeClass::accepted);
}

TEST(SmppAccount, what_could_not_be_written_is_transient_when_the_centre_stays_away) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"window":1)"));
    h.start();
    MessageId first = 0;
    MessageId second = 0;
    {
        auto line = centre.accept();
        ASSERT_TRUE(line.let_in());
        first = h.send(phone, "x");
        second = h.send(phone, "y");
        ASSERT_TRUE(line.read(Command::submit_sm));
        centre.close();
    }
    ASSERT_TRUE(h.wait_sent(2));
    EXPECT_EQ(h.outcome(first).kind, OutcomeClass::unknown);
    EXPECT_EQ(h.outcome(second).kind, OutcomeClass::transient);
    const auto third = h.send(phone, "z");
    ASSERT_TRUE(h.wait_sent(3));
    EXPECT_EQ(h.outcome(third).kind, OutcomeClass::transient);
}

TEST(SmppAccount, a_refused_login_is_a_matter_of_configuration) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings());
    h.start();
    const auto before = h.send(phone, "x");
    {
        auto line = centre.accept();
        ASSERT_TRUE(line.let_in(0x0E));
        ASSERT_TRUE(h.wait_sent(1));
    }
    EXPECT_EQ(h.outcome(before).kind, OutcomeClass::configuration);
    const auto after = h.send(phone, "y");
    ASSERT_TRUE(h.wait_sent(2));
    EXPECT_EQ(h.outcome(after).kind, OutcomeClass::configuration);
    // Not again before half of a minute: accounts get locked.
    EXPECT_FALSE(centre.accept(300).ok());
}

TEST(SmppAccount, a_silent_submit_is_unknown_and_its_late_answer_still_tells_the_id) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"response_timeout_seconds":0.15)"));
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    const auto id = h.send(phone, "x");
    const auto submit = line.read(Command::submit_sm);
    ASSERT_TRUE(submit && h.wait_sent(1));
    EXPECT_EQ(h.outcome(id).kind, OutcomeClass::unknown);
    line.answer(*submit, 0, "LATE1");
    ASSERT_TRUE(h.wait_receipts(1));
    EXPECT_EQ(h.receipts()[0].message_id, id);
    EXPECT_EQ(h.receipts()[0].provider_message_id, "late1");
    EXPECT_EQ(h.receipts()[0].status, MessageStatus::success);
    line.deliver(1, "id:LATE1 stat:DELIVRD");
    ASSERT_TRUE(h.wait_receipts(2));
    EXPECT_EQ(h.receipts()[1].message_id, id);
    EXPECT_EQ(h.receipts()[1].status, MessageStatus::delivered);
}

TEST(SmppAccount, the_deadline_is_kept_without_any_answer) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"window":1)"));
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    const auto written = h.send(phone, "x", "", Millis(200));
    const auto waiting = h.send(phone, "y", "", Millis(200));
    ASSERT_TRUE(h.wait_sent(2));
    EXPECT_EQ(h.outcome(written).kind, OutcomeClass::unknown);
    EXPECT_EQ(h.outcome(waiting).kind, OutcomeClass::transient);
}

TEST(SmppAccount, a_receipt_is_answered_when_it_is_stored) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings());
    h.refuse_receipts(1);
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    line.deliver(5, "id:77 stat:DELIVRD err:000");
    auto answer = line.read_answer(Command::deliver_sm);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->header.status, 0x64u);
    EXPECT_EQ(answer->header.sequence, 5u);
    line.deliver(6, "id:77 stat:DELIVRD err:000");
    answer = line.read_answer(Command::deliver_sm);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->header.status, 0u);
    EXPECT_EQ(answer->body, std::string(1, '\0'));
    ASSERT_EQ(h.receipts().size(), 1u);
    EXPECT_EQ(h.receipts()[0].provider_message_id, "77");
}

TEST(SmppAccount, a_message_from_a_person_is_answered_and_passed_over) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings());
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    line.deliver(5, "STOP", 0);
    const auto answer = line.read_answer(Command::deliver_sm);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->header.status, 0u);
    EXPECT_TRUE(h.receipts().empty());
}

TEST(SmppAccount, link_checks_are_answered_and_a_dead_link_is_dropped) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"enquire_link_seconds":0.1)"));
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    std::string ask;
    append_bare(ask, static_cast<std::uint32_t>(Command::enquire_link), 0, 44);
    line.write(ask);
    const auto answer = line.read_answer(Command::enquire_link);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->header.sequence, 44u);
    // Two of its own stay unanswered; then it closes and comes back.
    ASSERT_TRUE(line.read(Command::enquire_link));
    ASSERT_TRUE(line.read(Command::enquire_link));
    EXPECT_FALSE(line.read());
    EXPECT_TRUE(centre.accept().let_in());
}

TEST(SmppAccount, impossible_and_unknown_pdus_are_refused) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings());
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    std::string unknown;
    append_bare(unknown, 0x77, 0, 3);
    line.write(unknown);
    auto nack = line.read(Command::generic_nack);
    ASSERT_TRUE(nack);
    EXPECT_EQ(nack->header.status, 3u);
    EXPECT_EQ(nack->header.sequence, 3u);
    line.write("GET / HTTP/1.1\r\n\r\n");
    nack = line.read(Command::generic_nack);
    ASSERT_TRUE(nack);
    EXPECT_EQ(nack->header.status, 2u);
    EXPECT_FALSE(line.read());
}

TEST(SmppAccount, a_centre_that_says_goodbye_is_answered_and_called_again) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings());
    h.start();
    {
        auto line = centre.accept();
        ASSERT_TRUE(line.let_in());
        std::string goodbye;
        append_bare(goodbye, static_cast<std::uint32_t>(Command::unbind), 0, 9);
        line.write(goodbye);
        EXPECT_TRUE(line.read_answer(Command::unbind));
    }
    EXPECT_TRUE(centre.accept().let_in());
}

TEST(SmppAccount, a_long_message_is_accepted_when_every_segment_is) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings());
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    const auto id = h.send(phone, long_text(3));
    for (int i = 1; i <= 3; ++i) {
        const auto submit = line.read(Command::submit_sm);
        ASSERT_TRUE(submit);
        EXPECT_EQ(read_deliver(submit->body)->text[5], i);
        EXPECT_EQ(h.sent_count(), 0u);
        line.answer(*submit, 0, "S" + std::to_string(i));
    }
    ASSERT_TRUE(h.wait_sent(1));
    EXPECT_EQ(h.outcome(id).kind, OutcomeClass::accepted);
    EXPECT_EQ(h.outcome(id).provider_message_id, "s1");
    line.deliver(1, "id:S3 stat:DELIVRD");
    line.deliver(2, "id:S1 stat:DELIVRD");
    ASSERT_TRUE(h.wait_receipts(2));
    EXPECT_EQ(h.receipts()[1].status, MessageStatus::success);
    line.deliver(3, "id:S2 stat:DELIVRD");
    ASSERT_TRUE(h.wait_receipts(3));
    EXPECT_EQ(h.receipts()[2].status, MessageStatus::delivered);
    EXPECT_EQ(h.receipts()[2].provider_message_id, "s1");
}

TEST(SmppAccount, a_segment_refused_after_others_were_accepted_ends_the_message) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings());
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    const auto id = h.send(phone, long_text(2));
    const auto a = line.read(Command::submit_sm);
    const auto b = line.read(Command::submit_sm);
    ASSERT_TRUE(a && b);
    line.answer(*a, 0, "S1");
    line.answer(*b, 0x43);
    ASSERT_TRUE(h.wait_sent(1));
    EXPECT_EQ(h.outcome(id).kind, OutcomeClass::message_permanent);
    EXPECT_TRUE(h.outcome(id).detail.starts_with("failed but billed: 1 of 2"));
}

TEST(SmppAccount, a_throttled_segment_is_sent_again_and_the_accepted_ones_are_not) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"throttle_pause_seconds":0.1)"));
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    const auto id = h.send(phone, long_text(2));
    const auto a = line.read(Command::submit_sm);
    const auto b = line.read(Command::submit_sm);
    ASSERT_TRUE(a && b);
    line.answer(*a, 0, "S1");
    line.answer(*b, 0x58);
    const auto again = line.read(Command::submit_sm);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->body, b->body);
    line.answer(*again, 0, "S2");
    ASSERT_TRUE(h.wait_sent(1));
    EXPECT_EQ(h.outcome(id).kind, OutcomeClass::accepted);
}

TEST(SmppAccount, a_receipt_of_a_later_segment_waits_for_the_answers) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings());
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    h.send(phone, long_text(2));
    const auto a = line.read(Command::submit_sm);
    const auto b = line.read(Command::submit_sm);
    ASSERT_TRUE(a && b);
    line.deliver(1, "id:S1 stat:DELIVRD");
    line.answer(*a, 0, "S1");
    line.answer(*b, 0, "S2");
    ASSERT_TRUE(h.wait_receipts(1));
    EXPECT_EQ(h.receipts()[0].status, MessageStatus::success) << "one segment is not the message";
}

TEST(SmppAccount, separate_binds_send_here_and_receive_there) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"bind_mode":"separate")"));
    h.start();
    auto one = centre.accept();
    auto two = centre.accept();
    const auto bind_one = one.read();
    const auto bind_two = two.read();
    ASSERT_TRUE(bind_one && bind_two);
    const bool first_sends = bind_one->header.is(Command::bind_transmitter);
    Line& sender = first_sends ? one : two;
    Line& receiver = first_sends ? two : one;
    EXPECT_TRUE((first_sends ? bind_two : bind_one)->header.is(Command::bind_receiver));
    one.answer(*bind_one, 0, "S");
    two.answer(*bind_two, 0, "S");
    h.send(phone, "x");
    const auto submit = sender.read(Command::submit_sm);
    ASSERT_TRUE(submit);
    sender.answer(*submit, 0, "1");
    receiver.deliver(1, "id:1 stat:DELIVRD");
    EXPECT_TRUE(h.wait_receipts(1) && h.wait_sent(1));
}

TEST(SmppAccount, several_binds_share_the_work) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"binds":2,"window":1)"));
    h.start();
    auto one = centre.accept();
    auto two = centre.accept();
    ASSERT_TRUE(one.let_in() && two.let_in());
    h.send(phone, "x");
    h.send(phone, "y");
    EXPECT_TRUE(one.read(Command::submit_sm));
    EXPECT_TRUE(two.read(Command::submit_sm));
    // Both live: the test of the account needs no third login.
    EXPECT_TRUE(h.test().ok);
}

TEST(SmppAccount, a_stop_waits_for_answers_then_says_goodbye) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"window":1)"));
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    const auto under_way = h.send(phone, "x");
    const auto waiting = h.send(phone, "y");
    const auto submit = line.read(Command::submit_sm);
    ASSERT_TRUE(submit);
    std::thread stopper([&h] { h.account().stop(Millis(5'000)); });
    ASSERT_TRUE(h.wait_sent(1));
    EXPECT_EQ(h.outcome(waiting).kind, OutcomeClass::transient);
    line.answer(*submit, 0, "1");
    const auto goodbye = line.read(Command::unbind);
    ASSERT_TRUE(goodbye);
    line.answer(*goodbye, 0);
    stopper.join();
    EXPECT_EQ(h.outcome(under_way).kind, OutcomeClass::accepted);
    const auto late = h.send(phone, "z");
    ASSERT_TRUE(h.wait_sent(3));
    EXPECT_EQ(h.outcome(late).kind, OutcomeClass::transient);
}

TEST(SmppAccount, a_stop_without_grace_tells_the_truth) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"window":1)"));
    h.start();
    auto line = centre.accept();
    ASSERT_TRUE(line.let_in());
    const auto written = h.send(phone, "x");
    const auto waiting = h.send(phone, "y");
    ASSERT_TRUE(line.read(Command::submit_sm));
    h.account().stop(Millis(0));
    EXPECT_EQ(h.outcome(written).kind, OutcomeClass::unknown);
    EXPECT_EQ(h.outcome(waiting).kind, OutcomeClass::transient);
}

TEST(SmppAccount, the_test_of_an_account_logs_in_and_out) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings());
    std::thread server([&centre] {
        auto line = centre.accept();
        (void)line.let_in();
        if (const auto goodbye = line.read(Command::unbind)) line.answer(*goodbye, 0);
        auto next = centre.accept();
        (void)next.let_in(0x0E);
        (void)next.read(200);
    });
    const auto good = h.test();
    EXPECT_TRUE(good.ok) << good.detail;
    const auto bad = h.test();
    EXPECT_FALSE(bad.ok);
    EXPECT_NE(bad.detail.find("ESME_RINVPASWD"), std::string::npos) << bad.detail;
    server.join();
}

TEST(SmppAccount, what_no_account_can_send_comes_back_at_once) {
    ScriptedCentre centre;
    AccountHarness h(centre.settings(R"(,"max_segments":2)"));
    h.start();
    const auto id = h.send(phone, long_text(3));
    ASSERT_TRUE(h.wait_sent(1));
    EXPECT_EQ(h.outcome(id).kind, OutcomeClass::message_permanent);
    AccountHarness broken(
        R"({"host":"localhost","system_id":"x","tls":true,"ca_file":"/nowhere"})");
    EXPECT_NE(broken.problem(), "");
}

}  // namespace
}  // namespace hongyan::smpp
