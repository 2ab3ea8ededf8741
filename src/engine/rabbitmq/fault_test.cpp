// RabbitQueue when things go wrong: whatever happens to the broker or the line to it, what was
// published comes, or a loss is reported and the store publishes it again; and of all the comings
// of a job one at most does not say that the job may be in other hands.
#include "engine/rabbitmq/testing/node.hpp"

namespace hongyan::rabbitmq {
namespace {

class RabbitFault : public BrokerTest {
  protected:
    void SetUp() override { use_line(); }
    void TearDown() override { expect_bound(); }
    /// What jobs/ does after a loss: everything that waits in the store is published again.
    void reconcile() {
        std::vector<Job> again;
        for (const auto id : waiting) again.push_back(job(id));
        queue->republish(again);
    }
};

TEST_F(RabbitFault, a_broker_that_is_down_at_the_start_is_waited_for) {
    line.refuse();
    start();
    EXPECT_FALSE(queue->health().connected);
    EXPECT_NE(queue->health().detail, "");
    publish(jobs(1, 500));
    EXPECT_EQ(queue->depth().total, 500);
    EXPECT_TRUE(queue->take(9, all_channels, Millis(50)).empty());
    const auto before = queue->marks().confirmed_before_ms;
    EXPECT_LE(before, clock.now_ms());
    line.heal();
    EXPECT_TRUE(work());
    EXPECT_EQ(queue->health().detail, "");
    EXPECT_GE(lost(), 1U) << "its queues had to be made";
}

TEST_F(RabbitFault, a_stop_while_the_broker_is_away_ends_soon) {
    line.refuse();
    start();
    publish(jobs(1, 10));
    const auto began = std::chrono::steady_clock::now();
    queue.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

TEST_F(RabbitFault, connections_that_are_cut_come_back) {
    options.carrier_ids = 8;
    start_connected();
    MessageId next = 1;
    for (int round = 0; round < 10; ++round) {
        publish(jobs(next, 200));
        next += 200;
        work(Millis(20));
        line.cut(round % 2 == 0);
    }
    EXPECT_TRUE(work());
    EXPECT_GE(queue->stats().connects, 4U);
    EXPECT_TRUE(eventually([&] { return queue->marks().held == 0; }));
    EXPECT_EQ(lost(), 0U);
}

TEST_F(RabbitFault, resets_in_the_middle_of_a_frame_lose_nothing) {
    options.carrier_ids = 8;
    start_connected();
    MessageId next = 1;
    for (int round = 0; round < 20; ++round) {
        line.reset_after(7 + round * 53);
        publish(jobs(next, 100));
        next += 100;
        work(Millis(30));
    }
    line.heal();
    EXPECT_TRUE(work());
    EXPECT_TRUE(eventually([&] { return queue->marks().held == 0; }));
}

TEST_F(RabbitFault, a_lost_confirm_sends_again_and_the_second_copy_is_recognised) {
    // The consumer's window is full and it asks for nothing, so the confirm is what the line
    // carries.
    options.prefetch = 1;
    options.depth_every = Millis(3'600'000);
    start_connected();
    publish(jobs(1, 10));
    const auto first = take(10);
    ASSERT_TRUE(confirmed());
    line.reset_after(3);
    publish(jobs(101, 50));
    // All fifty, but for those of a carrier that was quicker than the cut.
    ASSERT_TRUE(eventually([&] { return queue->stats().republished > 0; }));
    ASSERT_TRUE(eventually([&] { return queue->stats().confirmed == 60; }));
    queue->done(first);
    const auto ids = take(50);
    EXPECT_EQ(std::set<MessageId>(ids.begin(), ids.end()).size(), 50U);
    EXPECT_TRUE(eventually([&] {
        EXPECT_TRUE(queue->take(9, all_channels, Millis(10)).empty()) << "each is here once";
        return queue->stats().duplicates == queue->stats().republished;
    }));
    queue->done(ids);
    EXPECT_TRUE(eventually([&] { return queue->marks().held == 0; }));
}

TEST_F(RabbitFault, what_another_node_gets_of_a_cut_off_one_is_marked_and_so_is_what_it_keeps) {
    options.carrier_ids = 5;
    start_connected();
    publish(jobs(1, 20));
    const auto lent = take(10);
    ASSERT_TRUE(eventually([&] { return queue->marks().held == 20; }));
    line.refuse();
    auto direct = options;
    direct.hosts = {{"127.0.0.1", broker.port()}};
    auto other = open(direct);
    ASSERT_TRUE(other.ok());
    std::map<MessageId, bool> there;
    EXPECT_TRUE(eventually([&] {
        for (const Job& one : (*other)->take(64, all_channels, Millis(20))) {
            note(one);
            there[one.id] = one.again;
        }
        return there.size() == 20;
    })) << "the broker gives all of them to the other node";
    for (const auto& [id, again] : there) EXPECT_TRUE(again) << id;
    ASSERT_TRUE(eventually([&] { return !queue->health().connected; }));
    queue->publish(std::vector{job(lent.front())});  // its attempt failed: once more
    Ids kept;
    EXPECT_TRUE(eventually([&] {
        for (const Job& one : queue->take(64, all_channels, Millis(20))) {
            EXPECT_TRUE(one.again) << one.id;
            kept.push_back(one.id);
        }
        return kept.size() == 11;
    })) << "what it has it goes on sending, with a claim";
}

TEST_F(RabbitFault, a_silent_broker_is_noticed_by_heartbeats) {
    options.heartbeat_seconds = 1;
    start_connected();
    line.black_hole();
    publish(jobs(1, 100));
    EXPECT_TRUE(eventually([&] { return !queue->health().connected; }, Millis(8'000)));
    line.heal();
    EXPECT_TRUE(work());
}

TEST_F(RabbitFault, an_idle_connection_is_kept_by_heartbeats) {
    options.heartbeat_seconds = 1;
    start_connected();
    std::this_thread::sleep_for(Millis(3'500));
    EXPECT_TRUE(queue->health().connected);
    EXPECT_EQ(queue->stats().connects, 2U);
}

TEST_F(RabbitFault, confirms_that_never_come_are_waited_for_only_so_long) {
    options.heartbeat_seconds = 600;
    options.confirm_timeout = Millis(300);
    options.reply_timeout = Millis(1'000);
    start_connected();
    line.black_hole();
    publish(jobs(1, 100));
    EXPECT_TRUE(eventually([&] { return queue->stats().republished >= 100; }));
    line.heal();
    EXPECT_TRUE(work());
}

TEST_F(RabbitFault, a_slow_line_is_only_slow) {
    start_connected();
    line.slow(Millis(150));
    publish(jobs(1, 2'000));
    EXPECT_TRUE(work());
    EXPECT_EQ(repeats, 0);
    EXPECT_EQ(queue->stats().connects, 2U);
}

TEST_F(RabbitFault, a_killed_broker_keeps_what_it_confirmed) {
    options.hosts = {{"127.0.0.1", broker.port()}};
    start_connected();
    publish(jobs(1, 5'000));
    ASSERT_TRUE(confirmed());
    const auto ids = take(100);
    // 3.10 forgets quorum queues that it made in its last moments: its list of them is synced late.
    Broker::ctl("eval '[dets:sync(T) || T <- dets:all()].' > /dev/null");
    Broker::run("kill");
    publish(jobs(10'001, 500));
    EXPECT_TRUE(eventually([&] { return !queue->health().connected; }));
    Broker::run("again");
    EXPECT_TRUE(connected()) << queue->health().detail;
    queue->done(ids);
    for (const auto id : ids) waiting.erase(id);
    EXPECT_TRUE(work());
    EXPECT_EQ(lost(), 0U) << "its queues were still there";
}

TEST_F(RabbitFault, a_queue_that_the_broker_cannot_serve_holds_up_no_other) {
    options.confirm_timeout = Millis(1'000);
    start_connected();
    queue.reset();
    const auto stuck = "whereis(binary_to_atom(<<\"%2F_" + options.prefix + ".low\">>))";
    Broker::ctl("eval 'sys:suspend(" + stuck + ").' > /dev/null");
    start();
    publish(jobs(1, 100, 5));
    EXPECT_TRUE(work());
    publish(jobs(201, 10, 0));
    publish(jobs(301, 100, 9));
    EXPECT_FALSE(work(Millis(3'000)));
    EXPECT_EQ(waiting.size(), 10U) << "only those of the stuck queue";
    EXPECT_GT(queue->marks().drained_before_ms[9], 0);
    EXPECT_EQ(queue->marks().drained_before_ms[0], 0) << "no answer is not an empty queue";
    Broker::ctl("eval 'sys:resume(" + stuck + ").' > /dev/null");
    EXPECT_TRUE(work());
}

TEST_F(RabbitFault, a_memory_alarm_stops_publishing_and_says_so) {
    options.outbox_max = 3'000;
    start_connected();
    Broker::ctl("set_vm_memory_high_watermark 0.000001");
    publish(jobs(1, 10));  // the broker tells only those that publish
    EXPECT_TRUE(eventually([&] { return queue->health().blocked; }));
    EXPECT_TRUE(queue->health().connected);
    EXPECT_NE(queue->health().detail.find("memory"), std::string::npos) << queue->health().detail;
    publish(jobs(101, 4'000));
    EXPECT_EQ(queue->depth().total - queue->depth().in_broker, 3'000) << "the outbox is bounded";
    EXPECT_EQ(lost(), 0U) << "not yet: it would only be dropped again";
    Broker::ctl("set_vm_memory_high_watermark 0.8");
    EXPECT_TRUE(eventually([&] { return lost() == 1; }));
    EXPECT_GE(queue->stats().dropped, 1'000U);
    EXPECT_FALSE(work(Millis(1'000)));
    reconcile();
    EXPECT_TRUE(work());
    EXPECT_FALSE(queue->health().blocked);
}

TEST_F(RabbitFault, a_purged_queue_shows_in_the_marks) {
    options.prefetch = 1;
    options.carrier_ids = 10;
    start_connected();
    publish(jobs(1, 200));
    ASSERT_TRUE(confirmed());
    ASSERT_TRUE(eventually([&] { return queue->marks().held == 10; }));
    const auto published_ms = clock.now_ms();
    EXPECT_LT(queue->marks().drained_before_ms[5], published_ms);
    Operator by(broker.port());
    by.purge(options.prefix + ".normal");
    EXPECT_FALSE(work(Millis(500)));
    EXPECT_EQ(waiting.size(), 190U);
    // All that was published before has left the broker, and 190 of them are nowhere: lost.
    EXPECT_TRUE(eventually([&] { return queue->marks().drained_before_ms[5] > published_ms; }));
    EXPECT_EQ(queue->marks().held, 0);
    reconcile();
    EXPECT_TRUE(work());
    EXPECT_EQ(repeats, 0);
    EXPECT_EQ(unmarked.size(), 10U) << "those that were published again say so";
}

TEST_F(RabbitFault, a_deleted_queue_is_made_again_and_reported) {
    options.prefetch = 1;
    options.carrier_ids = 10;
    start_connected();
    publish(jobs(1, 200));
    ASSERT_TRUE(confirmed());
    Operator by(broker.port());
    by.remove(options.prefix + ".normal");
    EXPECT_TRUE(eventually([&] { return lost() >= 1; }));
    reconcile();
    EXPECT_TRUE(work());
    EXPECT_GE(by.ready(options.prefix + ".normal"), 0);
}

TEST_F(RabbitFault, what_cannot_be_routed_is_sent_again) {
    // An operator's queue that is deleted: nobody makes it again but its owner.
    const auto theirs = options.prefix + "-theirs";
    extra_queues = {theirs};
    options.queues = {theirs};
    Operator by(broker.port());
    by.make_classic(theirs, {{"x-max-priority", 10}});
    start_connected();
    by.remove(theirs);
    publish(jobs(1, 30));
    EXPECT_TRUE(eventually([&] { return queue->stats().republished >= 30; }))
        << "given back, or on its way when the connection ended";
    EXPECT_TRUE(eventually([&] {
        return queue->health().detail.find(theirs) != std::string::npos;
    })) << queue->health().detail;
    by.make_classic(theirs, {{"x-max-priority", 10}});
    EXPECT_TRUE(work());
}

TEST_F(RabbitFault, what_the_broker_refuses_is_sent_again) {
    const auto theirs = options.prefix + "-theirs";
    extra_queues = {theirs};
    options.queues = {theirs};
    options.prefetch = 1;
    options.carrier_ids = 5;
    Operator by(broker.port());
    by.make_classic(theirs, {{"x-max-priority", 10}, {"x-max-length", 2}}, "reject-publish");
    start_connected();
    publish(jobs(1, 200));
    EXPECT_TRUE(eventually([&] { return queue->stats().republished > 0; }));
    EXPECT_TRUE(work());
    EXPECT_EQ(repeats, 0);
    EXPECT_EQ(queue->stats().connects, 2U) << "a refusal costs no connection";
}

TEST_F(RabbitFault, the_brokers_time_limit_for_acknowledgements_loses_nothing) {
    Broker::ctl(
        "eval 'application:set_env(rabbit, consumer_timeout, 1500), "
        "application:set_env(rabbit, channel_tick_interval, 500).' > /dev/null");
    start_connected();
    publish(jobs(1, 20));
    const auto ids = take(20);
    EXPECT_TRUE(eventually([&] { return queue->stats().connects >= 3; }))
        << "the broker closed the channel";
    EXPECT_TRUE(eventually([&] { return queue->stats().redelivered >= 20; }));
    EXPECT_TRUE(queue->take(9, all_channels, Millis(50)).empty()) << "they are on loan";
    queue->done(ids);
    EXPECT_TRUE(eventually([&] { return queue->marks().held == 0; }));
    // With a hold below the broker's limit it never comes to that.
    options.longest_hold = Millis(500);
    start_connected();
    EXPECT_EQ(queue->stats().received, 0U);
    publish(jobs(1, 20));
    const auto held = take(20);
    ASSERT_TRUE(eventually([&] { return queue->marks().held_let_go == 20; }));
    std::this_thread::sleep_for(Millis(3'000));
    EXPECT_EQ(queue->stats().connects, 2U);
    queue->done(held);
    EXPECT_EQ(queue->marks().held, 0);
    Broker::ctl(
        "eval 'application:set_env(rabbit, consumer_timeout, 1800000), "
        "application:set_env(rabbit, channel_tick_interval, 60000).' > /dev/null");
}

TEST_F(RabbitFault, a_second_host_is_tried) {
    suite::TcpProxy dead(broker.port());
    dead.refuse();
    options.hosts = {{"127.0.0.1", dead.port()}, {"127.0.0.1", line.port()}};
    start();
    publish(jobs(1, 10));
    EXPECT_TRUE(work());
}

}  // namespace
}  // namespace hongyan::rabbitmq
