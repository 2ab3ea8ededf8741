"""The retention of running nodes, on both stores: what is too old and has ended goes, what waits stays."""
import sqlite3

import pytest

from cluster import Cluster, Node, wait_until

DAY_MS = 86_400_000
OLD_DAYS = 40  # retention.message_days is 30
COUNTER_BITS = 20  # of an id, below its time
RETENTION_SECONDS = 150  # it begins once a minute


class Embedded:
    """A node with SQLite, and its tables."""

    def __init__(self, folder):
        self.node = Node(folder / "embedded", "embedded", {}, "hy_" + "0" * 40)

    def __enter__(self):
        self.node.start()
        return self

    def __exit__(self, *_):
        self.node.stop()

    def columns(self):
        with sqlite3.connect(self.node.folder / "hongyan.db", timeout=10) as base:
            return [row[1] for row in base.execute("PRAGMA table_info(message_records)")]

    def run(self, statement):
        with sqlite3.connect(self.node.folder / "hongyan.db", timeout=10) as base:
            base.execute(statement)


class Shared:
    """Two nodes on PostgreSQL, and its tables."""

    def __init__(self, folder):
        self.cluster = Cluster(folder, nodes=2, with_broker=False, with_redis=False)

    def __enter__(self):
        self.cluster.start()
        self.node = self.cluster.nodes[0]
        self.cluster.postgres.one(f"SELECT create_message_partitions(current_date - {OLD_DAYS}, 1)")
        return self

    def __exit__(self, *_):
        self.cluster.stop()

    def columns(self):
        return [row for (row,) in self.cluster.postgres.sql(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'message_records' AND is_generated = 'NEVER'")]

    def run(self, statement):
        self.cluster.postgres.sql(statement)


def send(node):
    identity = int(node.need("POST", "/api/messages/send",
                             {"channel": "sms", "recipient": "+8613800138000", "content": "x"})["message_id"])
    wait_until(lambda: node.need("GET", f"/api/messages/{identity}")["status"] == "success", 20, node.last_lines)
    return identity


def copy_as_old(store, identity, status):
    """The message once more, as if it had come so many days ago; its new id."""
    old = identity - (OLD_DAYS * DAY_MS << COUNTER_BITS)
    columns = store.columns()
    changed = {"id": str(old), "status": f"'{status}'"}
    store.run(f"INSERT INTO message_records ({', '.join(columns)}) SELECT "
              f"{', '.join(changed.get(one, one) for one in columns)} FROM message_records WHERE id = {identity}")
    assert store.node.call("GET", f"/api/messages/{old}")[0] == 200
    return old


@pytest.mark.parametrize("kind", [Embedded, Shared])
def test_what_is_too_old_goes_unless_it_waits(tmp_path, kind):
    with kind(tmp_path) as store:
        node = store.node
        identity = send(node)
        ended = copy_as_old(store, identity, "success")
        waiting = None
        if kind is Embedded:  # on PostgreSQL it would keep its whole day, as days_that_are_over_are_dropped… shows
            waiting = copy_as_old(store, send(node), "scheduled")
        wait_until(lambda: node.call("GET", f"/api/messages/{ended}")[0] == 404, RETENTION_SECONDS, node.last_lines)
        assert node.call("GET", f"/api/messages/{identity}")[0] == 200
        assert waiting is None or node.call("GET", f"/api/messages/{waiting}")[0] == 200
        if kind is Shared:
            left = store.cluster.postgres.one(
                f"SELECT count(*) FROM pg_inherits WHERE inhparent = 'message_records'::regclass AND inhrelid::regclass::text "
                f"= 'message_records_' || to_char(current_date - {OLD_DAYS}, 'YYYYMMDD')")
            assert left == "0", "the whole day goes at once"
            logs = [each.log() for each in store.cluster.nodes]
            assert sum(" retention " in log for log in logs) == 1, logs
