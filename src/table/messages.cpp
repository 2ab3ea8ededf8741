#include "table/messages.hpp"

#include "base/assert.hpp"

namespace hongyan::table {
namespace {

void bind_text_or_null(Statement& statement, int index, std::string_view text) {
    if (text.empty())
        statement.bind_null(index);
    else
        statement.bind(index, text);
}

void bind_or_null(Statement& statement, int index, std::int64_t value) {
    if (value == 0)
        statement.bind_null(index);
    else
        statement.bind(index, value);
}

}  // namespace

void insert_message(Session& session, const Message& m, std::string_view provider) {
    Statement& s = session.prepare(
        "INSERT INTO message_records (id, task_id, template_id, recipient, channel, subject, "
        "content, priority, status,"
        " tenant_id, template_version, attempts, finished_ms, timing, provider, due_ms, "
        "deliver_by_ms, html, callback_url,"
        " metadata, options, traceparent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, "
        "$12, $13, $14, $15, $16, $17, $18, $19, $20, $21)");
    s.bind(1, m.id);
    bind_or_null(s, 2, m.task_id);
    bind_or_null(s, 3, m.template_id);
    s.bind(4, std::string_view(m.recipient));
    s.bind(5, to_text(m.channel));
    bind_text_or_null(s, 6, m.subject);
    s.bind(7, std::string_view(m.content));
    s.bind(8, std::int64_t{m.priority});
    s.bind(9, to_text(m.status));
    s.bind(10, m.tenant_id);
    bind_or_null(s, 11, m.template_version);
    s.bind(12, m.created_ms());
    s.bind(13, empty_timing);
    bind_text_or_null(s, 14, provider);
    bind_or_null(s, 15, m.due_ms);
    bind_or_null(s, 16, m.deliver_by_ms);
    bind_text_or_null(s, 17, m.html);
    bind_text_or_null(s, 18, m.callback_url);
    bind_text_or_null(s, 19, m.metadata);
    bind_text_or_null(s, 20, m.options);
    bind_text_or_null(s, 21, m.traceparent);
    while (s.step()) {
    }
    s.reset();
}

bool settle_success(Session& session, const Outcome& o) {
    return session.run(
               "UPDATE message_records SET status = 'success', attempts = $2, finished_ms = $3, "
               "timing = $4"
               " WHERE id = $1 AND status IN ('pending', 'processing', 'scheduled', 'retrying')",
               o.id, o.attempts, o.finished_ms, pack(o.timing)) == 1;
}

bool settle(Session& session, const Outcome& o) {
    Timing timing = o.timing;
    {
        const bool must_lock = session.dialect() == Dialect::postgres;  // from other nodes
        auto rows = session.query(
            must_lock ? "SELECT status, timing FROM message_records WHERE id = $1 FOR UPDATE"
                      : "SELECT status, timing FROM message_records WHERE id = $1",
            o.id);
        if (!rows.next()) return false;
        const auto from = from_text<MessageStatus>(message_status_names, rows.view(0));
        if (!from || !may_change(*from, o.status)) return false;
        const Timing stands = unpack_timing(rows.integer(1));
        if (timing == Timing()) timing = stands;
        if (timing.queue_ms < 0) timing.queue_ms = stands.queue_ms;
    }
    Statement& s = session.prepare(
        "UPDATE message_records SET status = $2, attempts = $3, finished_ms = $4, timing = $5, "
        "next_attempt_ms = $6,"
        " provider = coalesce($7, provider), provider_message_id = coalesce($8, "
        "provider_message_id), reason = $9,"
        " attempts_before = nullif(coalesce(attempts_before, 0) + $10, 0) WHERE id = $1");
    s.bind(1, o.id);
    s.bind(2, to_text(o.status));
    s.bind(3, std::int64_t{o.attempts});
    s.bind(4, o.finished_ms);
    s.bind(5, pack(timing));
    bind_or_null(s, 6, o.next_attempt_ms);
    bind_text_or_null(s, 7, o.provider);
    bind_text_or_null(s, 8, o.provider_message_id);
    bind_text_or_null(s, 9, o.reason);
    s.bind(10, std::int64_t{o.is_free});
    while (s.step()) {
    }
    s.reset();
    return true;
}

bool mark_processing(Session& session, MessageId id, std::int32_t attempt, std::int64_t account_id,
                     std::string_view provider) {
    return session.run(
               "UPDATE message_records SET status = 'processing', attempts = $2,"
               " account_id = nullif($3, 0), provider = coalesce(nullif($4, ''), provider)"
               " WHERE id = $1 AND status IN ('pending', 'scheduled', 'retrying')",
               id, attempt, account_id, provider) == 1;
}

void insert_attempt(Session& session, const Attempt& a) {
    // The key can be taken already when an operator redrives a message or a crash hid the first
    // word: the later word wins.
    Statement& s = session.prepare(
        "INSERT INTO message_attempts (message_id, attempt, provider, outcome, code, detail, "
        "started_ms, duration_ms,"
        " next_attempt_ms, rule_version, account_id, route) VALUES ($1, $2, $3, $4, $5, $6, $7, "
        "$8, "
        "$9, $10, $11, $12)"
        " ON CONFLICT (message_id, attempt) DO UPDATE SET provider = excluded.provider, outcome = "
        "excluded.outcome,"
        " code = excluded.code, detail = excluded.detail, started_ms = excluded.started_ms,"
        " duration_ms = excluded.duration_ms, next_attempt_ms = excluded.next_attempt_ms,"
        " rule_version = excluded.rule_version, account_id = excluded.account_id,"
        " route = excluded.route");
    s.bind(1, a.message_id);
    s.bind(2, std::int64_t{a.attempt});
    s.bind(3, std::string_view(a.provider));
    s.bind(4, to_text(a.outcome));
    s.bind(5, std::string_view(a.code));
    s.bind(6, std::string_view(a.detail));
    s.bind(7, a.started_ms);
    s.bind(8, a.duration_ms);
    bind_or_null(s, 9, a.next_attempt_ms);
    s.bind(10, std::string_view(a.rule_version));
    bind_or_null(s, 11, a.account_id);
    bind_text_or_null(s, 12, a.route);
    while (s.step()) {
    }
    s.reset();
}

MessageId last_message_id(Session& session) {
    auto rows = session.query("SELECT max(id) FROM message_records");
    return rows.next() && !rows.null(0) ? rows.integer(0) : 0;
}

bool load_waiting(Session& session, MessageStatus status, int priority, MessageId end, int limit,
                  LoadPlace& at, std::vector<Waiting>& found) {
    // Each partial index is used only by a query that repeats its condition.
    const std::string sql =
        "SELECT id, tenant_id, channel, CASE WHEN status = 'pending' THEN NULL ELSE "
        "coalesce(next_attempt_ms, due_ms) END"
        " FROM message_records WHERE " +
        std::string(status == MessageStatus::pending
                        ? "status = 'pending'"
                        : "status NOT IN ('pending', 'success') AND status = '" +
                              std::string(to_text(status)) + "'") +
        " AND priority = $1 AND (tenant_id, id) > ($2, $3) AND id < $4 ORDER BY tenant_id, id "
        "LIMIT $5";
    auto rows = session.query(sql, priority, at.tenant_id, at.id, end, limit);
    int count = 0;
    while (rows.next()) {
        ++count;
        Waiting one;
        one.job.id = rows.integer(0);
        one.job.tenant_id = rows.integer(1);
        at = {one.job.tenant_id, one.job.id};
        const auto channel = from_text<ChannelKind>(channel_names, rows.view(2));
        if (!channel) continue;  // written by hand
        one.job.channel = *channel;
        one.job.priority = static_cast<std::uint8_t>(priority);
        one.job.ready_ms = id_time_ms(one.job.id);
        if (!rows.null(3)) one.due_ms = rows.integer(3);
        found.push_back(one);
    }
    return count == limit;
}

}  // namespace hongyan::table
