#include <algorithm>
#include <set>
#include <span>

#include "delivery/committer_round.hpp"
#include "delivery/receipts.hpp"
#include "delivery/webhook_events.hpp"
#include "table/accounts.hpp"
#include "table/keys.hpp"
#include "table/messages.hpp"
#include "table/receipts.hpp"
#include "table/tasks.hpp"

namespace hongyan::delivery {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t fold_interval_us = 1'000'000;

/// The stored answer to a known idempotency key, or null if the request is new.
std::unique_ptr<Result<Accepted>> known_answer(Session& session, const IdempotencyRecord& asked,
                                               std::int64_t lifetime_ms) {
    const auto found = table::find_idempotency(session, asked.tenant_id, asked.route, asked.key);
    if (!found || found->created_ms + lifetime_ms < asked.created_ms) return nullptr;
    if (found->body_hash != asked.body_hash) {
        return std::make_unique<Result<Accepted>>(
            make_error(ErrorCode::idempotency_mismatch,
                       "Idempotency-Key '" + asked.key + "' was used before with another body."));
    }
    return std::make_unique<Result<Accepted>>(Accepted{0, found->reply});
}

/// The answer to a request whose key could not be claimed.
std::unique_ptr<Result<Accepted>> answer_of_holder(Session& session, const IdempotencyRecord& asked,
                                                   std::int64_t lifetime_ms) {
    auto known = known_answer(session, asked, lifetime_ms);
    if (known) return known;
    // It expired between the two looks.
    auto error = make_error(ErrorCode::idempotency_in_progress,
                            "A request with Idempotency-Key '" + asked.key + "' has just ended.");
    error.retry_after = Millis(1'000);
    return std::make_unique<Result<Accepted>>(std::move(error));
}

bool is_plain_success(const Settled& one) {
    return one.status == MessageStatus::success && one.provider.empty() &&
           one.provider_message_id.empty() && !one.attempt;
}

table::Outcome row_of(const Settled& one) {
    return {one.message->id,     one.status,  one.message->attempts, one.finished_ms,
            one.next_attempt_ms, one.timing,  one.provider,          one.provider_message_id,
            one.reason,          one.is_free, is_plain_success(one)};
}

/// What bulk functions take names a message once.
bool are_distinct(std::span<const Settled> settled) {
    std::vector<MessageId> ids;
    ids.reserve(settled.size());
    for (const auto& one : settled) ids.push_back(one.message->id);
    std::sort(ids.begin(), ids.end());
    return std::adjacent_find(ids.begin(), ids.end()) == ids.end();
}

/// Outcomes of several kinds are several statements on PostgreSQL, and each counts in its tasks:
/// two nodes that do so for the same tasks would wait for each other.
void lock_tasks(Session& session, std::span<const Settled> settled) {
    if (session.dialect() != Dialect::postgres) return;
    const auto is_like_first = [&](const Settled& one) {
        return one.status == settled.front().status &&
               is_plain_success(one) == is_plain_success(settled.front());
    };
    if (std::all_of(settled.begin(), settled.end(), is_like_first)) return;
    std::set<std::int64_t> tasks;
    for (const auto& one : settled)
        if (one.message->task_id != 0) tasks.insert(one.message->task_id);
    if (tasks.size() > 1) table::lock_tasks(session, tasks);
}

}  // namespace

void Counts::add(const Message& message, MessageStatus status, std::int64_t finished_ms, int sign) {
    const bool sent = status == MessageStatus::success || status == MessageStatus::delivered;
    if (message.task_id != 0) {
        auto& task = tasks[message.task_id];
        if (sent) task.success += sign;
        if (status == MessageStatus::failed) task.failed += sign;
        if (status == MessageStatus::cancelled) task.cancelled += sign;
        if (status == MessageStatus::expired) task.expired += sign;
    }
    if (!is_counted(status)) return;
    auto& day = statistics[{message.tenant_id, message.created_ms() / day_ms, message.channel}];
    if (!sent) {
        day.failed += sign;
        return;
    }
    const auto response_ms = std::max<std::int64_t>(0, finished_ms - message.ready_ms());
    day.success += sign;
    day.response_ms += sign * response_ms;
    day.histogram.add(response_ms, sign);
}

void Committer::apply(Session& session, Round& round) {
    apply_accepts(session, round);
    if (round.batch) apply_chunk(session, round);
    apply_settled(session, round);
    write(session, round.counts);
    apply_controls(session, round);
    fold_statistics(session);
}

/// About once a second, and a last time when nothing comes any more; see table/statistics.hpp.
void Committer::fold_statistics(Session& session) {
    if (session.dialect() != Dialect::postgres) unfolded_ = false;
    const auto now = clock_.steady_us();
    if (!unfolded_ || now - folded_us_ < fold_interval_us) return;
    unfolded_ = !table::fold_statistics(session);
    folded_us_ = now;
}

void Committer::write(Session& session, const Counts& counts) {
    for (const auto& [task, delta] : counts.tasks)
        table::count_task(session, task, delta, clock_.now_ms());
    table::add_all_statistics(session, counts.statistics);
    if (!counts.statistics.empty() && session.dialect() == Dialect::postgres) unfolded_ = true;
}

void Committer::apply_accepts(Session& session, Round& round) {
    round.answers.clear();
    round.answers.resize(round.accepts.size());
    std::vector<table::NewMessage> added;
    added.reserve(round.accepts.size());
    claim_keys(session, round);
    for (std::size_t i = 0; i < round.accepts.size(); ++i) {
        const auto& one = round.accepts[i];
        if (!round.answers[i]) added.push_back({one.message.get(), one.provider});
    }
    table::insert_messages(session, added);
}

/// Answers those whose key is known. Another node may be accepting the same key at this moment: the
/// claim waits for its transaction, and then there is its answer.
void Committer::claim_keys(Session& session, Round& round) {
    std::vector<const IdempotencyRecord*> asked;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < round.accepts.size(); ++i) {
        if (!round.accepts[i].idempotency) continue;
        asked.push_back(round.accepts[i].idempotency.get());
        places.push_back(i);
    }
    if (asked.empty()) return;
    const auto lifetime_ms = options_.idempotency_ms;
    const auto claimed = table::claim_idempotency(session, asked, lifetime_ms);
    for (std::size_t n = 0; n < asked.size(); ++n) {
        if (!claimed[n])
            round.answers[places[n]] = answer_of_holder(session, *asked[n], lifetime_ms);
    }
}

