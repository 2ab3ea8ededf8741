"""A Hongyan cluster of its own on loopback: PostgreSQL, RabbitMQ, Redis and any number of nodes, in one folder, on free ports.

    with Cluster(folder, nodes=3) as cluster:
        cluster.nodes[0].call("POST", "/api/messages/send", {...})
        cluster.nodes[1].kill(); cluster.nodes[1].start()
        cluster.broker.kill(); cluster.broker.again()

Used by tools/cluster_demo.py and by the tests in test/cluster. Only the standard library; an engine that is not installed fails with
the command that installs it.
"""
import base64
import ctypes
import http.client
import json
import os
import pathlib
import secrets
import signal
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import rabbitmq  # noqa: E402
from redis_server import RedisServer, free_port  # noqa: E402

READY_SECONDS = 60
STOP_SECONDS = 40


def binary():
    return pathlib.Path(os.environ.get("HONGYAN_BINARY", ROOT / "build" / "release" / "hongyan")).resolve()


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def wait_until(condition, seconds, what):
    """Polls until condition() is true and gives what it gave; fails with the words after so long."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.05)


class Postgres:
    """The server of test/cluster/postgres.py as an object."""

    def __init__(self):
        # Not in a test's own folder, which only its user may enter: root runs the server as another user.
        top = tempfile.mkdtemp(prefix="hongyan-postgres-")
        os.chmod(top, 0o755)
        self.top, self.folder = pathlib.Path(top), pathlib.Path(top) / "server"
        self.url = ""

    def _run(self, *words):
        done = subprocess.run([sys.executable, HERE / "postgres.py", *map(str, words)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"postgres.py {words[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    def start(self):
        self.url = self._run("start", self.folder).splitlines()[-1]
        return self

    def stop(self, mode="fast"):
        self._run("stop", self.folder, "--mode", mode)

    def restart(self, mode="fast"):
        self._run("restart", self.folder, "--mode", mode)

    def kill(self):
        self._run("kill", self.folder)

    def remove(self):
        self._run("stop", self.folder, "--mode", "immediate", "--remove")
        shutil.rmtree(self.top, ignore_errors=True)

    def sql(self, text):
        """The rows of a query as lists of texts, by psql."""
        done = subprocess.run(["psql", "-XAtq", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-c", text],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return [line.split("\x1f") for line in done.stdout.splitlines()]

    def one(self, text):
        rows = self.sql(text)
        return rows[0][0] if rows else ""


class Node:
    """One process of the cluster. Its port and folder stay the same over restarts."""

    def __init__(self, folder, name, environment, key):
        self.folder, self.name, self.key = pathlib.Path(folder), name, key
        self.port = free_port()
        self.environment = environment
        self.process = None
        self.log_path = self.folder.parent / f"{name}.log"

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self, wait=True, **settings):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HONGYAN_")}
        environment |= self.environment | {"HONGYAN_NODE_NAME": self.name, "HONGYAN_ADMIN_KEY": self.key}
        environment |= settings
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [binary(), "serve", "--data", self.folder, "--listen", self.address], env=environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.last_lines()}")
            return self.call("GET", "/readyz")[0] == 200

        wait_until(ready, READY_SECONDS, lambda: f"{self.name} is ready\n{self.last_lines()}")

    def last_lines(self, count=20):
        with open(self.log_path, "rb") as log:
            return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])

    def log(self):
        return self.log_path.read_text(errors="replace")

    def kill(self):
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        """SIGTERM; gives the exit code."""
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else 0
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"{self.name} did not stop:\n{self.last_lines()}") from None

    @property
    def lives(self):
        return self.process is not None and self.process.poll() is None

    def call(self, method, path, body=None, headers=None, timeout=10):
        """The status and JSON of one answer; (0, None) if there was none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text.decode(errors="replace")
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()

    def need(self, method, path, body=None, headers=None):
        status, answer = self.call(method, path, body, headers)
        assert 200 <= status < 300, f"{self.name}: {method} {path}: {status} {answer}\n{self.last_lines()}"
        return answer

    def metric(self, name):
        """The sum of a metric over its labels."""
        text = self.need("GET", "/metrics")
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if line.split("{")[0].split(" ")[0] == name)


class Cluster:
    """Engines and nodes. with_redis=False: coordination by the store alone; with_broker=False: a queue in each process.

    through: a function that takes the name of an engine (store, queue, coordination), its host and port, and gives the port of a
    proxy to go through instead.
    """

    def __init__(self, folder, nodes=3, with_broker=True, with_redis=True, settings=None, roles=None, through=None,
                 start_nodes=True):
        self.folder = pathlib.Path(folder)
        self.count, self.settings, self.roles, self.through = nodes, settings or {}, roles, through
        self.key = "hy_" + secrets.token_hex(24)
        self.postgres = Postgres()
        self.broker = rabbitmq.Broker(self.folder / "rabbitmq") if with_broker else None
        self.redis = RedisServer() if with_redis else None
        self.start_nodes = start_nodes
        self.nodes = []

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        starts = [self.postgres.start]
        if self.broker:
            starts.append(self.broker.start)
        if self.redis:
            starts.append(self.redis.start)
        troubles = []

        def begin(start):
            try:
                start()
            except BaseException as trouble:  # told to who waits
                troubles.append(trouble)

        threads = [threading.Thread(target=begin, args=(start,)) for start in starts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if troubles:
            self.stop()
            raise troubles[0]
        environment = self.environment()
        for number in range(self.count):
            name = f"node-{number + 1}"
            own = dict(environment)
            if self.roles:
                own["HONGYAN_NODE_ROLES"] = self.roles[number]
            self.nodes.append(Node(self.folder / name, name, own, self.key))
        if self.start_nodes:
            for node in self.nodes:
                node.start(wait=False)
            for node in self.nodes:
                node.wait_ready()
        return self

    def _port(self, engine, port):
        return self.through(engine, "127.0.0.1", int(port)) if self.through else int(port)

    def store_url(self):
        parts = urllib.parse.urlsplit(self.postgres.url)
        port = self._port("store", parts.port)
        return parts._replace(netloc=parts.netloc.rsplit(":", 1)[0] + f":{port}").geturl()

    def queue_url(self):
        values = dict(line.split("=", 1) for line in (self.folder / "rabbitmq" / "broker.env").read_text().split())
        return f"amqp://guest:guest@127.0.0.1:{self._port('queue', values['PORT'])}/%2F"

    def environment(self):
        environment = {
            "HONGYAN_STORE_URL": self.store_url(),
            "HONGYAN_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "HONGYAN_SANDBOX_PROVIDERS": "false",
        }
        if self.broker:
            environment["HONGYAN_QUEUE_URL"] = self.queue_url()
        if self.redis:
            environment["HONGYAN_COORDINATION_URL"] = f"redis://127.0.0.1:{self._port('coordination', self.redis.port)}"
        return environment | self.settings

    def stop(self):
        """Ends everything; gives the exit codes of the nodes."""
        codes = []
        for node in self.nodes:
            try:
                codes.append(node.stop())
            except RuntimeError as trouble:
                codes.append(str(trouble))
        if self.redis:
            self.redis.stop()
        if self.broker:
            self.broker.stop()
        self.postgres.remove()
        return codes

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        codes = self.stop()
        if kind is None:
            assert all(code in (0, -9) for code in codes), codes
