#include "delivery/testing/held_channel.hpp"
#include "delivery/testing/scenario.hpp"

namespace hongyan::delivery {
namespace {

/// A scenario whose SMS channel answers when the test says so.
class Held : public Scenario {
  protected:
    void start_held(std::size_t max_in_flight, bool wants_intent = false) {
        stop();
        sms = std::make_unique<HeldChannel>(max_in_flight, wants_intent);
        email = std::make_unique<sandbox::SandboxChannel>(ChannelKind::email, *sandbox);
        queue = std::make_unique<local::LocalQueue>(clock, Millis(60'000));
        limiter = std::make_unique<local::LocalLimiter>(clock);
        const Channels all{sms.get(), email.get()};
        const auto lost = [this](const std::string&) { store_lost = true; };
        Store& used = breakable ? static_cast<Store&>(*breakable) : *store;
        delivery = std::make_unique<Delivery>(
            DeliveryParts{used, *queue, *limiter, clock, log, all, lost}, options);
        use_rules();
        ASSERT_TRUE(delivery->start().ok());
    }
    void TearDown() override { stop(); }
    void use_rules() {
        limiter->set_rules(rules);
        delivery->set_limits(rules);
    }
    void send_many(int count) {
        for (int i = 0; i < count; ++i) send(make("x"));
    }
    bool holds(std::size_t count) {
        return eventually([&] { return sms->held() == count; });
    }
    /// Gives the dispatcher time to do what it must not do.
    static void pause() { std::this_thread::sleep_for(Millis(60)); }

    /// A store that a test can break for good.
    struct BreakableStore final : Store {
        explicit BreakableStore(Store& real) : inner(real) {}
        Status write(const std::function<void(Session&)>& work) override {
            if (broken) return make_error(ErrorCode::storage_failed, "input/output error");
            return inner.write(work);
        }
        Status read(const std::function<void(Session&)>& work) override { return inner.read(work); }
        StoreHealth health() const override {
            auto health = inner.health();
            health.writable = health.writable && !broken;
            return health;
        }
        Store& inner;
        std::atomic<bool> broken{false};
    };

    std::unique_ptr<BreakableStore> breakable;
    std::atomic<bool> store_lost{false};
    std::unique_ptr<HeldChannel> sms;
    std::unique_ptr<sandbox::SandboxChannel> email;
};

TEST_F(Held, no_channel_gets_more_than_it_can_hold_and_its_room_is_used_at_once) {
    start_held(3);
    send_many(20);
    for (int left = 20; left > 0; --left) {
        ASSERT_TRUE(holds(static_cast<std::size_t>(std::min(3, left))));
        sms->answer(OutcomeClass::accepted, 1);
    }
    EXPECT_EQ(sms->most(), 3U);
    ASSERT_TRUE(eventually([&] {
        return number("SELECT count(*) FROM message_records WHERE status = 'success'") == 20;
    }));
    expect_counts_agree();
}

TEST_F(Held, a_concurrency_limit_counts_only_what_it_admitted) {
    start_held(100);
    send_many(5);
    ASSERT_TRUE(holds(5));
    rules.push_back({1, "channel:sms", LimitType::concurrency, 2});
    use_rules();
    send_many(6);
    ASSERT_TRUE(holds(7));
    // The five from before the limit leave; they were never counted, so they make no room.
    sms->answer(OutcomeClass::accepted, 5);
    pause();
    EXPECT_EQ(sms->held(), 2U);
    for (std::size_t left = 6; left > 0; --left) {
        ASSERT_TRUE(holds(std::min<std::size_t>(2, left)));
        sms->answer(OutcomeClass::accepted, 1);
    }
    ASSERT_TRUE(eventually([&] { return limiter->usage().at(0).current == 0; }));
    rules.clear();
    use_rules();
    send_many(9);
    EXPECT_TRUE(holds(9));
}

TEST_F(Held, a_channel_with_a_limit_takes_no_turn_from_more_urgent_ones) {
    rules.push_back({1, "channel:sms", LimitType::qps, 0});
    rules.push_back({2, "channel:email", LimitType::qps, 0});
    start_held(10'000);
    for (int i = 0; i < 300; ++i) send(make("x", 0));
    for (int i = 0; i < 100; ++i) {
        auto message = make("a@example.com", 10);
        message->channel = ChannelKind::email;
        send(std::move(message));
    }
    ASSERT_TRUE(eventually([&] { return delivery->depth().total == 400; }));
    rules[0].max_value = 1'000'000;
    rules[1].enabled = false;
    use_rules();
    ASSERT_TRUE(holds(20));  // as many as the sender has room for
    EXPECT_EQ(sandbox->arrivals(), 100U);
}

TEST_F(Held, paced_messages_keep_their_distance_and_their_order_by_urgency) {
    rules.push_back(
        {1, "channel:sms", LimitType::qps, 20, 1, true, LimitBehavior::pacing, 10, 10'000});
    start_held(100);
    std::vector<std::int64_t> times;
    send_many(1);
    for (std::size_t i = 1; i <= 5; ++i) {
        ASSERT_TRUE(eventually([&] { return sms->sent().size() == i; }));
        times.push_back(clock.steady_us());
        if (i < 5) send(make("x", static_cast<std::uint8_t>(i)));
    }
    // Seen a little late each time, so only the whole can be measured: five messages are four gaps
    // of 50 ms.
    EXPECT_GE(times.back() - times.front(), 4 * 50'000 - 10'000);
}

TEST_F(Held, what_is_under_way_while_its_batch_is_cancelled_is_not_tried_again) {
    start_held(2);
    const auto task = send_batch({"a", "b", "c", "d", "e"});
    ASSERT_TRUE(task.ok());
    ASSERT_TRUE(holds(2));
    ASSERT_TRUE(answer_of([&](WorkDone done) {
                    delivery->cancel_task(1, task->id, std::move(done));
                }).ok());
    EXPECT_EQ(number("SELECT cancelled_count FROM message_tasks"), 3);
    sms->answer(OutcomeClass::transient);
    ASSERT_TRUE(
        eventually([&] { return number("SELECT cancelled_count FROM message_tasks") == 5; }));
    EXPECT_EQ(sms->sent().size(), 2U);
    EXPECT_EQ(
        number("SELECT count(*) FROM message_tasks WHERE status = 'cancelled' AND finished_ms > 0"),
        1);
    EXPECT_EQ(number("SELECT count(*) FROM message_attempts"), 2);
    expect_counts_agree();
}

TEST_F(Held, a_refused_cancellation_of_a_batch_loses_none_of_its_messages) {
    start_held(1'000);
    const auto task = send_batch(std::vector<std::string>(50, "x"));
    ASSERT_TRUE(task.ok());
    const auto cancel = [&] {
        return answer_of(
            [&](WorkDone done) { delivery->cancel_task(1, task->id, std::move(done)); });
    };
    ASSERT_TRUE(holds(20));
    ASSERT_TRUE(cancel().ok());
    sms->answer(OutcomeClass::message_permanent);
    ASSERT_TRUE(eventually([&] { return number("SELECT failed_count FROM message_tasks") == 20; }));
    ASSERT_TRUE(eventually([&] { return !delivery->loading(); }));
    std::promise<bool> redriven;
    delivery->redrive({}, {100, 0},
                      [&](const Result<Redriven>& result) { redriven.set_value(result.ok()); });
    for (int i = 0; i < 30; ++i) EXPECT_EQ(cancel().error().code, ErrorCode::conflict);
    ASSERT_TRUE(redriven.get_future().get());
    ASSERT_TRUE(holds(20));
    sms->answer(OutcomeClass::accepted);
    ASSERT_TRUE(
        eventually([&] { return number("SELECT success_count FROM message_tasks") == 20; }));
    expect_counts_agree();
}

TEST_F(Held, a_message_of_a_batch_still_being_written_cannot_be_cancelled_alone) {
    options.committer.batch_rows = 1;
    start_held(1'000);
    delivery->sender().set_rule(1, {"message_sender", 500, 500, 10'000, 0.8, 0.2});
    std::atomic<bool> written{false};
    std::thread writer([&] {
        EXPECT_TRUE(send_batch(std::vector<std::string>(200, "x")).ok());
        written = true;
    });
    int cancelled = 0;
    int asked = 0;
    while (!written) {
        const auto id = number("SELECT coalesce(max(id), 0) FROM message_records");
        if (id > 0 && ++asked > 0 && cancel(id).ok()) ++cancelled;
    }
    writer.join();
    EXPECT_GT(asked, 0);
    ASSERT_TRUE(holds(static_cast<std::size_t>(200 - cancelled)))
        << sms->held() << ' ' << cancelled;
    EXPECT_EQ(number("SELECT count(*) FROM message_records WHERE status = 'cancelled'"), cancelled);
    sms->answer(OutcomeClass::accepted);
    ASSERT_TRUE(eventually(
        [&] { return number("SELECT success_count FROM message_tasks") == 200 - cancelled; }));
    expect_counts_agree();
}

TEST_F(Held, attempts_that_a_limit_refused_do_not_count) {
    start_held(10);
    const auto id = send(make("x"));
    using enum OutcomeClass;
    for (const auto kind :
         {rate_limited, quota, rate_limited, configuration, transient, transient, accepted}) {
        ASSERT_TRUE(holds(1)) << to_text(kind);
        sms->answer(kind);
    }
    ASSERT_TRUE(becomes(id, MessageStatus::success));
    EXPECT_EQ(row(id).message.attempts, 7);
    EXPECT_EQ(number("SELECT count(*) FROM message_attempts"), 7);
    expect_counts_agree();
}

TEST_F(Held, the_time_in_the_queue_is_that_before_the_first_attempt) {
    start_held(10);
    const auto id = send(make("x"));
    ASSERT_TRUE(holds(1));
    const auto until_sent = clock.now_ms() - id_time_ms(id);
    sms->answer(OutcomeClass::transient);
    pause();
    ASSERT_TRUE(holds(1));
    sms->answer(OutcomeClass::accepted);
    ASSERT_TRUE(becomes(id, MessageStatus::success));
    EXPECT_LE(row(id).timing.queue_ms, until_sent);
}

TEST_F(Held, an_intent_is_on_disk_before_the_request_leaves_and_a_restart_finds_it) {
    options.retry.hold_unknown = true;
    start_held(10, true);
    send_many(3);
    ASSERT_TRUE(holds(3));
    EXPECT_EQ(
        number("SELECT count(*) FROM message_records WHERE status = 'processing' AND attempts = 1"),
        3);
    // A kill leaves the rows like this; a stop would have settled them.
    sms->answer(OutcomeClass::accepted, 2);
    ASSERT_TRUE(eventually([&] {
        return number("SELECT count(*) FROM message_records WHERE status = 'success'") == 2;
    }));
    const auto id = number("SELECT id FROM message_records WHERE status = 'processing'");
    stop();
    ASSERT_TRUE(store
                    ->write([&](Session& s) {
                        s.run(
                            "UPDATE message_records SET status = 'processing', next_attempt_ms = "
                            "NULL WHERE id = $1",
                            id);
                    })
                    .ok());
    start_held(10, true);
    ASSERT_TRUE(becomes(id, MessageStatus::unknown));
    ASSERT_TRUE(eventually([&] { return !delivery->loading(); }));
    EXPECT_TRUE(sms->sent().empty());
    ASSERT_TRUE(answer_of([&](WorkDone done) { delivery->retry(1, id, std::move(done)); }).ok());
    ASSERT_TRUE(holds(1));
    sms->answer(OutcomeClass::accepted);
    ASSERT_TRUE(becomes(id, MessageStatus::success));
    EXPECT_EQ(
        answer_of([&](WorkDone done) { delivery->retry(1, id, std::move(done)); }).error().code,
        ErrorCode::illegal_transition);
    expect_counts_agree();
}

TEST_F(Held, nothing_more_is_sent_once_the_store_is_lost) {
    breakable = std::make_unique<BreakableStore>(*store);
    start_held(1'000);
    send_many(50);
    ASSERT_TRUE(holds(20));
    breakable->broken = true;
    EXPECT_EQ(cancel(first_id_at(1)).error().code, ErrorCode::storage_failed);
    ASSERT_TRUE(eventually([&] { return store_lost.load(); }));
    sms->answer(OutcomeClass::accepted);
    pause();
    EXPECT_EQ(sms->sent().size(), 20U);
    EXPECT_FALSE(accept(make("x"), nullptr).ok());
}

TEST_F(Held, a_batch_accepted_while_the_start_clears_up_is_not_taken_for_a_cut_off_one) {
    ASSERT_TRUE(store
                    ->write([&](Session& s) {
                        TaskRecord task;
                        task.status = TaskStatus::accepting;
                        const auto cut = table::insert_task(s, task);
                        Message m;
                        m.task_id = cut;
                        for (m.id = 1; m.id <= 5'000; ++m.id) table::insert_message(s, m, "held");
                    })
                    .ok());
    options.committer.batch_rows = 50;
    start_held(10'000);
    delivery->sender().set_rule(1, {"message_sender", 5'000, 5'000, 10'000, 0.8, 0.2});
    const auto task = send_batch(std::vector<std::string>(2'000, "x"));
    ASSERT_TRUE(task.ok());
    ASSERT_TRUE(holds(2'000));
    ASSERT_TRUE(eventually([&] { return !delivery->loading(); }));
    EXPECT_EQ(number("SELECT count(*) FROM message_records"), 2'000);
    EXPECT_EQ(number("SELECT count(*) FROM message_tasks"), 1);
    sms->answer(OutcomeClass::accepted);
    ASSERT_TRUE(
        eventually([&] { return number("SELECT success_count FROM message_tasks") == 2'000; }));
}

}  // namespace
}  // namespace hongyan::delivery
