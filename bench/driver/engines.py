"""The engines of a cluster for a measurement, started by test/cluster/cluster.py: PostgreSQL,
RabbitMQ and Redis once for a suite, a fresh database for each measurement; nodes and the bare
sketch on them; the processor time that each part has used."""

import contextlib
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile

from driver.api import Api
from driver.process import BareHttp, BenchError, Server, end, free_port, processor_seconds, start

_tests = pathlib.Path(__file__).resolve().parents[2] / "test" / "cluster"


def _cluster_module():
    """test/cluster/cluster.py, which knows how to start all this."""
    if str(_tests) not in sys.path:
        sys.path.insert(0, str(_tests))
    import cluster  # pylint: disable=import-outside-toplevel

    return cluster


def _stat(pid):
    """The fields of /proc/PID/stat from the state on; None for a process that has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def _all_processes():
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat(name)
            if fields:
                yield int(name), fields


def _tree_seconds(root):
    """Of a process, its living children and those that it has waited for."""
    tick = os.sysconf("SC_CLK_TCK")
    ticks = 0
    for pid, fields in _all_processes():
        if pid == root:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == root:
            ticks += sum(map(int, fields[11:13]))
    return ticks / tick


def _session_seconds(session):
    tick = os.sysconf("SC_CLK_TCK")
    return (
        sum(
            int(fields[11]) + int(fields[12])
            for _, fields in _all_processes()
            if int(fields[3]) == session
        )
        / tick
    )


def _postgres_place(scratch):
    """The folder itself, or none when root's PostgreSQL, which runs as another user, cannot enter
    it: then it goes below /tmp."""
    place = pathlib.Path(scratch).absolute()
    if all(one.stat().st_mode & 0o001 for one in (place, *place.parents)):
        return str(place)
    return None


class Engines:
    """A context manager: inside, all three run."""

    def __init__(self, bench):
        self.bench = bench
        self.module = _cluster_module()
        os.environ["HONGYAN_BINARY"] = os.path.abspath(bench.options.server)
        self.folder = tempfile.mkdtemp(prefix="cluster-", dir=bench.folder)
        # PostgreSQL makes its folder where temporary files go; it is to be on the disk to measure.
        usual, tempfile.tempdir = tempfile.tempdir, _postgres_place(bench.options.scratch)
        try:
            self.cluster = self.module.Cluster(os.path.join(self.folder, "engines"), nodes=0)
        finally:
            tempfile.tempdir = usual
        self.databases = 0

    def __enter__(self):
        try:
            self.cluster.start()
        except SystemExit as missing:
            raise BenchError(str(missing)) from missing
        except RuntimeError as problem:
            raise BenchError(str(problem)) from problem
        return self

    def __exit__(self, *_):
        self.cluster.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def seconds(self):
        """Processor seconds of each engine since it started."""
        postmaster = self.cluster.postgres.folder / "data" / "postmaster.pid"
        return {
            "postgres": _tree_seconds(int(postmaster.read_text().split()[0])),
            "rabbitmq": _session_seconds(int(self.cluster.broker.values()["PID"])),
            "redis": processor_seconds(self.cluster.redis.process.pid),
        }

    @contextlib.contextmanager
    def database(self):
        """The URL of a fresh one, dropped afterwards; what was written before is on disk, and Redis
        is empty."""
        self.databases += 1
        self.cluster.redis.command("FLUSHALL")
        name = f"bench_{self.databases}"
        postgres = self.cluster.postgres
        postgres.sql(f"CREATE DATABASE {name}")
        postgres.sql("CHECKPOINT")
        try:
            yield postgres.url.rpartition("/")[0] + "/" + name
        finally:
            postgres.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def rows(self, url, query):
        """What a query gives in this database."""
        whole = self.cluster.postgres.url
        self.cluster.postgres.url = url
        try:
            return self.cluster.postgres.sql(query)
        finally:
            self.cluster.postgres.url = whole

    def broker_port(self):
        return self.cluster.broker.values()["PORT"]

    @contextlib.contextmanager
    def nodes(self, count, url, settings=None):
        """So many of them on this database, ready, with the seeded limits raised."""
        environment = self.cluster.environment() | {
            "HONGYAN_STORE_URL": url,
            **(settings or {}),
        }
        parts = [
            Node(self.module.Node(pathlib.Path(self.folder) / f"{secrets.token_hex(4)}",
                                  f"node-{number + 1}", environment, Server.admin_key))
            for number in range(count)
        ]
        try:
            # The others read the raised limits when they start, so none still has the old ones.
            for number, one in enumerate(parts):
                one.process.start()
                if number == 0:
                    _raise_limits(one)
            yield parts
        finally:
            for one in parts:
                one.stop()

    @contextlib.contextmanager
    def bare(self, url):
        """bench_bare_cluster, in a database in which a node has just made its tables."""
        with self.nodes(1, url):
            pass
        sketch = BareCluster(self.bench.program("bench_bare_cluster"), url, self.broker_port())
        with sketch:
            yield sketch


class Node:
    """One of the nodes, with its API."""

    def __init__(self, process):
        self.process = process
        self.port = process.port
        self.api = Api(process.port, process.key)

    def seconds(self):
        return processor_seconds(self.process.process.pid)

    def metrics(self):
        return self.api.metrics()

    def stop(self):
        self.api.close()
        try:
            self.process.stop()
        finally:
            shutil.rmtree(self.process.folder, ignore_errors=True)


class BareCluster(BareHttp):
    """bench_bare_cluster as a context manager, with the face of a node."""

    def __init__(self, program, url, broker_port):  # pylint: disable=super-init-not-called
        self.port = free_port()
        self.process = start(
            [program, str(self.port), url, broker_port], stdout=subprocess.DEVNULL
        )
        self.api = Api(self.port, "")

    def __exit__(self, *_):
        self.api.close()
        end(self.process, 10)

    def seconds(self):
        return processor_seconds(self.process.pid)

    def finished(self):
        if self.process.poll() is not None:
            raise BenchError("bench_bare_cluster died; its words are above")
        return self.api.call("GET", "/counts")["finished"]


def _raise_limits(node):
    """The seeded limits stay in the way of every request but are never reached."""
    for limit in node.api.items("/api/limits"):
        node.api.call("PATCH", f"/api/limits/{limit['id']}", {"max_value": 1_000_000})
