"""What must hold of a server's tables after any history of crashes; see docs/guarantees.md. Each check fails with examples."""
import collections
import datetime
import sqlite3

from database import open_database, rows, value
from ledger import read_ledger
from store import ON_POSTGRES
from support import wait_until

WAITING = ("pending", "scheduled", "processing", "retrying")
FINAL = ("success", "failed", "expired", "cancelled")
RECORDS = ("SELECT id, trace_id, content, status, attempts, channel, tenant_id, task_id, due_ms, finished_ms, deliver_by_ms,"
           " recipient, id >> 20 AS created_ms FROM message_records")


def wait_for_quiescence(server, seconds=60):
    """Until nothing waits any more."""
    marks = ",".join(f"'{status}'" for status in WAITING)
    sql = f"SELECT count(*) FROM message_records WHERE status <> 'success' AND status IN ({marks})"
    wait_until(lambda: value(server.data, sql) == 0, seconds, "quiescence")


def few(items):
    return sorted(items, key=str)[:5]


class Aftermath:
    """Everything a server left, read once."""

    def __init__(self, server, arrivals=None):
        self.server = server
        self.records = rows(server.data, RECORDS)
        self.tasks = {row["id"]: row for row in rows(server.data, "SELECT * FROM message_tasks")}
        self._by_token = collections.defaultdict(list)
        for record in self.records:
            self._by_token[record["content"]].append(record)
        self.arrivals = read_ledger(server.data) if arrivals is None else arrivals
        self.received = collections.Counter(arrival.message_id for arrival in self.arrivals)

    def tokens(self):
        return self._by_token.keys()

    def of(self, ask):
        """The messages of a request."""
        return self._by_token.get(ask.token, [])

    def duplicates(self):
        return {identity: times - 1 for identity, times in self.received.items() if times > 1}


def check_accepted_is_final(aftermath, asks):
    """I1: every 202 has its messages, and each of them has ended."""
    for ask in asks:
        found = aftermath.of(ask)
        if ask.outcome == "accepted":
            assert len(found) == ask.count, f"{ask} has {len(found)} messages"
        for record in found:
            assert record["status"] in FINAL, f"{record['id']} of {ask.token} is {record['status']}"


def check_only_what_was_asked(aftermath, asks):
    """I2: every message belongs to a request that was accepted or is unknown; what arrived is such a message."""
    allowed = {ask.token for ask in asks if ask.outcome in ("accepted", "unknown")}
    extra = aftermath.tokens() - allowed
    refused = [ask for ask in asks if ask.token in extra]
    assert not extra, f"{len(extra)} messages that nobody asked for, {len(refused)} were refused: {few(extra)} {few(refused)}"
    known = {record["id"] for record in aftermath.records}
    assert not aftermath.received.keys() - known, few(aftermath.received.keys() - known)
    for record in aftermath.records:
        times = aftermath.received[record["id"]]
        if record["status"] == "success":
            assert times >= 1, f"{record['id']} is called sent and never arrived"


def check_one_per_request(aftermath, asks):
    """I4: one message for each key and each single request; batches all or nothing."""
    for ask in asks:
        found = len(aftermath.of(ask))
        assert found in (0, ask.count), f"{ask.token} ({ask.outcome}) has {found} of {ask.count} messages"
        if ask.key:
            assert ask.outcome != "unknown", ask
    sizes = collections.Counter(record["task_id"] for record in aftermath.records if record["task_id"])
    for identity, task in aftermath.tasks.items():
        assert task["status"] != "accepting", f"task {identity} is still being accepted"
        assert sizes[identity] == task["total_count"], f"task {identity}: {sizes[identity]} of {task['total_count']} rows"
    assert not sizes.keys() - aftermath.tasks.keys(), "messages of tasks that do not exist"


def check_duplicates(aftermath, in_flight_at_kills):
    """I3: a message arrived twice at most as often as it was under way at a kill. Gives the number of duplicates."""
    under_way = collections.Counter(identity for one in in_flight_at_kills for identity in one)
    duplicates = aftermath.duplicates()
    wrong = {identity: times for identity, times in duplicates.items() if times > under_way[identity]}
    assert not wrong, f"arrived again without having been under way at a kill: {few(wrong.items())} of {len(wrong)}"
    return sum(duplicates.values())


def check_cancelled_and_expired(aftermath, clients, in_flight_at_kills, slack_ms=1_000):
    """A cancelled message did not arrive, unless it was under way at a kill before; nothing arrives after deliver_by."""
    under_way = set().union(*in_flight_at_kills) if in_flight_at_kills else set()
    promised = set().union(*(client.journal.cancelled for client in clients))
    deliver_by = {}
    for record in aftermath.records:
        if record["id"] in promised:
            assert record["status"] == "cancelled", f"{record['id']} was cancelled and is {record['status']}"
        if record["status"] == "cancelled" and aftermath.received[record["id"]]:
            assert record["id"] in under_way, f"{record['id']} is cancelled and has arrived"
        if record["deliver_by_ms"]:
            deliver_by[record["id"]] = record["deliver_by_ms"]
    for arrival in aftermath.arrivals:
        limit = deliver_by.get(arrival.message_id)
        assert limit is None or arrival.received_ms <= limit + slack_ms, f"{arrival} came after {limit}"


