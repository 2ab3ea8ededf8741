#include "delivery/dispatcher.hpp"

#include <algorithm>

#include "base/thread.hpp"
#include "delivery/intents.hpp"
#include "delivery/receipts.hpp"
#include "table/messages.hpp"
#include "table/tasks.hpp"

namespace hongyan::delivery {
namespace {

constexpr std::size_t most_at_once = 64;
constexpr std::size_t most_passing = 256;
constexpr Millis longest_wait{50};
constexpr Millis longest_rest{1'000};
constexpr Millis pause_without_account{15'000};
constexpr Millis short_wait{2};  ///< while a channel may get leave to send at any time
/// Outcomes not yet on disk, beyond which nothing more is sent: a crash would send them all again.
constexpr std::uint64_t most_unwritten = 2'048;
constexpr std::int64_t read_failed_interval_us = 10'000'000;

const std::string& limit_resource(std::size_t channel) {
    static const auto names = [] {
        std::array<std::string, channel_names.size()> all;
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i] = "channel:" + std::string(channel_names[i]);
        return all;
    }();
    return names[channel];
}

std::vector<Job> jobs_of(const std::vector<Sent>& sent) {
    std::vector<Job> jobs;
    jobs.reserve(sent.size());
    for (const auto& one : sent) {
        Job job;
        job.id = one.message->id;
        job.channel = one.message->channel;
        jobs.push_back(job);
    }
    return jobs;
}

/// Which tasks are cancelled, each asked for once in a round.
class CancelledTasks {
  public:
    explicit CancelledTasks(Session& session) : session_(session) {}
    [[nodiscard]] bool has(std::int64_t task_id) {
        const auto known = known_.find(task_id);
        if (known != known_.end()) return known->second;
        return known_[task_id] = table::is_cancelled_task(session_, task_id);
    }

  private:
    Session& session_;
    std::map<std::int64_t, bool> known_;
};

Settled ended_without_attempt(Message& message, MessageStatus status, std::string reason,
                              std::int64_t now_ms) {
    Settled ended;
    ended.message = std::make_unique<Message>(std::move(message));
    ended.status = status;
    ended.finished_ms = now_ms;
    ended.reason = std::move(reason);
    return ended;
}

}  // namespace

Dispatcher::Dispatcher(Parts parts) : parts_(std::move(parts)), destinations_(parts_.clock) {}

Dispatcher::~Dispatcher() { stop(Millis(0)); }

Status Dispatcher::start(const Pool& sender) {
    sender_ = &sender;
    for (Channel* channel : parts_.channels) {
        if (channel == nullptr) continue;
        auto started =
            channel->start([this](std::vector<Sent> sent) { on_outcomes(std::move(sent)); });
        if (!started) return started;
    }
    thread_ = start_thread("dispatcher", [this] { loop(); });
    return Done{};
}

void Dispatcher::set_limited(ChannelMask mask) {
    limited_ = mask;
    parts_.queue.wake();  // it may be waiting for a job of a channel that has a limit now
}

void Dispatcher::halt() {
    stopping_ = true;
    parts_.queue.wake();
}

void Dispatcher::stop(Millis grace) {
    if (!thread_.joinable()) return;
    halt();
    thread_.join();
    return_permits(0);
    for (Channel* channel : parts_.channels) {
        if (channel != nullptr) channel->stop(grace);
    }
}

void Dispatcher::loop() {
    while (!stopping_) {
        auto jobs = next_jobs();
        if (!jobs.empty() && !stopping_) dispatch(std::move(jobs));
    }
}

// Asked for with the flag up, so that a message that leaves meanwhile ends the wait for the next
// job.
Dispatcher::ByChannel Dispatcher::room_by_channel() {
    waits_for_room_ = true;
    const auto in_flight = parts_.in_flight.by_channel();
    ByChannel room{};
    bool one_is_full = false;
    for (std::size_t i = 0; i < room.size(); ++i) {
        const Channel* channel = parts_.channels[i];
        // Of a channel without a built-in provider, messages only pass through to accounts.
        const auto most = channel == nullptr ? most_passing : channel->limits().max_in_flight;
        room[i] = static_cast<std::int64_t>(most) - in_flight[i];
        one_is_full = one_is_full || room[i] <= 0;
    }
    if (!one_is_full) waits_for_room_ = false;
    return room;
}

std::vector<Job> Dispatcher::next_jobs() {
    const std::int64_t size = sender_->size();
    parts_.in_flight.wait_below(size, longest_wait);
    const std::int64_t room_of_all = size - parts_.in_flight.count();
    std::vector<Job> jobs;
    if (room_of_all <= 0 || stopping_) return jobs;
    if (paused_) {
        std::this_thread::sleep_for(longest_wait);
        return jobs;
    }
    if (parts_.committer.stats().outcomes_waiting >= most_unwritten) {
        std::this_thread::sleep_for(short_wait);
        return jobs;
    }
    const ChannelMask limited = limited_;
    return_permits(limited);
    const auto most = std::min(most_at_once, static_cast<std::size_t>(room_of_all));
    auto room = room_by_channel();
    ByChannel waiting{};
    if (limited != 0) waiting = parts_.queue.depth().by_channel;
    while (jobs.size() < most) {
        const auto [mask, count] = next_turn(room, waiting);
        const Millis wait = !jobs.empty() ? Millis(0) : (limited != 0 ? short_wait : longest_wait);
        const auto more = parts_.queue.take(std::min(count, most - jobs.size()), mask, wait);
        if (more.empty()) break;
        for (const Job& job : more) {
            const auto channel = static_cast<std::size_t>(job.channel);
            --room[channel];
            --waiting[channel];
            if ((limited >> channel & 1U) != 0) use_permit(job);
            jobs.push_back(job);
        }
    }
    return jobs;
}

// The channels that may send now, and how many jobs can be taken from them at once so that none
// gets too many. All of them are in one mask, so that the most urgent job goes first whatever its
// channel.
std::pair<ChannelMask, std::size_t> Dispatcher::next_turn(const ByChannel& room,
                                                          const ByChannel& waiting) {
    const ChannelMask limited = limited_;
    ChannelMask mask = 0;
    std::int64_t count = most_at_once;
    for (std::size_t i = 0; i < room.size(); ++i) {
        if (room[i] <= 0) continue;
        const bool is_limited = (limited >> i & 1U) != 0;
        if (is_limited && (waiting[i] <= 0 || !has_permit(i))) continue;
        mask |= 1U << i;
        count = std::min(count, is_limited ? 1 : room[i]);
    }
    return {mask, static_cast<std::size_t>(count)};
}

// Permission comes before the job, so that a refused job never leaves its place in the queue.
bool Dispatcher::has_permit(std::size_t channel) {
    Permit& permit = permits_[channel];
    const auto now_us = parts_.clock.steady_us();
    const ChannelMask bit = 1U << channel;
    if ((left_.fetch_and(~bit) & bit) != 0) rest_until_us_[channel] = 0;  // its place is free
    if (!permit.is_held) {
        if (rest_until_us_[channel] > now_us) return false;
        const auto answer = parts_.limiter.admit(limit_resource(channel));
        if (!answer.ok) {
            rest_until_us_[channel] =
                now_us + std::min(answer.retry_after, longest_rest).count() * 1000;
            return false;
        }
        permit = {true, answer.entered, now_us + answer.wait.count() * 1000};
    }
    return permit.at_us <= now_us;
}

void Dispatcher::use_permit(const Job& job) {
    const auto channel = static_cast<std::size_t>(job.channel);
    const Permit used = std::exchange(permits_[channel], Permit());
    if (!used.is_held || !used.entered) return;
    const std::lock_guard lock(inside_mutex_);
    if (!inside_.insert(job.id).second) parts_.limiter.leave(limit_resource(channel));
}

/// Of channels that have no limit any more.
void Dispatcher::return_permits(ChannelMask keep) {
    for (std::size_t i = 0; i < permits_.size(); ++i) {
        if ((keep >> i & 1U) != 0 || !permits_[i].is_held) continue;
        if (permits_[i].entered) parts_.limiter.leave(limit_resource(i));
        permits_[i] = Permit();
    }
}

// A message in the workers' hands while its task was cancelled is not tried again. That is looked
// up here, for only here it cannot be missed: the attempt's outcome and the cancellation may be
// written in the same transaction.
Status Dispatcher::find_missing(const std::vector<Job>& jobs, std::vector<MessagePtr>& messages,
                                std::vector<Settled>& ended) {
    over_.clear();
    std::vector<MessageId> missing;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (!messages[i]) missing.push_back(jobs[i].id);
    }
    if (missing.empty()) return Done{};
    return parts_.store.look_up([&](Session& session) {
        auto rows = table::find_messages(session, missing);
        CancelledTasks tasks(session);
        std::size_t next = 0;
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            if (messages[i]) continue;
            auto& row = rows[next++];
            if (!row) {
                over_.push_back(jobs[i].id);
                continue;
            }
            Message& message = row->message;
            message.again = jobs[i].again;
            if (message.attempts > 0) remember_attempts(session, message);
            const bool is_redriven =
                message.status == MessageStatus::pending && message.attempts > 0;
            if (message.task_id != 0 && !is_redriven && !is_final(message.status) &&
                tasks.has(message.task_id)) {
                ended.push_back(ended_without_attempt(message, MessageStatus::cancelled,
                                                      "cancelled with its task",
                                                      parts_.clock.now_ms()));
            } else {
                messages[i] = std::make_unique<Message>(std::move(message));
            }
        }
    });
}

