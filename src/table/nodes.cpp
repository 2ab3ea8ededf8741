#include "table/nodes.hpp"

#include "base/text.hpp"

namespace hongyan::table {
namespace {

constexpr std::string_view now_sql = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

constexpr std::string_view is_free_sql =
    "coalesce(m.node, ((m.id >> 10) & 1023)) NOT IN (SELECT number FROM nodes WHERE state = "
    "'living')";

/// A batch that nobody was told of is no messages yet.
constexpr std::string_view is_accepted_sql =
    "(m.task_id IS NULL OR NOT EXISTS (SELECT 1 FROM message_tasks AS t WHERE t.id = m.task_id AND "
    "t.status = 'accepting'))";

std::string drained_text(const QueueMarks& marks) {
    std::string text;
    for (const auto mark : marks.drained_before_ms)
        text += (text.empty() ? "" : ",") + std::to_string(mark);
    return text;
}

void read_drained(std::string_view text, QueueMarks& marks) {
    std::size_t i = 0;
    for (const auto& word : split(text, ',')) {
        if (i >= marks.drained_before_ms.size()) return;
        marks.drained_before_ms[i++] = parse_int(word).value_or(0);
    }
}

NodeRow read_node(const Rows& rows) {
    NodeRow node;
    node.number = static_cast<int>(rows.integer(0));
    node.identity = rows.text(1);
    node.name = rows.text(2);
    node.writer = rows.text(3);
    node.roles = rows.text(4);
    node.url = rows.text(5);
    node.version = rows.text(6);
    node.state = rows.text(7);
    node.started_ms = rows.integer(8);
    node.seen_ms = rows.integer(9);
    node.marks.confirmed_before_ms = rows.integer(10);
    read_drained(rows.view(11), node.marks);
    node.marks.held = rows.integer(12);
    node.marks.held_let_go = rows.integer(13);
    node.report = rows.text(14);
    node.silent_ms = rows.integer(15);
    node.ended = rows.text(16);
    node.taken_by = rows.text(17);
    return node;
}

std::string select_sql(std::string_view where) {
    return "SELECT number, identity, name, writer, roles, url, version, state, started_ms, "
           "seen_ms, "
           "confirmed_before_ms, drained_before_ms, held, held_let_go, report, greatest(0, " +
           std::string(now_sql) + " - seen_ms), ended, taken_by FROM nodes " + std::string(where) +
           " ORDER BY number";
}

std::vector<NodeRow> read_nodes(Rows rows) {
    std::vector<NodeRow> found;
    while (rows.next()) found.push_back(read_node(rows));
    return found;
}

/// The lock on its row is held by a transaction of the writer's until its end.
void fence(Session& session, std::string_view writer) {
    session.run("UPDATE store_writers SET fenced = TRUE WHERE writer = $1", writer);
}

Job job_at(const Rows& rows) {
    Job job;
    job.id = rows.integer(0);
    job.tenant_id = rows.integer(1);
    job.channel = from_text<ChannelKind>(channel_names, rows.view(2)).value_or(ChannelKind::sms);
    job.priority = static_cast<std::uint8_t>(rows.integer(3));
    job.ready_ms = id_time_ms(job.id);
    job.again = true;
    return job;
}

std::string pending_sql(bool timed, std::string_view what, std::string_view tail) {
    // Each partial index is used only by a query that repeats its condition.
    const std::string waits = timed ? "m.status NOT IN ('pending', 'success') AND m.status IN "
                                      "('scheduled', 'retrying')"
                                    : "m.status = 'pending'";
    const std::string due = timed ? "coalesce(m.next_attempt_ms, m.due_ms)" : "m.due_ms";
    return "SELECT " + std::string(what) + " FROM message_records AS m WHERE " + waits +
           " AND m.id > $1 AND m.id < $2 AND (m.id >= $3 OR " + due + " >= $4) AND coalesce(" +
           due +
           ", 0) < $5"
           " AND ($6 < 0 OR m.priority = $6)"
           " AND ($7 < 0 OR coalesce(m.node, ((m.id >> 10) & 1023)) = $7) AND " +
           std::string(is_accepted_sql) + std::string(tail);
}

/// The statement's two forms, by PendingPlace::timed.
class PendingSql {
  public:
    PendingSql(std::string_view what, std::string_view tail)
        : texts_{pending_sql(false, what, tail), pending_sql(true, what, tail)} {}
    [[nodiscard]] const std::string& of(const PendingPlace& place) const {
        return texts_[place.timed ? 1 : 0];
    }