// The task row comes first with status accepting and is the promise: until the last chunk is in, no
// one is told of the batch, and a start deletes what a crash left of it.
void Committer::apply_chunk(Session& session, Round& round) {
    Batch& batch = *round.batch;
    if (round.chunk_begin == 0) {
        batch.replayed = false;
        if (batch.idempotency) {
            auto known = known_answer(session, *batch.idempotency, options_.idempotency_ms);
            if (known) {
                batch.replayed = true;
                round.answers.push_back(std::move(known));
                return;
            }
        }
        batch.task.status = TaskStatus::accepting;
        batch.task.node = options_.node;
        batch.task.id = table::insert_task(session, batch.task);
    }
    const bool is_last = round.chunk_end == batch.messages.size();
    if (is_last && !claim_batch(session, round)) return;
    std::vector<table::NewMessage> added;
    added.reserve(round.chunk_end - round.chunk_begin);
    for (std::size_t i = round.chunk_begin; i < round.chunk_end; ++i) {
        batch.messages[i]->task_id = batch.task.id;
        added.push_back({batch.messages[i].get(), batch.provider});
    }
    table::insert_messages(session, added);
    if (is_last) table::accept_task(session, batch.task.id);
}

/// False if another node has accepted the same batch meanwhile: ours was never promised and goes.
bool Committer::claim_batch(Session& session, Round& round) {
    Batch& batch = *round.batch;
    batch.replayed = false;
    if (!batch.idempotency) return true;
    batch.idempotency->reply = batch.make_reply(batch.task.id);
    const IdempotencyRecord* const asked = batch.idempotency.get();
    if (table::claim_idempotency(session, {&asked, 1}, options_.idempotency_ms).front())
        return true;
    round.answers.push_back(answer_of_holder(session, *asked, options_.idempotency_ms));
    table::delete_batch(session, batch.task.id);
    batch.replayed = true;
    return false;
}

void Committer::apply_settled(Session& session, Round& round) {
    round.legal.assign(round.settled.size(), true);
    const std::span<const Settled> all(round.settled);
    if (are_distinct(all)) {
        settle_span(session, round, 0, all.size());
        return;
    }
    // What happened to one message stays in its order.
    for (std::size_t i = 0; i < all.size(); ++i) settle_span(session, round, i, i + 1);
}