/// Not every one: what cannot be read is tried again each second, message by message.
void Dispatcher::tell_read_failed(const Error& error) {
    const auto now_us = parts_.clock.steady_us();
    ++reads_failed_;
    if (read_told_us_ != 0 && now_us - read_told_us_ < read_failed_interval_us) return;
    parts_.log.error("read_failed", {{"detail", error.detail}, {"failures", reads_failed_}});
    read_told_us_ = std::max<std::int64_t>(1, now_us);
    reads_failed_ = 0;
}

void Dispatcher::dispatch(std::vector<Job> jobs) {
    const auto taken = jobs;
    for (const Job& echo : parts_.in_flight.enter(jobs))
        parts_.due.add(echo, parts_.clock.now_ms() + 10);
    leave_held_back(taken, jobs);
    if (parts_.accounts != nullptr) jobs = park_full(std::move(jobs));
    std::vector<MessageId> ids;
    ids.reserve(jobs.size());
    for (const Job& job : jobs) ids.push_back(job.id);
    auto messages = parts_.fresh.take(ids);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        // What is kept here may be older than what another node wrote.
        if (jobs[i].again) messages[i].reset();
    }
    std::vector<Settled> ended;
    if (const auto found = find_missing(jobs, messages, ended); !found) {
        tell_read_failed(found.error());
        for (const Job& job : jobs) parts_.due.add(job, parts_.clock.now_ms() + 1'000);
        release(jobs);
        return;
    }
    std::vector<Job> dropped;
    if (suppressing_) drop_suppressed(messages, ended);
    hand_out(jobs, std::move(messages), ended, dropped);
    parts_.committer.settle(std::move(ended));
    if (!dropped.empty()) release(dropped);
    finish_over();
}

