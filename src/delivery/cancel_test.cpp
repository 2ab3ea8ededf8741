#include <algorithm>

#include "delivery/testing/scenario.hpp"

namespace hongyan::delivery {
namespace {

TEST_F(Scenario, of_many_messages_exactly_the_not_cancelled_ones_arrive) {
    start();
    std::vector<MessageId> ids;
    std::vector<bool> cancelled;
    for (int i = 0; i < 400; ++i) {
        ids.push_back(send(make(i % 5 == 0 ? "slow-5" : "x")));
        cancelled.push_back(i % 2 == 0 && cancel(ids.back()).ok());
    }
    // The same from another thread, twice at once and by a tenant who may not: neither may let a
    // cancelled one go.
    for (int i = 0; i < 200; ++i) {
        auto message = make("x");
        const auto id = message->id;
        std::promise<bool> first;
        std::promise<bool> second;
        std::promise<bool> stranger;
        delivery->accept(std::move(message), nullptr, [&](const Result<Accepted>&) {
            delivery->cancel(2, id, [&](const Status& s) { stranger.set_value(s.ok()); });
            delivery->cancel(1, id, [&](const Status& s) { first.set_value(s.ok()); });
            delivery->cancel(1, id, [&](const Status& s) { second.set_value(s.ok()); });
        });
        EXPECT_FALSE(stranger.get_future().get());
        const bool one = first.get_future().get();
        const bool other = second.get_future().get();
        EXPECT_FALSE(one && other);
        ids.push_back(id);
        cancelled.push_back(one || other);
    }
    ASSERT_TRUE(eventually([&] {
        return number(
                   "SELECT count(*) FROM message_records WHERE status IN ('success', "
                   "'cancelled')") == 600;
    }));
    for (std::size_t i = 0; i < ids.size(); ++i) {
        ASSERT_EQ(arrived(ids[i]), cancelled[i] ? 0U : 1U) << i;
        ASSERT_EQ(row(ids[i]).message.status,
                  cancelled[i] ? MessageStatus::cancelled : MessageStatus::success);
    }
    EXPECT_GT(std::count(cancelled.begin(), cancelled.end(), true), 0);
    EXPECT_EQ(cancel(ids.back(), 2).error().code, ErrorCode::not_found);
    EXPECT_EQ(cancel(1).error().code, ErrorCode::not_found);
    expect_counts_agree();
}

TEST_F(Scenario, a_scheduled_message_can_be_cancelled_once) {
    start();
    auto message = make("x");
    message->due_ms = clock.now_ms() + 150;
    message->status = MessageStatus::scheduled;
    const auto id = send(std::move(message));
    EXPECT_TRUE(cancel(id).ok());
    EXPECT_EQ(cancel(id).error().code, ErrorCode::illegal_transition);
    ASSERT_TRUE(eventually([&] { return delivery->scheduled() == 0; }));
    EXPECT_EQ(sandbox->arrivals(), 0U);
}

TEST_F(Scenario, a_batch_cancelled_while_it_is_sent_keeps_its_counts_right) {
    start();
    const auto task = send_batch(std::vector<std::string>(2'000, "slow-3"));
    ASSERT_TRUE(task.ok());
    ASSERT_TRUE(eventually([&] { return sandbox->arrivals() > 50; }));
    const auto by = [&](std::int64_t tenant) {
        return answer_of(
            [&](WorkDone done) { delivery->cancel_task(tenant, task->id, std::move(done)); });
    };
    EXPECT_EQ(by(2).error().code, ErrorCode::not_found);
    EXPECT_EQ(number("SELECT count(*) FROM message_records WHERE status = 'cancelled'"), 0);
    EXPECT_TRUE(by(1).ok());
    ASSERT_TRUE(eventually([&] {
        return number(
                   "SELECT count(*) FROM message_records WHERE status IN ('success', "
                   "'cancelled')") == 2'000;
    }));
    EXPECT_EQ(static_cast<std::int64_t>(sandbox->arrivals()),
              number("SELECT count(*) FROM message_records WHERE status = 'success'"));
    EXPECT_GT(number("SELECT cancelled_count FROM message_tasks"), 0);
    EXPECT_EQ(
        number("SELECT count(*) FROM message_tasks WHERE status = 'cancelled' AND finished_ms > 0"),
        1);
    EXPECT_EQ(by(1).error().code, ErrorCode::conflict);
    expect_counts_agree();
}

TEST_F(Scenario, a_channel_limit_of_zero_holds_only_its_channel) {
    rules.push_back({1, "channel:sms", LimitType::qps, 0});
    start();
    const auto held = send(make("x", 10));
    auto message = make("a@example.com", 0);
    message->channel = ChannelKind::email;
    const auto other = send(std::move(message));
    ASSERT_TRUE(becomes(other, MessageStatus::success));
    EXPECT_EQ(row(held).message.status, MessageStatus::pending);
    EXPECT_EQ(arrived(held), 0U);
    limiter->set_rules({});
    delivery->set_limits({});
    EXPECT_TRUE(becomes(held, MessageStatus::success));
}

TEST_F(Scenario, a_concurrency_limit_never_loses_a_place_to_cancelled_messages) {
    rules.push_back({1, "channel:sms", LimitType::concurrency, 2});
    start();
    std::vector<MessageId> ids;
    for (int i = 0; i < 200; ++i) {
        auto message = make(i % 2 == 0 ? "slow-2" : "x");
        const auto id = message->id;
        std::promise<bool> ended;
        delivery->accept(std::move(message), nullptr, [&](const Result<Accepted>&) {
            delivery->cancel(i % 3 == 0 ? 2 : 1, id, [&](const Status&) { ended.set_value(true); });
        });
        ended.get_future().get();
    }
    ASSERT_TRUE(eventually([&] {
        return number(
                   "SELECT count(*) FROM message_records WHERE status IN ('success', "
                   "'cancelled')") == 200;
    }));
    ASSERT_TRUE(eventually([&] { return limiter->usage().at(0).current == 0; }));
}

TEST(InFlight, an_echo_is_given_back_and_a_revoked_job_waits_for_the_last_revocation) {
    InFlight flights;
    std::vector<Job> jobs{{.id = 1}, {.id = 2}, {.id = 1}};
    EXPECT_EQ(flights.enter(jobs).size(), 1U);
    EXPECT_EQ(jobs.size(), 2U);
    EXPECT_EQ(flights.count(), 2);
    EXPECT_FALSE(flights.revoke(1));
    ASSERT_TRUE(flights.revoke(3));
    ASSERT_TRUE(flights.revoke(3));
    std::vector<Job> late{{.id = 3}};
    EXPECT_TRUE(flights.enter(late).empty());
    EXPECT_TRUE(late.empty());
    EXPECT_FALSE(flights.end_revoke(3).has_value());
    EXPECT_EQ(flights.end_revoke(3)->id, 3);
    EXPECT_FALSE(flights.end_revoke(3).has_value());
    flights.leave(jobs);
    flights.leave(jobs);
    EXPECT_EQ(flights.count(), 0);
    EXPECT_EQ(flights.by_channel()[0], 0);
}

TEST(InFlight, a_batch_is_revoked_only_for_its_tenant_and_until_each_call_has_ended) {
    InFlight flights;
    EXPECT_TRUE(flights.revoke_task(1, 9).empty());
    EXPECT_TRUE(flights.revoke_task(1, 9).empty());
    using enum InFlight::Hold;
    EXPECT_EQ(flights.hold_back({.id = 1, .tenant_id = 1}, 9), kept);
    EXPECT_EQ(flights.hold_back({.id = 2, .tenant_id = 2}, 9), no);
    EXPECT_EQ(flights.hold_back({.id = 3, .tenant_id = 1}, 0), no);
    std::vector<Job> entered{{.id = 6, .tenant_id = 1}, {.id = 7, .tenant_id = 2}};
    EXPECT_TRUE(flights.enter(entered).empty());
    EXPECT_TRUE(flights.end_revoke_task(1, 9).empty());
    EXPECT_EQ(flights.hold_back({.id = 4, .tenant_id = 1}, 9), kept);
    EXPECT_EQ(flights.end_revoke_task(1, 9).size(), 2U);
    EXPECT_EQ(flights.hold_back({.id = 5, .tenant_id = 1}, 9), no);
    // What entered before the end may have been read before the cancellation was written.
    EXPECT_EQ(flights.hold_back(entered[0], 9), again);
    EXPECT_EQ(flights.hold_back(entered[1], 9), no);
    flights.leave(entered);
    EXPECT_EQ(flights.hold_back(entered[0], 9), no);
    EXPECT_TRUE(flights.end_revoke_task(1, 9).empty());
}

}  // namespace
}  // namespace hongyan::delivery
