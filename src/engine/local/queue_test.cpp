#include "engine/local/queue.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <list>
#include <map>
#include <random>

#include "contract/testing/queue_suite.hpp"

namespace hongyan::suite {
namespace {

class LocalBench final : public QueueBench {
  public:
    Queue& queue() override { return queue_; }
    ManualClock& clock() override { return clock_; }

  private:
    ManualClock clock_;
    local::LocalQueue queue_{clock_, Millis(aging_ms)};
};

std::unique_ptr<QueueBench> make_bench() { return std::make_unique<LocalBench>(); }

INSTANTIATE_TEST_SUITE_P(local, queue_suite, testing::Values(&make_bench));

}  // namespace
}  // namespace hongyan::suite

namespace hongyan::local {
namespace {

/// The same order, said as plainly as possible.
class NaiveQueue {
  public:
    explicit NaiveQueue(std::int64_t aging_ms) : aging_ms_(aging_ms) {}

    void publish(const Job& job) {
        Group& group = groups_[{static_cast<int>(job.channel), job.priority}];
        if (group.jobs[job.tenant_id].empty()) group.turns.push_back(job.tenant_id);
        group.jobs[job.tenant_id].push_back(job);
    }
    std::vector<Job> take(std::size_t max, ChannelMask mask, std::int64_t now_ms) {
        std::vector<Job> taken;
        while (taken.size() < max) {
            const auto* best = best_group(mask, now_ms);
            if (best == nullptr) break;
            taken.push_back(pop(groups_[*best]));
            turn_ = (static_cast<int>(taken.back().channel) + 1) % 5;
        }
        return taken;
    }

  private:
    struct Group {
        std::map<std::int64_t, std::list<Job>> jobs;
        std::list<std::int64_t> turns;
    };
    using Key = std::pair<int, int>;  ///< channel, priority

    const Key* best_group(ChannelMask mask, std::int64_t now_ms) {
        const Key* best = nullptr;
        std::array<std::int64_t, 3> best_rank{};
        for (auto& [key, group] : groups_) {
            if (group.turns.empty() || (mask >> key.first & 1U) == 0) continue;
            std::int64_t waited = 0;
            for (const auto tenant : group.turns) {
                waited = std::max(waited, now_ms - group.jobs[tenant].front().ready_ms);
            }
            const std::int64_t level = key.second + (aging_ms_ == 0 ? 0 : waited / aging_ms_);
            const std::array<std::int64_t, 3> rank{level, key.second,
                                                   -((key.first - turn_ + 5) % 5)};
            if (best == nullptr || rank > best_rank) {
                best = &key;
                best_rank = rank;
            }
        }
        return best;
    }
    static Job pop(Group& group) {
        const std::int64_t tenant = group.turns.front();
        group.turns.pop_front();
        const Job job = group.jobs[tenant].front();
        group.jobs[tenant].pop_front();
        if (!group.jobs[tenant].empty()) group.turns.push_back(tenant);
        return job;
    }

