// The dispatcher's way to provider accounts: what a message must pass (limits by destination,
// suppression), which account takes it, the intent on disk, the handing over. Part of Dispatcher.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "delivery/dispatcher.hpp"
#include "delivery/intents.hpp"
#include "table/accounts.hpp"
#include "table/destinations.hpp"
#include "table/messages.hpp"
#include "table/tokens.hpp"

namespace hongyan::delivery {
namespace {

constexpr std::int64_t shortest_wait_ms = 20;
constexpr std::int64_t longest_wait_ms = 5'000;
constexpr std::size_t longest_verdict = 200;

Job job_of(const Message& m) { return {m.id, m.tenant_id, m.ready_ms(), m.priority, m.channel}; }

/// For the trace: {"reason":...,"accounts":[{"id":1,"name":"a","verdict":"chosen: ..."}]}
std::string words_of(const route::Route& route) {
    boost::json::object all;
    all["reason"] = route.reason;
    boost::json::array accounts;
    for (const auto& one : route.considered) {
        boost::json::object account;
        account["id"] = one.account_id;
        account["name"] = one.name;
        account["verdict"] = one.verdict.substr(0, longest_verdict);
        accounts.push_back(std::move(account));
    }
    all["accounts"] = std::move(accounts);
    return boost::json::serialize(all);
}

}  // namespace

void Dispatcher::set_outcomes(const OutcomeTable& table) {
    auto next = std::make_shared<const OutcomeTable>(table);
    const std::lock_guard lock(outcomes_mutex_);
    outcomes_ = std::move(next);
}

std::shared_ptr<const OutcomeTable> Dispatcher::outcomes() const {
    const std::lock_guard lock(outcomes_mutex_);
    return outcomes_;
}

/// Jobs whose accounts are all full do not even get read; they wait in their lane.
std::vector<Job> Dispatcher::park_full(std::vector<Job> jobs) {
    const auto now = parts_.clock.now_ms();
    std::vector<Job> full;
    std::erase_if(jobs, [&](const Job& job) {
        if (!parts_.accounts->serves(job.tenant_id, job.channel) ||
            parts_.accounts->has_room(job.tenant_id, job.channel, now))
            return false;
        full.push_back(job);
        return true;
    });
    if (!full.empty()) {
        release(full);
        parts_.accounts->park(full);
    }
    return jobs;
}

/// What a message that was tried before must know: the accounts it failed on, and the one whose
/// answer was lost.
void Dispatcher::remember_attempts(Session& session, Message& message) const {
    if (parts_.accounts == nullptr || !parts_.accounts->serves(message.tenant_id, message.channel))
        return;
    remember_token(session, message);
    const auto attempts = table::list_attempts(session, message.id);
    const bool may_move = (*outcomes())[static_cast<std::size_t>(OutcomeClass::unknown)].fail_over;
    for (const auto& attempt : attempts) {
        if (attempt.account_id == 0 || attempt.outcome == OutcomeClass::accepted) continue;
        message.tried.push_back(attempt.account_id);
        // Never elsewhere: the attempt may have arrived. It stays so whatever the later attempts
        // say.
        if (attempt.outcome != OutcomeClass::unknown) continue;
        if (message.unknown_since_ms == 0) message.unknown_since_ms = attempt.started_ms;
        if (!may_move) message.unknown_on = attempt.account_id;
    }
}

void Dispatcher::remember_token(Session& session, Message& message) const {
    auto token = table::find_token(session, message.id);
    if (!token) return;
    message.provider_token = std::move(token->token);
    message.provider_token_account = token->account_id;
    message.provider_token_ms = token->given_ms;
}

bool Dispatcher::is_suppressed(Session& session, const Message& message,
                               std::vector<Settled>& ended) const {
    const auto found =
        table::find_suppression(session, message.tenant_id, message.channel, message.recipient);
    if (!found) return false;
    Settled one;
    one.message = std::make_unique<Message>(message);
    one.status = message.unknown_since_ms == 0 ? MessageStatus::failed : MessageStatus::unknown;
    one.finished_ms = parts_.clock.now_ms();
    one.reason = "suppressed: " + found->reason;
    ended.push_back(std::move(one));
    return true;
}

/// Those that must not be sent, or cannot be looked up now, become null.
void Dispatcher::drop_suppressed(std::vector<MessagePtr>& messages, std::vector<Settled>& ended) {
    const auto read = parts_.store.read([&](Session& session) {
        for (auto& message : messages) {
            if (!message || is_final(message->status)) continue;
            if (is_suppressed(session, *message, ended)) message.reset();
        }
    });
    if (read) return;
    // Rather late than to somebody who must not be written to.
    tell_read_failed(read.error());
    for (auto& message : messages) {
        if (!message) continue;
        parts_.due.add(job_of(*message), parts_.clock.now_ms() + 1'000);
        message.reset();
    }
}

/// False if a limit of its destination makes it wait; then the due timer has it.
bool Dispatcher::may_reach(const Message& message, const Job& job) {
    if (destinations_.empty()) return true;
    const auto answer = destinations_.admit(message);
    if (answer.ok) return true;
    parts_.due.add(job, answer.again_ms);
    return false;
}

void Dispatcher::route(MessagePtr message, const Job& job, std::vector<Job>& dropped) {
    const auto now = parts_.clock.now_ms();
    auto chosen = parts_.accounts->choose(*message, now);
    // Only what really goes is counted by the limits of its destination.
    if (chosen.account && !may_reach(*message, job)) {
        chosen.account->give_back();
        dropped.push_back(job);
        return;
    }
    if (chosen.account) {
        message->account_id = chosen.route.account_id;
        message->route = words_of(chosen.route);
        chosen_[chosen.account].push_back(std::move(message));
        return;
    }
    if (chosen.route.choice == route::Choice::wait) {
        const auto again =
            chosen.route.again_ms == 0 ? now + shortest_wait_ms : chosen.route.again_ms;
        parts_.due.add(job, std::clamp(again, now + shortest_wait_ms, now + longest_wait_ms));
        dropped.push_back(job);
        return;
    }
    Sent sent;
    sent.outcome.kind = OutcomeClass::configuration;
    sent.outcome.code = "no_account";
    sent.outcome.detail = chosen.route.reason;
    sent.outcome.started_ms = now;
    message->account_id = 0;
    message->route = words_of(chosen.route);
    sent.message = std::move(message);
    std::vector<Sent> one;
    one.push_back(std::move(sent));
    on_outcomes(std::move(one));
}

/// What limits by destination count is on disk before the messages leave: committed with their
/// intents or before them, because the committer keeps the order.
void Dispatcher::save_counts() {
    auto counts = destinations_.take_unsaved();
    if (counts.empty()) return;
    parts_.committer.run(
        [counts = std::move(counts)](Session& session, Counts&) {
            for (const auto& one : counts) table::add_destination_count(session, one);
        },
        [](const Status&) {});
}

/// The intent of every attempt is on disk before its request leaves, with the account it goes by:
/// its idempotency token follows from the message's id, so it is stored too.
void Dispatcher::hand_to_accounts() {
    for (auto& [account, messages] : chosen_) {
        parts_.counters.attempts[static_cast<std::size_t>(account->record().channel)].fetch_add(
            messages.size(), std::memory_order_relaxed);
        std::vector<Job> jobs;
        for (const auto& message : messages) jobs.push_back(job_of(*message));
        parts_.in_flight.detach(jobs);
        // shared_ptr: the work and its completion both need the list, and either may be dropped
        // first.
        auto held = std::make_shared<std::vector<MessagePtr>>(std::move(messages));
        parts_.committer.run(
            [held, account = account, node = parts_.node](Session& session, Counts&) {
                note_intents(session, *held, node, account->provider().name());
            },
            [this, held, account = account](const Status& marked) {
                std::vector<MessagePtr> going;
                std::vector<Job> dropped;
                std::vector<MessageId> over;
                for (auto& message : *held) {
                    if (marked && message->status == MessageStatus::processing) {
                        going.push_back(std::move(message));
                        continue;
                    }
                    account->give_back();
                    const Job job = job_of(*message);
                    if (!marked)
                        parts_.due.add(job, parts_.clock.now_ms() + 1'000);
                    else
                        not_claimed(job, over);
                    dropped.push_back(job);
                }
                if (!dropped.empty()) release(dropped);
                if (!over.empty()) parts_.queue.done(over);
                if (!going.empty()) {
                    account->account()->send(
                        std::move(going), parts_.clock.now_ms() + parts_.attempt_timeout.count());
                }
            });
    }
    chosen_.clear();
}

Circumstances Dispatcher::circumstances_of(const Message& message, const Outcome& outcome) const {
    Circumstances c;
    if (outcome.kind == OutcomeClass::accepted) return c;
    if (outcome.kind == OutcomeClass::unknown && message.template_id != 0 && parts_.hold_unknown)
        c.hold_unknown = parts_.hold_unknown(message.tenant_id, message.template_id);
    if (message.account_id == 0 || parts_.accounts == nullptr) return c;
    const auto now = parts_.clock.now_ms();
    if (message.unknown_on == 0)
        c.other_account = parts_.accounts->has_other(message, message.account_id, now);
    if (const auto account = parts_.accounts->find(message.account_id); account) {
        const auto window = account->provider().traits().idempotency_ms;
        const auto since =
            message.unknown_since_ms != 0 ? message.unknown_since_ms : outcome.started_ms;
        const bool has_token = !account->provider().traits().gives_tokens ||
                               (message.provider_token_account == message.account_id &&
                                !message.provider_token.empty());
        c.safe_repeat = has_token && window > 0 && now < since + window;
    }
    return c;
}

}  // namespace hongyan::delivery
