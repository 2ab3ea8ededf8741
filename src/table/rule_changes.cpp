#include "table/rule_changes.hpp"

#include <algorithm>

#include "table/nodes.hpp"

namespace hongyan::table {
namespace {

using shape::field;

constexpr int kept_changes = 20;  ///< of each row

struct PoolValues {
    int core_pool_size = 1;
    int max_pool_size = 1;
    std::int64_t queue_capacity = 1;
    double scale_up_threshold = 0;
    double scale_down_threshold = 0;
};
struct LimitValues {
    std::string resource;
    std::string limit_type;
    double max_value = 0;
    std::int64_t window_seconds = 1;
    std::string status;
    std::string behavior;
    std::int64_t warm_up_seconds = 0;
    std::int64_t max_queueing_ms = 0;
};

const shape::Object& describe(shape::Tag<PoolValues>) {
    using V = PoolValues;
    static const shape::Object object = shape::object<V>(
        "PoolValues", "A row of thread_pool_configs.",
        field("core_pool_size", &V::core_pool_size, "Smallest size.").example(20),
        field("max_pool_size", &V::max_pool_size, "Largest size.").example(100),
        field("queue_capacity", &V::queue_capacity, "A full queue.").example(10'000),
        field("scale_up_threshold", &V::scale_up_threshold, "Upper mark.").example(0.8),
        field("scale_down_threshold", &V::scale_down_threshold, "Lower mark.").example(0.2));
    return object;
}

const shape::Object& describe(shape::Tag<LimitValues>) {
    using V = LimitValues;
    static const shape::Object object = shape::object<V>(
        "LimitValues", "A row of rate_limit_configs.",
        field("resource", &V::resource, "What it limits.").example("global"),
        field("limit_type", &V::limit_type, "What is counted.").example("qps"),
        field("max_value", &V::max_value, "How much is allowed.").example(1'000),
        field("window_seconds", &V::window_seconds, "Length of a window.").example(1),
        field("status", &V::status, "Whether it holds.").example("active"),
        field("behavior", &V::behavior, "What happens at the limit.").example("reject"),
        field("warm_up_seconds", &V::warm_up_seconds, "Length of the warm-up.").example(10),
        field("max_queueing_ms", &V::max_queueing_ms, "The longest wait.").example(500));
    return object;
}

/// Of a text that rule_text() wrote; nullopt can only come by a hand in the table.
std::optional<PoolRule> pool_of(std::string_view text) {
    const auto read = shape::read<PoolValues>(text);
    if (!read) return std::nullopt;
    PoolRule rule;
    rule.core_pool_size = read->core_pool_size;
    rule.max_pool_size = read->max_pool_size;
    rule.queue_capacity = read->queue_capacity;
    rule.scale_up_threshold = read->scale_up_threshold;
    rule.scale_down_threshold = read->scale_down_threshold;
    return rule;
}

std::optional<LimitRule> limit_of(std::int64_t id, std::string_view text) {
    const auto read = shape::read<LimitValues>(text);
    const auto type = read ? limit_type_from_text(read->limit_type) : std::nullopt;
    const auto behavior = read ? limit_behavior_from_text(read->behavior) : std::nullopt;
    if (!type || !behavior) return std::nullopt;
    LimitRule rule;
    rule.id = id;
    rule.resource = read->resource;
    rule.type = *type;
    rule.max_value = read->max_value;
    rule.window_seconds = static_cast<int>(read->window_seconds);
    rule.enabled = read->status == "active";
    rule.behavior = *behavior;
    rule.warm_up_seconds = static_cast<int>(read->warm_up_seconds);
    rule.max_queueing_ms = static_cast<int>(read->max_queueing_ms);
    return rule;
}

std::string_view word_of(RuleKind kind) { return rule_kind_names[static_cast<std::size_t>(kind)]; }

constexpr std::string_view columns =
    "id, kind, row_id, made_ms, made_by, made_by_key, row_before, row_after, state, revert_ms, "
    "ended_ms, ended_by";

std::vector<RuleChange> read_changes(Rows rows) {
    std::vector<RuleChange> found;
    while (rows.next()) {
        auto& change = found.emplace_back();
        change.id = rows.integer(0);
        change.kind = rows.view(1) == word_of(RuleKind::pool) ? RuleKind::pool : RuleKind::limit;
        change.row_id = rows.integer(2);
        change.made_ms = rows.integer(3);
        change.made_by = {rows.text(4), rows.integer(5)};
        change.before = rows.text(6);
        change.after = rows.text(7);
        change.state = rows.text(8);
        change.revert_ms = rows.integer(9);
        change.ended_ms = rows.integer(10);
        change.ended_by = rows.text(11);
    }
    return found;
}

std::optional<RuleChange> waiting_on(Session& session, RuleKind kind, std::int64_t row_id) {
    static const std::string sql =
        "SELECT " + std::string(columns) +
        " FROM rule_changes WHERE kind = $1 AND row_id = $2 AND state = 'waiting'";
    auto found = read_changes(session.query(sql, word_of(kind), row_id));
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

/// Under the row's lock, so that nobody else can have ended it.
void end(Session& session, RuleChange& change, std::string_view state, const std::string& by) {
    change.state = state;
    change.ended_ms = database_now_ms(session);
    change.ended_by = by;
    session.run(
        "UPDATE rule_changes SET state = $2, ended_ms = $3, ended_by = nullif($4, '')"
        " WHERE id = $1",
        change.id, state, change.ended_ms, by);
}

bool put_back(Session& session, const RuleChange& change) {
    if (change.before == no_row)
        return change.kind == RuleKind::limit && delete_limit(session, change.row_id);
    if (change.kind == RuleKind::pool) {
        const auto rule = pool_of(change.before);
        return rule && update_pool(session, change.row_id, *rule);
    }
    const auto rule = limit_of(change.row_id, change.before);
    return rule && update_limit(session, *rule);
}

/// Under the row's lock.
void take_back(Session& session, RuleChange& change, const std::string& now,
               const std::string& by) {
    if (now == change.after && put_back(session, change))
        end(session, change, "reverted", by);
    else
        end(session, change, "void", "");
    // A row that is gone has no history: its id may be given again.
    if (now == no_row || change.before == no_row)
        forget_rule_changes(session, change.kind, change.row_id);
}

/// How a change ends that waits while another is made.
std::string_view end_by(const RuleChange& waiting, const NewRuleChange& next) {
    if (waiting.after != next.before) return "void";  // somebody else was there in between
    if (next.after == waiting.before) return "reverted";
    if (next.for_seconds > 0) return "replaced";
    return next.after == waiting.after ? "kept" : "void";
}

/// Older ones than are kept; the table cannot grow with use.
void prune(Session& session, RuleKind kind, std::int64_t row_id) {
    session.run(
        "DELETE FROM rule_changes WHERE kind = $1 AND row_id = $2 AND state <> 'waiting' AND id < "
        "(SELECT min(id) FROM (SELECT id FROM rule_changes WHERE kind = $1 AND row_id = $2"
        " ORDER BY id DESC LIMIT $3) AS newest)",
        word_of(kind), row_id, kept_changes);
}

}  // namespace

std::string rule_text(const PoolRule& rule) {
    return shape::write(PoolValues{rule.core_pool_size, rule.max_pool_size, rule.queue_capacity,
                                   rule.scale_up_threshold, rule.scale_down_threshold});
}

std::string rule_text(const LimitRule& rule) {
    return shape::write(LimitValues{rule.resource, std::string(to_text(rule.type)), rule.max_value,
                                    rule.window_seconds, rule.enabled ? "active" : "disabled",
                                    std::string(to_text(rule.behavior)), rule.warm_up_seconds,
                                    rule.max_queueing_ms});
}

std::string lock_rule(Session& session, RuleKind kind, std::int64_t row_id) {
    if (session.dialect() == Dialect::postgres) {
        session.run(kind == RuleKind::pool
                        ? "SELECT 1 FROM thread_pool_configs WHERE id = $1 FOR UPDATE"
                        : "SELECT 1 FROM rate_limit_configs WHERE id = $1 FOR UPDATE",
                    row_id);
    }
    if (kind == RuleKind::pool) {
        for (const auto& row : list_pools(session)) {
            if (row.id == row_id) return rule_text(row.rule);
        }
        return std::string(no_row);
    }
    std::vector<Problem> ignored;
    for (const auto& rule : list_limits(session, ignored)) {
        if (rule.id == row_id) return rule_text(rule);
    }
    return std::string(no_row);
}

std::vector<RuleChange> list_rule_changes(Session& session, RuleKind kind, std::int64_t row_id,
                                          int most) {
    static const std::string sql =
        "SELECT " + std::string(columns) +
        " FROM (SELECT *, row_number() OVER (PARTITION BY row_id ORDER BY id DESC) AS place FROM "
        "rule_changes WHERE kind = $1 AND ($2 = 0 OR row_id = $2)) AS placed WHERE place <= $3 "
        "ORDER BY id DESC";
    return read_changes(session.query(sql, word_of(kind), row_id, most));
}

std::vector<RuleChange> waiting_rule_changes(Session& session) {
    static const std::string sql =
        "SELECT " + std::string(columns) + " FROM rule_changes WHERE state = 'waiting' ORDER BY id";
    return read_changes(session.query(sql));
}

bool note_rule_change(Session& session, const NewRuleChange& change) {
    std::string back_to = change.before;
    if (auto waiting = waiting_on(session, change.kind, change.row_id)) {
        const auto state = end_by(*waiting, change);
        end(session, *waiting, state,
            waiting->after == change.before ? change.by.name : std::string());
        if (state == "reverted") return true;
        if (state == "replaced") back_to = waiting->before;
    }
    const bool for_a_while = change.for_seconds > 0;
    if (back_to == change.after) return !for_a_while;
    const auto now = database_now_ms(session);
    session.run(
        "INSERT INTO rule_changes (kind, row_id, made_ms, made_by, made_by_key, row_before, "
        "row_after, state, revert_ms) VALUES ($1, $2, $3, nullif($4, ''), $5, nullif($6, ''), $7, "
        "$8, nullif($9, 0))",
        word_of(change.kind), change.row_id, now, change.by.name, change.by.key_id, back_to,
        change.after, std::string_view(for_a_while ? "waiting" : "lasting"),
        for_a_while ? now + change.for_seconds * 1'000 : std::int64_t{0});
    prune(session, change.kind, change.row_id);
    return true;
}

void forget_rule_changes(Session& session, RuleKind kind, std::int64_t row_id) {
    session.run("DELETE FROM rule_changes WHERE kind = $1 AND row_id = $2", word_of(kind), row_id);
}

std::optional<RuleChange> keep_rule(Session& session, RuleKind kind, std::int64_t row_id,
                                    const std::string& by) {
    const auto now = lock_rule(session, kind, row_id);
    auto change = waiting_on(session, kind, row_id);
    if (!change) return std::nullopt;
    const bool untouched = now == change->after;
    end(session, *change, untouched ? "kept" : "void", untouched ? by : std::string());
    return change;
}

std::optional<RuleChange> revert_rule(Session& session, RuleKind kind, std::int64_t row_id,
                                      const std::string& by) {
    const auto now = lock_rule(session, kind, row_id);
    auto change = waiting_on(session, kind, row_id);
    if (change) take_back(session, *change, now, by);
    return change;
}

std::optional<RuleChange> settle_rule(Session& session, const RuleChange& change) {
    const auto now = lock_rule(session, change.kind, change.row_id);
    auto waiting = waiting_on(session, change.kind, change.row_id);
    if (!waiting || waiting->id != change.id) return std::nullopt;
    if (now == waiting->after && database_now_ms(session) < waiting->revert_ms) return std::nullopt;
    take_back(session, *waiting, now, "");
    return waiting;
}

}  // namespace hongyan::table
