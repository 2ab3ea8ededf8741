"""Any process killed at any time under load: nothing lost, few copies, statistics right.

BOUND: messages that a killed node had sent and not written down are sent again. It had at most its pool's size in flight (100) and,
by its committer, what comes in within a commit or two; `most_unwritten` stops it at 2,048. With this load it is far less.
"""
import time

import pytest

from cluster import Cluster, wait_until
from load import Load, check, settled

BOUND = 300
DEAD_SECONDS = 15  # silence after which a node is declared dead


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("faults")) as running:
        yield running


def revive(cluster):
    for node in cluster.nodes:
        if not node.lives:
            node.start()


def nodes_living(node):
    answer = node.call("GET", "/api/nodes")[1]
    return sorted(one["name"] for one in (answer or {"items": []})["items"] if one["state"] == "living")


def leader(cluster):
    for node in cluster.nodes:
        if node.lives and (node.call("GET", "/api/nodes")[1] or {}).get("leads"):
            return node
    return None


def test_kill_9_of_one_node_after_the_other_under_load(cluster):
    with Load(cluster) as load:
        for node in cluster.nodes:
            load.wait(len(load.accepted) + 300)
            node.kill()
            load.wait(len(load.accepted) + 300)
            node.start()
    extra = check(cluster, load.accepted, 3 * BOUND)
    print(f"\n3 nodes killed, {len(load.accepted)} accepted, {extra} extra copies")


def test_a_killed_nodes_messages_are_taken_over_without_it(cluster):
    """Scheduled ones and retries live in the memory of the node that accepted them."""
    victim, other = cluster.nodes[1], cluster.nodes[0]
    identities = [int(victim.need("POST", "/api/messages/send", {
        "channel": "sms", "recipient": "+8613700000001", "content": "later", "delay_seconds": 6})["message_id"]) for _ in range(50)]
    victim.kill()
    wait_until(lambda: "node-2" not in nodes_living(other), DEAD_SECONDS + 20, "it is declared dead")
    for identity in identities:
        wait_until(lambda identity=identity: other.need("GET", f"/api/messages/{identity}")["status"] == "success", 30,
                   lambda identity=identity: other.need("GET", f"/api/messages/{identity}"))
    victim.start()
    check(cluster, identities)


def test_the_leader_is_killed_and_another_leads(cluster):
    first = wait_until(lambda: leader(cluster), 30, "one leads")
    first.kill()
    second = wait_until(lambda: leader(cluster), 40, "another leads")
    assert second is not first
    first.start()
    time.sleep(3)
    assert sum(1 for node in cluster.nodes if node.need("GET", "/api/nodes")["leads"]) == 1


def test_a_node_that_stood_still_longer_than_its_lease_writes_nothing_more(cluster):
    frozen = cluster.nodes[2]
    with Load(cluster, nodes=cluster.nodes[:2]) as load:
        load.wait(200)
        frozen.pause()
        wait_until(lambda: "node-3" not in nodes_living(cluster.nodes[0]), DEAD_SECONDS + 30, "it is declared dead")
        load.wait(len(load.accepted) + 100)
        frozen.resume()
        # It finds its writing fenced and ends, to be started again by whoever watches over it.
        wait_until(lambda: not frozen.lives, 30, lambda: frozen.last_lines())
    assert frozen.process.returncode != 0
    assert "took this one for dead" in frozen.log() or "taken over" in frozen.log()
    frozen.start()
    check(cluster, load.accepted, BOUND)


def test_postgres_is_killed_and_comes_back(cluster):
    with Load(cluster) as load:
        load.wait(300)
        cluster.postgres.kill()
        time.sleep(3)
        cluster.postgres.start()
        load.wait(len(load.accepted) + 300)
    revive(cluster)
    print(f"\nPostgreSQL killed, {len(load.accepted)} accepted, {check(cluster, load.accepted, BOUND)} extra copies")


def test_the_broker_is_killed_and_comes_back(cluster):
    with Load(cluster) as load:
        load.wait(300)
        cluster.broker.kill()
        load.wait(len(load.accepted) + 300)  # accepting goes on: the store has them
        cluster.broker.again()
        load.wait(len(load.accepted) + 300)
    print(f"\nRabbitMQ killed, {len(load.accepted)} accepted, {check(cluster, load.accepted, BOUND)} extra copies")


