// Loans of a queue that outlives the process: each ends once, and only when the store has what
// became of the message.
#include "delivery/testing/held_channel.hpp"
#include "delivery/testing/lending_queue.hpp"
#include "delivery/testing/scenario.hpp"

namespace hongyan::delivery {
namespace {

class Loan : public Scenario {
  protected:
    void start_lending(bool wants_intent = false) {
        stop();
        sms = std::make_unique<HeldChannel>(100, wants_intent);
        lending = std::make_unique<LendingQueue>(clock, [this](MessageId id) { ended(id); });
        limiter = std::make_unique<local::LocalLimiter>(clock);
        delivery = std::make_unique<Delivery>(
            DeliveryParts{*store, *lending, *limiter, clock, log, Channels{sms.get()}, {}},
            options);
        limiter->set_rules({});
        ASSERT_TRUE(delivery->start().ok());
    }
    void TearDown() override { stop(); }
    /// On the thread that ends the loan: the store must know already.
    void ended(MessageId id) {
        const auto found = row(id).message;
        const std::lock_guard lock(mutex);
        states[id].push_back(found.id == id ? std::string(to_text(found.status)) : "none");
    }
    std::vector<std::string> ends_of(MessageId id) {
        const std::lock_guard lock(mutex);
        return states[id];
    }
    bool holds(std::size_t count) {
        return eventually([&] { return sms->held() == count; });
    }
    bool nothing_lent() {
        return eventually([&] { return lending->lent() == 0; });
    }
    Job job_of(MessageId id) {
        Job job;
        job.id = id;
        job.ready_ms = clock.now_ms();
        return job;
    }
    /// A copy, as a reconciliation makes them.
    void publish(MessageId id) {
        Job job = job_of(id);
        job.again = true;
        lending->publish(std::span(&job, 1));
    }
    /// The duplicate was taken, and its loan ended without an attempt.
    bool is_refused(std::size_t taken_before) {
        return eventually([&] { return lending->taken() > taken_before && lending->lent() == 0; });
    }

    using Words = std::vector<std::string>;
    std::mutex mutex;
    std::map<MessageId, Words> states;
    std::unique_ptr<HeldChannel> sms;
    std::unique_ptr<LendingQueue> lending;
};

TEST_F(Loan, it_ends_when_the_outcome_is_in_the_store) {
    start_lending();
    const auto id = send(make("x"));
    ASSERT_TRUE(holds(1));
    EXPECT_EQ(lending->lent(), 1U);
    sms->answer(OutcomeClass::accepted);
    EXPECT_TRUE(nothing_lent());
    EXPECT_EQ(ends_of(id), Words{"success"});
}

TEST_F(Loan, a_retry_is_a_new_one) {
    start_lending();
    const auto id = send(make("x"));
    ASSERT_TRUE(holds(1));
    sms->answer(OutcomeClass::transient);
    ASSERT_TRUE(holds(1));
    sms->answer(OutcomeClass::transient);
    ASSERT_TRUE(holds(1));
    sms->answer(OutcomeClass::accepted);
    EXPECT_TRUE(nothing_lent());
    EXPECT_EQ(ends_of(id), (Words{"retrying", "retrying", "success"}));
}

TEST_F(Loan, a_copy_of_what_is_finished_is_not_sent) {
    start_lending();
    const auto id = send(make("x"));
    ASSERT_TRUE(holds(1));
    sms->answer(OutcomeClass::accepted);
    ASSERT_TRUE(nothing_lent());
    const auto taken = lending->taken();
    publish(id);
    EXPECT_TRUE(is_refused(taken));
    EXPECT_EQ(sms->sent().size(), 1U);
    EXPECT_EQ(ends_of(id), (Words{"success", "success"}));
}

TEST_F(Loan, a_copy_of_what_is_being_sent_is_not_sent) {
    start_lending();
    const auto id = send(make("x"));
    ASSERT_TRUE(holds(1));
    lending->redeliver();
    publish(id);
    EXPECT_TRUE(eventually([&] { return lending->taken() >= 3; }));
    sms->answer(OutcomeClass::accepted);
    EXPECT_TRUE(becomes(id, MessageStatus::success));
    EXPECT_TRUE(eventually([&] {
        return lending->lent() == 0 && lending->depth().total == 0 && delivery->scheduled() == 0;
    }));
    EXPECT_EQ(sms->sent().size(), 1U);
}

TEST_F(Loan, an_id_without_a_row_ends_at_once) {
    start_lending();
    publish(12345);
    EXPECT_TRUE(is_refused(0));
    EXPECT_EQ(ends_of(12345), Words{"none"});
}

TEST_F(Loan, a_message_cancelled_in_the_queue_ends_when_it_is_taken) {
    start_lending();
    auto message = make("x");
    message->due_ms = clock.now_ms() + 3'600'000;
    message->status = MessageStatus::scheduled;
    const auto id = send(std::move(message));
    EXPECT_TRUE(cancel(id).ok());
    publish(id);
    EXPECT_TRUE(is_refused(0));
    EXPECT_EQ(ends_of(id), Words{"cancelled"});
    EXPECT_TRUE(sms->sent().empty());
}

TEST_F(Loan, a_copy_that_may_not_begin_an_attempt_ends) {
    options.retry.hold_unknown = true;
    start_lending(true);
    const auto id = send(make("x"));
    ASSERT_TRUE(holds(1));
    sms->answer(OutcomeClass::unknown);
    ASSERT_TRUE(nothing_lent());
    const auto taken = lending->taken();
    publish(id);
    EXPECT_TRUE(is_refused(taken));
    EXPECT_EQ(sms->sent().size(), 1U);
    EXPECT_EQ(ends_of(id), (Words{"unknown", "unknown"}));
}

TEST_F(Loan, many_ends_are_each_in_the_store_before) {
    start_lending();
    std::vector<std::string> recipients(500, "x");
    ASSERT_TRUE(send_batch(recipients).ok());
    std::size_t answered = 0;
    EXPECT_TRUE(eventually([&] {
        answered += sms->held();
        sms->answer(answered % 3 == 0 ? OutcomeClass::transient : OutcomeClass::accepted);
        return number(
                   "SELECT count(*) FROM message_records WHERE status IN ('success', "
                   "'failed')") == 500;
    }));
    EXPECT_TRUE(nothing_lent());
    const std::lock_guard lock(mutex);
    for (const auto& [id, ends] : states) {
        ASSERT_FALSE(ends.empty());
        for (const auto& word : ends) ASSERT_NE(word, "pending");
        ASSERT_TRUE(ends.back() == "success" || ends.back() == "failed") << ends.back();
    }
    EXPECT_EQ(states.size(), 500U);
}

}  // namespace
}  // namespace hongyan::delivery
