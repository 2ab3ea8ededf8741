"""Engines mixed as wanted, roles split over nodes, and the start and end of nodes."""
import base64

import pytest

from cluster import Cluster, Node, wait_until
from load import Load, check, settled

SHAPES = {
    "postgres alone": {"with_broker": False, "with_redis": False},
    "postgres and redis": {"with_broker": False, "with_redis": True},
    "postgres and rabbitmq": {"with_broker": True, "with_redis": False},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_two_nodes_deliver_and_take_over_in_every_mixture(tmp_path, shape):
    with Cluster(tmp_path, nodes=2, **SHAPES[shape]) as cluster:
        with Load(cluster, threads=4) as load:
            load.wait(300)
            cluster.nodes[0].kill()
            load.wait(len(load.accepted) + 100)
        # Without the dead node: what it had accepted comes to the other one.
        settled(cluster, seconds=60)
        cluster.nodes[0].start()
        check(cluster, load.accepted, 300)


def test_roles_are_split_over_nodes(tmp_path):
    with Cluster(tmp_path, nodes=3, roles=["api", "worker", "jobs"]) as cluster:
        api, worker, jobs = cluster.nodes
        with Load(cluster, nodes=[api]) as load:
            load.wait(300)
        check(cluster, load.accepted)
        assert api.metric("hongyan_attempts_total") == 0 and jobs.metric("hongyan_attempts_total") == 0
        assert worker.metric("hongyan_attempts_total") >= 300
        wait_until(lambda: jobs.metric("hongyan_leader") == 1, 20, "the node with the role jobs leads")
        assert api.metric("hongyan_leader") == 0
        status, answer = worker.call("POST", "/api/messages/send", {"channel": "sms", "recipient": "+8613800138000", "content": "x"})
        assert status == 404, (status, answer)


def test_a_clean_stop_leaves_nothing_behind_and_a_new_node_goes_on(tmp_path):
    with Cluster(tmp_path, nodes=2) as cluster:
        with Load(cluster, threads=4) as load:
            load.wait(200)
            assert cluster.nodes[1].stop() == 0
            load.wait(len(load.accepted) + 100)
            cluster.nodes[1].start()
            load.wait(len(load.accepted) + 100)
        assert check(cluster, load.accepted) == 0
        # The queues were made by this start, before anything was accepted; and who leaves has told that all is in them.
        for node in cluster.nodes:
            assert " republished " not in node.log(), node.log()


def test_the_same_data_folder_comes_back_at_once(tmp_path):
    """A killed node need not wait until others declare it dead: its folder tells that its old process is over."""
    with Cluster(tmp_path, nodes=1, with_broker=False, with_redis=False) as cluster:
        node = cluster.nodes[0]
        identity = node.need("POST", "/api/messages/send", {"channel": "sms", "recipient": "+8613800138000", "content": "x",
                                                            "delay_seconds": 2})["message_id"]
        node.kill()
        node.start()
        wait_until(lambda: node.need("GET", f"/api/messages/{identity}")["status"] == "success", 30, node.last_lines)
        check(cluster, [int(identity)])


def test_a_node_whose_port_is_taken_does_not_join(tmp_path):
    with Cluster(tmp_path, nodes=1, with_broker=False, with_redis=False) as cluster:
        first = cluster.nodes[0]
        second = Node(tmp_path / "second", "second", first.environment, first.key)
        second.port = first.port
        second.start(wait=False)
        assert second.process.wait(20) != 0
        assert f"cannot listen on 127.0.0.1:{first.port}" in second.log(), second.log()
        assert '"joined"' not in second.log() and " joined " not in second.log(), second.log()
        assert [one["name"] for one in first.need("GET", "/api/nodes")["items"]] == [first.name]


def test_a_broken_configuration_is_refused_with_its_name(tmp_path):
    for settings, name in (({"HONGYAN_QUEUE_URL": "amqp://guest:guest@127.0.0.1:1/%2F"}, "queue.url"),
                           ({"HONGYAN_COORDINATION_URL": "redis://127.0.0.1:1"}, "coordination.url"),
                           ({"HONGYAN_NODE_ROLES": "api"}, "node.roles"),
                           ({"HONGYAN_NODE_ROLES": "api,work"}, "node.roles"),
                           ({"HONGYAN_STORE_URL": "mysql://x"}, "store.url"),
                           ({"HONGYAN_STORE_URL": "postgres://x@127.0.0.1:1/y", "HONGYAN_MASTER_KEY": "c2hvcnQ="}, "HONGYAN_MASTER_KEY: master_key")):
        node = Node(tmp_path / "node", "node", settings, "hy_" + "0" * 40)
        node.start(wait=False)
        assert node.process.wait(20) != 0
        assert name in node.log(), node.log()
        node.log_path.unlink()


def test_what_an_engine_refuses_is_told_with_the_setting_that_leads_there(tmp_path):
    """And nobody joins whom the others would have to bury."""
    with Cluster(tmp_path, nodes=1) as cluster:
        first = cluster.nodes[0]
        store, queue, redis = cluster.postgres.url, cluster.queue_url(), cluster.redis.url
        other_key = base64.b64encode(b"o" * 32).decode()
        for changed, wanted in (({"HONGYAN_STORE_URL": store.rsplit("/", 1)[0] + "/none"}, ('store.url: ', '"none" does not exist', "hongyan doctor")),
                                ({"HONGYAN_QUEUE_URL": queue.rsplit("/", 1)[0] + "/none"}, ("queue.url: ", "vhost none not found", "docs/rabbitmq.md")),
                                ({"HONGYAN_QUEUE_URL": queue + "?prefech=3"}, ("queue.url: ", "'prefech' is none of", "docs/rabbitmq.md")),
                                ({"HONGYAN_COORDINATION_URL": redis.replace("//", "//:wrong@")}, ("coordination.url: ", "AUTH", "docs/cluster-redis.md")),
                                ({"HONGYAN_MASTER_KEY": other_key}, ("Set master_key (HONGYAN_MASTER_KEY)", "other nodes"))):
            node = Node(tmp_path / "wrong", "wrong", first.environment | changed, first.key)
            node.start(wait=False)
            assert node.process.wait(20) == 1
            for words in wanted:
                assert words in node.log(), node.log()
            if "HONGYAN_MASTER_KEY" in changed:
                assert "joined" not in node.log(), node.log()
            node.log_path.unlink()
        assert [one["name"] for one in first.need("GET", "/api/nodes")["items"] if one["state"] == "living"] == [first.name]