    const std::int64_t aging_ms_;
    std::map<Key, Group> groups_;
    int turn_ = 0;
};

std::vector<Job> random_burst(std::mt19937& random, std::int64_t now_ms, MessageId& next_id) {
    std::vector<Job> burst(random() % 300 * (random() % 4 == 0 ? 10 : 1) / 3);
    const int tenants = random() % 2 == 0 ? 3 : 40;
    for (Job& job : burst) {
        job.id = next_id++;
        job.tenant_id = static_cast<std::int64_t>(random()) % tenants;
        job.ready_ms = now_ms - static_cast<std::int64_t>(random() % 4 == 0 ? random() % 5000 : 0);
        job.priority = static_cast<std::uint8_t>(random() % priority_levels);
        job.channel = static_cast<ChannelKind>(random() % 5);
    }
    return burst;
}

void compare_with_naive(unsigned seed, std::int64_t aging_ms) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    ManualClock clock;
    LocalQueue queue(clock, Millis(aging_ms));
    NaiveQueue naive(aging_ms);
    MessageId next_id = 1;
    std::int64_t waiting = 0;
    for (int step = 0; step < 60; ++step) {
        clock.advance(Millis(random() % 700));
        if (random() % 2 == 0) {
            const auto burst = random_burst(random, clock.now_ms(), next_id);
            queue.publish(burst);
            for (const Job& job : burst) naive.publish(job);
            waiting += static_cast<std::int64_t>(burst.size());
        }
        const ChannelMask mask = random() % 3 == 0 ? random() % (all_channels + 1) : all_channels;
        const std::size_t max = random() % 300;
        const auto got = queue.take(max, mask, Millis(0));
        const auto expected = naive.take(max, mask, clock.now_ms());
        ASSERT_EQ(got.size(), expected.size()) << "step " << step;
        for (std::size_t i = 0; i < got.size(); ++i) {
            ASSERT_EQ(got[i].id, expected[i].id) << "step " << step << " job " << i;
            ASSERT_EQ(got[i].tenant_id, expected[i].tenant_id);
            ASSERT_EQ(got[i].priority, expected[i].priority);
        }
        waiting -= static_cast<std::int64_t>(got.size());
        ASSERT_EQ(queue.depth().total, waiting);
    }
}

TEST(local_queue, keeps_the_order_of_a_naive_queue) {
    for (unsigned seed = 1; seed <= 5; ++seed) compare_with_naive(seed, 1000);
}

TEST(local_queue, without_aging_priority_is_strict) {
    for (unsigned seed = 1; seed <= 2; ++seed) compare_with_naive(seed, 0);
    ManualClock clock;
    LocalQueue queue(clock, Millis(0));
    const Job old{1, 1, 0, 0, ChannelKind::sms};
    const Job urgent{2, 1, clock.now_ms(), 1, ChannelKind::sms};
    queue.publish(std::array{old, urgent});
    EXPECT_EQ(queue.take(1, all_channels, Millis(0)).at(0).id, 2);
}

TEST(local_queue, a_constant_stream_of_urgent_jobs_starves_nobody) {
    ManualClock clock;
    LocalQueue queue(clock, Millis(1000));
    queue.publish(std::array{Job{1, 1, clock.now_ms(), 0, ChannelKind::sms}});
    int seconds = 0;
    for (MessageId id = 2; seconds < 100; ++seconds, ++id) {
        queue.publish(std::array{Job{id, 2, clock.now_ms(), 10, ChannelKind::sms}});
        if (queue.take(1, all_channels, Millis(0)).at(0).id == 1) break;
        clock.advance(Millis(1000));
    }
    EXPECT_EQ(seconds, 11);
}

TEST(local_queue, a_million_jobs_take_at_most_twenty_bytes_each) {
    constexpr int count = 1'000'000;
    const auto used = [] {
        const struct mallinfo2 info = ::mallinfo2();
        return info.uordblks + info.hblkhd;
    };
    if (used() == 0) GTEST_SKIP() << "no figures from this allocator";
    ManualClock clock;
    LocalQueue queue(clock, Millis(1000));
    const std::size_t before = used();
    {
        std::vector<Job> burst;
        for (int i = 0; i < count; ++i) {
            burst.push_back(
                {i, i % 50, clock.now_ms(), static_cast<std::uint8_t>(i % 3), ChannelKind::sms});
            if (burst.size() == 1000) {
                queue.publish(burst);
                burst.clear();
            }
        }
    }
    const double each = static_cast<double>(used() - before) / count;
    EXPECT_LT(each, 20);
    RecordProperty("bytes_per_job", std::to_string(each));
    while (!queue.take(1000, all_channels, Millis(0)).empty()) {
    }
    EXPECT_LT(used() - before, 2'000'000U) << "drained chunks are freed";
}

TEST(local_queue, many_tenants_with_one_job_each_leave_nothing_behind) {
    ManualClock clock;
    LocalQueue queue(clock, Millis(1000));
    for (int round = 0; round < 3; ++round) {
        std::vector<Job> burst;
        for (int i = 0; i < 20'000; ++i)
            burst.push_back({i, i, clock.now_ms() + i, 5, ChannelKind::app});
        queue.publish(burst);
        for (int i = 0; i < 20'000; i += 64) {
            const auto jobs = queue.take(64, all_channels, Millis(0));
            ASSERT_EQ(jobs.at(0).id, i);
        }
        EXPECT_EQ(queue.depth().total, 0);
    }
}

}  // namespace
}  // namespace hongyan::local
