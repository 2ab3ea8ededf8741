#include "table/webhooks.hpp"

#include <tuple>

namespace hongyan::table {
namespace {

constexpr std::string_view endpoint_columns =
    "id, tenant_id, url, secret, previous_secret, previous_until_ms, status, reason, "
    "failing_since_ms, last_success_ms, created_ms, updated_ms";
constexpr std::string_view event_columns =
    "e.id, e.tenant_id, e.endpoint_id, e.message_id, e.type, e.body, e.status, e.attempts, "
    "e.next_ms, e.last_status, e.last_detail, e.created_ms, e.finished_ms";

EndpointRow read_endpoint(const Rows& rows) {
    EndpointRow row;
    row.id = rows.integer(0);
    row.tenant_id = rows.integer(1);
    row.url = rows.text(2);
    row.secret = rows.text(3);
    row.previous_secret = rows.text(4);
    row.previous_until_ms = rows.integer(5);
    row.status = rows.text(6);
    row.reason = rows.text(7);
    row.failing_since_ms = rows.integer(8);
    row.last_success_ms = rows.integer(9);
    row.created_ms = rows.integer(10);
    row.updated_ms = rows.integer(11);
    return row;
}

EventRow read_event(const Rows& rows) {
    EventRow row;
    row.id = rows.integer(0);
    row.tenant_id = rows.integer(1);
    row.endpoint_id = rows.integer(2);
    row.message_id = rows.integer(3);
    row.type = rows.text(4);
    row.body = rows.text(5);
    row.status = rows.text(6);
    row.attempts = rows.integer(7);
    row.next_ms = rows.integer(8);
    row.last_status = rows.integer(9);
    row.last_detail = rows.text(10);
    row.created_ms = rows.integer(11);
    row.finished_ms = rows.integer(12);
    return row;
}

void bind_blob_or_null(Statement& s, int index, std::string_view bytes) {
    if (bytes.empty())
        s.bind_null(index);
    else
        s.bind_blob(index, bytes);
}

}  // namespace

void insert_event(Session& session, std::int64_t tenant_id, std::string_view url,
                  std::int64_t message_id, std::string_view type, std::string_view body,
                  std::int64_t now_ms) {
    const auto put = [&] {
        return session.run(
            "INSERT INTO webhook_events (tenant_id, endpoint_id, message_id, type, body, next_ms, "
            "created_ms) SELECT $1, id, $3, $4, $5, CASE WHEN status = 'active' THEN $6 ELSE $7 "
            "END, $6 FROM webhook_endpoints WHERE tenant_id = $1 AND url = $2",
            tenant_id, url, message_id, type, body, now_ms, never_ms);
    };
    if (put() > 0) return;
    std::ignore = find_or_make_endpoint(session, tenant_id, url, now_ms);
    put();
}

std::int64_t find_or_make_endpoint(Session& session, std::int64_t tenant_id, std::string_view url,
                                   std::int64_t now_ms) {
    session.run(
        "INSERT INTO webhook_endpoints (tenant_id, url, created_ms, updated_ms) VALUES ($1, $2, "
        "$3, "
        "$3) ON CONFLICT DO NOTHING",
        tenant_id, url, now_ms);
    auto rows = session.query("SELECT id FROM webhook_endpoints WHERE tenant_id = $1 AND url = $2",
                              tenant_id, url);
    return rows.next() ? rows.integer(0) : 0;
}

std::vector<EndpointRow> due_endpoints(Session& session, std::int64_t now_ms, std::int64_t after_id,
                                       int limit) {
    static const std::string sql =
        "SELECT " + std::string(endpoint_columns) +
        " FROM webhook_endpoints AS p WHERE p.id > $2 AND p.status = 'active' AND EXISTS (SELECT 1 "
        "FROM webhook_events AS e WHERE e.endpoint_id = p.id AND e.status = 'waiting' AND "
        "e.next_ms <= $1) ORDER BY p.id LIMIT $3";
    auto rows = session.query(sql, now_ms, after_id, limit);
    std::vector<EndpointRow> found;
    while (rows.next()) found.push_back(read_endpoint(rows));
    return found;
}

std::vector<EventRow> due_events(Session& session, std::int64_t endpoint_id, std::int64_t now_ms,
                                 int limit) {
    static const std::string sql =
        "SELECT " + std::string(event_columns) +
        " FROM webhook_events AS e WHERE e.endpoint_id = $1 AND e.status = 'waiting' AND "
        "e.next_ms <= $2 ORDER BY e.next_ms, e.id LIMIT $3";
    auto rows = session.query(sql, endpoint_id, now_ms, limit);
    std::vector<EventRow> found;
    while (rows.next()) found.push_back(read_event(rows));
    return found;
}

std::int64_t count_due_events(Session& session, std::int64_t now_ms, std::int64_t most) {
    auto rows = session.query(
        "SELECT count(*) FROM (SELECT 1 FROM webhook_events WHERE status = 'waiting' AND next_ms "
        "<= $1 LIMIT $2) AS due",
        now_ms, most);
    return rows.next() ? rows.integer(0) : 0;
}

std::optional<EndpointRow> find_endpoint(Session& session, std::int64_t id) {
    static const std::string sql =
        "SELECT " + std::string(endpoint_columns) + " FROM webhook_endpoints WHERE id = $1";
    auto rows = session.query(sql, id);
    if (!rows.next()) return std::nullopt;
    return read_endpoint(rows);
}

std::vector<EndpointRow> list_endpoints(Session& session, std::int64_t tenant_id,
                                        std::int64_t after_id, int limit) {
    static const std::string sql =
        "SELECT " + std::string(endpoint_columns) +
        " FROM webhook_endpoints WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    auto rows = session.query(sql, tenant_id, after_id, limit);
    std::vector<EndpointRow> found;
    while (rows.next()) found.push_back(read_endpoint(rows));
    return found;
}

std::vector<EndpointRow> all_endpoints(Session& session) {
    static const std::string sql =
        "SELECT " + std::string(endpoint_columns) + " FROM webhook_endpoints ORDER BY id";
    auto rows = session.query(sql);
    std::vector<EndpointRow> found;
    while (rows.next()) found.push_back(read_endpoint(rows));
    return found;
}

void update_endpoint(Session& session, const EndpointRow& row) {
    Statement& s = session.prepare(
        "UPDATE webhook_endpoints SET secret = $2, previous_secret = $3, previous_until_ms = $4, "
        "status = $5, reason = $6, failing_since_ms = nullif($7, 0), last_success_ms = nullif($8, "
        "0), updated_ms = $9 WHERE id = $1");
    s.bind(1, row.id);
    bind_blob_or_null(s, 2, row.secret);
    bind_blob_or_null(s, 3, row.previous_secret);
    s.bind(4, row.previous_until_ms);
    s.bind(5, std::string_view(row.status));
    s.bind(6, std::string_view(row.reason));
    s.bind(7, row.failing_since_ms);
    s.bind(8, row.last_success_ms);
    s.bind(9, row.updated_ms);
    while (s.step()) {
    }
    s.reset();
}

void update_event(Session& session, const EventRow& row) {
    session.run(
        "UPDATE webhook_events SET status = $2, attempts = $3, next_ms = $4, last_status = "
        "nullif($5, 0), last_detail = $6, finished_ms = nullif($7, 0) WHERE id = $1",
        row.id, row.status, row.attempts, row.next_ms, row.last_status, row.last_detail,
        row.finished_ms);
}

void postpone_events(Session& session, std::int64_t endpoint_id, std::int64_t next_ms) {
    session.run(
        "UPDATE webhook_events SET next_ms = $2 WHERE endpoint_id = $1 AND status = 'waiting'",
        endpoint_id, next_ms);
}

std::int64_t replay_events(Session& session, std::int64_t endpoint_id, std::int64_t from_ms,
                           std::int64_t until_ms, bool failed_only, std::int64_t now_ms) {
    return session.run(
        "UPDATE webhook_events SET status = 'waiting', attempts = 0, next_ms = $4, finished_ms = "
        "NULL WHERE endpoint_id = $1 AND created_ms >= $2 AND created_ms < $3 AND status <> "
        "'waiting' AND ($5 = 0 OR status = 'failed')",
        endpoint_id, from_ms, until_ms, now_ms, failed_only);
}

std::vector<EventRow> list_events(Session& session, std::int64_t endpoint_id,
                                  std::string_view status, std::int64_t before_id, int limit) {
    static const std::string sql =
        "SELECT " + std::string(event_columns) +
        " FROM webhook_events AS e WHERE e.endpoint_id = $1 AND ($2 = '' OR e.status = $2) AND "
        "($3 = 0 OR e.id < $3) ORDER BY e.id DESC LIMIT $4";
    auto rows = session.query(sql, endpoint_id, status, before_id, limit);
    std::vector<EventRow> found;
    while (rows.next()) found.push_back(read_event(rows));
    return found;
}

std::vector<EventRow> message_events(Session& session, std::int64_t message_id) {
    static const std::string sql = "SELECT " + std::string(event_columns) +
                                   " FROM webhook_events AS e WHERE e.message_id = $1 ORDER BY e.id"
                                   " LIMIT 100";
    auto rows = session.query(sql, message_id);
    std::vector<EventRow> found;
    while (rows.next()) found.push_back(read_event(rows));
    return found;
}

EventCounts count_events(Session& session, std::int64_t endpoint_id) {
    EventCounts counts;
    auto rows = session.query(
        "SELECT status, count(*) FROM webhook_events WHERE endpoint_id = $1 GROUP BY status",
        endpoint_id);
    while (rows.next()) {
        if (rows.view(0) == "waiting") counts.waiting = rows.integer(1);
        if (rows.view(0) == "delivered") counts.delivered = rows.integer(1);
        if (rows.view(0) == "failed") counts.failed = rows.integer(1);
    }
    return counts;
}

std::int64_t delete_events(Session& session, std::int64_t before_ms, int limit) {
    return session.run(
        "DELETE FROM webhook_events WHERE id IN (SELECT id FROM webhook_events WHERE created_ms < "
        "$1 "
        "AND status <> 'waiting' LIMIT $2)",
        before_ms, limit);
}

}  // namespace hongyan::table
