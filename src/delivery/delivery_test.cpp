#include "delivery/testing/scenario.hpp"

namespace hongyan::delivery {
namespace {

TEST_F(Scenario, an_accepted_message_is_on_disk_before_the_answer_and_is_delivered) {
    start();
    auto message = make("slow-50");
    const auto id = message->id;
    EXPECT_EQ(send(std::move(message)), id);
    EXPECT_EQ(number("SELECT count(*) FROM message_records"), 1);
    ASSERT_TRUE(becomes(id, MessageStatus::success));
    EXPECT_EQ(arrived(id), 1U);
    EXPECT_EQ(row(id).message.attempts, 1);
    EXPECT_EQ(number("SELECT count(*) FROM message_attempts"), 0);
    expect_counts_agree();
}

TEST_F(Scenario, urgent_messages_overtake_those_that_wait) {
    rules.push_back({1, "channel:sms", LimitType::qps, 0});
    start();
    std::vector<MessageId> expected;
    for (const int priority : {0, 3, 5, 9, 10}) {
        expected.insert(expected.begin(), send(make("x", static_cast<std::uint8_t>(priority))));
    }
    ASSERT_TRUE(eventually([&] {
        return delivery->depth().total == 5;
    }));  // the answer comes before the job is queued
    rules.clear();
    limiter->set_rules(rules);
    delivery->set_limits(rules);
    ASSERT_TRUE(eventually([&] { return sandbox->arrivals() == 5; }));
    const auto inbox = sandbox->list({});
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(inbox[4 - i].message_id, expected[i]);
}

TEST_F(Scenario, a_scheduled_message_never_goes_early) {
    start();
    std::vector<std::pair<MessageId, std::int64_t>> planned;
    for (int i = 0; i < 20; ++i) {
        auto message = make("x");
        message->due_ms = clock.now_ms() + 50 + i * 10;
        message->status = MessageStatus::scheduled;
        planned.emplace_back(message->id, message->due_ms);
        send(std::move(message));
    }
    ASSERT_TRUE(eventually([&] { return sandbox->arrivals() == 20; }));
    for (const auto& item : sandbox->list({})) {
        for (const auto& [id, due] : planned) {
            if (id == item.message_id) {
                EXPECT_GE(item.received_ms, due);
            }
        }
    }
}

TEST_F(Scenario, what_must_arrive_before_now_expires_and_is_never_sent) {
    start();
    auto message = make("x");
    message->deliver_by_ms = clock.now_ms() - 1;
    const auto id = send(std::move(message));
    ASSERT_TRUE(becomes(id, MessageStatus::expired));
    EXPECT_EQ(sandbox->arrivals(), 0U);
    EXPECT_NE(row(id).reason, "");
    expect_counts_agree();
}

TEST_F(Scenario, a_message_that_fails_twice_succeeds_with_each_attempt_noted) {
    start();
    const auto id = send(make("fail-transient-2"));
    ASSERT_TRUE(becomes(id, MessageStatus::success));
    std::vector<Attempt> attempts;
    ASSERT_TRUE(store->read([&](Session& s) { attempts = table::list_attempts(s, id); }).ok());
    ASSERT_EQ(attempts.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(attempts[i].attempt, static_cast<int>(i) + 1);
        EXPECT_EQ(attempts[i].outcome, i < 2 ? OutcomeClass::transient : OutcomeClass::accepted);
        EXPECT_EQ(attempts[i].rule_version, options.retry.version());
        if (i == 0) continue;
        EXPECT_GE(attempts[i].started_ms, attempts[i - 1].next_attempt_ms);
    }
    EXPECT_EQ(arrived(id), 1U);
    expect_counts_agree();
}

TEST_F(Scenario, a_dead_letter_is_redriven_to_success_and_the_counts_follow) {
    start();
    const auto task =
        send_batch({"fail-transient-3", "fail-transient-4", "fail-permanent", "plain"});
    ASSERT_TRUE(task.ok());
    ASSERT_TRUE(eventually([&] {
        return number("SELECT count(*) FROM message_records WHERE status = 'failed'") == 3;
    }));
    ASSERT_TRUE(eventually([&] {
        return number("SELECT count(*) FROM message_tasks WHERE status = 'completed'") == 1;
    }));
    expect_counts_agree();
    ASSERT_TRUE(eventually([&] { return !delivery->loading(); }));
    std::promise<Result<Redriven>> redriven;
    delivery->redrive({}, {100, 0},
                      [&](Result<Redriven> result) { redriven.set_value(std::move(result)); });
    const auto result = redriven.get_future().get();
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->retried, 3);
    ASSERT_TRUE(eventually([&] {
        return number("SELECT count(*) FROM message_records WHERE status = 'success'") == 3;
    }));
    ASSERT_TRUE(eventually([&] {
        return number("SELECT count(*) FROM message_records WHERE status = 'failed'") == 1;
    }));
    expect_counts_agree();
    EXPECT_EQ(number("SELECT success_count FROM message_tasks"), 3);
    EXPECT_EQ(
        number("SELECT count(*) FROM message_tasks WHERE status = 'completed' AND finished_ms > 0"),
        1);
}

TEST_F(Scenario, a_known_key_is_answered_with_the_stored_reply_and_sends_nothing_again) {
    start();
    const auto first = accept(make("x"), key("h1", "reply"));
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(first->replay, "");
    const auto again = accept(make("x"), key("h1", "other"));
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->replay, "reply");
    EXPECT_EQ(accept(make("x"), key("h2")).error().code, ErrorCode::idempotency_mismatch);
    EXPECT_EQ(number("SELECT count(*) FROM message_records"), 1);
}