  private:
    std::array<std::string, 2> texts_;
};

MessageId bound_of(std::int64_t ms) {
    constexpr std::int64_t highest = INT64_MAX >> id_counter_bits;
    return ms >= highest ? INT64_MAX : first_id_at(std::max<std::int64_t>(0, ms));
}

}  // namespace

std::int64_t database_now_ms(Session& session) {
    static const std::string postgres = "SELECT " + std::string(now_sql);
    auto rows = session.query(
        session.dialect() == Dialect::postgres
            ? std::string_view(postgres)
            : "SELECT CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)");
    return rows.next() ? rows.integer(0) : 0;
}

std::optional<int> join_nodes(Session& session, const NodeRow& node, std::int64_t rest_ms) {
    // Nodes come and go one after the other; what must not wait for that is only the beat.
    session.run("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.nodes'))");
    static const std::string own = select_sql("WHERE identity = $1 AND state = 'living'");
    for (const auto& old : read_nodes(session.query(own, node.identity))) {
        fence(session, old.writer);
        leave_nodes(session, old.number, "restarted");
    }
    int number = -1;
    {
        // Its own from before, which is as good as rested: the earlier process is over, and the ids
        // go on above the last one in the store. Then never used ones, then those that rested
        // longest.
        static const std::string free =
            "SELECT n FROM generate_series(0, 1023) AS n LEFT JOIN nodes ON nodes.number = n WHERE "
            "nodes.number IS NULL OR (nodes.state = 'gone' AND (nodes.identity = $2 OR "
            "nodes.seen_ms + $1 < " +
            std::string(now_sql) +
            ")) ORDER BY coalesce(nodes.identity = $2, FALSE) DESC, coalesce(nodes.seen_ms, 0), n "
            "LIMIT 1";
        auto rows = session.query(free, rest_ms, node.identity);
        if (!rows.next()) return std::nullopt;
        number = static_cast<int>(rows.integer(0));
    }
    session.run("DELETE FROM nodes WHERE number = $1", number);
    static const std::string add =
        "INSERT INTO nodes (number, identity, name, writer, roles, url, version, started_ms, "
        "seen_ms) SELECT $1, $2, $3, $4, $5, $6, $7, now_ms, now_ms FROM (SELECT " +
        std::string(now_sql) + " AS now_ms) AS clock";
    session.run(add, number, node.identity, node.name, node.writer, node.roles, node.url,
                node.version);
    return number;
}

bool beat(Session& session, const NodeRow& node) {
    static const std::string sql =
        "UPDATE nodes SET seen_ms = " + std::string(now_sql) +
        ", url = $3, confirmed_before_ms = $4, drained_before_ms = $5, held = $6, held_let_go = "
        "$7, "
        "report = $8 WHERE number = $1 AND writer = $2 AND state = 'living'";
    return session.run(sql, node.number, node.writer, node.url, node.marks.confirmed_before_ms,
                       drained_text(node.marks), node.marks.held, node.marks.held_let_go,
                       node.report) == 1;
}

void leave_nodes(Session& session, int number, std::string_view how) {
    session.run(
        "UPDATE nodes SET state = 'left', ended = $2 WHERE number = $1 AND state = 'living'",
        number, how);
}

void withdraw_node(Session& session, const NodeRow& node) {
    session.run("DELETE FROM nodes WHERE number = $1 AND writer = $2", node.number, node.writer);
}

void set_own_gone(Session& session, const NodeRow& self) {
    session.run(
        "UPDATE nodes SET state = 'gone', taken_by = $2 WHERE identity = $1 AND state = 'left'",
        self.identity, self.name);
}

std::vector<NodeRow> list_nodes(Session& session) {
    static const std::string sql = select_sql("");
    return read_nodes(session.query(sql));
}

std::vector<NodeRow> bury(Session& session, const std::vector<NodeRow>& silent) {
    static const std::string still =
        select_sql("WHERE number = $1 AND writer = $2 AND seen_ms = $3 AND state = 'living'");
    std::vector<NodeRow> buried;
    for (const auto& node : silent) {
        // A process that stands still may hold its row's lock in a transaction that never ends:
        // between two statements, or in the middle of rows that it sends.
        session.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 "
            "AND (state LIKE 'idle in transaction%' OR wait_event_type = 'Client') AND "
            "state <> 'idle' AND state_change < clock_timestamp() - INTERVAL '5 seconds'",
            "hongyan " + node.writer);
        // First the lock that the node's own transactions hold; while we waited it may have beaten.
        session.run("UPDATE store_writers SET fenced = fenced WHERE writer = $1", node.writer);
        if (read_nodes(session.query(still, node.number, node.writer, node.seen_ms)).empty())
            continue;
        fence(session, node.writer);
        leave_nodes(session, node.number, "dead");
        buried.push_back(node);
    }
    return buried;
}