/// Their rows are gone or final, so no outcome will end their loans.
void Dispatcher::finish_over() {
    if (!over_.empty()) parts_.queue.done(over_);
    over_.clear();
}

void Dispatcher::hand_out(const std::vector<Job>& jobs, std::vector<MessagePtr> messages,
                          std::vector<Settled>& ended, std::vector<Job>& dropped) {
    std::array<std::vector<MessagePtr>, channel_names.size()> by_channel;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (!messages[i] || !may_send(*messages[i], jobs[i], ended)) {
            dropped.push_back(jobs[i]);
        } else if (parts_.accounts != nullptr &&
                   parts_.accounts->serves(jobs[i].tenant_id, jobs[i].channel)) {
            route(std::move(messages[i]), jobs[i], dropped);
        } else if (parts_.accounts != nullptr && messages[i]->by_account) {
            // Its tenant's last account was removed: the sandbox would only pretend to deliver it.
            parts_.due.add(jobs[i], parts_.clock.now_ms() + pause_without_account.count());
            dropped.push_back(jobs[i]);
        } else {
            by_channel[static_cast<std::size_t>(messages[i]->channel)].push_back(
                std::move(messages[i]));
        }
    }
    save_counts();
    for (std::size_t i = 0; i < by_channel.size(); ++i) {
        if (!by_channel[i].empty()) hand_over(i, std::move(by_channel[i]));
    }
    hand_to_accounts();
}

bool Dispatcher::may_send(Message& message, const Job& job, std::vector<Settled>& ended) {
    // Of a cluster, one that is being sent is in another node's hands, or is taken over with them.
    if (is_final(message.status) ||
        (parts_.node >= 0 && message.status == MessageStatus::processing)) {
        over_.push_back(job.id);
        return false;
    }
    const auto now = parts_.clock.now_ms();
    const auto hold = parts_.in_flight.hold_back(job, message.task_id);
    if (hold == InFlight::Hold::again) parts_.due.add(job, now + 10);
    if (hold != InFlight::Hold::no) return false;
    if (message.deliver_by_ms > 0 && now > message.deliver_by_ms) {
        ended.push_back(
            message.unknown_since_ms == 0
                ? ended_without_attempt(message, MessageStatus::expired,
                                        "deliver_by passed before it could be sent", now)
                : ended_without_attempt(message, MessageStatus::unknown,
                                        "deliver_by passed; an earlier attempt may have arrived",
                                        now));
        return false;
    }
    HY_ASSERT(message.id == job.id);
    const bool by_account =
        parts_.accounts != nullptr && parts_.accounts->serves(message.tenant_id, message.channel);
    if (!by_account && !may_reach(message, job)) return false;
    message.attempts += 1;
    message.taken_ms = message.status == MessageStatus::retrying ? 0 : now;
    message.taken_us = parts_.clock.steady_us();
    if (parts_.trace != nullptr) parts_.trace->taken(message, now);
    return true;
}