TEST_F(Scenario, a_batch_with_a_known_key_is_answered_with_its_reply) {
    options.committer.batch_rows = 3;
    start();
    const std::vector<std::string> ten(10, "x");
    const auto first = send_batch(ten, key("h1"));
    ASSERT_TRUE(first.ok());
    const auto again = send_batch(ten, key("h1"));
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->replay, "task " + std::to_string(first->id));
    EXPECT_EQ(send_batch(ten, key("h2")).error().code, ErrorCode::idempotency_mismatch);
    ASSERT_TRUE(
        eventually([&] { return number("SELECT success_count FROM message_tasks") == 10; }));
    EXPECT_EQ(number("SELECT count(*) FROM message_tasks"), 1);
    EXPECT_EQ(sandbox->arrivals(), 10U);
    expect_counts_agree();
}

TEST_F(Scenario, a_start_drops_what_was_cut_off_and_resumes_everything_else) {
    using enum MessageStatus;
    const std::vector<MessageStatus> left{pending, scheduled, retrying, processing};
    const auto first = first_id_at(clock.now_ms() - 5'000);
    ASSERT_TRUE(store
                    ->write([&](Session& s) {
                        TaskRecord task;
                        task.status = TaskStatus::accepting;
                        const auto cut = table::insert_task(s, task);
                        for (int i = 0; i < 40; ++i) {
                            Message m;
                            m.id = first + i;
                            m.status = left[static_cast<std::size_t>(i) % 4];
                            m.recipient = "x";
                            m.priority = static_cast<std::uint8_t>(i % 11);
                            if (m.status == scheduled) m.due_ms = clock.now_ms() + 30;
                            table::insert_message(s, m, "sandbox");
                            if (m.status == retrying || m.status == processing)
                                s.run(
                                    "UPDATE message_records SET attempts = 1, next_attempt_ms = $2 "
                                    "WHERE id = $1",
                                    m.id, clock.now_ms() + 20);
                        }
                        for (int i = 100; i < 105; ++i) {
                            Message m;
                            m.id = first + i;
                            m.task_id = cut;
                            table::insert_message(s, m, "sandbox");
                        }
                    })
                    .ok());
    start();
    ASSERT_TRUE(eventually([&] {
        return number("SELECT count(*) FROM message_records WHERE status = 'success'") == 40;
    }));
    EXPECT_EQ(number("SELECT count(*) FROM message_tasks"), 0);
    EXPECT_EQ(number("SELECT count(*) FROM message_records"), 40);
    for (int i = 0; i < 40; ++i) EXPECT_EQ(arrived(first + i), 1U) << i;
    expect_counts_agree();
}

TEST_F(Scenario, what_a_stop_leaves_is_delivered_after_the_next_start) {
    start();
    std::vector<MessageId> ids;
    for (int i = 0; i < 300; ++i) ids.push_back(send(make(i % 3 == 0 ? "slow-20" : "x")));
    delivery->stop(Millis(0));
    start();
    ASSERT_TRUE(eventually([&] {
        return number("SELECT count(*) FROM message_records WHERE status = 'success'") == 300;
    }));
    for (const auto id : ids) EXPECT_EQ(arrived(id), 1U);
    expect_counts_agree();
}

}  // namespace
}  // namespace hongyan::delivery