void set_gone(Session& session, int number, std::string_view taken_by) {
    session.run(
        "UPDATE nodes SET state = 'gone', taken_by = $2 WHERE number = $1 AND state = 'left'",
        number, taken_by);
}

std::vector<Waiting> adopt(Session& session, MessageStatus status, int number, int limit) {
    // Each partial index is used only by a query that repeats its condition.
    const std::string sql =
        "WITH free AS (SELECT m.id FROM message_records AS m WHERE " +
        std::string(status == MessageStatus::pending
                        ? "m.status = 'pending'"
                        : "m.status NOT IN ('pending', 'success') AND m.status = '" +
                              std::string(to_text(status)) + "'") +
        " AND " + std::string(is_free_sql) + " AND " + std::string(is_accepted_sql) +
        " ORDER BY m.id LIMIT $2 FOR UPDATE OF m)"
        " UPDATE message_records AS m SET node = $1 FROM free WHERE m.id = free.id RETURNING m.id, "
        "m.tenant_id, m.channel, m.priority, CASE WHEN m.status = 'pending' THEN NULL ELSE "
        "coalesce(m.next_attempt_ms, m.due_ms) END";
    auto rows = session.query(sql, number, limit);
    std::vector<Waiting> found;
    while (rows.next()) {
        Waiting one;
        one.job = job_at(rows);
        if (!rows.null(4)) one.due_ms = rows.integer(4);
        found.push_back(one);
    }
    return found;
}

std::vector<Job> list_pending(Session& session, const PendingPlace& place) {
    static const PendingSql sql("m.id, m.tenant_id, m.channel, m.priority",
                                " ORDER BY m.id LIMIT $8");
    auto rows = session.query(sql.of(place), place.after, bound_of(place.before_ms),
                              bound_of(place.since_ms), place.since_ms, place.before_ms,
                              place.priority, place.owner, place.limit);
    std::vector<Job> found;
    while (rows.next()) found.push_back(job_at(rows));
    return found;
}

std::int64_t count_pending(Session& session, const PendingPlace& place) {
    static const PendingSql sql("count(*)", "");
    auto rows = session.query(sql.of(place), place.after, bound_of(place.before_ms),
                              bound_of(place.since_ms), place.since_ms, place.before_ms,
                              place.priority, place.owner);
    return rows.next() ? rows.integer(0) : 0;
}

bool delete_abandoned(Session& session, int limit) {
    constexpr std::string_view abandoned =
        "t.status = 'accepting' AND coalesce(t.node, -1) NOT IN (SELECT number FROM nodes WHERE "
        "state = 'living')";
    static const std::string records =
        "DELETE FROM message_records WHERE id IN (SELECT m.id FROM message_tasks AS t JOIN "
        "message_records AS m ON m.task_id = t.id WHERE " +
        std::string(abandoned) + " LIMIT $1)";
    if (session.run(records, limit) == limit) return true;
    static const std::string tasks =
        "DELETE FROM message_tasks AS t WHERE " + std::string(abandoned) +
        " AND NOT EXISTS (SELECT 1 FROM message_records AS m WHERE m.task_id = t.id)";
    session.run(tasks);
    return false;
}

}  // namespace hongyan::table
