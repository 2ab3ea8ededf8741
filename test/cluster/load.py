"""Load on a cluster, and the count afterwards: what clients were promised against what the store says and what receivers got.

A client's word counts only if it got its 202; one whose answer was lost repeats with the same Idempotency-Key at another node, as
the documentation tells senders to do.
"""
import itertools
import pathlib
import sys
import threading
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

from cluster import wait_until  # noqa: E402
from ledger import read_ledger  # noqa: E402

FINAL = "('success', 'delivered', 'failed', 'expired', 'cancelled', 'unknown')"


class Load:
    """Threads that send one message after the other, each with a key of its own, until stopped."""

    def __init__(self, cluster, threads=6, pause=0.002, first_node=0, nodes=None):
        self.cluster, self.pause = cluster, pause
        self.nodes = nodes or cluster.nodes
        self.accepted, self.unanswered, self.refused = [], 0, 0
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(first_node + i,), daemon=True) for i in range(threads)]

    def _send(self, at):
        number = next(self._numbers)
        body = {"channel": "sms", "recipient": f"+86138{number:08d}", "content": f"message {number}", "priority": number % 11}
        key = {"Idempotency-Key": uuid.uuid4().hex}
        end = time.monotonic() + 60
        for turn in itertools.count(at):
            node = self.nodes[turn % len(self.nodes)]
            status, answer = node.call("POST", "/api/messages/send", body, key, timeout=5)
            if status == 202:
                with self._lock:
                    self.accepted.append(int(answer["message_id"]))
                return
            with self._lock:
                if status == 0:
                    self.unanswered += 1
                else:
                    self.refused += 1
            assert status in (0, 409, 429, 500, 503), (status, answer)
            if time.monotonic() > end:
                return  # nobody was told of it
            time.sleep(0.05)

    def _run(self, at):
        while not self._stop.is_set():
            self._send(at)
            time.sleep(self.pause)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def wait(self, count, seconds=60):
        wait_until(lambda: len(self.accepted) >= count, seconds,
                   lambda: f"{count} accepted; {len(self.accepted)} are, {self.refused} refused, {self.unanswered} unanswered")

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(90)
            assert not thread.is_alive()

    def __exit__(self, *_):
        self.stop()


def arrivals_of(cluster):
    """How often each message reached a receiver, over the ledgers of all nodes."""
    counts = {}
    for node in cluster.nodes:
        for one in read_ledger(node.folder):
            counts[one.message_id] = counts.get(one.message_id, 0) + 1
    return counts


def settled(cluster, seconds=60):
    """Waits until nothing waits any more."""
    open_sql = f"SELECT count(*) FROM message_records WHERE status NOT IN {FINAL}"
    rows = "SELECT id, status, node, attempts FROM message_records WHERE status NOT IN " + FINAL + " LIMIT 5"
    wait_until(lambda: cluster.postgres.one(open_sql) == "0", seconds,
               lambda: f"all final; {cluster.postgres.one(open_sql)} are not: {cluster.postgres.sql(rows)}\n" +
               "\n".join(f"{node.name}:\n{node.last_lines(8)}" for node in cluster.nodes))


def check(cluster, accepted, duplicates=0):
    """Nothing accepted is lost, nothing arrived too often, and the statistics are the records."""
    settled(cluster)
    assert len(set(accepted)) == len(accepted), "one id was given to two messages"
    stored = {int(row[0]): row[1] for row in cluster.postgres.sql("SELECT id, status FROM message_records")}
    lost = [one for one in accepted if one not in stored]
    assert not lost, f"{len(lost)} accepted messages are not in the store: {lost[:5]}"
    arrived = arrivals_of(cluster)
    never = [one for one in accepted if stored[one] in ("success", "delivered") and one not in arrived]
    assert not never, f"{len(never)} messages count as sent and never arrived: {never[:5]}"
    ended = [stored[one] for one in accepted if stored[one] not in ("success", "delivered")]
    assert not ended, f"{len(ended)} accepted messages were not sent: {sorted(set(ended))}"
    extra = sum(arrived[one] - 1 for one in accepted)
    assert extra <= duplicates, f"{extra} extra copies, {duplicates} are within the bound"
    statistics_agree(cluster)
    return extra


def statistics_agree(cluster):
    wait_until(lambda: cluster.postgres.one("SELECT count(*) FROM message_statistics_deltas") == "0", 20,
               "the statistics are added up")
    by_records = cluster.postgres.sql(
        "SELECT channel, count(*) FILTER (WHERE status IN ('success', 'delivered')),"
        " count(*) FILTER (WHERE status = 'failed') FROM message_records GROUP BY 1 ORDER BY 1")
    by_statistics = cluster.postgres.sql(
        "SELECT channel, sum(success_count), sum(failed_count) FROM message_statistics GROUP BY 1 ORDER BY 1")
    assert by_records == by_statistics
