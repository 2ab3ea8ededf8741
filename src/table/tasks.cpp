#include "table/tasks.hpp"

#include <tuple>

#include "table/bulk.hpp"

namespace hongyan::table {
namespace {

constexpr std::string_view columns =
    "id, tenant_id, template_id, channel, total_count, success_count, failed_count, "
    "cancelled_count, expired_count, status,"
    " created_ms, finished_ms, name";

TaskRecord read_row(const Rows& rows) {
    TaskRecord task;
    task.id = rows.integer(0);
    task.tenant_id = rows.integer(1);
    task.template_id = rows.integer(2);
    task.channel = from_text<ChannelKind>(channel_names, rows.view(3)).value_or(ChannelKind::sms);
    task.total_count = rows.integer(4);
    task.success_count = rows.integer(5);
    task.failed_count = rows.integer(6);
    task.cancelled_count = rows.integer(7);
    task.expired_count = rows.integer(8);
    task.status =
        from_text<TaskStatus>(task_status_names, rows.view(9)).value_or(TaskStatus::pending);
    task.created_ms = rows.integer(10);
    task.finished_ms = rows.integer(11);
    task.name = rows.text(12);
    return task;
}

}  // namespace

std::int64_t insert_task(Session& session, const TaskRecord& task) {
    auto rows = session.query(
        "INSERT INTO message_tasks (tenant_id, template_id, channel, total_count, status, "
        "created_ms, name, node)"
        " VALUES ($1, nullif($2, 0), $3, $4, $5, $6, nullif($7, ''), nullif($8, -1)) RETURNING id",
        task.tenant_id, task.template_id, to_text(task.channel), task.total_count,
        to_text(task.status), task.created_ms, task.name, task.node);
    const std::int64_t id = rows.next() ? rows.integer(0) : 0;
    while (rows.next()) {
    }
    return id;
}

void accept_task(Session& session, std::int64_t id) {
    session.run(
        "UPDATE message_tasks SET status = 'pending' WHERE id = $1 AND status = 'accepting'", id);
}

void lock_tasks(Session& session, const std::set<std::int64_t>& ids) {
    ArrayText list;
    for (const auto id : ids) list.number(id);
    std::ignore = session.query(
        "SELECT id FROM message_tasks WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE",
        list.close());
}

void count_task(Session& session, std::int64_t id, const TaskDelta& delta, std::int64_t now_ms) {
    // There a trigger counts, whoever changes a message.
    if (session.dialect() == Dialect::postgres) return;
    session.run(
        "UPDATE message_tasks SET success_count = success_count + $2, failed_count = failed_count "
        "+ $3,"
        " cancelled_count = cancelled_count + $4, expired_count = expired_count + $5 WHERE id = $1",
        id, delta.success, delta.failed, delta.cancelled, delta.expired);
    session.run(
        "UPDATE message_tasks SET status = CASE WHEN status = 'cancelled' THEN status"
        " WHEN success_count + failed_count + cancelled_count + expired_count >= total_count THEN "
        "'completed'"
        " ELSE 'processing' END,"
        " finished_ms = CASE WHEN success_count + failed_count + cancelled_count + expired_count "
        ">= total_count THEN $2 END"
        " WHERE id = $1",
        id, now_ms);
}

void set_task_status(Session& session, std::int64_t id, TaskStatus status) {
    session.run("UPDATE message_tasks SET status = $2 WHERE id = $1", id, to_text(status));
}

bool is_cancelled_task(Session& session, std::int64_t id) {
    auto rows =
        session.query("SELECT 1 FROM message_tasks WHERE id = $1 AND status = 'cancelled'", id);
    return rows.next();
}

std::optional<TaskRecord> find_task(Session& session, std::int64_t tenant_id, std::int64_t id) {
    static const std::string sql =
        "SELECT " + std::string(columns) +
        " FROM message_tasks WHERE id = $1 AND tenant_id = $2 AND status <> 'accepting'";
    auto rows = session.query(sql, id, tenant_id);
    if (!rows.next()) return std::nullopt;
    return read_row(rows);
}

std::vector<TaskRecord> list_tasks(Session& session, const TaskFilter& filter) {
    static const std::string sql =
        "SELECT " + std::string(columns) +
        " FROM message_tasks WHERE tenant_id = $1 AND status <> 'accepting'"
        " AND ($2 = '' OR status = $2) AND ($3 = 0 OR id < $3) ORDER BY id DESC LIMIT $4";
    auto rows = session.query(sql, filter.tenant_id,
                              filter.status ? to_text(*filter.status) : std::string_view(),
                              filter.before_id, filter.limit);
    std::vector<TaskRecord> found;
    while (rows.next()) found.push_back(read_row(rows));
    return found;
}

std::vector<std::int64_t> cancel_task_messages(Session& session, std::int64_t id,
                                               std::int64_t now_ms,
                                               const std::vector<std::int64_t>& except) {
    // A list as each of them reads one: "[1,2]" or "{1,2}".
    const bool postgres = session.dialect() == Dialect::postgres;
    std::string list = postgres ? "{" : "[";
    for (const auto one : except) list += (list.size() > 1 ? "," : "") + std::to_string(one);
    list += postgres ? "}" : "]";
    static const std::string update =
        "UPDATE message_records SET status = 'cancelled', finished_ms = $2, reason = 'cancelled "
        "with its task' WHERE task_id = $1 AND status IN ('pending', 'scheduled', 'retrying') AND ";
    static const std::string by_array = update + "id <> ALL ($3::bigint[]) RETURNING id";
    static const std::string by_json =
        update + "id NOT IN (SELECT value FROM json_each($3)) RETURNING id";
    auto rows = session.query(postgres ? by_array : by_json, id, now_ms, list);
    std::vector<std::int64_t> found;
    while (rows.next()) found.push_back(rows.integer(0));
    return found;
}

void delete_batch(Session& session, std::int64_t id) {
    session.run("DELETE FROM message_records WHERE task_id = $1", id);
    session.run("DELETE FROM message_tasks WHERE id = $1", id);
}

std::int64_t last_task_id(Session& session) {
    auto rows = session.query("SELECT max(id) FROM message_tasks");
    return rows.next() && !rows.null(0) ? rows.integer(0) : 0;
}

bool delete_unaccepted(Session& session, std::int64_t last, int limit) {
    const auto deleted = session.run(
        "DELETE FROM message_records WHERE id IN (SELECT m.id FROM message_tasks AS t JOIN "
        "message_records AS m"
        " ON m.task_id = t.id WHERE t.status = 'accepting' AND t.id <= $1 LIMIT $2)",
        last, limit);
    if (deleted == limit) return true;
    session.run("DELETE FROM message_tasks WHERE status = 'accepting' AND id <= $1", last);
    return false;
}

}  // namespace hongyan::table
