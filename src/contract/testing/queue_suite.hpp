// The contract suite of Queue: what every engine must do, run unchanged over each. An engine's test
// includes this header once, writes a QueueBench and says
//     INSTANTIATE_TEST_SUITE_P(local, queue_suite, testing::Values(&make_bench));
// Each test gets an empty queue whose jobs rise by one priority with every suite::aging_ms of
// waiting.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "contract/queue.hpp"

namespace hongyan::suite {

inline constexpr std::int64_t aging_ms = 30'000;

/// One empty queue and the clock it goes by.
class QueueBench {
  public:
    virtual ~QueueBench() = default;
    virtual Queue& queue() = 0;
    virtual ManualClock& clock() = 0;
    /// Waits until so many jobs more than before can be taken, if they travel.
    virtual void await(std::size_t) {}
};
using MakeQueueBench = std::unique_ptr<QueueBench> (*)();

class queue_suite : public testing::TestWithParam<MakeQueueBench> {
  protected:
    void SetUp() override { bench_ = GetParam()(); }
    Queue& queue() { return bench_->queue(); }
    Job job(MessageId id, int priority = 5, std::int64_t tenant = 1,
            ChannelKind channel = ChannelKind::sms) {
        Job made;
        made.id = id;
        made.tenant_id = tenant;
        made.ready_ms = bench_->clock().now_ms();
        made.priority = static_cast<std::uint8_t>(priority);
        made.channel = channel;
        return made;
    }
    void publish(const std::vector<Job>& jobs) {
        queue().publish(jobs);
        bench_->await(jobs.size());
    }
    void expect_depth(std::int64_t total) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (queue().depth().total != total && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(Millis(5));
        EXPECT_EQ(queue().depth().total, total);
    }
    void done(const std::vector<MessageId>& ids) { queue().done(ids); }
    std::vector<MessageId> take_ids(std::size_t max, ChannelMask mask = all_channels) {
        std::vector<MessageId> ids;
        for (const Job& taken : queue().take(max, mask, Millis(0))) ids.push_back(taken.id);
        return ids;
    }
    using Ids = std::vector<MessageId>;
    static constexpr ChannelMask only(ChannelKind kind) {
        return 1U << static_cast<unsigned>(kind);
    }
    std::unique_ptr<QueueBench> bench_;
};

TEST_P(queue_suite, an_empty_queue_gives_nothing) {
    EXPECT_TRUE(take_ids(10).empty());
    expect_depth(0);
    publish({});
    publish({job(1)});
    EXPECT_TRUE(take_ids(0).empty());
    EXPECT_TRUE(take_ids(1, 0).empty());
    expect_depth(1);
}

TEST_P(queue_suite, a_job_comes_back_as_it_was_and_once) {
    const Job sent = job(77, 9, 3, ChannelKind::feishu);
    publish({sent});
    const auto taken = queue().take(5, all_channels, Millis(0));
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken[0].id, sent.id);
    EXPECT_EQ(taken[0].tenant_id, sent.tenant_id);
    EXPECT_EQ(taken[0].ready_ms, sent.ready_ms);
    EXPECT_EQ(taken[0].priority, sent.priority);
    EXPECT_EQ(taken[0].channel, sent.channel);
    EXPECT_TRUE(take_ids(5).empty());
}

TEST_P(queue_suite, urgent_goes_first_and_equals_keep_their_order) {
    publish({job(1, 0), job(2, 5), job(3, 10), job(4, 5), job(5, 10)});
    EXPECT_EQ(take_ids(3), (Ids{3, 5, 2}));
    EXPECT_EQ(take_ids(9), (Ids{4, 1}));
}

TEST_P(queue_suite, tenants_take_turns_whatever_their_backlog) {
    std::vector<Job> jobs;
    for (int i = 0; i < 1000; ++i) jobs.push_back(job(i, 5, 1));
    publish(jobs);
    publish({job(2001, 5, 2), job(2002, 5, 2)});
    EXPECT_EQ(take_ids(5), (Ids{0, 2001, 1, 2002, 2}));
}

TEST_P(queue_suite, only_the_channels_asked_for_are_given) {
    publish({job(1, 5, 1, ChannelKind::sms), job(2, 9, 1, ChannelKind::email)});
    EXPECT_EQ(take_ids(9, only(ChannelKind::sms)), Ids{1});
    EXPECT_TRUE(take_ids(9, only(ChannelKind::app)).empty());
    EXPECT_EQ(take_ids(9, only(ChannelKind::sms) | only(ChannelKind::email)), Ids{2});
}

TEST_P(queue_suite, waiting_raises_the_priority) {
    publish({job(1, 3)});
    bench_->clock().advance(Millis(aging_ms * 2 - 1));
    publish({job(2, 4), job(3, 5)});
    EXPECT_EQ(take_ids(1), Ids{3});
    bench_->clock().advance(Millis(1 + aging_ms));
    publish({job(4, 5)});
    EXPECT_EQ(take_ids(1), Ids{1}) << "three levels of waiting put it above 5";
    EXPECT_EQ(take_ids(9), (Ids{4, 2})) << "equal levels go by priority";
}

