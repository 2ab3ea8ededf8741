#include "table/retention.hpp"

#include "base/id.hpp"

namespace hongyan::table {

std::int64_t delete_attempts(Session& session, std::int64_t before_ms, int limit) {
    return session.run(
        "DELETE FROM message_attempts WHERE (message_id, attempt) IN"
        " (SELECT message_id, attempt FROM message_attempts WHERE message_id < $1 ORDER BY "
        "message_id LIMIT $2)",
        first_id_at(before_ms), limit);
}

std::int64_t delete_messages(Session& session, std::int64_t before_ms, int limit) {
    return session.run(
        "DELETE FROM message_records WHERE id IN (SELECT id FROM message_records WHERE id < $1"
        " AND status IN ('success', 'delivered', 'failed', 'expired', 'cancelled', 'unknown') "
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
