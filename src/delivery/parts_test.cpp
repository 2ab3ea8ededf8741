#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "delivery/due.hpp"
#include "delivery/fresh.hpp"
#include "delivery/live.hpp"
#include "engine/local/queue.hpp"

namespace hongyan::delivery {
namespace {

MessagePtr message_of(MessageId id, std::size_t size) {
    auto message = std::make_unique<Message>();
    message->id = id;
    message->content.assign(size, 'x');
    return message;
}

std::vector<MessagePtr> one(MessagePtr message) {
    std::vector<MessagePtr> list;
    list.push_back(std::move(message));
    return list;
}

TEST(FreshMessages, keeps_no_more_slots_and_bytes_than_allowed) {
    FreshMessages fresh(6, 10 * (sizeof(Message) + 100));
    for (MessageId id = 0; id < 100; ++id) fresh.put(one(message_of(id, 100)));
    std::vector<MessageId> all;
    for (MessageId id = 0; id < 100; ++id) all.push_back(id);
    const auto found = fresh.take(all);
    const auto is_kept = [](const MessagePtr& one) { return one != nullptr; };
    EXPECT_EQ(std::count_if(found.begin(), found.end(), is_kept), 8);         // 6 slots became 8
    EXPECT_EQ(std::count_if(found.begin(), found.begin() + 84, is_kept), 0);  // the newest stay
    // What was taken gives its bytes back.
    for (int round = 0; round < 50; ++round) {
        fresh.put(one(message_of(round, 100)));
        if (round % 2 == 0)
            EXPECT_NE(fresh.take({round})[0], nullptr);
        else
            fresh.drop(round);
        EXPECT_EQ(fresh.take({round})[0], nullptr);
    }
    fresh.put(one(message_of(1, 10 * (sizeof(Message) + 100))));
    EXPECT_EQ(fresh.take({1})[0], nullptr);
}

TEST(FreshMessages, gives_no_message_away_under_another_id_of_its_slot) {
    FreshMessages fresh(4, 1'000'000);
    fresh.put(one(message_of(5, 1)));
    EXPECT_EQ(fresh.take({1})[0], nullptr);
    fresh.drop(9);
    EXPECT_EQ(fresh.take({5})[0]->id, 5);
}

/// How many are still there when as many came afterwards.
std::size_t kept_of(const std::vector<MessageId>& ids) {
    FreshMessages fresh(16'384, 1'000'000'000);
    for (const MessageId id : ids) fresh.put(one(message_of(id, 1)));
    const auto found = fresh.take(ids);
    return static_cast<std::size_t>(std::count_if(
        found.begin(), found.end(), [](const MessagePtr& one) { return one != nullptr; }));
}

TEST(FreshMessages, keeps_a_whole_batch_and_the_single_messages_of_a_tenth_of_a_second) {
    const MessageId now = first_id_at(1'764'000'000'000);
    std::vector<MessageId> batch;
    for (MessageId i = 0; i < 10'000; ++i) batch.push_back(now + i);
    EXPECT_GE(kept_of(batch), 9'900U);
    // Each millisecond begins with the same low bits, of a node of a cluster too.
    for (const MessageId node : {0, 7}) {
        std::vector<MessageId> singles;
        for (MessageId i = 0; i < 5'000; ++i)
            singles.push_back(now + (i / 50 << id_counter_bits) + (node << 10) + i % 50);
        EXPECT_GE(kept_of(singles), 4'900U) << node;
    }
}

TEST(DueTimer, gives_jobs_out_by_time_when_the_clock_reaches_it_and_never_before) {
    ManualClock clock(1'000'000);
    local::LocalQueue queue(clock, Millis(0));
    DueTimer timer(queue, clock);
    timer.start();
    for (const int step : {70, 10, 40, 10, 90, 20}) {
        timer.add(
            {.id = step, .tenant_id = 1, .ready_ms = 0, .priority = 5, .channel = ChannelKind::app},
            1'000'000 + step);
    }
    EXPECT_TRUE(queue.take(10, all_channels, Millis(30)).empty());
    std::vector<MessageId> got;
    for (int i = 0; i < 10; ++i) {
        clock.advance(Millis(10));
        const auto due = static_cast<std::size_t>(i == 0                                 ? 2
                                                  : i == 1 || i == 3 || i == 6 || i == 8 ? 1
                                                                                         : 0);
        for (std::size_t taken = 0; taken < due; ++taken) {
            const auto jobs = queue.take(1, all_channels, Millis(20'000));
            ASSERT_EQ(jobs.size(), 1U);
            EXPECT_EQ(jobs[0].ready_ms, 1'000'000 + jobs[0].id);
            got.push_back(jobs[0].id);
        }
        EXPECT_EQ(queue.depth().total, 0);
    }
    EXPECT_EQ(got, (std::vector<MessageId>{10, 10, 20, 40, 70, 90}));
    EXPECT_EQ(timer.size(), 0);
    timer.stop();
}

TEST(LiveCounters, sum_the_last_seconds_of_each_tenant) {
    ManualClock clock;
    LiveCounters live(clock);
    for (int second = 0; second < 4'000; ++second) {
        live.add(1, {1, 2, 3, 4});
        clock.advance(Millis(1'000));
    }
    EXPECT_EQ(live.last(1, 1).accepted, 0);
    EXPECT_EQ(live.last(1, 2).accepted, 1);
    EXPECT_EQ(live.last(1, 11).sent, 20);
    EXPECT_EQ(live.last(1, 3'600).failed, 3 * 3'599);
    EXPECT_EQ(live.last(1, 100'000).response_ms, 4 * 3'600);
    EXPECT_EQ(live.last(2, 60).accepted, 0);
}

}  // namespace
}  // namespace hongyan::delivery
