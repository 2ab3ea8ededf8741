#include "table/keys.hpp"

namespace hongyan::table {

std::vector<KeyRecord> list_keys(Session& session, std::int64_t tenant_id) {
    auto rows = session.query(
        "SELECT k.id, k.tenant_id, coalesce(t.name, ''), k.name, k.prefix, k.hash, k.scopes, "
        "k.created_ms, k.expires_ms,"
        " k.revoked_ms, f.created_by, f.last_used_ms FROM api_keys AS k LEFT JOIN tenants AS t"
        " ON t.id = k.tenant_id LEFT JOIN api_key_facts AS f ON f.key_id = k.id"
        " WHERE $1 = 0 OR k.tenant_id = $1 ORDER BY k.id",
        tenant_id);
    std::vector<KeyRecord> found;
    while (rows.next()) {
        found.push_back({rows.integer(0), rows.integer(1), rows.text(2), rows.text(3), rows.text(4),
                         rows.text(5), rows.text(6), rows.integer(7), rows.integer(8),
                         rows.integer(9), rows.text(10), rows.integer(11)});
    }
    return found;
}

std::vector<KeyRecord> all_keys(Session& session) { return list_keys(session, 0); }

std::int64_t insert_key(Session& session, const KeyRecord& key) {
    Statement& s = session.prepare(
        "INSERT INTO api_keys (tenant_id, name, prefix, hash, scopes, created_ms, expires_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6, nullif($7, 0))");
    s.bind(1, key.tenant_id);
    s.bind(2, std::string_view(key.name));
    s.bind(3, std::string_view(key.prefix));
    s.bind_blob(4, key.hash);
    s.bind(5, std::string_view(key.scopes));
    s.bind(6, key.created_ms);
    s.bind(7, key.expires_ms);
    while (s.step()) {
    }
    s.reset();
    const auto id = session.last_insert_id();
    if (!key.created_by.empty()) {
        session.run("INSERT INTO api_key_facts (key_id, created_by) VALUES ($1, $2)", id,
                    key.created_by);
    }
    return id;
}

std::optional<KeyRecord> find_key(Session& session, std::int64_t tenant_id, std::int64_t id) {
    for (auto& key : list_keys(session, tenant_id)) {
        if (key.id == id) return std::move(key);
    }
    return std::nullopt;
}

void expire_key(Session& session, std::int64_t id, std::int64_t at_ms) {
    session.run("UPDATE api_keys SET expires_ms = min(coalesce(expires_ms, $2), $2) WHERE id = $1",
                id, at_ms);
}

void note_key_use(Session& session, std::int64_t id, std::int64_t at_ms) {
    session.run(
        "INSERT INTO api_key_facts (key_id, last_used_ms) VALUES ($1, $2) ON CONFLICT (key_id)"
        " DO UPDATE SET last_used_ms = max(coalesce(last_used_ms, 0), excluded.last_used_ms)",
        id, at_ms);
}

bool revoke_key(Session& session, std::int64_t tenant_id, std::int64_t id, std::int64_t now_ms) {
    return session.run(
               "UPDATE api_keys SET revoked_ms = $3 WHERE id = $1 AND ($2 = 0 OR tenant_id = $2) "
               "AND revoked_ms IS NULL",
               id, tenant_id, now_ms) == 1;
}

std::int64_t find_or_make_tenant(Session& session, const std::string& name, std::int64_t now_ms) {
    session.run(
        "INSERT INTO tenants (name, created_ms) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        name, now_ms);
    auto rows = session.query("SELECT id FROM tenants WHERE name = $1", name);
    return rows.next() ? rows.integer(0) : 0;
}

std::optional<IdempotencyRecord> find_idempotency(Session& session, std::int64_t tenant_id,
                                                  std::string_view route, std::string_view key) {
    auto rows = session.query(
        "SELECT body_hash, reply, created_ms FROM idempotency_keys"
        " WHERE tenant_id = $1 AND route = $2 AND idempotency_key = $3",
        tenant_id, route, key);
    if (!rows.next()) return std::nullopt;
    return IdempotencyRecord{tenant_id,    std::string(route), std::string(key),
                             rows.text(0), rows.text(1),       rows.integer(2)};
}

void put_idempotency(Session& session, const IdempotencyRecord& record) {
    Statement& s = session.prepare(
        "INSERT INTO idempotency_keys (tenant_id, route, idempotency_key, body_hash, reply, "
        "created_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, route, idempotency_key) DO "
        "UPDATE SET"
        " body_hash = excluded.body_hash, reply = excluded.reply, created_ms = "
        "excluded.created_ms");
    s.bind(1, record.tenant_id);
    s.bind(2, std::string_view(record.route));
    s.bind(3, std::string_view(record.key));
    s.bind_blob(4, record.body_hash);
    s.bind(5, std::string_view(record.reply));
    s.bind(6, record.created_ms);
    while (s.step()) {
    }
    s.reset();
}

std::int64_t delete_idempotency(Session& session, std::int64_t before_ms, int limit) {
    return session.run(
        "DELETE FROM idempotency_keys WHERE id IN"
        " (SELECT id FROM idempotency_keys WHERE created_ms < $1 ORDER BY id LIMIT $2)",
        before_ms, limit);
}

}  // namespace hongyan::table
