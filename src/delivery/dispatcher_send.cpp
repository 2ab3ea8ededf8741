// The dispatcher's way to channels without accounts: what others may have too, or a channel that
// wants it so, is claimed in the store first. Part of Dispatcher.
#include <algorithm>
#include <iterator>

#include "delivery/dispatcher.hpp"
#include "delivery/intents.hpp"

namespace hongyan::delivery {
namespace {

/// Of a channel that lost its last account, or whose sandbox was switched off.
std::vector<Sent> without_provider(std::vector<MessagePtr> messages, std::int64_t now_ms) {
    std::vector<Sent> sent;
    for (auto& message : messages) {
        Sent one;
        one.outcome.kind = OutcomeClass::configuration;
        one.outcome.code = "no_provider";
        one.outcome.detail = "this channel has neither an account nor a sandbox";
        one.outcome.started_ms = now_ms;
        one.message = std::move(message);
        sent.push_back(std::move(one));
    }
    return sent;
}

Job job_of(const Message& m) {
    return {m.id, m.tenant_id, m.ready_ms(), m.priority, m.channel, m.again};
}

}  // namespace

/// Of a cluster, its row may only have been locked for a moment, by a receipt or an operator: it is
/// looked at again, and then dropped if it is final or being sent elsewhere.
void Dispatcher::not_claimed(Job job, std::vector<MessageId>& over) {
    if (parts_.node < 0) {
        over.push_back(job.id);
        return;
    }
    job.again = true;
    parts_.due.add(job, parts_.clock.now_ms() + 1'000);
}

void Dispatcher::hand_over(std::size_t index, std::vector<MessagePtr> messages) {
    Channel* channel = parts_.channels[index];
    if (channel == nullptr) {
        on_outcomes(without_provider(std::move(messages), parts_.clock.now_ms()));
        return;
    }
    parts_.counters.attempts[index].fetch_add(messages.size(), std::memory_order_relaxed);
    if (!channel->wants_intent()) {
        // One that others may have too is claimed first.
        const auto claimed =
            std::stable_partition(messages.begin(), messages.end(),
                                  [](const MessagePtr& message) { return !message->again; });
        std::vector<MessagePtr> others(std::make_move_iterator(claimed),
                                       std::make_move_iterator(messages.end()));
        messages.erase(claimed, messages.end());
        if (!messages.empty()) send(*channel, std::move(messages));
        if (others.empty()) return;
        messages = std::move(others);
    }
    claim_and_send(*channel, std::move(messages));
}

/// Sends those whose intent the store took.
void Dispatcher::claim_and_send(Channel& channel, std::vector<MessagePtr> messages) {
    // shared_ptr: the work and its completion both need the list, and either may be dropped first.
    auto held = std::make_shared<std::vector<MessagePtr>>(std::move(messages));
    parts_.committer.run([held, node = parts_.node](
                             Session& session, Counts&) { note_intents(session, *held, node); },
                         [this, held, &channel](const Status& marked) {
                             std::vector<MessagePtr> going;
                             std::vector<Job> dropped;
                             std::vector<MessageId> over;
                             for (auto& message : *held) {
                                 const Job job = job_of(*message);
                                 if (marked && message->status == MessageStatus::processing) {
                                     going.push_back(std::move(message));
                                 } else {
                                     if (!marked)
                                         parts_.due.add(job, parts_.clock.now_ms() + 1'000);
                                     else
                                         not_claimed(job, over);
                                     dropped.push_back(job);
                                 }
                             }
                             if (!dropped.empty()) release(dropped);
                             if (!over.empty()) parts_.queue.done(over);
                             if (!going.empty()) send(channel, std::move(going));
                         });
}

void Dispatcher::send(Channel& channel, std::vector<MessagePtr> messages) {
    channel.send(std::move(messages), parts_.clock.now_ms() + parts_.attempt_timeout.count());
}

}  // namespace hongyan::delivery
