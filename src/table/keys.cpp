#include "table/keys.hpp"

#include <set>
#include <tuple>

#include "base/text.hpp"
#include "table/bulk.hpp"

namespace hongyan::table {
namespace {

using IdempotencyName = std::tuple<std::int64_t, std::string, std::string>;

IdempotencyName name_of(const IdempotencyRecord& r) { return {r.tenant_id, r.route, r.key}; }

bool claim_one(Session& session, const IdempotencyRecord& record, std::int64_t lifetime_ms) {
    Statement& s = session.prepare(
        "INSERT INTO idempotency_keys (tenant_id, route, idempotency_key, body_hash, reply, "
        "created_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, route, idempotency_key) DO "
        "UPDATE SET"
        " body_hash = excluded.body_hash, reply = excluded.reply, created_ms = "
        "excluded.created_ms WHERE idempotency_keys.created_ms < excluded.created_ms - $7");
    s.bind(1, record.tenant_id);
    s.bind(2, std::string_view(record.route));
    s.bind(3, std::string_view(record.key));
    s.bind_blob(4, record.body_hash);
    s.bind(5, std::string_view(record.reply));
    s.bind(6, record.created_ms);
    s.bind(7, lifetime_ms);
    while (s.step()) {
    }
    s.reset();
    return session.changes() == 1;
}

/// The same in one statement. By name, so that nodes with the same keys wait for each other in the
/// same order.
std::vector<bool> claim_at_once(Session& session, std::span<const IdempotencyRecord* const> records,
                                std::int64_t lifetime_ms) {
    ArrayText tenants, routes, keys, hashes, replies, times;
    for (const auto* one : records) {
        tenants.number(one->tenant_id);
        routes.text(one->route);
        keys.text(one->key);
        hashes.text("\\x" + to_hex(one->body_hash));
        replies.text(one->reply);
        times.number(one->created_ms);
    }
    auto rows = session.query(
        "INSERT INTO idempotency_keys AS k (tenant_id, route, idempotency_key, body_hash, reply, "
        "created_ms) SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], "
        "$5::text[], $6::bigint[]) AS s (tenant_id, route, name, body_hash, reply, created_ms)"
        " ORDER BY tenant_id, route, name ON CONFLICT (tenant_id, route, idempotency_key) DO "
        "UPDATE SET body_hash = excluded.body_hash, reply = excluded.reply, created_ms = "
        "excluded.created_ms WHERE k.created_ms < excluded.created_ms - $7"
        " RETURNING tenant_id, route, idempotency_key",
        tenants.close(), routes.close(), keys.close(), hashes.close(), replies.close(),
        times.close(), lifetime_ms);
    std::set<IdempotencyName> found;
    while (rows.next()) found.emplace(rows.integer(0), rows.text(1), rows.text(2));
    std::vector<bool> claimed;
    claimed.reserve(records.size());
    for (const auto* one : records) claimed.push_back(found.contains(name_of(*one)));
    return claimed;
}

}  // namespace

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
        " VALUES ($1, $2, $3, $4, $5, $6, nullif($7, 0)) RETURNING id");
    s.bind(1, key.tenant_id);
    s.bind(2, std::string_view(key.name));
    s.bind(3, std::string_view(key.prefix));
    s.bind_blob(4, key.hash);
    s.bind(5, std::string_view(key.scopes));
    s.bind(6, key.created_ms);
    s.bind(7, key.expires_ms);
    const std::int64_t id = s.step() ? s.int_at(0) : 0;
    while (s.step()) {
    }
    s.reset();
    if (!key.created_by.empty()) {
        session.run("INSERT INTO api_key_facts (key_id, created_by) VALUES ($1, $2)", id,
                    key.created_by);
    }
    return id;
}

bool insert_first_key(Session& session, const KeyRecord& key) {
    if (session.dialect() == Dialect::postgres) {
        session.execute_script(
            "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.first_key'))");
    }
    {
        auto rows = session.query("SELECT 1 FROM api_keys WHERE revoked_ms IS NULL LIMIT 1");
        if (rows.next()) return false;
    }
    return insert_key(session, key) != 0;
}

std::optional<KeyRecord> find_key(Session& session, std::int64_t tenant_id, std::int64_t id) {
    for (auto& key : list_keys(session, tenant_id)) {
        if (key.id == id) return std::move(key);
    }
    return std::nullopt;
}

void expire_key(Session& session, std::int64_t id, std::int64_t at_ms) {
    session.run(
        "UPDATE api_keys SET expires_ms = $2 WHERE id = $1 AND (expires_ms IS NULL OR expires_ms "
        "> $2)",
        id, at_ms);
}

void note_key_use(Session& session, std::int64_t id, std::int64_t at_ms) {
    session.run(
        "INSERT INTO api_key_facts (key_id, last_used_ms) VALUES ($1, $2) ON CONFLICT (key_id)"
        " DO UPDATE SET last_used_ms = excluded.last_used_ms WHERE coalesce("
        "api_key_facts.last_used_ms, 0) < excluded.last_used_ms",
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

std::vector<bool> claim_idempotency(Session& session,
                                    std::span<const IdempotencyRecord* const> records,
                                    std::int64_t lifetime_ms) {
    if (session.dialect() == Dialect::postgres && records.size() > 1)
        return claim_at_once(session, records, lifetime_ms);
    std::vector<bool> claimed;
    claimed.reserve(records.size());
    for (const auto* one : records) claimed.push_back(claim_one(session, *one, lifetime_ms));
    return claimed;
}

std::int64_t delete_idempotency(Session& session, std::int64_t before_ms, int limit) {
    return session.run(
        "DELETE FROM idempotency_keys WHERE id IN"
        " (SELECT id FROM idempotency_keys WHERE created_ms < $1 ORDER BY id LIMIT $2)",
        before_ms, limit);
}

}  // namespace hongyan::table
