#include "table/rules.hpp"

#include <algorithm>

namespace hongyan::table {
namespace {

int small(std::int64_t value) {
    return static_cast<int>(std::clamp<std::int64_t>(value, -1, 1'000'000'000));
}

}  // namespace

RuleVersions rule_versions(Session& session) {
    RuleVersions versions;
    auto rows = session.query("SELECT name, value FROM system_values");
    while (rows.next()) {
        const auto name = rows.view(0);
        if (name == "templates_version") versions.templates = rows.integer(1);
        if (name == "pools_version") versions.pools = rows.integer(1);
        if (name == "limits_version") versions.limits = rows.integer(1);
        if (name == "keys_version") versions.keys = rows.integer(1);
        if (name == "accounts_version") versions.accounts = rows.integer(1);
        if (name == "outcomes_version") versions.outcomes = rows.integer(1);
        if (name == "suppressed") versions.suppressed = rows.integer(1);
    }
    return versions;
}

std::int64_t system_value(Session& session, std::string_view name) {
    auto rows = session.query("SELECT value FROM system_values WHERE name = $1", name);
    return rows.next() ? rows.integer(0) : 0;
}

void set_system_value(Session& session, std::string_view name, std::int64_t value) {
    session.run(
        "INSERT INTO system_values (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET "
        "value = excluded.value",
        name, value);
}

std::int64_t put_first_system_value(Session& session, std::string_view name, std::int64_t ours) {
    session.run("INSERT INTO system_values (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                name, ours);
    return system_value(session, name);
}

std::vector<PoolRow> list_pools(Session& session) {
    auto rows = session.query(
        "SELECT id, pool_name, core_pool_size, max_pool_size, queue_capacity, scale_up_threshold, "
        "scale_down_threshold"
        " FROM thread_pool_configs ORDER BY id");
    std::vector<PoolRow> found;
    while (rows.next()) {
        PoolRow row;
        row.id = rows.integer(0);
        row.rule.name = rows.text(1);
        row.rule.core_pool_size = small(rows.integer(2));
        row.rule.max_pool_size = small(rows.integer(3));
        row.rule.queue_capacity = rows.integer(4);
        row.rule.scale_up_threshold = rows.real(5);
        row.rule.scale_down_threshold = rows.real(6);
        found.push_back(std::move(row));
    }
    return found;
}

bool update_pool(Session& session, std::int64_t id, const PoolRule& rule) {
    return session.run(
               "UPDATE thread_pool_configs SET core_pool_size = $2, max_pool_size = $3, "
               "queue_capacity = $4,"
               " scale_up_threshold = $5, scale_down_threshold = $6 WHERE id = $1",
               id, rule.core_pool_size, rule.max_pool_size, rule.queue_capacity,
               rule.scale_up_threshold, rule.scale_down_threshold) == 1;
}

std::vector<LimitRule> list_limits(Session& session, std::vector<Problem>& problems) {
    auto rows = session.query(
        "SELECT id, resource, limit_type, max_value, window_seconds, status, behavior, "
        "warm_up_seconds, max_queueing_ms"
        " FROM rate_limit_configs ORDER BY id");
    std::vector<LimitRule> found;
    while (rows.next()) {
        const auto type = limit_type_from_text(rows.view(2));
        const auto behavior = limit_behavior_from_text(rows.view(6));
        if (!type || !behavior) {
            problems.push_back({"rate_limit_configs.id=" + std::to_string(rows.integer(0)),
                                "not_one_of",
                                "limit_type or behavior is not a known word; the row is ignored"});
            continue;
        }
        LimitRule rule;
        rule.id = rows.integer(0);
        rule.resource = rows.text(1);
        rule.type = *type;
        rule.max_value = rows.real(3);
        rule.window_seconds = std::max(1, small(rows.integer(4)));
        rule.enabled = rows.view(5) == "active";
        rule.behavior = *behavior;
        rule.warm_up_seconds = small(rows.integer(7));
        rule.max_queueing_ms = small(rows.integer(8));
        found.push_back(std::move(rule));
    }
    return found;
}

std::int64_t insert_limit(Session& session, const LimitRule& rule) {
    auto rows = session.query(
        "INSERT INTO rate_limit_configs (resource, limit_type, max_value, window_seconds, status, "
        "behavior, warm_up_seconds,"
        " max_queueing_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
        rule.resource, to_text(rule.type), rule.max_value, rule.window_seconds,
        rule.enabled ? "active" : "disabled", to_text(rule.behavior), rule.warm_up_seconds,
        rule.max_queueing_ms);
    const std::int64_t id = rows.next() ? rows.integer(0) : 0;
    while (rows.next()) {
    }
    return id;
}

bool update_limit(Session& session, const LimitRule& rule) {
    return session.run(
               "UPDATE rate_limit_configs SET resource = $2, limit_type = $3, max_value = $4, "
               "window_seconds = $5,"
               " status = $6, behavior = $7, warm_up_seconds = $8, max_queueing_ms = $9 WHERE id = "
               "$1",
               rule.id, rule.resource, to_text(rule.type), rule.max_value, rule.window_seconds,
               rule.enabled ? "active" : "disabled", to_text(rule.behavior), rule.warm_up_seconds,
               rule.max_queueing_ms) == 1;
}

bool delete_limit(Session& session, std::int64_t id) {
    return session.run("DELETE FROM rate_limit_configs WHERE id = $1", id) == 1;
}

}  // namespace hongyan::table
