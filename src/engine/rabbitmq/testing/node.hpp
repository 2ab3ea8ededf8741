// For tests: one node's queue on the broker, behind a line that can be damaged, and what a worker
// and a reconciliation do with it. Each test has queues of its own, removed at its end.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "contract/testing/tcp_proxy.hpp"
#include "engine/rabbitmq/testing/broker.hpp"

namespace hongyan::rabbitmq {

using suite::eventually;
using Ids = std::vector<MessageId>;

class BrokerTest : public testing::Test {
  protected:
    ~BrokerTest() override {
        queue.reset();
        try {
            Operator by(broker.port());
            remove_queues(by, options);
            for (const auto& name : extra_queues) by.remove(name);
        } catch (const std::exception& e) {
            ADD_FAILURE() << e.what();
        }
    }
    Result<std::unique_ptr<RabbitQueue>> open(const Options& with) {
        return RabbitQueue::open(with, clock, log,
                                 std::make_unique<local::LocalQueue>(clock, Millis(30'000)));
    }
    void start() {
        queue.reset();
        auto opened = open(options);
        ASSERT_TRUE(opened.ok()) << opened.error().detail;
        queue = std::move(*opened);
        queue->on_lost([this](const std::string& why) {
            const std::lock_guard lock(mutex);
            losses.push_back(why);
        });
    }
    void start_connected() {
        start();
        ASSERT_TRUE(connected());
        const std::lock_guard lock(mutex);
        losses.clear();
    }
    /// The same, with the line in between.
    void use_line() { options.hosts = {{"127.0.0.1", line.port()}}; }
    bool connected() {
        return eventually([&] { return queue->health().connected; });
    }
    std::size_t lost() {
        const std::lock_guard lock(mutex);
        return losses.size();
    }

    Job job(MessageId id, int priority = 5, ChannelKind channel = ChannelKind::sms) {
        Job made;
        made.id = id;
        made.ready_ms = clock.now_ms();
        made.priority = static_cast<std::uint8_t>(priority);
        made.channel = channel;
        return made;
    }
    std::vector<Job> jobs(MessageId first, int count, int priority = 5,
                          ChannelKind channel = ChannelKind::sms) {
        std::vector<Job> made;
        for (int i = 0; i < count; ++i) made.push_back(job(first + i, priority, channel));
        return made;
    }
    void publish(const std::vector<Job>& all) {
        for (const Job& one : all) {
            waiting.insert(one.id);
            ++published[one.id];
        }
        queue->publish(all);
    }
    /// What a worker of any node does with what it gets.
    void note(const Job& one) {
        if (!one.again) ++unmarked[one.id];
    }
    /// The published bound of duplicates: of all the comings of a job, over all nodes, one at most
    /// does not say that it may be in other hands.
    void expect_bound() {
        for (const auto& [id, count] : unmarked) EXPECT_LE(count, published[id]) << "job " << id;
    }
    bool confirmed() {
        return eventually([&] {
            const auto stats = queue->stats();
            return stats.confirmed >= waiting.size() && queue->depth().total >= 0 &&
                   queue->marks().confirmed_before_ms >= clock.now_ms();
        });
    }
    /// Works until nothing waits any more, as the dispatcher does; each job counts once.
    bool work(Millis within = Millis(30'000), ChannelMask mask = all_channels) {
        const auto end = std::chrono::steady_clock::now() + within;
        while (!waiting.empty() && std::chrono::steady_clock::now() < end) {
            Ids ids;
            for (const Job& one : queue->take(64, mask, Millis(20))) {
                note(one);
                ids.push_back(one.id);
                order.push_back(one.id);
                if (waiting.erase(one.id) == 0) ++repeats;
            }
            queue->done(ids);
        }
        return waiting.empty();
    }
    Ids take(std::size_t count, ChannelMask mask = all_channels) {
        Ids ids;
        EXPECT_TRUE(eventually([&] {
            for (const Job& one : queue->take(count - ids.size(), mask, Millis(20))) {
                note(one);
                ids.push_back(one.id);
            }
            return ids.size() >= count;
        }));
        return ids;
    }

    Broker broker;
    suite::TcpProxy line{broker.port()};
    SystemClock clock;
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    Options options = test_options(broker.port());
    std::vector<std::string> extra_queues;
    std::unique_ptr<RabbitQueue> queue;
    std::set<MessageId> waiting;  ///< the store: what is not finished
    Ids order;                    ///< as taken by work()
    int repeats = 0;
    std::map<MessageId, int> published;  ///< how often
    std::map<MessageId, int> unmarked;   ///< how often it came without Job::again
    std::mutex mutex;
    std::vector<std::string> losses;  ///< under mutex
};

}  // namespace hongyan::rabbitmq