TEST_P(queue_suite, depth_counts_by_priority_and_channel) {
    publish({job(1, 0), job(2, 5, 2, ChannelKind::email), job(3, 5, 1, ChannelKind::email)});
    expect_depth(3);
    QueueDepth depth = queue().depth();
    EXPECT_EQ(depth.by_priority[0], 1);
    EXPECT_EQ(depth.by_priority[5], 2);
    EXPECT_EQ(depth.by_channel[0], 1);
    EXPECT_EQ(depth.by_channel[1], 2);
    EXPECT_EQ(take_ids(2, only(ChannelKind::email)).size(), 2U);
    depth = queue().depth();
    EXPECT_EQ(depth.total, 1);
    EXPECT_EQ(depth.by_priority[5], 0);
    EXPECT_EQ(depth.by_channel[1], 0);
}

TEST_P(queue_suite, a_waiting_take_gets_what_is_published) {
    std::vector<Job> taken;
    std::thread taker([&] { taken = queue().take(8, only(ChannelKind::app), Millis(60'000)); });
    publish({job(1, 9, 1, ChannelKind::sms)});
    publish({job(2, 5, 1, ChannelKind::app)});
    taker.join();
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken[0].id, 2);
}

TEST_P(queue_suite, each_waiting_channel_wakes_for_its_own_job) {
    std::atomic<int> got{0};
    std::vector<std::thread> takers;
    for (const ChannelKind kind : {ChannelKind::sms, ChannelKind::email, ChannelKind::email}) {
        takers.emplace_back([&, kind] {
            got += static_cast<int>(queue().take(1, only(kind), Millis(60'000)).size());
        });
    }
    publish({job(1, 5, 1, ChannelKind::sms), job(2, 5, 1, ChannelKind::email),
             job(3, 5, 1, ChannelKind::email)});
    for (auto& taker : takers) taker.join();
    EXPECT_EQ(got, 3);
}

TEST_P(queue_suite, wake_ends_a_wait_now_or_the_next_one) {
    std::thread taker([&] { EXPECT_TRUE(queue().take(8, all_channels, Millis(60'000)).empty()); });
    queue().wake();  // whether the taker already waits or not
    taker.join();
}

TEST_P(queue_suite, many_publishers_and_takers_lose_nothing_and_double_nothing) {
    constexpr int publishers = 3;
    constexpr int each = 6000;
    std::mutex mutex;
    std::set<MessageId> seen;
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int p = 0; p < publishers; ++p) {
        threads.emplace_back([&, p] {
            for (int i = 0; i < each; i += 20) {
                std::vector<Job> burst;
                for (int n = i; n < i + 20; ++n) {
                    burst.push_back(job(1 + p * each + n, n % priority_levels, n % 7,
                                        static_cast<ChannelKind>(n % 5)));
                }
                publish(burst);
            }
        });
    }
    for (const ChannelMask mask : {all_channels, only(ChannelKind::sms), all_channels}) {
        threads.emplace_back([&, mask] {
            while (taken < publishers * each) {
                const auto jobs = queue().take(64, mask, Millis(20));
                Ids ids;
                {
                    const std::lock_guard lock(mutex);
                    for (const Job& one : jobs) {
                        EXPECT_TRUE(seen.insert(one.id).second);
                        ids.push_back(one.id);
                    }
                }
                queue().done(ids);
                taken += static_cast<int>(jobs.size());
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(publishers * each));
    expect_depth(0);
}

TEST_P(queue_suite, what_may_be_in_other_hands_says_so) {
    Job again = job(1);
    again.again = true;
    again.ready_ms = -5;  // whatever stands there
    Job later = job(3);
    later.again = true;
    publish({again, job(2), later});
    std::map<MessageId, Job> taken;
    for (const Job& one : queue().take(9, all_channels, Millis(0))) taken[one.id] = one;
    ASSERT_EQ(taken.size(), 3U);
    EXPECT_TRUE(taken[1].again);
    EXPECT_EQ(taken[1].ready_ms, -5);
    EXPECT_FALSE(taken[2].again);
    EXPECT_TRUE(taken[3].again);
    EXPECT_EQ(taken[3].ready_ms, later.ready_ms);
}

TEST_P(queue_suite, a_job_on_loan_that_is_published_again_comes_back) {
    const auto first = job(1);
    publish({first, job(2)});
    EXPECT_EQ(take_ids(9), (Ids{1, 2}));
    publish({first});
    EXPECT_EQ(take_ids(9), Ids{1});
    EXPECT_TRUE(take_ids(9).empty());
    done({1, 2});
    expect_depth(0);
}

TEST_P(queue_suite, the_end_of_a_loan_does_not_end_what_was_published_since) {
    const auto first = job(1);
    publish({first});
    EXPECT_EQ(take_ids(9), Ids{1});
    publish({first});
    done({1});
    EXPECT_EQ(take_ids(9), Ids{1});
    done({1});
    publish({first});
    EXPECT_EQ(take_ids(9), Ids{1}) << "a redrive after the end";
}

TEST_P(queue_suite, ids_that_are_not_on_loan_may_be_called_done) {
    done({});
    done({5, 6});
    publish({job(5)});
    done({5, 6});
    EXPECT_EQ(take_ids(9), Ids{5});
    done({5, 5});
    expect_depth(0);
}

TEST_P(queue_suite, it_says_how_it_is) {
    const auto health = queue().health();
    EXPECT_TRUE(health.connected) << health.detail;
    EXPECT_FALSE(health.blocked);
    EXPECT_EQ(health.detail, "");
}

}  // namespace hongyan::suite
