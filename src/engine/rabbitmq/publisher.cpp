#include "engine/rabbitmq/publisher.hpp"

#include <algorithm>
#include <utility>

#include "engine/rabbitmq/topology.hpp"
#include "engine/rabbitmq/wire.hpp"

namespace hongyan::rabbitmq {
namespace {

constexpr Millis longest_rest{100};
constexpr Millis rest_after_refusal{200};
constexpr std::size_t most_dead = 1'000;

}  // namespace

Publisher::Publisher(const Options& options, const Clock& clock, Log& log, Lost lost)
    : options_(options),
      bands_(options.bands()),
      clock_(clock),
      log_(log),
      lost_(std::move(lost)),
      outbox_(bands_, options.outbox_max),
      link_(options_, log, "hongyan publisher", *this) {}

Publisher::~Publisher() { link_.stop(Millis(0)); }

void Publisher::publish(std::span<const Job> jobs) {
    if (jobs.empty()) return;
    const auto left_out = outbox_.put(jobs, clock_.now_ms());
    if (left_out > 0) {
        dropped_ += left_out;
        if (!has_dropped_.exchange(true))
            log_.error("outbox_full", {{"jobs", static_cast<std::int64_t>(outbox_.waiting())}});
    }
    link_.wake();
}

void Publisher::bury(std::string body) {
    {
        const std::lock_guard lock(dead_mutex_);
        if (dead_.size() >= most_dead) return;
        dead_.push_back(std::move(body));
    }
    link_.wake();
}

Status Publisher::prepare(Connection& connection) {
    last_tag_ = 0;
    blocked_ = false;
    was_returned_ = false;
    for (const auto channel : {main_channel, side_channel}) {
        if (auto opened = connection.open_channel(channel); !opened) return opened;
    }
    if (auto checked = check_queues(connection); !checked) return checked;
    return connection.select_confirms();
}

Status Publisher::check_queues(Connection& connection) {
    auto made = ensure_queues(connection, options_);
    if (!made) return std::move(made.error());
    if (!made->empty()) lost_(*made);
    return Done{};
}

Status Publisher::step(Connection& connection) {
    wants_to_write_ = false;
    has_more_ = false;
    if (clock_.steady_us() < rest_until_us_) return Done{};
    if (std::exchange(was_returned_, false)) {
        if (auto checked = check_queues(connection); !checked) return checked;
    }
    if (auto sent = send_dead(connection); !sent) return sent;
    if (auto sent = send_waiting(connection); !sent) return sent;
    report_dropped();
    return check_overdue();
}

bool Publisher::may_send(const Connection& connection) {
    if (blocked_ || outbox_.carriers() >= options_.window) return false;
    // A publish that has to wait for the socket would hold up heartbeats.
    wants_to_write_ = !connection.is_writable();
    return !wants_to_write_;
}

Status Publisher::send_waiting(Connection& connection) {
    const Outbox::Limits limits{options_.carrier_ids, options_.foreign(),
                                std::max<std::size_t>(1, options_.window / 2)};
    while (outbox_.waiting() > 0 && may_send(connection)) {
        auto load = outbox_.next(limits);
        if (!load) return Done{};
        const auto body = encode(load->since_ms, load->jobs);
        const auto tag = ++last_tag_;
        auto sent = connection.publish(bands_[load->band].queue, body, content_type, tag,
                                       load->jobs.front().priority);
        if (!sent) {
            outbox_.back(std::move(*load));
            return sent;
        }
        published_ += load->jobs.size();
        ++carriers_;
        outbox_.sent(tag, std::move(*load), clock_.steady_us());
        // Confirms come meanwhile: reading them now and then keeps the window open.
        has_more_ = last_tag_ % 64 == 0;
        if (has_more_) return Done{};
    }
    return Done{};
}

Status Publisher::send_dead(Connection& connection) {
    while (may_send(connection)) {
        std::string body;
        {
            const std::lock_guard lock(dead_mutex_);
            if (dead_.empty()) return Done{};
            body = std::move(dead_.front());
            dead_.pop_front();
        }
        // Takes a tag that nobody waits for.
        if (auto sent = connection.publish(options_.dead_queue(), body, "", ++last_tag_, 0); !sent)
            return sent;
    }
    return Done{};
}

// Only once there is room again: who publishes all that waits anew would only be dropped again.
void Publisher::report_dropped() {
    if (!has_dropped_ || outbox_.waiting() > options_.outbox_max / 2) return;
    has_dropped_ = false;
    lost_("more jobs waited for the broker than the outbox has room for");
}

Status Publisher::check_overdue() const {
    const auto oldest = outbox_.oldest_sent_us();
    if (blocked_ || !oldest ||
        clock_.steady_us() - *oldest < options_.confirm_timeout.count() * 1000)
        return Done{};
    return make_error(ErrorCode::unavailable, "the broker did not confirm in time what went to '" +
                                                  bands_[outbox_.oldest_band()].queue + "'");
}

void Publisher::on_confirm(std::uint64_t tag, bool multiple, bool refused) {
    if (!refused) {
        confirmed_ += outbox_.ack(tag, multiple);
        return;
    }
    republished_ += outbox_.nack(tag, multiple);
    rest_until_us_ = clock_.steady_us() + rest_after_refusal.count() * 1000;
}

Status Publisher::on_message(Connection&, Incoming message) {
    if (!message.returned) return Done{};
    // The confirm that follows means nothing then; it finds the tag gone.
    republished_ += outbox_.returned(message.id);
    log_.warn("message_returned", {{"detail", message.reason}});
    was_returned_ = true;
    rest_until_us_ = clock_.steady_us() + rest_after_refusal.count() * 1000;
    return Done{};
}

void Publisher::on_blocked(bool blocked) { blocked_ = blocked; }

void Publisher::on_lost() { republished_ += outbox_.reset(); }

Millis Publisher::rest() { return has_more_ ? Millis(0) : longest_rest; }

void Publisher::add_to(QueueStats& stats) const {
    stats.published = published_;
    stats.carriers = carriers_;
    stats.confirmed = confirmed_;
    stats.republished = republished_;
    stats.dropped = dropped_;
    stats.connects += link_.connects();
}

}  // namespace hongyan::rabbitmq
