// The functions that take many messages at once. On PostgreSQL each is a statement or two however
// many rows; elsewhere a statement costs nothing to send, so they go one by one.
#include <algorithm>
#include <cstdint>
#include <tuple>
#include <unordered_set>

#include "base/assert.hpp"
#include "table/bulk.hpp"
#include "table/messages.hpp"

namespace hongyan::table {
namespace {

/// Below this COPY's own two round trips cost more than they save.
constexpr std::size_t worth_a_copy = 3;

/// The columns of outcomes of one status, as arrays for unnest.
struct OutcomeArrays {
    ArrayText ids, attempts, finished, timing, keeps_queue, next, provider, provider_id, reason,
        free;
    MessageId lowest = 0;
    MessageId highest = 0;
};

/// settle() in one statement for PostgreSQL: the same rules, see messages.cpp.
constexpr std::string_view settle_sql =
    "UPDATE message_records AS m SET status = $1, attempts = s.attempts, finished_ms = "
    "s.finished_ms,"
    " timing = CASE WHEN s.timing IS NULL THEN m.timing WHEN s.keeps_queue = 1"
    " THEN (s.timing & ~(268435455::bigint << 34)) | (m.timing & (268435455::bigint << 34))"
    " ELSE s.timing END,"
    " next_attempt_ms = s.next_ms, provider = coalesce(s.provider, m.provider),"
    " provider_message_id = coalesce(s.provider_id, m.provider_message_id), reason = s.reason,"
    " attempts_before = nullif(coalesce(m.attempts_before, 0) + s.free, 0),"
    " node = CASE WHEN $1 = 'retrying' THEN nullif($15, -1) ELSE m.node END"
    " FROM unnest($2::bigint[], $3::integer[], $4::bigint[], $5::bigint[], $6::integer[],"
    " $7::bigint[], $8::text[], $9::text[], $10::text[], $11::integer[])"
    " AS s (id, attempts, finished_ms, timing, keeps_queue, next_ms, provider, provider_id, reason,"
    " free)"
    " WHERE m.id = s.id AND m.id BETWEEN $12 AND $13 AND m.status = ANY ($14::text[])"
    " RETURNING m.id";

/// settle_success() in one statement.
constexpr std::string_view settle_success_sql =
    "UPDATE message_records AS m SET status = 'success', attempts = s.attempts,"
    " finished_ms = s.finished_ms, timing = s.timing"
    " FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[])"
    " AS s (id, attempts, finished_ms, timing)"
    " WHERE m.id = s.id AND m.id BETWEEN $5 AND $6"
    " AND m.status IN ('pending', 'processing', 'scheduled', 'retrying') RETURNING m.id";

void add_times(OutcomeArrays& to, const Outcome& o) {
    to.ids.number(o.id);
    to.attempts.number(o.attempts);
    to.finished.number(o.finished_ms);
    if (to.lowest == 0) to.lowest = o.id;
    to.highest = o.id;
}

void add_rest(OutcomeArrays& to, const Outcome& o) {
    if (o.timing == Timing())
        to.timing.null();
    else
        to.timing.number(pack(o.timing));
    to.keeps_queue.number(o.timing.queue_ms < 0 ? 1 : 0);
    to.next.number_or_null(o.next_attempt_ms);
    to.provider.text_or_null(o.provider);
    to.provider_id.text_or_null(o.provider_message_id);
    to.reason.text_or_null(o.reason);
    to.free.number(o.is_free ? 1 : 0);
}

/// The statuses from which a message may go to this one, as an array.
ArrayText ways_to(MessageStatus status) {
    ArrayText from;
    for (std::size_t i = 0; i < message_status_names.size(); ++i) {
        if (may_change(static_cast<MessageStatus>(i), status)) from.text(message_status_names[i]);
    }
    return from;
}

using Ids = std::unordered_set<MessageId>;
using Sorted = std::vector<const Outcome*>;

void read_ids(Rows rows, Ids& into) {
    while (rows.next()) into.insert(rows.integer(0));
}

void settle_plain(Session& session, std::span<const Outcome* const> outcomes, Ids& changed) {
    OutcomeArrays a;
    for (const auto* one : outcomes) {
        add_times(a, *one);
        a.timing.number(pack(one->timing));
    }
    read_ids(session.query(settle_success_sql, a.ids.close(), a.attempts.close(),
                           a.finished.close(), a.timing.close(), a.lowest, a.highest),
             changed);
}

void settle_others(Session& session, std::span<const Outcome* const> outcomes, int node,
                   Ids& changed) {
    OutcomeArrays a;
    for (const auto* one : outcomes) {
        add_times(a, *one);
        add_rest(a, *one);
    }
    const auto status = outcomes.front()->status;
    auto from = ways_to(status);
    read_ids(
        session.query(settle_sql, to_text(status), a.ids.close(), a.attempts.close(),
                      a.finished.close(), a.timing.close(), a.keeps_queue.close(), a.next.close(),
                      a.provider.close(), a.provider_id.close(), a.reason.close(), a.free.close(),
                      a.lowest, a.highest, from.close(), node),
        changed);
}

/// Calls use for each run of outcomes that go by one statement.
template <class Use>
void each_kind(const Sorted& sorted, const Use& use) {
    for (auto begin = sorted.begin(); begin != sorted.end();) {
        const auto end = std::find_if(begin, sorted.end(), [&](const Outcome* one) {
            return one->is_plain != (*begin)->is_plain || one->status != (*begin)->status;
        });
        use(std::span(begin, end));
        begin = end;
    }
}

std::vector<bool> settle_in_bulk(Session& session, std::span<const Outcome> outcomes, int node) {
    Sorted sorted;
    sorted.reserve(outcomes.size());
    for (const auto& one : outcomes) sorted.push_back(&one);
    // By id inside a kind: nodes that lock the same rows lock them in the same order.
    std::sort(sorted.begin(), sorted.end(), [](const Outcome* a, const Outcome* b) {
        return std::tuple(a->is_plain, a->status, a->id) <
               std::tuple(b->is_plain, b->status, b->id);
    });
    Ids changed;
    each_kind(sorted, [&](std::span<const Outcome* const> kind) {
        if (kind.front()->is_plain)
            settle_plain(session, kind, changed);
        else
            settle_others(session, kind, node, changed);
    });
    std::vector<bool> legal;
    legal.reserve(outcomes.size());
    for (const auto& one : outcomes) legal.push_back(changed.contains(one.id));
    return legal;
}

void copy_message(CopyRows& rows, const Message& m, std::string_view provider) {
    rows.number(m.id).number_or_null(m.task_id).number_or_null(m.template_id).text(m.recipient);
    rows.text(to_text(m.channel)).text_or_null(m.subject).text(m.content).number(m.priority);
    rows.text(to_text(m.status)).number(m.tenant_id).number_or_null(m.template_version);
    rows.number(m.created_ms()).text_or_null(provider).number_or_null(m.due_ms);
    rows.number_or_null(m.deliver_by_ms).text_or_null(m.html).text_or_null(m.callback_url);
    rows.text_or_null(m.metadata).text_or_null(m.options).text_or_null(m.traceparent);
    rows.end_row();
}

}  // namespace

void insert_messages(Session& session, std::span<const NewMessage> messages) {
    if (session.dialect() != Dialect::postgres || messages.size() < worth_a_copy) {
        for (const auto& one : messages) insert_message(session, *one.message, one.provider);
        return;
    }
    CopyRows rows;
    for (const auto& one : messages) copy_message(rows, *one.message, one.provider);
    session.copy_in(
        "COPY message_records (id, task_id, template_id, recipient, channel, subject, content, "
        "priority, status, tenant_id, template_version, finished_ms, provider, due_ms, "
        "deliver_by_ms, html, callback_url, metadata, options, traceparent) FROM STDIN",
        rows.rows());
}

std::vector<bool> settle_all(Session& session, std::span<const Outcome> outcomes, int node) {
    if (session.dialect() == Dialect::postgres) return settle_in_bulk(session, outcomes, node);
    std::vector<bool> legal;
    legal.reserve(outcomes.size());
    for (const auto& one : outcomes)
        legal.push_back(one.is_plain ? settle_success(session, one) : settle(session, one));
    return legal;
}

std::vector<bool> mark_all_processing(Session& session, std::span<const Intent> intents, int node) {
    std::vector<bool> marked;
    marked.reserve(intents.size());
    if (session.dialect() != Dialect::postgres) {
        for (const auto& one : intents)
            marked.push_back(
                mark_processing(session, one.id, one.attempt, one.account_id, one.provider));
        return marked;
    }
    ArrayText ids, attempts, accounts, providers;
    MessageId lowest = INT64_MAX;
    MessageId highest = 0;
    for (const auto& one : intents) {
        ids.number(one.id);
        attempts.number(one.attempt);
        accounts.number_or_null(one.account_id);
        providers.text_or_null(one.provider);
        lowest = std::min(lowest, one.id);
        highest = std::max(highest, one.id);
    }
    Ids changed;
    // A message that another node is just marking is not waited for: it is in other hands.
    read_ids(
        session.query(
            "WITH free AS (SELECT m.id FROM message_records AS m WHERE m.id = ANY ($1::bigint[])"
            " AND m.id BETWEEN $5 AND $6 AND m.status IN ('pending', 'scheduled', 'retrying')"
            " ORDER BY m.id FOR UPDATE SKIP LOCKED)"
            " UPDATE message_records AS m SET status = 'processing', attempts = s.attempt,"
            " account_id = s.account_id, provider = coalesce(s.provider, m.provider), node = "
            "nullif($7, -1)"
            " FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[])"
            " AS s (id, attempt, account_id, provider) JOIN free ON free.id = s.id"
            " WHERE m.id = s.id AND m.id BETWEEN $5 AND $6 RETURNING m.id",
            ids.close(), attempts.close(), accounts.close(), providers.close(), lowest, highest,
            node),
        changed);
    for (const auto& one : intents) marked.push_back(changed.contains(one.id));
    return marked;
}

void insert_attempts(Session& session, std::span<const Attempt* const> attempts) {
    if (session.dialect() != Dialect::postgres || attempts.size() < 2) {
        for (const auto* one : attempts) insert_attempt(session, *one);
        return;
    }
    ArrayText ids, numbers, providers, outcomes, codes, details, started, durations, next, rules,
        accounts, routes;
    for (const auto* one : attempts) {
        ids.number(one->message_id);
        numbers.number(one->attempt);
        providers.text(one->provider);
        outcomes.text(to_text(one->outcome));
        codes.text(one->code);
        details.text(one->detail);
        started.number(one->started_ms);
        durations.number(one->duration_ms);
        next.number_or_null(one->next_attempt_ms);
        rules.text(one->rule_version);
        accounts.number_or_null(one->account_id);
        routes.text_or_null(one->route);
    }
    session.run(
        "INSERT INTO message_attempts (message_id, attempt, provider, outcome, code, detail, "
        "started_ms, duration_ms, next_attempt_ms, rule_version, account_id, route)"
        " SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[],"
        " $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::bigint[],"
        " $12::text[])"
        " ON CONFLICT (message_id, attempt) DO UPDATE SET provider = excluded.provider, outcome = "
        "excluded.outcome, code = excluded.code, detail = excluded.detail, started_ms = "
        "excluded.started_ms, duration_ms = excluded.duration_ms, next_attempt_ms = "
        "excluded.next_attempt_ms, rule_version = excluded.rule_version, account_id = "
        "excluded.account_id, route = excluded.route",
        ids.close(), numbers.close(), providers.close(), outcomes.close(), codes.close(),
        details.close(), started.close(), durations.close(), next.close(), rules.close(),
        accounts.close(), routes.close());
}

}  // namespace hongyan::table