void Committer::settle_span(Session& session, Round& round, std::size_t begin, std::size_t end) {
    if (begin == end) return;
    std::vector<table::Outcome> rows;
    rows.reserve(end - begin);
    for (std::size_t i = begin; i < end; ++i) rows.push_back(row_of(round.settled[i]));
    lock_tasks(session, std::span(round.settled).subspan(begin, end - begin));
    const auto legal = table::settle_all(session, rows, options_.node);
    std::vector<const Attempt*> attempts;
    std::vector<table::ReceiptPlace> places;
    for (std::size_t i = begin; i < end; ++i) {
        round.legal[i] = legal[i - begin];
        const auto& one = round.settled[i];
        if (!round.legal[i]) continue;
        if (one.attempt) attempts.push_back(one.attempt.get());
        if (one.message->account_id != 0)
            places.push_back({one.message->id, one.message->account_id, one.provider_message_id});
        round.counts.add(*one.message, one.status, one.finished_ms);
    }
    table::insert_attempts(session, attempts);
    const auto early = table::have_receipts(session, places);
    for (std::size_t i = begin, place = 0; i < end; ++i) {
        const auto& one = round.settled[i];
        if (!round.legal[i]) continue;
        after_attempt(session, round, one, one.message->account_id != 0 && early[place++]);
        if (!one.message->callback_url.empty() && one.status != MessageStatus::retrying)
            note_event(session, *one.message, one.status, one.reason, clock_.now_ms());
    }
}

/// Receipts may have come before the answer to the send.
void Committer::after_attempt(Session& session, Round& round, const Settled& one,
                              bool has_receipts) {
    const Message& message = *one.message;
    if (!one.suppress.empty()) {
        table::suppress(session, {message.tenant_id, message.channel, message.recipient,
                                  one.suppress, message.id, clock_.now_ms()});
    }
    if (!has_receipts) return;
    // Those that named the message while its attempt was under way could not move it then.
    for (const auto& early : table::list_receipts(session, message.id))
        follow_receipt(session, round.counts, early, clock_.now_ms());
    if (one.provider_message_id.empty()) return;
    const auto claim = [&](std::int64_t account_id) {
        for (const auto& parked :
             table::claim_parked(session, account_id, one.provider_message_id, message.id))
            follow_receipt(session, round.counts, parked, clock_.now_ms());
    };
    claim(message.account_id);
    for (const auto peer : one.receipt_peers) claim(peer);
}

void Committer::apply_controls(Session& session, Round& round) {
    for (auto& control : round.controls) {
        session.execute_script("SAVEPOINT work");
        Counts counts;
        try {
            control.work(session, counts);
            control.status = Done{};
        } catch (const StoreError& error) {
            session.execute_script("ROLLBACK TO work");
            const bool refused = dynamic_cast<const ConstraintError*>(&error) != nullptr;
            control.status =
                make_error(refused ? ErrorCode::conflict : ErrorCode::storage_failed, error.what());
            counts = {};
        }
        session.execute_script("RELEASE work");
        write(session, counts);
    }
}

void Committer::complete(Round& round) {
    std::vector<MessagePtr> accepted;
    accepted.reserve(round.accepts.size());
    for (std::size_t i = 0; i < round.accepts.size(); ++i) {
        auto& one = round.accepts[i];
        if (round.answers[i]) {
            one.done(std::move(*round.answers[i]));
            continue;
        }
        one.done(Accepted{one.message->id, ""});
        accepted.push_back(std::move(one.message));
    }
    if (round.batch) complete_chunk(round, accepted);
    // Before the controls: a cancellation of one of these must find it in the queue.
    if (!accepted.empty()) sink_.on_accepted(std::move(accepted));
    for (auto& control : round.controls) control.done(std::move(control.status));
    if (!round.settled.empty()) sink_.on_settled(std::move(round.settled), round.legal);
}

void Committer::complete_chunk(Round& round, std::vector<MessagePtr>& accepted) {
    auto& batch = *round.batch;
    batch.written = round.chunk_end;
    const bool finished = batch.replayed || batch.written == batch.messages.size();
    {
        const std::lock_guard lock(mutex_);
        if (finished)
            batch_rows_waiting_ -= batch.messages.size();
        else
            batches_.push_front(std::move(round.batch));
    }
    if (!finished) return;
    if (batch.replayed) {
        batch.done(std::move(*round.answers.back()));
        return;
    }
    batch.done(Accepted{batch.task.id, ""});
    for (auto& message : batch.messages) accepted.push_back(std::move(message));
}

}  // namespace hongyan::delivery
