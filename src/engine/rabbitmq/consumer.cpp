#include "engine/rabbitmq/consumer.hpp"

#include <algorithm>
#include <utility>

#include "engine/rabbitmq/topology.hpp"
#include "engine/rabbitmq/wire.hpp"

namespace hongyan::rabbitmq {
namespace {

constexpr Millis longest_rest{100};
constexpr double newest_weight = 0.1;
constexpr std::int64_t slow_answer_factor = 20;
/// Publishers on several connections may be this far out of order.
constexpr std::int64_t order_slack_ms = 1'000;

constexpr amqp_channel_t channel_of(std::size_t band) {
    return static_cast<amqp_channel_t>(main_channel + band);
}

}  // namespace

Consumer::Consumer(const Options& options, const Clock& clock, Log& log, Leases& leases,
                   Sinks sinks)
    : options_(options),
      bands_(options.bands()),
      clock_(clock),
      log_(log),
      leases_(leases),
      sinks_(std::move(sinks)),
      link_(options_, log, "hongyan consumer", *this) {
    ids_each_.fill(1);
}

Consumer::~Consumer() { link_.stop(Millis(0)); }

Status Consumer::prepare(Connection& connection) {
    open_ = {};
    count_again_us_ = 0;
    if (auto opened = connection.open_channel(side_channel); !opened) return opened;
    auto made = ensure_queues(connection, options_);
    if (!made) return std::move(made.error());
    if (!made->empty()) sinks_.lost(*made);
    for (std::size_t band = 0; band < bands_.size(); ++band) {
        const auto channel = channel_of(band);
        if (auto opened = connection.open_channel(channel); !opened) return opened;
        if (!options_.consumes) continue;  // it only looks how much there is
        if (auto set = connection.set_prefetch(channel, options_.prefetch); !set) return set;
        auto consuming = connection.consume(channel, bands_[band].queue);
        if (!consuming) return consuming;
    }
    return Done{};
}

Status Consumer::on_message(Connection& connection, Incoming message) {
    const auto band = static_cast<std::size_t>(message.channel - main_channel);
    if (message.returned || band >= bands_.size()) return Done{};
    auto carrier = decode(message.body);
    if (!carrier) {
        ++rejected_;
        log_.error("dead_letter",
                   {{"queue", bands_[band].queue}, {"detail", carrier.error().detail}});
        // Ours have a dead-letter exchange; of a foreign queue nobody knows.
        if (!options_.foreign()) return connection.reject(message.channel, message.tag);
        sinks_.bury(std::move(message.body));
        return connection.ack(message.channel, message.tag, false);
    }
    auto& jobs = carrier->jobs;
    if (message.redelivered) {
        redelivered_ += jobs.size();
        for (Job& job : jobs) job.again = true;  // whoever had it may be sending it
    } else {
        raise_mark(band, carrier->published_ms - order_slack_ms);
    }
    ids_each_[band] += newest_weight * (static_cast<double>(jobs.size()) - ids_each_[band]);
    std::uint64_t duplicates = 0;
    open_[band].insert(message.tag);
    const auto fresh = leases_.receive(message.tag, band, jobs, clock_.steady_us(), duplicates);
    duplicates_ += duplicates;
    if (!fresh.empty()) sinks_.arrived(fresh);
    received_ += jobs.size();
    return Done{};
}

/// Only a quorum queue of ours is first in, first out.
void Consumer::raise_mark(std::size_t band, std::int64_t published_ms) {
    if (options_.foreign()) return;
    auto& mark = drained_ms_[band];
    if (published_ms > mark) mark = published_ms;
}

Status Consumer::step(Connection& connection) {
    let_go();
    if (auto sent = send_acks(connection); !sent) return sent;
    return count(connection);
}

void Consumer::let_go() {
    Leases::Limits limits;
    limits.window = static_cast<std::size_t>(options_.prefetch);
    limits.hungry = sinks_.hungry();
    limits.oldest_us = clock_.steady_us() - options_.longest_hold.count() * 1000;
    limits.held_max = options_.held_max;
    let_go_ += leases_.let_go(limits);
}

// What is acknowledged of a band up to its first open tag goes in one frame.
Status Consumer::send_acks(Connection& connection) {
    const auto acks = leases_.take_acks();
    for (const auto& ack : acks) open_[ack.band].erase(ack.tag);
    for (std::size_t i = 0; i < acks.size(); ++i) {
        const auto& [band, tag] = acks[i];
        const auto first_open = open_[band].empty() ? UINT64_MAX : *open_[band].begin();
        const bool in_row = tag < first_open;
        const bool row_goes_on =
            i + 1 < acks.size() && acks[i + 1].band == band && acks[i + 1].tag < first_open;
        if (in_row && row_goes_on) continue;
        if (auto sent = connection.ack(channel_of(band), tag, in_row); !sent) return sent;
    }
    return Done{};
}

Status Consumer::count(Connection& connection) {
    const auto began_us = clock_.steady_us();
    if (began_us < count_again_us_) return Done{};
    for (std::size_t band = 0; band < bands_.size(); ++band) {
        const auto asked_ms = clock_.now_ms();
        auto found = connection.look(bands_[band].queue);
        if (!found) return std::move(found.error());
        if (!*found) {
            return make_error(ErrorCode::unavailable,
                              "the queue '" + bands_[band].queue + "' was deleted");
        }
        const auto [ready, consumers] = **found;
        ready_jobs_[band] = static_cast<std::int64_t>(static_cast<double>(ready) * ids_each_[band]);
        // We consume, so without consumers it is no answer but the lack of one.
        if (ready == 0 && consumers > 0) {
            auto& mark = drained_ms_[band];
            mark = std::max(mark.load(), asked_ms - order_slack_ms);
        }
    }
    // A queue that answers slowly is not asked so often.
    const auto now_us = clock_.steady_us();
    count_again_us_ = now_us + std::max(options_.depth_every.count() * 1000,
                                        slow_answer_factor * (now_us - began_us));
    return Done{};
}

void Consumer::on_lost() {
    leases_.disconnect();
    open_ = {};
}

bool Consumer::is_finished() {
    return true;  // what was done before the stop is acknowledged in the step that came before
}

Millis Consumer::rest() {
    return leases_.is_full(static_cast<std::size_t>(options_.prefetch)) ? options_.hungry_hold
                                                                        : longest_rest;
}

std::int64_t Consumer::in_broker() const {
    std::int64_t all = 0;
    for (const auto& of_band : ready_jobs_) all += of_band;
    return all;
}

void Consumer::add_to(QueueStats& stats) const {
    stats.received = received_;
    stats.redelivered = redelivered_;
    stats.duplicates = duplicates_;
    stats.let_go = let_go_;
    stats.rejected = rejected_;
    stats.connects += link_.connects();
}

}  // namespace hongyan::rabbitmq