void Dispatcher::on_outcomes(std::vector<Sent> sent) {
    if (sent.empty()) return;
    const auto jobs = jobs_of(sent);
    const auto now_ms = parts_.clock.now_ms();
    const auto now_us = parts_.clock.steady_us();
    std::vector<Settled> settled;
    settled.reserve(sent.size());
    for (auto& one : sent) settled.push_back(settled_from(std::move(one), now_ms, now_us));
    completed_.fetch_add(static_cast<std::int64_t>(settled.size()), std::memory_order_relaxed);
    parts_.committer.settle(std::move(settled));
    release(jobs);
}

Settled Dispatcher::settled_from(Sent sent, std::int64_t now_ms, std::int64_t now_us) {
    Message& message = *sent.message;
    Outcome& outcome = sent.outcome;
    const auto table = outcomes();
    const auto decision = decide(
        message, outcome, parts_.retry, *table, circumstances_of(message, outcome), now_ms,
        static_cast<std::uint64_t>(message.id) * 31 + static_cast<std::uint64_t>(message.attempts));
    Settled settled;
    settled.status = decision.status;
    settled.finished_ms = std::max(now_ms, message.created_ms());
    settled.next_attempt_ms = decision.next_attempt_ms;
    settled.is_free = decision.is_free;
    // A later attempt waited for its time, not in the queue.
    settled.timing.queue_ms =
        message.taken_ms == 0 ? -1
                              : std::max<std::int64_t>(0, message.taken_ms - message.ready_ms());
    settled.timing.send_us = outcome.duration_us;
    settled.timing.process_us = now_us - message.taken_us - outcome.duration_us;
    settled.provider_message_id = std::move(outcome.provider_message_id);
    if (settled.provider_message_id.size() > longest_provider_id)
        settled.provider_message_id.resize(longest_provider_id);
    if (message.account_id != 0 && parts_.accounts != nullptr &&
        !settled.provider_message_id.empty())
        settled.receipt_peers = parts_.accounts->receipt_peers(message.account_id);
    settled.reason = decision.reason;
    const Channel* channel = parts_.channels[static_cast<std::size_t>(message.channel)];
    if (channel == nullptr || outcome.provider != channel->provider())
        settled.provider = outcome.provider;
    if (outcome.kind != OutcomeClass::accepted || message.attempts > 1 || message.account_id != 0) {
        settled.attempt = std::make_unique<Attempt>(
            Attempt{message.id, message.attempts, outcome.provider, outcome.kind, outcome.code,
                    outcome.detail, outcome.started_ms, outcome.duration_us / 1000,
                    decision.next_attempt_ms, rule_version(parts_.retry, *table, outcome.kind),
                    message.account_id, std::move(message.route)});
    }
    if (!outcome.suppress.empty()) suppressing_ = true;
    settled.suppress = std::move(outcome.suppress);
    settled.message = std::move(sent.message);
    return settled;
}

void Dispatcher::settle_lost(MessagePtr message) {
    const Channel* channel = parts_.channels[static_cast<std::size_t>(message->channel)];
    Sent sent;
    sent.outcome.kind = OutcomeClass::unknown;
    sent.outcome.provider = channel == nullptr ? "" : std::string(channel->provider());
    if (message->account_id != 0 && parts_.accounts != nullptr) {
        const auto account = parts_.accounts->find(message->account_id);
        if (account) sent.outcome.provider = account->provider().name();
    }
    sent.outcome.detail = "the server stopped before the answer came";
    sent.outcome.started_ms = parts_.clock.now_ms();
    message->taken_ms = message->ready_ms();
    message->taken_us = parts_.clock.steady_us();
    sent.message = std::move(message);
    std::vector<Settled> settled;
    settled.push_back(
        settled_from(std::move(sent), parts_.clock.now_ms(), parts_.clock.steady_us()));
    parts_.committer.settle(std::move(settled));
}

// Jobs that did not enter give back what the limiter counted for them. going is taken without some,
// in the same order.
void Dispatcher::leave_held_back(const std::vector<Job>& taken, const std::vector<Job>& going) {
    std::size_t next = 0;
    for (const Job& job : taken) {
        if (next < going.size() && going[next].id == job.id)
            ++next;
        else
            leave_limiter(job);
    }
}

void Dispatcher::leave_limiter(const Job& job) {
    const auto channel = static_cast<std::size_t>(job.channel);
    const std::lock_guard lock(inside_mutex_);
    if (inside_.erase(job.id) == 0) return;
    parts_.limiter.leave(limit_resource(channel));
    left_ |= 1U << channel;
}

void Dispatcher::release(const std::vector<Job>& jobs) {
    for (const Job& job : jobs) leave_limiter(job);
    parts_.in_flight.leave(jobs);
    if (waits_for_room_.exchange(false)) parts_.queue.wake();
}

}  // namespace hongyan::delivery
