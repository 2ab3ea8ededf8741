#include "delivery/delivery.hpp"

#include <array>
#include <future>

#include "base/thread.hpp"
#include "table/destinations.hpp"
#include "table/tasks.hpp"
#include "table/tokens.hpp"

namespace hongyan::delivery {
namespace {

constexpr int load_step = 20'000;
/// Of limits by destination, read at the start.
constexpr int most_counts = 500'000;
constexpr Millis unwritable_pause{200};

Job job_of(const Message& m) { return {m.id, m.tenant_id, m.ready_ms(), m.priority, m.channel}; }

PoolRule default_sender() { return {"message_sender", 20, 100, 10'000, 0.8, 0.2}; }

Error too_many() {
    auto error =
        make_error(ErrorCode::overloaded,
                   "queue.max_messages are waiting; new ones are taken when some are delivered.");
    error.retry_after = Millis(1'000);
    return error;
}

}  // namespace

Delivery::Delivery(DeliveryParts parts, DeliveryOptions options)
    : parts_(std::move(parts)),
      options_(options),
      live_(parts_.clock),
      trace_(parts_.trace, parts_.node_name),
      fresh_(options.fresh_messages, options.fresh_bytes),
      due_(parts_.queue, parts_.clock),
      committer_(parts_.store, parts_.clock, parts_.log, *this, options.committer),
      dispatcher_({parts_.store, parts_.queue, parts_.limiter, committer_, fresh_, due_, in_flight_,
                   counters_, parts_.clock, parts_.log, parts_.channels, options.retry,
                   options.attempt_timeout, parts_.accounts, parts_.hold_unknown, options.node,
                   &trace_}),
      sender_(default_sender(),
              {[this] { return in_flight_.count(); }, [this] { return depth().total; },
               [this] { return dispatcher_.completed(); }},
              parts_.clock, parts_.log) {
    // The dispatcher counts its room anew instead of waiting with what it had.
    sender_.on_resize([this] { parts_.queue.wake(); });
    // Accounts are opened before start(), and their providers may speak at once.
    if (parts_.accounts != nullptr) start_accounts();
}

Delivery::~Delivery() { stop(Millis(0)); }

Status Delivery::start() {
    MessageId last = 0;
    std::int64_t last_task = 0;
    auto read = parts_.store.read([&](Session& session) {
        dispatcher_.destinations().restore(
            table::list_destination_counts(session, parts_.clock.now_ms(), most_counts));
        last = table::last_message_id(session);
        last_task = table::last_task_id(session);
    });
    if (!read) return read;
    const bool is_only = options_.node < 0;
    ids_ = is_only ? std::make_unique<IdSource>(parts_.clock, last)
                   : std::make_unique<IdSource>(parts_.clock, last, options_.node);
    const MessageId end = ids_->next();
    committer_.start();
    due_.start();
    if (auto started = dispatcher_.start(sender_); !started) return started;
    set_paused(false);
    if (!is_only) return Done{};  // its part of what waits comes by take_over()
    loading_ = true;
    loader_ = start_thread("loader", [this, end, last_task] { load(end, last_task); });
    return Done{};
}

void Delivery::stop(Millis grace) {
    if (stopped_.exchange(true)) return;
    stopping_ = true;
    if (loader_.joinable()) loader_.join();
    due_.stop();
    dispatcher_.stop(grace);
    if (parts_.accounts != nullptr) parts_.accounts->stop(grace);
    committer_.stop();
}

void Delivery::start_accounts() {
    AccountBook::Sinks sinks;
    sinks.outcomes = [this](std::vector<Sent> sent) { dispatcher_.take_outcomes(std::move(sent)); };
    sinks.receipts = [this](const LiveAccount& account, std::vector<Receipt> all,
                            UniqueFunction<void(bool)> stored) {
        const auto& record = account.record();
        receipts({record.id, record.tenant_id, record.channel,
                  parts_.accounts->receipt_peers(record.id)},
                 std::move(all), "",
                 [stored = std::move(stored)](Result<std::vector<ReceiptEffect>> effects) mutable {
                     stored(effects.ok());
                 });
    };
    sinks.tokens = [this](std::int64_t account_id, std::vector<TokenStore::Given> tokens,
                          UniqueFunction<void(bool)> stored) {
        change(
            [account_id, tokens = std::move(tokens)](Session& session, Counts&) {
                for (const auto& one : tokens)
                    table::keep_token(session,
                                      {one.message_id, account_id, one.token, one.given_ms});
            },
            [stored = std::move(stored)](const Status& status) mutable { stored(status.ok()); });
    };
    parts_.accounts->start(std::move(sinks));
}

bool Delivery::is_full() const { return depth().total + due_.size() >= options_.max_waiting; }

void Delivery::accept(MessagePtr message, std::unique_ptr<IdempotencyRecord> idempotency,
                      AcceptDone done) {
    if (is_full()) {
        done(too_many());
        return;
    }
    const auto provider = provider_of(message->tenant_id, message->channel);
    message->by_account = provider.empty();
    committer_.accept({std::move(message), provider, std::move(idempotency), std::move(done)});
}

/// Known before the message is sent only where there is no choice.
std::string_view Delivery::provider_of(std::int64_t tenant_id, ChannelKind kind) const {
    const Channel* channel = parts_.channels[static_cast<std::size_t>(kind)];
    if (channel == nullptr ||
        (parts_.accounts != nullptr && parts_.accounts->serves(tenant_id, kind)))
        return "";
    return channel->provider();
}

QueueDepth Delivery::depth() const {
    auto depth = parts_.queue.depth();
    if (parts_.accounts == nullptr) return depth;
    const auto parked = parts_.accounts->parked();
    if (parked.total == 0) return depth;
    depth.total += parked.total;
    for (std::size_t i = 0; i < depth.by_priority.size(); ++i)
        depth.by_priority[i] += parked.by_priority[i];
    for (std::size_t i = 0; i < depth.by_channel.size(); ++i)
        depth.by_channel[i] += parked.by_channel[i];
    return depth;
}

std::string Delivery::destination_limit(const Message& message) {
    return dispatcher_.destinations().ask(message).reason;
}

void Delivery::accept_batch(std::unique_ptr<Batch> batch) {
    if (is_full()) {
        batch->done(too_many());
        return;
    }
    committer_.accept_batch(std::move(batch));
}

void Delivery::on_accepted(std::vector<MessagePtr> messages) {
    std::vector<Job> ready;
    std::vector<MessagePtr> fresh;
    ready.reserve(messages.size());
    fresh.reserve(messages.size());
    std::array<std::uint64_t, channel_names.size()> counts{};
    std::map<std::int64_t, LiveSums> live;
    for (auto& message : messages) {
        ++counts[static_cast<std::size_t>(message->channel)];
        ++live[message->tenant_id].accepted;
        trace_.accepted(*message);
        if (message->status == MessageStatus::scheduled) {
            due_.add(job_of(*message), message->due_ms);
            continue;
        }
        ready.push_back(job_of(*message));
        fresh.push_back(std::move(message));
    }
    // In a cluster another node may cancel it meanwhile, so the store is asked.
    if (options_.node < 0) fresh_.put(std::move(fresh));
    parts_.queue.publish(ready);
    for (std::size_t i = 0; i < counts.size(); ++i)
        counters_.accepted[i].fetch_add(counts[i], std::memory_order_relaxed);
    for (const auto& [tenant, sums] : live) live_.add(tenant, sums);
}

void Delivery::on_settled(std::vector<Settled> settled, const std::vector<bool>& legal) {
    // First: what comes again at a time must not be on loan any more when that time comes.
    std::vector<MessageId> ids;
    ids.reserve(settled.size());
    for (const auto& one : settled) ids.push_back(one.message->id);
    parts_.queue.done(ids);
    std::map<std::int64_t, LiveSums> live;
    for (std::size_t i = 0; i < settled.size(); ++i) {
        const auto& one = settled[i];
        if (!legal[i]) {
            counters_.illegal_changes.fetch_add(1, std::memory_order_relaxed);
            continue;
        }
        trace_.settled(one);
        const auto channel = static_cast<std::size_t>(one.message->channel);
        if (one.status == MessageStatus::retrying) {
            counters_.retries[channel].fetch_add(1, std::memory_order_relaxed);
            due_.add(job_of(*one.message), one.next_attempt_ms);
            continue;
        }
        counters_.finished[static_cast<std::size_t>(one.status)][channel].fetch_add(
            1, std::memory_order_relaxed);
        auto& sums = live[one.message->tenant_id];
        if (one.status == MessageStatus::failed) ++sums.failed;
        if (one.status != MessageStatus::success) continue;
        ++sums.sent;
        sums.response_ms += std::max<std::int64_t>(0, one.finished_ms - one.message->ready_ms());
    }
    for (const auto& [tenant, sums] : live) live_.add(tenant, sums);
}

void Delivery::on_store_lost(const std::string& detail) {
    // What cannot be written down must not be sent: the next start would send it again.
    dispatcher_.halt();
    if (!stopping_.exchange(true) && parts_.on_store_lost) parts_.on_store_lost(detail);
}

void Delivery::set_limits(const std::vector<LimitRule>& rules) {
    ChannelMask mask = 0;
    for (const auto& rule : rules) {
        if (!rule.enabled || !rule.resource.starts_with("channel:")) continue;
        const auto channel =
            from_text<ChannelKind>(channel_names, std::string_view(rule.resource).substr(8));
        if (channel) mask |= 1U << static_cast<unsigned>(*channel);
    }
    dispatcher_.set_limited(mask);
    dispatcher_.set_destinations(rules);
    parts_.queue.wake();
}

// Unfinished messages are found by the partial index alone, priority by priority, so that the first
// of a million are on their way while the rest is still being read. Ids from end on belong to this
// start and are queued as they are accepted.
//
// Sending goes on meanwhile, and no message may be found twice, or it would be sent twice. So a
// status is read before those whose messages can come into it: what is processing before anything
// is queued, what is retrying before it can be joined by the rest. What was under way when the
// process ended is settled only after that, for it becomes retrying too.
void Delivery::load(MessageId end, std::int64_t last_task) {
    if (delete_unaccepted(last_task)) {
        const auto queue = [this](const std::vector<table::Waiting>& found) { publish(found); };
        std::vector<MessageId> lost;
        load_status(MessageStatus::processing, end, [&](const std::vector<table::Waiting>& found) {
            for (const auto& one : found) lost.push_back(one.job.id);
        });
        load_status(MessageStatus::retrying, end, queue);
        load_lost(lost);
        load_status(MessageStatus::pending, end, queue);
        load_status(MessageStatus::scheduled, end, queue);
    }
    loading_ = false;
    if (counters_.loaded > 0)
        parts_.log.info("resumed", {{"messages", static_cast<std::int64_t>(counters_.loaded)}});
}

// Nothing is loaded before this is done, for messages of a batch that nobody was told of would be
// sent.
bool Delivery::delete_unaccepted(std::int64_t last_task) {
    bool more = true;
    while (more && !stopping_) {
        bool deleted_some = false;
        const auto step = [&](Session& session, Counts&) {
            deleted_some = table::delete_unaccepted(session, last_task, 2'000);
        };
        std::promise<bool> written;
        committer_.run(step, [&](const Status& status) { written.set_value(status.ok()); });
        if (written.get_future().get())
            more = deleted_some;
        else
            std::this_thread::sleep_for(unwritable_pause);  // a full disk may pass
    }
    return !more;
}

bool Delivery::read_or_pause(const std::function<void(Session&)>& work) {
    const auto read = parts_.store.read(work);
    if (read) return true;
    parts_.log.error("load_failed", {{"detail", read.error().detail}});
    std::this_thread::sleep_for(
        unwritable_pause);  // what is not loaded would wait until the next start
    return false;
}

template <class Take>
void Delivery::load_status(MessageStatus status, MessageId end, Take take) {
    for (int priority = priority_levels - 1; priority >= 0; --priority) {
        table::LoadPlace place;
        bool more = true;
        while (more && !stopping_) {
            std::vector<table::Waiting> found;
            table::LoadPlace at = place;
            const bool read = read_or_pause([&](Session& session) {
                more = table::load_waiting(session, status, priority, end, load_step, at, found);
            });
            if (!read) continue;
            place = at;
            counters_.loaded += found.size();
            take(found);
        }
    }
}

void Delivery::publish(const std::vector<table::Waiting>& found) {
    std::vector<Job> ready;
    ready.reserve(found.size());
    for (const auto& one : found) {
        if (one.due_ms > 0)
            due_.add(one.job, one.due_ms);
        else
            ready.push_back(one.job);
    }
    parts_.queue.publish(ready);
}

void Delivery::load_lost(const std::vector<MessageId>& ids) {
    std::vector<MessagePtr> messages;
    bool read = false;
    while (!read && !stopping_) {
        messages.clear();
        read = read_or_pause([&](Session& session) {
            for (const auto id : ids) {
                auto row = table::find_message(session, id);
                if (!row) continue;
                dispatcher_.remember_token(session, row->message);
                messages.push_back(std::make_unique<Message>(std::move(row->message)));
            }
        });
    }
    for (auto& message : messages) dispatcher_.settle_lost(std::move(message));
}

}  // namespace hongyan::delivery
