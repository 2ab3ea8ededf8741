#include "table/retention.hpp"

#include "base/id.hpp"

namespace hongyan::table {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
/// Partitions made ahead, today's included: two nights without any node are survived.
constexpr int days_ahead = 3;

/// PostgreSQL: drops the partitions of whole days. What is left below the moment given back lies in
/// a partition that could not go, and is deleted row by row.
std::int64_t drop_days(Session& session, std::string_view parent, std::int64_t& before_ms) {
    if (session.dialect() != Dialect::postgres) return 0;
    before_ms -= before_ms % day_ms;
    auto rows =
        session.query("SELECT drop_message_partitions($1, $2)", parent, first_id_at(before_ms));
    return rows.next() ? rows.integer(0) : 0;
}

}  // namespace

void make_room(Session& session, std::int64_t now_ms) {
    if (session.dialect() != Dialect::postgres) return;
    session.run("SELECT create_message_partitions(DATE '1970-01-01' + $1::integer, $2::integer)",
                now_ms / day_ms, days_ahead);
}

std::int64_t delete_attempts(Session& session, std::int64_t before_ms, int limit) {
    const auto dropped = drop_days(session, "message_attempts", before_ms);
    return dropped +
           session.run(
               "DELETE FROM message_attempts WHERE (message_id, attempt) IN"
               " (SELECT message_id, attempt FROM message_attempts WHERE message_id < $1 ORDER BY "
               "message_id LIMIT $2)",
               first_id_at(before_ms), limit);
}

std::int64_t delete_messages(Session& session, std::int64_t before_ms, int limit) {
    const auto dropped = drop_days(session, "message_records", before_ms);
    return dropped + session.run(
                         "DELETE FROM message_records WHERE id IN (SELECT id FROM message_records "
                         "WHERE id < $1"
                         " AND status IN ('success', 'delivered', 'failed', 'expired', "
                         "'cancelled', 'unknown') "
                         "ORDER BY id LIMIT $2)",
                         first_id_at(before_ms), limit);
}

std::int64_t delete_tasks(Session& session, std::int64_t before_ms, int limit) {
    return session.run(
        "DELETE FROM message_tasks WHERE id IN (SELECT id FROM message_tasks WHERE created_ms < $1"
        " AND finished_ms IS NOT NULL ORDER BY id LIMIT $2)",
        before_ms, limit);
}

}  // namespace hongyan::table
