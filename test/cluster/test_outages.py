"""Long outages of PostgreSQL, nodes that stand still in the worst place, and copies of data folders: nobody dies who lives, and nothing
waits for ever. PostgreSQL alone, with the queue inside each node, where a message that its node forgets is forgotten by all."""
import os
import shutil
import subprocess
import threading
import time

import pytest

from cluster import Cluster, wait_until
from load import Load, check
from tcp_proxy import TcpProxy

BOUND = 300  # extra copies, see test_faults.py
DEAD_SECONDS = 15


def alone(folder, nodes, **more):
    return Cluster(folder, nodes=nodes, with_broker=False, with_redis=False, **more)


def leaders(cluster):
    return [node for node in cluster.nodes if node.need("GET", "/api/nodes")["leads"]]


def status_of(node, identity):
    return node.need("GET", f"/api/messages/{identity}")["status"]


def silence(node, name):
    return next(one["silent_ms"] for one in node.need("GET", "/api/nodes")["items"] if one["name"] == name)


def close_channel(cluster):
    """What is accepted now waits."""
    cluster.postgres.sql("INSERT INTO rate_limit_configs (resource, limit_type, max_value, window_seconds) VALUES "
                         "('channel:sms', 'qps', 0, 1)")
    for node in cluster.nodes:
        wait_until(lambda node=node: any(one["resource"] == "channel:sms" for one in node.need("GET", "/api/limits")["items"]), 5,
                   "the limit is known")


def open_channel(cluster):
    cluster.postgres.sql("DELETE FROM rate_limit_configs WHERE resource = 'channel:sms'")


def send(node, **fields):
    body = {"channel": "sms", "recipient": "+8613800138000", "content": "hello"} | fields
    return int(node.need("POST", "/api/messages/send", body)["message_id"])


def test_an_outage_longer_than_a_nodes_lease_ends_no_node(tmp_path):
    """While PostgreSQL is away nobody can tell that he lives; whoever is back first must not take the others for dead."""
    with alone(tmp_path, 3) as cluster:
        wait_until(lambda: leaders(cluster), 30, "one leads")
        with Load(cluster, threads=3, pause=0.05) as load:
            load.wait(60)
            cluster.postgres.kill()
            time.sleep(DEAD_SECONDS + 8)
            cluster.postgres.start()
            load.wait(len(load.accepted) + 60)
        time.sleep(DEAD_SECONDS + 3)  # a node that is taken for dead is so by now
        assert [node.name for node in cluster.nodes if not node.lives] == []
        assert all("node_dead" not in node.log() for node in cluster.nodes)
        check(cluster, load.accepted, BOUND)
        log = cluster.nodes[0].log()
        assert log.count("commit_failed") < 15, "an outage does not fill the log"


def test_a_commit_whose_answer_was_lost_in_a_long_outage_is_known_in_the_end(tmp_path):
    lines = {}

    def through(engine, _host, port):
        return lines.setdefault(engine, TcpProxy(port)).port

    with alone(tmp_path, 1, through=through) as cluster:
        node, line = cluster.nodes[0], lines["store"]
        line.lose_commit_of(b"the half known one")
        body = {"channel": "sms", "recipient": "+8613800138000", "content": "the half known one"}
        key = {"Idempotency-Key": "half-known"}
        sender = threading.Thread(target=node.call, args=("POST", "/api/messages/send", body, key), kwargs={"timeout": 3})
        sender.start()
        sender.join()
        assert cluster.postgres.one("SELECT count(*) FROM message_records") == "1", "it was written"

        def refused_at_once():
            began = time.monotonic()
            status, _ = node.call("POST", "/api/messages/send", body, timeout=5)
            return status == 503 and time.monotonic() - began < 1

        wait_until(refused_at_once, 20, "others do not wait for that")
        time.sleep(30)
        line.heal()
        identity = wait_until(lambda: (answer := node.call("POST", "/api/messages/send", body, key))[0] == 202 and answer[1], 20,
                              node.last_lines)["message_id"]
        wait_until(lambda: status_of(node, identity) == "success", 20, lambda: node.need("GET", f"/api/messages/{identity}"))
        check(cluster, [int(identity)])
        # And a node that is told to end while it waits for such an answer ends.
        line.lose_commit_of(b"another one")
        sender = threading.Thread(target=node.call, args=("POST", "/api/messages/send", body | {"content": "another one"}),
                                  kwargs={"timeout": 3})
        sender.start()
        sender.join()
        began = time.monotonic()
        assert node.stop() == 0
        assert time.monotonic() - began < 20
    for line in lines.values():
        line.stop()


def test_a_killed_node_that_is_alone_takes_its_own_back_at_once(tmp_path):
    with alone(tmp_path, 1) as cluster:
        node = cluster.nodes[0]
        wait_until(lambda: leaders(cluster), 30, "it leads")
        close_channel(cluster)
        identities = [send(node) for _ in range(20)]
        node.kill()
        open_channel(cluster)
        node.start()
        began = time.monotonic()  # its killed process' lead lasts for 15 s
        wait_until(lambda: all(status_of(node, one) == "success" for one in identities), 30, node.last_lines)
        assert time.monotonic() - began < 8
        check(cluster, identities)


