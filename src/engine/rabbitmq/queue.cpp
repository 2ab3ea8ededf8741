#include "engine/rabbitmq/queue.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "engine/rabbitmq/consumer.hpp"
#include "engine/rabbitmq/leases.hpp"
#include "engine/rabbitmq/publisher.hpp"
#include "engine/rabbitmq/topology.hpp"

namespace hongyan::rabbitmq {

struct RabbitQueue::Parts {
    Parts(Options with, const Clock& by, Log& to, std::unique_ptr<Queue> on)
        : options(std::move(with)),
          clock(by),
          log(to),
          shelf(std::move(on)),
          publisher(options, clock, log, [this](const std::string& why) { tell_lost(why); }),
          consumer(options, clock, log, leases,
                   {[this](std::span<const Job> jobs) { shelf->publish(jobs); },
                    [this] { return is_hungry(); },
                    [this](std::string body) { publisher.bury(std::move(body)); },
                    [this](const std::string& why) { tell_lost(why); }}) {}

    void tell_lost(const std::string& why) {
        log.warn("queue_lost", {{"detail", why}});
        std::function<void(const std::string&)> told;
        {
            const std::lock_guard lock(mutex);
            told = lost;
            if (!told) lost_early = why;
        }
        if (told) told(why);
    }
    [[nodiscard]] bool is_hungry() const {
        const auto since = hungry_since_us.load();
        return since != 0 && clock.steady_us() - since >= options.hungry_hold.count() * 1000;
    }
    void note_taken(bool found) {
        if (found) {
            hungry_since_us = 0;
        } else if (hungry_since_us == 0) {
            hungry_since_us = std::max<std::int64_t>(1, clock.steady_us());
        }
    }

    const Options options;
    const Clock& clock;
    Log& log;
    const std::unique_ptr<Queue> shelf;
    Leases leases;
    std::atomic<std::int64_t> hungry_since_us{0};  ///< 0: the last take() found something
    std::mutex mutex;
    std::function<void(const std::string&)> lost;  ///< under mutex
    std::string lost_early;                        ///< under mutex
    Publisher publisher;
    Consumer consumer;
};

RabbitQueue::RabbitQueue(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<RabbitQueue>> RabbitQueue::open(Options options, const Clock& clock,
                                                       Log& log, std::unique_ptr<Queue> shelf) {
    auto parts = std::make_unique<Parts>(std::move(options), clock, log, std::move(shelf));
    const Options& with = parts->options;
    auto line = Connection::open(with, with.hosts.front(), "hongyan start");
    Status tried = line ? (*line)->open_channel(side_channel) : Status(std::move(line.error()));
    if (tried) {
        auto made = ensure_queues(**line, with);
        if (!made) tried = std::move(made.error());
        if (made && !made->empty()) parts->tell_lost(*made);
        (*line)->close();
    }
    if (!tried && is_permanent(tried.error())) return std::move(tried.error());
    if (!tried) log.warn("broker_away", {{"detail", tried.error().detail}});
    parts->publisher.start();
    parts->consumer.start();
    return std::unique_ptr<RabbitQueue>(new RabbitQueue(std::move(parts)));
}

RabbitQueue::~RabbitQueue() {
    parts_->publisher.stop(parts_->options.stop_grace);
    parts_->consumer.stop(parts_->options.stop_grace);
}

void RabbitQueue::publish(std::span<const Job> jobs) {
    std::vector<Job> here;
    const auto outward = parts_->leases.publish(jobs, here);
    if (!here.empty()) parts_->shelf->publish(here);
    parts_->publisher.publish(outward);
}

void RabbitQueue::republish(std::span<const Job> jobs) {
    auto absent = parts_->leases.absent(jobs);
    for (Job& job : absent) job.again = true;
    parts_->publisher.publish(absent);
}

std::vector<Job> RabbitQueue::take(std::size_t max, ChannelMask mask, Millis wait) {
    auto jobs = parts_->shelf->take(max, mask, Millis(0));
    if (jobs.empty() && max > 0 && wait.count() > 0) {
        parts_->note_taken(false);
        jobs = parts_->shelf->take(max, mask, wait);
    }
    if (max > 0) parts_->note_taken(!jobs.empty());
    parts_->leases.lend(jobs);
    return jobs;
}

void RabbitQueue::wake() { parts_->shelf->wake(); }

void RabbitQueue::done(std::span<const MessageId> ids) {
    if (parts_->leases.done(ids)) parts_->consumer.wake();
}

QueueDepth RabbitQueue::depth() const {
    auto depth = parts_->shelf->depth();
    const auto outward = parts_->publisher.outbox().depth();
    for (std::size_t p = 0; p < depth.by_priority.size(); ++p)
        depth.by_priority[p] += outward.by_priority[p];
    depth.in_broker = parts_->consumer.in_broker();
    depth.total += outward.total + depth.in_broker;
    return depth;
}

void RabbitQueue::on_lost(std::function<void(const std::string& why)> lost) {
    std::string early;
    {
        const std::lock_guard lock(parts_->mutex);
        parts_->lost = lost;
        early = std::exchange(parts_->lost_early, "");
    }
    if (!early.empty()) lost(early);
}

QueueHealth RabbitQueue::health() const {
    auto health = parts_->publisher.health();
    if (!health.connected) return health;
    const auto consumer = parts_->consumer.health();
    return consumer.connected ? health : consumer;
}

QueueStats RabbitQueue::stats() const {
    QueueStats stats;
    parts_->publisher.add_to(stats);
    parts_->consumer.add_to(stats);
    return stats;
}

QueueMarks RabbitQueue::marks() const {
    QueueMarks marks;
    const auto now_ms = parts_->clock.now_ms();
    marks.confirmed_before_ms = parts_->publisher.outbox().oldest_ms().value_or(now_ms);
    const auto bands = parts_->options.bands();
    for (std::size_t band = 0; band < bands.size(); ++band) {
        for (int p = bands[band].lowest; p <= bands[band].highest; ++p) {
            marks.drained_before_ms[static_cast<std::size_t>(p)] =
                parts_->consumer.drained_before_ms(band);
        }
    }
    marks.held = parts_->leases.size();
    marks.held_let_go = parts_->leases.size_let_go();
    return marks;
}

}  // namespace hongyan::rabbitmq
