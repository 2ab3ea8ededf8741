#!/usr/bin/env python3
"""Starts PostgreSQL, RabbitMQ, Redis, three nodes and a load balancer on loopback, delivers through them, and stops them again.

    tools/cluster_demo.py           stays until Ctrl-C
    tools/cluster_demo.py --check   delivers, shows, and ends with 0

PORT (8000) is the balancer's, NODES (3) their number; everything lies in build/cluster and is removed at the end. Data that should
stay belong into a real installation: docs/cluster.md.
"""
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "test" / "cluster")]

import demo  # noqa: E402
from cluster import Cluster, die_with_parent, wait_until  # noqa: E402
from redis_server import free_port  # noqa: E402

FOLDER = ROOT / "build" / "cluster"
BATCH = 3_000
BALANCER_SECONDS = 20


def read_nodes():
    text = os.environ.get("NODES", "3")
    if text not in ("1", "2", "3"):
        raise demo.Trouble(f"NODES is {text!r}; it must be 1, 2 or 3")
    return int(text)


def take_folder():
    """The folder is emptied at the start, so one at a time may use it. The lock ends with the file or the process."""
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    lock = open(FOLDER.with_suffix(".lock"), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise demo.Trouble("make cluster runs already in this checkout; stop that one first, with Ctrl-C") from None
    return lock


class Balancer:
    """HAProxy with the configuration that deploy/ has for it."""

    def __init__(self, port, nodes, log_path):
        program = shutil.which("haproxy") or "/usr/sbin/haproxy"
        if not os.access(program, os.X_OK):
            raise demo.Trouble("haproxy is not installed; run: tools/setup --cluster")
        environment = dict(os.environ, BALANCER_BIND=f"127.0.0.1:{port}", BALANCER_METRICS_BIND=f"127.0.0.1:{free_port()}")
        for number in range(3):
            environment[f"NODE_{number + 1}"] = nodes[min(number, len(nodes) - 1)].address
        with open(log_path, "ab") as log:
            self.process = subprocess.Popen([program, "-f", ROOT / "deploy" / "haproxy.cfg"], env=environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Front:
    """What demo.py knows of a server, for the balancer in front of them all."""

    def __init__(self, port, cluster, log_path):
        self.port, self.key, self.log_path = port, cluster.key, log_path
        self.cluster = cluster

    call = demo.Server.call
    need = demo.Server.need

    def check_alive(self):
        for node in self.cluster.nodes:
            if not node.lives:
                raise demo.Trouble(f"{node.name} ended. Its last lines:\n{node.last_lines()}")

    def last_lines(self):
        return self.cluster.nodes[0].last_lines()


def show_batch(front, cluster):
    """A batch through the balancer; which node delivered how many."""
    recipients = [{"recipient": f"+86139{number:08d}"} for number in range(BATCH)]
    before = [node.metric("hongyan_messages_finished_total") for node in cluster.nodes]
    started = time.monotonic()
    task = front.need("POST", "/api/messages/send-batch",
                      {"channel": "sms", "content": "【鸿雁】集群演示", "recipients": recipients})
    path = f"/api/messages/tasks/{task['task_id']}"
    done = wait_until(lambda: (state := front.need("GET", path))["status"] == "completed" and state, 60,
                      lambda: front.need("GET", path))
    seconds = time.monotonic() - started
    demo.say(f"\nA batch of {BATCH:,} messages: {done['success_count']:,} delivered in {seconds:.1f} s.")
    for node, sent in zip(cluster.nodes, before):
        count = int(node.metric("hongyan_messages_finished_total") - sent)
        demo.say(f"  {node.name:8}  {node.address:16}  delivered {count:,} of them")


def show_nodes(cluster):
    nodes = cluster.nodes[0].need("GET", "/api/nodes")
    demo.say("\nEngines, as the first node sees them:")
    for engine in nodes["engines"]:
        demo.say(f"  {engine['role']:13} {engine['engine']:9} {'ok' if engine['ok'] else 'NOT OK'}")


def show_places(port, cluster, key_path):
    demo.say(f"""
  Balancer     http://127.0.0.1:{port}    console, monitor, API
  Nodes        {'  '.join('http://' + node.address for node in cluster.nodes)}
  PostgreSQL   {cluster.postgres.url}
  RabbitMQ     {cluster.queue_url()}
  Redis        {cluster.redis.url}
  Admin key    {demo.show_path(key_path)}
  Logs         {demo.show_path(FOLDER)}/*.log""")


def run(port, count, stays):
    demo.check_port(port)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    demo.say("Starting PostgreSQL, RabbitMQ and Redis …")
    cluster = Cluster(FOLDER, nodes=count)
    balancer = None
    key_path = FOLDER / "admin.key"
    key_path.touch(mode=0o600)
    key_path.write_text(cluster.key + "\n")
    try:
        cluster.start()
        balancer = Balancer(port, cluster.nodes, FOLDER / "balancer.log")
        front = Front(port, cluster, FOLDER / "balancer.log")
        wait_until(lambda: front.call("GET", "/readyz")[0] == 200, BALANCER_SECONDS, "the balancer answers")
        demo.say(f"{count} nodes are ready behind http://127.0.0.1:{port}.")
        demo.show_messages(front)
        show_batch(front, cluster)
        show_nodes(cluster)
        show_places(port, cluster, key_path)
        if not stays:
            return
        demo.say("\nRunning until Ctrl-C.")
        while True:
            front.check_alive()
            time.sleep(0.5)
    except demo.Stopped:
        demo.say("\nStopping …")
    finally:
        if balancer:
            balancer.stop()
        codes = cluster.stop()
        shutil.rmtree(FOLDER, ignore_errors=True)
        if any(code != 0 for code in codes):
            raise demo.Trouble(f"nodes did not stop cleanly: {codes}")
        demo.say("stopped cleanly")


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    terminal = demo.take_terminal()
    demo.stop_signals()
    try:
        port, count = demo.read_port(), read_nodes()
        with take_folder():
            run(port, count, stays=not sys.argv[1:])
    except (demo.Trouble, AssertionError, RuntimeError, OSError) as trouble:
        sys.exit(f"cluster: {trouble}")
    except demo.Stopped:
        pass
    finally:
        demo.give_terminal(terminal)


if __name__ == "__main__":
    main()
