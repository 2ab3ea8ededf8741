"""The line from the nodes to each engine damaged under load, by a proxy between them: nothing lost, few copies, statistics right."""
import random
import time

import pytest

from cluster import Cluster
from load import Load, check
from tcp_proxy import TcpProxy

BOUND = 300  # extra copies, see test_faults.py


@pytest.fixture(scope="module")
def lined(tmp_path_factory):
    """A cluster whose nodes reach each engine through a proxy."""
    lines = {}

    def through(engine, _host, port):
        lines.setdefault(engine, TcpProxy(port))
        return lines[engine].port

    with Cluster(tmp_path_factory.mktemp("lines"), nodes=2, through=through) as running:
        running.lines = lines
        yield running
    for line in lines.values():
        line.stop()


FAULTS = {
    "cut": lambda line: line.cut(),
    "reset": lambda line: line.cut(by_reset=True),
    "reset_in_mid_frame": lambda line: line.reset_after(random.randrange(5, 200)),
    "refused": lambda line: line.refuse(),
    "black_hole": lambda line: line.black_hole(),
    "slow": lambda line: line.slow(0.2),
}


@pytest.mark.parametrize("engine", ["store", "queue", "coordination"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_line_is_damaged_for_a_while(lined, engine, fault):
    line = lined.lines[engine]
    with Load(lined, threads=4) as load:
        load.wait(100)
        FAULTS[fault](line)
        time.sleep(4)
        line.heal()
        load.wait(len(load.accepted) + 100, seconds=90)
    for node in lined.nodes:
        if not node.lives:
            node.start()
    check(lined, load.accepted, 0 if engine == "coordination" else BOUND)


@pytest.mark.parametrize("engine", ["queue", "coordination"])
def test_an_engine_is_down_at_the_start(tmp_path, engine):
    lines = {}

    def through(name, _host, port):
        lines.setdefault(name, TcpProxy(port))
        return lines[name].port

    with Cluster(tmp_path, nodes=1, through=through, start_nodes=False) as cluster:
        lines[engine].refuse()
        cluster.nodes[0].start()
        with Load(cluster, threads=2) as load:
            load.wait(50)
            lines[engine].heal()
            load.wait(len(load.accepted) + 50)
        check(cluster, load.accepted)
    for line in lines.values():
        line.stop()
