#include "delivery/dispatcher.hpp"

#include <algorithm>

#include "table/messages.hpp"

namespace hongyan::delivery {
namespace {

constexpr std::size_t most_at_once = 64;
constexpr Millis longest_wait{50};
constexpr Millis longest_rest{1'000};

constexpr std::array<std::string_view, channel_names.size()> limit_resources{
    "channel:sms", "channel:email", "channel:app", "channel:wechat", "channel:feishu"};

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

Settled ended_without_attempt(Message& message, MessageStatus status, std::string reason, std::int64_t now_ms) {
    Settled ended;
    ended.message = std::make_unique<Message>(std::move(message));
    ended.status = status;
    ended.finished_ms = now_ms;
    ended.reason = std::move(reason);
    return ended;
}

}  // namespace

Dispatcher::Dispatcher(Parts parts) : parts_(std::move(parts)), rule_version_(parts_.retry.version()) {}

Dispatcher::~Dispatcher() { stop(Millis(0)); }

Status Dispatcher::start(const Pool& sender) {
    sender_ = &sender;
    for (Channel* channel : parts_.channels) {
        if (channel == nullptr) continue;
        auto started = channel->start([this](std::vector<Sent> sent) { on_outcomes(std::move(sent)); });
        if (!started) return started;
    }
    thread_ = std::thread([this] { loop(); });
    return Done{};
}

void Dispatcher::stop(Millis grace) {
    if (!thread_.joinable()) return;
    stopping_ = true;
    parts_.queue.wake();
    thread_.join();
    for (Channel* channel : parts_.channels) {
        if (channel != nullptr) channel->stop(grace);
    }
}

void Dispatcher::loop() {
    while (!stopping_) {
        auto jobs = next_jobs();
        if (!jobs.empty()) dispatch(std::move(jobs));
    }
}

ChannelMask Dispatcher::open_channels(std::int64_t now_ms) {
    const auto in_flight = parts_.in_flight.by_channel();
    ChannelMask open = 0;
    for (std::size_t i = 0; i < parts_.channels.size(); ++i) {
        const Channel* channel = parts_.channels[i];
        if (channel == nullptr || rest_until_ms_[i] > now_ms) continue;
        if (in_flight[i] < static_cast<std::int64_t>(channel->limits().max_in_flight)) open |= 1U << i;
    }
    return open;
}

std::vector<Job> Dispatcher::next_jobs() {
    const std::int64_t size = sender_->size();
    parts_.in_flight.wait_below(size, longest_wait);
    const std::int64_t room = size - parts_.in_flight.count();
    std::vector<Job> jobs;
    if (room <= 0) return jobs;
    const auto most = std::min(most_at_once, static_cast<std::size_t>(room));
    const auto now = parts_.clock.now_ms();
    const ChannelMask open = open_channels(now);
    const ChannelMask limited = open & limited_;
    take_paced(now, jobs);
    for (std::size_t i = 0; limited != 0 && i < parts_.channels.size(); ++i) {
        if ((limited >> i & 1U) != 0 && jobs.size() < most) take_limited(i, most - jobs.size(), now, jobs);
    }
    if (jobs.size() >= most) return jobs;
    const bool idle = jobs.empty();
    const Millis wait = !idle ? Millis(0) : (limited_ != 0 || !paced_.empty() ? Millis(2) : longest_wait);
    auto more = parts_.queue.take(most - jobs.size(), open & ~limited, wait);
    jobs.insert(jobs.end(), more.begin(), more.end());
    return jobs;
}

void Dispatcher::take_paced(std::int64_t now_ms, std::vector<Job>& jobs) {
    std::erase_if(paced_, [&](const Paced& paced) {
        if (paced.at_ms > now_ms) return false;
        jobs.push_back(paced.job);
        return true;
    });
}

// Permission comes before the job, so that a refused job never leaves its place in the queue.
void Dispatcher::take_limited(std::size_t channel, std::size_t room, std::int64_t now_ms, std::vector<Job>& jobs) {
    const auto waiting = parts_.queue.depth().by_channel[channel];
    const auto wanted = std::min(room, static_cast<std::size_t>(waiting));
    std::size_t admitted = 0;
    std::int64_t paced_until = 0;
    while (admitted < wanted) {
        const auto answer = parts_.limiter.admit(limit_resources[channel]);
        if (!answer.ok) {
            rest_until_ms_[channel] = now_ms + std::min(answer.retry_after, longest_rest).count();
            break;
        }
        if (answer.entered) counted_ |= 1U << channel;
        ++admitted;
        if (answer.wait.count() > 0) {
            paced_until = now_ms + answer.wait.count();
            rest_until_ms_[channel] = paced_until;
            break;
        }
    }
    auto taken = parts_.queue.take(admitted, 1U << channel, Millis(0));
    for (std::size_t unused = taken.size(); unused < admitted; ++unused) {
        if ((counted_ >> channel & 1U) != 0) parts_.limiter.leave(limit_resources[channel]);
    }
    if (paced_until > 0 && taken.size() == admitted) {
        paced_.push_back({paced_until, taken.back()});
        taken.pop_back();
    }
    jobs.insert(jobs.end(), taken.begin(), taken.end());
}

Status Dispatcher::find_missing(const std::vector<Job>& jobs, std::vector<MessagePtr>& messages) {
    if (std::none_of(messages.begin(), messages.end(), [](const MessagePtr& m) { return m == nullptr; })) return Done{};
    return parts_.store.read([&](Session& session) {
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            if (messages[i]) continue;
            auto row = table::find_message(session, jobs[i].id);
            if (row) messages[i] = std::make_unique<Message>(std::move(row->message));
        }
    });
}

void Dispatcher::dispatch(std::vector<Job> jobs) {
    const auto taken = jobs;
    for (const Job& echo : parts_.in_flight.enter(jobs)) parts_.due.add(echo, parts_.clock.now_ms() + 10);
    leave_held_back(taken, jobs);
    std::vector<MessageId> ids;
    ids.reserve(jobs.size());
    for (const Job& job : jobs) ids.push_back(job.id);
    auto messages = parts_.fresh.take(ids);
    if (const auto found = find_missing(jobs, messages); !found) {
        parts_.log.error("read_failed", {{"detail", found.error().detail}});
        for (const Job& job : jobs) parts_.due.add(job, parts_.clock.now_ms() + 1'000);
        release(jobs);
        return;
    }
    std::array<std::vector<MessagePtr>, channel_names.size()> by_channel;
    std::vector<Settled> ended;
    std::vector<Job> dropped;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (messages[i] && may_send(*messages[i], jobs[i], ended)) {
            by_channel[static_cast<std::size_t>(messages[i]->channel)].push_back(std::move(messages[i]));
        } else {
            dropped.push_back(jobs[i]);
        }
    }
    parts_.committer.settle(std::move(ended));
    if (!dropped.empty()) release(dropped);
    for (std::size_t i = 0; i < by_channel.size(); ++i) {
        if (!by_channel[i].empty()) hand_over(i, std::move(by_channel[i]));
    }
}

bool Dispatcher::may_send(Message& message, const Job& job, std::vector<Settled>& ended) {
    if (is_final(message.status)) return false;
    const auto now = parts_.clock.now_ms();
    if (parts_.in_flight.is_revoked_task(message.tenant_id, message.task_id)) {
        ended.push_back(ended_without_attempt(message, MessageStatus::cancelled, "cancelled with its task", now));
        return false;
    }
    if (message.deliver_by_ms > 0 && now > message.deliver_by_ms) {
        ended.push_back(ended_without_attempt(message, MessageStatus::expired,
                                              "deliver_by passed before it could be sent", now));
        return false;
    }
    HY_ASSERT(message.id == job.id);
    message.attempts += 1;
    message.taken_ms = now;
    message.taken_us = parts_.clock.steady_us();
    return true;
}

void Dispatcher::hand_over(std::size_t index, std::vector<MessagePtr> messages) {
    Channel* channel = parts_.channels[index];
    HY_ASSERT(channel != nullptr);
    parts_.counters.attempts[index].fetch_add(messages.size(), std::memory_order_relaxed);
    if (!channel->wants_intent()) {
        send(*channel, std::move(messages));
        return;
    }
    // shared_ptr: the work and its completion both need the list, and either may be dropped first.
    auto held = std::make_shared<std::vector<MessagePtr>>(std::move(messages));
    parts_.committer.run(
        [held](Session& session, Counts&) {
            for (auto& message : *held) {
                message->status = table::mark_processing(session, message->id, message->attempts) ? MessageStatus::processing
                                                                                                   : MessageStatus::cancelled;
            }
        },
        [this, held, channel](const Status& marked) {
            std::vector<MessagePtr> going;
            std::vector<Job> dropped;
            for (auto& message : *held) {
                Job job{message->id, message->tenant_id, message->ready_ms(), message->priority, message->channel};
                if (marked && message->status == MessageStatus::processing) {
                    going.push_back(std::move(message));
                } else {
                    if (!marked) parts_.due.add(job, parts_.clock.now_ms() + 1'000);
                    dropped.push_back(job);
                }
            }
            if (!dropped.empty()) release(dropped);
            if (!going.empty()) send(*channel, std::move(going));
        });
}

void Dispatcher::send(Channel& channel, std::vector<MessagePtr> messages) {
    channel.send(std::move(messages), parts_.clock.now_ms() + parts_.attempt_timeout.count());
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
    const auto decision =
        decide(message, outcome, parts_.retry, now_ms,
               static_cast<std::uint64_t>(message.id) * 31 + static_cast<std::uint64_t>(message.attempts));
    Settled settled;
    settled.status = decision.status;
    settled.finished_ms = std::max(now_ms, message.created_ms());
    settled.next_attempt_ms = decision.next_attempt_ms;
    settled.timing.queue_ms = message.taken_ms - message.ready_ms();
    settled.timing.send_us = outcome.duration_us;
    settled.timing.process_us = now_us - message.taken_us - outcome.duration_us;
    settled.provider_message_id = std::move(outcome.provider_message_id);
    settled.reason = decision.reason;
    const Channel* channel = parts_.channels[static_cast<std::size_t>(message.channel)];
    if (outcome.provider != channel->provider()) settled.provider = outcome.provider;
    if (outcome.kind != OutcomeClass::accepted || message.attempts > 1) {
        settled.attempt = std::make_unique<Attempt>(
            Attempt{message.id, message.attempts, outcome.provider, outcome.kind, outcome.code, outcome.detail,
                    outcome.started_ms, outcome.duration_us / 1000, decision.next_attempt_ms, rule_version_});
    }
    settled.message = std::move(sent.message);
    return settled;
}

void Dispatcher::settle_lost(MessagePtr message) {
    const Channel* channel = parts_.channels[static_cast<std::size_t>(message->channel)];
    Sent sent;
    sent.outcome.kind = OutcomeClass::unknown;
    sent.outcome.provider = channel == nullptr ? "" : std::string(channel->provider());
    sent.outcome.detail = "the server stopped before the answer came";
    sent.outcome.started_ms = parts_.clock.now_ms();
    message->taken_ms = message->ready_ms();
    message->taken_us = parts_.clock.steady_us();
    sent.message = std::move(message);
    if (channel == nullptr) return;
    std::vector<Settled> settled;
    settled.push_back(settled_from(std::move(sent), parts_.clock.now_ms(), parts_.clock.steady_us()));
    parts_.committer.settle(std::move(settled));
}

// Jobs that did not enter give back what the limiter counted for them. going is taken without some, in the same order.
void Dispatcher::leave_held_back(const std::vector<Job>& taken, const std::vector<Job>& going) {
    const ChannelMask counted = counted_;
    if (counted == 0 || taken.size() == going.size()) return;
    std::size_t next = 0;
    for (const Job& job : taken) {
        if (next < going.size() && going[next].id == job.id) {
            ++next;
            continue;
        }
        const auto channel = static_cast<std::size_t>(job.channel);
        if ((counted >> channel & 1U) != 0) parts_.limiter.leave(limit_resources[channel]);
    }
}

void Dispatcher::release(const std::vector<Job>& jobs) {
    const ChannelMask counted = counted_;
    if (counted != 0) {
        for (const Job& job : jobs) {
            const auto channel = static_cast<std::size_t>(job.channel);
            if ((counted >> channel & 1U) != 0) parts_.limiter.leave(limit_resources[channel]);
        }
    }
    parts_.in_flight.leave(jobs);
}

}  // namespace hongyan::delivery
