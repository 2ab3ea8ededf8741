// RabbitQueue on a healthy broker: carriers, acknowledgement, redelivery, bands, slow channels,
// other people's queues, TLS, refusals.
#include "engine/rabbitmq/testing/node.hpp"

namespace hongyan::rabbitmq {
namespace {

constexpr ChannelMask only(ChannelKind kind) { return 1U << static_cast<unsigned>(kind); }

class RabbitTest : public BrokerTest {};

TEST_F(RabbitTest, a_group_travels_in_few_carriers_and_everything_is_confirmed) {
    start_connected();
    publish(jobs(1, 1'000));
    EXPECT_TRUE(work());
    EXPECT_TRUE(eventually([&] { return queue->stats().confirmed == 1'000; }));
    EXPECT_TRUE(eventually([&] { return queue->stats().received == 1'000; }));
    const auto stats = queue->stats();
    EXPECT_EQ(stats.carriers, 4U);
    EXPECT_EQ(stats.republished, 0U);
    EXPECT_EQ(repeats, 0);
    EXPECT_TRUE(eventually([&] { return queue->depth().total == 0; }));
    EXPECT_EQ(queue->marks().held, 0);
}

TEST_F(RabbitTest, what_was_not_done_comes_again_after_a_death) {
    start_connected();
    publish(jobs(1, 10, 5));
    publish(jobs(11, 10, 9));
    EXPECT_EQ(take(20).size(), 20U);
    queue->done(Ids{11, 12, 13, 14, 15, 16, 17, 18, 19, 20});
    queue->done(Ids{1, 2});
    start_connected();  // the first one's destructor ended its connection
    const auto again = take(10);
    EXPECT_EQ(again, (Ids{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}))
        << "a carrier comes whole; the store knows which of its jobs are finished";
    EXPECT_EQ(queue->stats().redelivered, 10U);
    queue->done(again);
    start_connected();
    EXPECT_TRUE(queue->take(9, all_channels, Millis(200)).empty());
    EXPECT_EQ(queue->stats().received, 0U);
}

TEST_F(RabbitTest, the_last_acknowledgements_are_sent_at_the_end) {
    for (int round = 0; round < 5; ++round) {
        start_connected();
        EXPECT_EQ(queue->stats().received, 0U);
        publish(jobs(1, 300));
        const auto ids = take(300);
        queue->done(ids);
        queue.reset();
    }
    start_connected();
    EXPECT_TRUE(queue->take(9, all_channels, Millis(200)).empty());
    EXPECT_EQ(queue->stats().received, 0U);
}

TEST_F(RabbitTest, urgent_jobs_overtake_a_full_window_of_low_ones) {
    options.prefetch = 2;
    options.carrier_ids = 4;
    start_connected();
    publish(jobs(1, 400, 1));
    EXPECT_EQ(take(1), Ids{1});
    publish({job(1'000, 10), job(1'001, 9)});
    ASSERT_TRUE(eventually([&] { return queue->depth().by_priority[9] == 1; }));
    ASSERT_TRUE(eventually([&] { return queue->depth().by_priority[10] == 1; }));
    ASSERT_TRUE(eventually([&] { return queue->stats().received >= 10; }));
    EXPECT_EQ(take(2), (Ids{1'000, 1'001}));
    EXPECT_LE(queue->marks().held, 2 * 4 + 2) << "a small window of each band is here";
}

TEST_F(RabbitTest, a_channel_that_cannot_send_holds_up_no_other) {
    options.prefetch = 2;
    options.carrier_ids = 5;
    start_connected();
    publish(jobs(1, 500, 5, ChannelKind::sms));
    publish(jobs(1'001, 5, 5, ChannelKind::email));
    const auto emails = take(5, only(ChannelKind::email));
    EXPECT_EQ(emails, (Ids{1'001, 1'002, 1'003, 1'004, 1'005}));
    EXPECT_GE(queue->stats().let_go, 490U);
    EXPECT_GE(queue->marks().held_let_go, 490);
    queue->done(emails);
    for (const auto id : emails) waiting.erase(id);
    EXPECT_TRUE(work()) << "what was let go is still sent from here";
    EXPECT_EQ(repeats, 0);
    EXPECT_EQ(queue->marks().held_let_go, 0);
}

TEST_F(RabbitTest, jobs_on_loan_that_wait_elsewhere_hold_up_no_other) {
    options.prefetch = 2;
    options.carrier_ids = 5;
    start_connected();
    publish(jobs(1, 50));
    const auto lent = take(10);
    publish({job(100)});
    EXPECT_EQ(take(41).size(), 41U);
    queue->publish(jobs(lent.front(), 10));
    EXPECT_EQ(take(10), lent) << "published again, they come from here";
}

TEST_F(RabbitTest, a_reconciliation_brings_nothing_into_hands_twice) {
    options.prefetch = 1;
    options.carrier_ids = 10;
    start_connected();
    publish(jobs(1, 30));
    const auto lent = take(5);
    ASSERT_TRUE(eventually([&] { return queue->marks().held == 10; }));
    queue->republish(jobs(1, 30));  // 11 to 30 are in the broker, and twice now
    Ids all = lent;
    EXPECT_TRUE(eventually([&] {
        for (const Job& one : queue->take(64, all_channels, Millis(20))) all.push_back(one.id);
        return all.size() >= 30 && queue->stats().duplicates >= 20;
    }));
    EXPECT_TRUE(queue->take(64, all_channels, Millis(100)).empty());
    EXPECT_EQ(std::set<MessageId>(all.begin(), all.end()).size(), 30U);
    EXPECT_EQ(all.size(), 30U);
    queue->done(all);
    EXPECT_TRUE(eventually([&] { return queue->marks().held == 0; }));
}

TEST_F(RabbitTest, what_is_held_is_bounded) {
    options.prefetch = 2;
    options.carrier_ids = 5;
    options.held_max = 40;
    start_connected();
    publish(jobs(1, 500, 5, ChannelKind::sms));
    for (int i = 0; i < 20; ++i)
        EXPECT_TRUE(queue->take(9, only(ChannelKind::email), Millis(20)).empty());
    EXPECT_GE(queue->marks().held, 40);
    EXPECT_LE(queue->marks().held, 40 + 2 * 10);
    EXPECT_TRUE(work());
}

TEST_F(RabbitTest, two_nodes_share_and_nothing_is_lost_or_doubled) {
    options.prefetch = 4;
    options.carrier_ids = 16;
    start_connected();
    auto other = open(options);
    ASSERT_TRUE(other.ok());
    ASSERT_TRUE(eventually([&] { return (*other)->health().connected; }));
    publish(jobs(1, 3'000));
    std::set<MessageId> seen;
    std::size_t of_other = 0;
    EXPECT_TRUE(eventually([&] {
        for (auto* node : {queue.get(), other->get()}) {
            Ids ids;
            for (const Job& one : node->take(32, all_channels, Millis(5))) {
                EXPECT_TRUE(seen.insert(one.id).second);
                ids.push_back(one.id);
            }
            node->done(ids);
            if (node == other->get()) of_other += ids.size();
        }
        return seen.size() == 3'000;
    }));
    EXPECT_GT(of_other, 300U);
    EXPECT_LT(of_other, 2'700U);
}

TEST_F(RabbitTest, a_node_that_delivers_nothing_publishes_and_takes_nothing) {
    options.consumes = false;
    start_connected();
    const auto before_ms = clock.now_ms();
    publish(jobs(1, 50));
    ASSERT_TRUE(confirmed());
    EXPECT_TRUE(queue->take(9, all_channels, Millis(100)).empty());
    EXPECT_EQ(queue->marks().held, 0);
    EXPECT_TRUE(eventually([&] { return queue->depth().in_broker > 0; })) << "it sees them wait";
    EXPECT_LT(queue->marks().drained_before_ms[5], before_ms) << "nobody has taken them";
    auto worker = options;
    worker.consumes = true;
    auto other = open(worker);
    ASSERT_TRUE(other.ok());
    Ids ids;
    EXPECT_TRUE(eventually([&] {
        for (const Job& one : (*other)->take(64, all_channels, Millis(20))) ids.push_back(one.id);
        return ids.size() == 50;
    }));
    (*other)->done(ids);
    EXPECT_TRUE(eventually([&] { return queue->depth().in_broker == 0; }));
}

TEST_F(RabbitTest, the_marks_tell_how_far_it_can_be_trusted) {
    start_connected();
    const auto before = clock.now_ms();
    publish(jobs(1, 10));
    EXPECT_TRUE(eventually([&] { return queue->marks().confirmed_before_ms > before; }));
    EXPECT_TRUE(eventually([&] { return queue->marks().held == 10; }));
    EXPECT_TRUE(eventually([&] { return queue->marks().drained_before_ms[5] > before; }))
        << "the broker has none left";
    EXPECT_TRUE(work());
}

TEST_F(RabbitTest, a_body_that_is_not_ours_goes_to_the_dead_letters) {
    start_connected();
    Operator by(broker.port());
    by.put(options.prefix + ".normal", R"({"id": 5})");
    by.put(options.prefix + ".normal", "");
    publish(jobs(1, 3));
    EXPECT_TRUE(work());
    EXPECT_TRUE(eventually([&] { return by.ready(options.dead_queue()) == 2; }));
    EXPECT_EQ(queue->stats().rejected, 2U);
}

TEST_F(RabbitTest, a_queue_with_other_arguments_is_a_clear_error) {
    Operator by(broker.port());
    by.make_classic(options.prefix + ".low");
    const auto opened = open(options);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::config_invalid);
    EXPECT_NE(opened.error().detail.find(options.prefix + ".low' exists with other arguments"),
              std::string::npos)
        << opened.error().detail;
}

TEST_F(RabbitTest, wrong_credentials_and_vhosts_are_clear_errors) {
    auto wrong = options;
    wrong.password = "wrong-secret";
    auto opened = open(wrong);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::config_invalid) << opened.error().detail;
    EXPECT_EQ(opened.error().detail.find("wrong-secret"), std::string::npos);
    wrong = options;
    wrong.vhost = "nowhere";
    opened = open(wrong);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::config_invalid) << opened.error().detail;
}

TEST_F(RabbitTest, tls_is_checked) {
    options.tls = true;
    options.hosts = {{"localhost", broker.tls_port()}};  // its name, not its address
    auto opened = open(options);
    ASSERT_FALSE(opened.ok()) << "the system does not know this authority";
    EXPECT_EQ(opened.error().code, ErrorCode::config_invalid) << opened.error().detail;
    options.ca_file = broker.ca();
    start_connected();
    publish(jobs(1, 20'000));
    EXPECT_TRUE(work());
    EXPECT_EQ(repeats, 0);
    options.ca_file = "/nowhere.pem";
    opened = open(options);
    ASSERT_FALSE(opened.ok());
    EXPECT_NE(opened.error().detail.find("/nowhere.pem"), std::string::npos);
}

TEST_F(RabbitTest, an_operators_priority_queue_is_used_as_it_is) {
    const auto theirs = options.prefix + "-theirs";
    extra_queues = {theirs};
    options.queues = {theirs};
    {
        const auto opened = open(options);
        ASSERT_FALSE(opened.ok()) << "it is not ours to make";
        EXPECT_NE(opened.error().detail.find(theirs), std::string::npos);
    }
    Operator by(broker.port());
    by.make_classic(theirs, {{"x-max-priority", 10}});
    options.prefetch = 1;
    options.carrier_ids = 2;
    start_connected();
    publish(jobs(1, 6, 2));
    EXPECT_EQ(take(1), Ids{1});  // the window is full; the rest is in the broker
    publish(jobs(11, 2, 10));
    publish(jobs(21, 2, 7));
    ASSERT_TRUE(eventually([&] { return by.ready(theirs) == 4; }));
    EXPECT_EQ(take(1), Ids{2});
    queue->done(Ids{1, 2});
    waiting.erase(1);
    waiting.erase(2);
    EXPECT_TRUE(work());
    EXPECT_EQ(order, (Ids{11, 12, 21, 22, 3, 4, 5, 6})) << "the broker gives urgent ones first";
    by.put(theirs, "none of ours");
    EXPECT_TRUE(eventually([&] { return by.ready(options.dead_queue()) == 1; }));
    EXPECT_TRUE(eventually([&] { return by.ready(theirs) == 0; }));
}

TEST_F(RabbitTest, an_operators_four_queues_take_the_four_bands) {
    Operator by(broker.port());
    for (const char* name : {"-a", "-b", "-c", "-d"}) {
        options.queues.push_back(options.prefix + name);
        by.make_classic(options.queues.back(), {{"x-max-priority", 10}});
    }
    extra_queues = options.queues;
    start_connected();
    std::vector<Job> all;
    for (int priority = 0; priority < priority_levels; ++priority)
        all.push_back(job(priority + 1, priority));
    publish(all);
    ASSERT_TRUE(eventually([&] { return queue->stats().received == 11; }));
    EXPECT_TRUE(work());
    EXPECT_EQ(order, (Ids{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}));
}

}  // namespace
}  // namespace hongyan::rabbitmq