def test_two_nodes_on_copies_of_one_data_folder_are_two_nodes(tmp_path):
    with alone(tmp_path, 2, start_nodes=False) as cluster:
        first, second = cluster.nodes
        first.start()
        shutil.copytree(first.folder, second.folder)
        second.start()
        time.sleep(6)
        assert first.lives and second.lives, first.last_lines()
        assert len(first.need("GET", "/api/nodes")["items"]) == 2
        with Load(cluster, threads=2) as load:
            load.wait(50)
        check(cluster, load.accepted)


@pytest.mark.parametrize("place", ["between two statements", "in the middle of a COPY"])
def test_a_node_that_stands_still_inside_a_transaction_holds_up_nobody(tmp_path, place):
    """Its transaction holds the row that others must lock to declare it dead."""
    with alone(tmp_path, 2) as cluster:
        living, dead = cluster.nodes
        writer = cluster.postgres.one("SELECT writer FROM nodes WHERE name = 'node-2'")
        dead.kill()
        session = subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", cluster.postgres.url], stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
                                   env=os.environ | {"PGAPPNAME": f"hongyan {writer}"})
        session.stdin.write(f"BEGIN; UPDATE store_writers SET last_commit = 1 WHERE writer = '{writer}';\n")
        if place == "in the middle of a COPY":
            session.stdin.write("COPY message_attempts FROM STDIN;\n")
        session.stdin.flush()
        try:
            end, slowest = time.monotonic() + DEAD_SECONDS + 15, 0.0
            while "node-2" in [one["name"] for one in living.need("GET", "/api/nodes")["items"] if one["state"] == "living"]:
                assert time.monotonic() < end, living.last_lines()
                began = time.monotonic()
                send(living)
                slowest = max(slowest, time.monotonic() - began)
                time.sleep(0.2)
            assert slowest < 3, slowest
            ended = wait_until(lambda: living.need("GET", "/api/nodes")["ended"], 20, living.last_lines)
            assert [(one["name"], one["ended"], one["taken_by"]) for one in ended] == [("node-2", "dead", "node-1")], ended
        finally:
            session.kill()
            session.wait()


def test_a_message_whose_row_is_locked_for_a_while_is_sent_after_that(tmp_path):
    """Whoever claims a message does not wait for its row; a receipt or an operator may have it for a moment."""
    with alone(tmp_path, 1) as cluster:
        node = cluster.nodes[0]
        identity = send(node, delay_seconds=6)
        node.kill()
        node.start()  # what it takes back it claims before it sends
        wait_until(lambda: "taken_over" in node.log(), 5, node.last_lines)
        session = subprocess.Popen(["psql", "-XAtq", "-d", cluster.postgres.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True)
        try:
            session.stdin.write(f"BEGIN; SELECT 'locked' FROM message_records WHERE id = {identity} FOR UPDATE;\n")
            session.stdin.flush()
            assert session.stdout.readline().strip() == "locked"
            time.sleep(8)
            assert status_of(node, identity) == "scheduled"
        finally:
            session.kill()
            session.wait()
        wait_until(lambda: status_of(node, identity) == "success", 10, node.last_lines)
        check(cluster, [identity])


def test_starts_that_fail_all_night_use_up_no_numbers(tmp_path):
    with alone(tmp_path, 1, start_nodes=False) as cluster:
        node = cluster.nodes[0]
        for _ in range(5):  # in vain: before it is a node
            node.start(wait=False, HONGYAN_QUEUE_URL="amqp://")
            assert node.process.wait(20) != 0
        assert cluster.postgres.one("SELECT count(*) FROM nodes") == "0"
        for _ in range(8):  # killed as soon as it is one, and nobody else there
            node.start()
            wait_until(lambda: cluster.postgres.one("SELECT count(*) FROM nodes WHERE state = 'left'") == "0", 10, node.last_lines)
            node.kill()
        assert int(cluster.postgres.one("SELECT max(number) FROM nodes")) <= 2
        node.start()
        check(cluster, [send(node)])


def test_a_node_that_stands_still_with_a_key_in_its_hands_holds_up_the_others_for_a_moment_only(tmp_path):
    """Its clients repeat with the same Idempotency-Key at the others, whose transactions then wait for its row."""
    with alone(tmp_path, 2) as cluster:
        frozen, other = cluster.nodes
        with Load(cluster, threads=4, pause=0.0) as load:
            for _ in range(4):
                load.wait(len(load.accepted) + 100)
                frozen.pause()  # sooner or later in the middle of a transaction
                time.sleep(8)
                frozen.resume()
                wait_until(lambda: silence(other, "node-1") < 3_000, 20, "it tells again that it lives")
        log = other.log()
        assert "lock timeout" not in log, [line for line in log.splitlines() if "lock timeout" in line][:3]
        check(cluster, load.accepted, BOUND)