def expected_statistics(records):
    """(tenant, day, channel) -> [success, failed, sum of response times] as the records have it."""
    expected = collections.defaultdict(lambda: [0, 0, 0])
    for record in records:
        if record["status"] not in ("success", "delivered", "failed"):
            continue
        day = datetime.datetime.fromtimestamp(record["created_ms"] / 1000, datetime.timezone.utc).strftime("%Y-%m-%d")
        sums = expected[record["tenant_id"], day, record["channel"]]
        if record["status"] == "failed":
            sums[1] += 1
            continue
        sums[0] += 1
        sums[2] += max(0, record["finished_ms"] - (record["due_ms"] or record["created_ms"]))
    return dict(expected)


def check_statistics(aftermath):
    """I8: statistics, tasks and the API's overview equal the records."""
    expected = expected_statistics(aftermath.records)
    if ON_POSTGRES:  # the table follows within about a second, whoever was killed
        wait_until(lambda: value(aftermath.server.data, "SELECT count(*) FROM message_statistics_deltas") == 0, 10, "the statistics")
    actual = {}
    for row in rows(aftermath.server.data, "SELECT * FROM message_statistics"):
        assert row["total_sent"] == row["success_count"] + row["failed_count"], dict(row)
        if row["total_sent"]:
            actual[row["tenant_id"], row["stat_date"], row["channel"]] = [
                row["success_count"], row["failed_count"], row["response_ms_sum"]]
    assert actual == expected
    totals = aftermath.server.get("/api/messages/statistics/overview?days=2").body["totals"]
    sums = [sum(sums[i] for (tenant, _, _), sums in expected.items() if tenant == 1) for i in (0, 1)]
    assert [totals["success_count"], totals["failed_count"]] == sums
    assert totals["total_sent"] == sum(sums)
    counted = collections.defaultdict(collections.Counter)
    for record in aftermath.records:
        if record["task_id"]:
            counted[record["task_id"]][record["status"]] += 1
    for identity, task in aftermath.tasks.items():
        names = {"success": "success_count", "failed": "failed_count", "cancelled": "cancelled_count",
                 "expired": "expired_count"}
        assert {s: task[c] for s, c in names.items() if task[c]} == dict(counted[identity]), dict(task)
        assert task["status"] in ("completed", "cancelled"), dict(task)


def check_traces(aftermath, sample=200):
    """I9: every final message has its nodes, and its attempts are numbered 1 to n."""
    attempts = collections.defaultdict(list)
    for row in rows(aftermath.server.data, "SELECT message_id, attempt, outcome FROM message_attempts"
                                           " ORDER BY message_id, attempt"):
        attempts[row["message_id"]].append((row["attempt"], row["outcome"]))
    nodes = collections.defaultdict(collections.Counter)
    for row in rows(aftermath.server.data, "SELECT trace_id, node_name, status FROM message_traces"):
        nodes[row["trace_id"]][row["node_name"], row["status"]] += 1
    for record in aftermath.records:
        made = attempts[record["id"]]
        if record["status"] == "success" and record["attempts"] == 1:
            assert not made, f"{record['id']}: {made}"
            made = [(1, "accepted")]
        numbers = [number for number, _ in made]
        assert numbers == list(range(1, record["attempts"] + 1)), f"{dict(record)} has attempts {made}"
        expected = collections.Counter()
        tried = record["attempts"] > 0
        expected["queue", "success" if tried else "failed"] += 1
        if tried:
            expected["process", "success"] += 1
        expected["send", "failed"] += sum(outcome != "accepted" for _, outcome in made)
        expected["send", "success"] += record["status"] == "success"
        found = nodes[f"msg_{record['id']}"]
        assert found == +expected, f"{dict(record)} has the nodes {dict(found)}, not {dict(+expected)}"
    step = max(1, len(aftermath.records) // sample)
    for record in aftermath.records[::step]:
        trace = aftermath.server.get(f"/api/messages/traces/msg_{record['id']}").body
        api_nodes = collections.Counter((node["name"], node["status"]) for node in trace["nodes"])
        assert api_nodes == nodes[trace["trace_id"]], trace
        assert trace["status"] == record["status"]


def check_indexes(server):
    """Each entry has its row and each row its entries; PostgreSQL's own check fails the statement otherwise."""
    with open_database(server.data) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        checked = connection.execute(
            "SELECT count(*) FROM (SELECT bt_index_check(index => c.oid, heapallindexed => TRUE) FROM pg_index AS i JOIN pg_class AS c"
            " ON c.oid = i.indexrelid JOIN pg_am AS a ON a.oid = c.relam WHERE a.amname = 'btree' AND c.relkind = 'i'"
            " AND c.relnamespace = 'public'::regnamespace AND i.indisvalid OFFSET 0) AS each").fetchall()
        assert checked[0][0] > 20


def check_file(server):
    """Of a stopped server: the store itself finds nothing wrong."""
    if ON_POSTGRES:
        return check_indexes(server)
    with open_database(server.data) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall()[0][0] == "ok"
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert sqlite3.sqlite_version_info >= (3, 31)


def check_all(server, clients, asks, in_flight_at_kills, arrivals=None):
    """Every invariant of a server that is quiet, which is stopped at the end. Gives the number of duplicates and the rest.

    `arrivals` are what receivers got, by default as the sandbox's ledger has it.
    """
    aftermath = Aftermath(server, arrivals)
    check_accepted_is_final(aftermath, asks)
    check_only_what_was_asked(aftermath, asks)
    check_one_per_request(aftermath, asks)
    check_cancelled_and_expired(aftermath, clients, in_flight_at_kills)
    duplicates = check_duplicates(aftermath, in_flight_at_kills)
    check_statistics(aftermath)
    check_traces(aftermath)
    assert server.stop() == 0
    check_file(server)
    return duplicates, aftermath