def test_the_brokers_queues_are_purged(cluster):
    with Load(cluster) as load:
        load.wait(300)
        for band in ("urgent", "important", "normal", "low"):
            cluster.broker.ctl("purge_queue", f"hongyan.{band}")
        load.wait(len(load.accepted) + 200)
    check(cluster, load.accepted, BOUND)


@pytest.mark.parametrize("loss", ["purge_queue", "delete_queue"])
def test_what_waited_for_its_time_comes_back_too(tmp_path, loss):
    """Its status in the store is still scheduled when it is in the broker, and its owner lives and holds nothing."""
    with Cluster(tmp_path, nodes=2, roles=["api,jobs", "api,worker,jobs"], start_nodes=False) as cluster:
        owner, worker = cluster.nodes
        owner.start()
        body = {"channel": "sms", "recipient": "+8613800138000", "content": "x", "delay_seconds": 1}
        accepted = [int(owner.need("POST", "/api/messages/send", body)["message_id"]) for _ in range(20)]
        wait_until(lambda: owner.metric("hongyan_queue_confirmed_total") >= len(accepted), 20, "all are in the broker")
        for band in ("urgent", "important", "normal", "low"):
            cluster.broker.ctl(loss, f"hongyan.{band}")
        worker.start()
        settled(cluster, seconds=120)
        assert check(cluster, accepted) == 0


def test_the_brokers_queues_are_deleted(cluster):
    with Load(cluster) as load:
        load.wait(300)
        for band in ("urgent", "important", "normal", "low"):
            cluster.broker.ctl("delete_queue", f"hongyan.{band}")
        load.wait(len(load.accepted) + 200)
    check(cluster, load.accepted, BOUND)


def test_the_broker_raises_a_memory_alarm(cluster):
    with Load(cluster) as load:
        load.wait(200)
        cluster.broker.ctl("set_vm_memory_high_watermark", "absolute", "1MB")
        load.wait(len(load.accepted) + 200)
        cluster.broker.ctl("set_vm_memory_high_watermark", "0.4")
    check(cluster, load.accepted, BOUND)


def test_redis_is_emptied_killed_and_comes_back(cluster):
    with Load(cluster) as load:
        load.wait(200)
        cluster.redis.command("FLUSHALL")
        load.wait(len(load.accepted) + 200)
        cluster.redis.kill()
        load.wait(len(load.accepted) + 300)

        def says_so():
            engines = {one["role"]: one for one in cluster.nodes[0].need("GET", "/api/nodes")["engines"]}
            return not engines["coordination"]["ok"] and engines["coordination"]["detail"]

        wait_until(says_so, 10, "the node says that Redis is away")
        cluster.redis.start()
        load.wait(len(load.accepted) + 200)
    check(cluster, load.accepted)


def test_without_redis_one_leads_and_after_its_death_another(cluster):
    """The leader's lease runs out while Redis is away, and Redis comes back empty."""
    def leading():
        return [node for node in cluster.nodes if node.lives and node.metric("hongyan_leader") == 1]

    def watch(seconds):
        """The nodes are asked one after the other, so only twice in a row would be two at a time."""
        end, before = time.monotonic() + seconds, []
        while time.monotonic() < end:
            now = leading()
            assert len(now) < 2 or len(before) < 2, [node.name for node in now]
            before = now
            time.sleep(0.1)

    wait_until(lambda: len(leading()) == 1, 30, "one leads")
    cluster.redis.kill()
    watch(20)
    wait_until(lambda: len(leading()) == 1, 30, "one leads without Redis")
    dead = leading()[0]
    dead.kill()
    wait_until(lambda: len(leading()) == 1, 40, "another leads without Redis")
    cluster.redis.start()
    watch(10)
    dead.start()
    wait_until(lambda: len(leading()) == 1, 30, "one leads with Redis again")


def test_everything_is_killed_at_once_and_starts_again(cluster):
    with Load(cluster) as load:
        load.wait(400)
        for node in cluster.nodes:
            node.kill()
        cluster.postgres.kill()
        cluster.broker.kill()
        cluster.redis.kill()
        cluster.postgres.start()
        cluster.broker.again()
        cluster.redis.start()
        for node in cluster.nodes:
            node.start(wait=False)
        for node in cluster.nodes:
            node.wait_ready()
        load.wait(len(load.accepted) + 200)
    print(f"\nall killed, {len(load.accepted)} accepted, {check(cluster, load.accepted, 3 * BOUND)} extra copies")
