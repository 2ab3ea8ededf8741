"""The processes that a measurement needs. Every one of them ends with this driver, however the
driver ends."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import time

from driver.api import Api


class BenchError(Exception):
    """Something went wrong that makes the measurement worthless; the text tells what."""


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def start(command, **options):
    return subprocess.Popen(
        command, preexec_fn=_die_with_parent, stdin=subprocess.DEVNULL, **options
    )


def end(process, patience=30):
    """SIGTERM, and SIGKILL when that does not help in time. Tells whether SIGTERM was enough."""
    if process.poll() is not None:
        return True
    process.terminate()
    try:
        process.wait(patience)
        return True
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False


def run_json(command, timeout):
    """Runs a program that prints one line of JSON."""
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as expired:
        raise BenchError(f"{command[0]} took more than {timeout:.0f} s") from expired
    finally:
        end(process, 5)
    if process.returncode != 0:
        raise BenchError(f"{command[0]} failed: {errors.decode(errors='replace').strip()}")
    return json.loads(output)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_bytes(pid):
    """Resident bytes: all, and of them what no file backs."""
    sizes = {}
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name in ("VmRSS", "RssAnon", "VmHWM"):
                sizes[name] = int(value.split()[0]) * 1024
    return sizes


class BareHttp:
    """bench_bare_http as a context manager."""

    def __init__(self, program, port=None):
        self.port = port or free_port()
        self.process = start([program, str(self.port)])

    def __enter__(self):
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError as error:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    end(self.process, 1)
                    raise BenchError(f"bench_bare_http does not answer: {error}") from error
                time.sleep(0.02)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGCONT)  # it may have been frozen
        end(self.process, 5)


class Server:
    """One Hongyan server on one data folder, as a context manager; ready, with its seeded limits
    raised, inside."""

    admin_key = "bench-" + "0123456789abcdef" * 3

    def __init__(self, program, data, preload=None, settings=None):
        self.data = data
        self.port = free_port()
        self.log = data.rstrip("/") + ".log"
        self.started = time.monotonic()
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("HONGYAN_")
        }
        environment.update(
            {"HONGYAN_ADMIN_KEY": self.admin_key}, **(settings or {}), **(preload or {})
        )
        with open(self.log, "ab") as log:
            self.process = start(
                [program, "serve", "--data", data, "--listen", f"127.0.0.1:{self.port}"],
                env=environment,
                stdout=log,
                stderr=log,
            )
        self.api = Api(self.port, self.admin_key)

    def __enter__(self):
        try:
            self.wait_ready()
            self.raise_limits()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, kind, *_):
        self.api.close()
        if not end(self.process) and kind is None:
            raise BenchError(f"the server did not stop within 30 s of SIGTERM{self.log_tail()}")

    def kill(self):
        self.api.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def log_tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "\n  server's log: " + "  server's log: ".join(log.readlines()[-8:])

    def wait_ready(self, patience=60, pause=0.005):
        """Returns the seconds since the process was started."""
        while time.monotonic() < self.started + patience:
            if self.process.poll() is not None:
                raise BenchError(
                    f"the server ended with {self.process.returncode}{self.log_tail()}"
                )
            if self.api.is_ready():
                return time.monotonic() - self.started
            time.sleep(pause)
        raise BenchError(f"the server was not ready after {patience} s{self.log_tail()}")

    def raise_limits(self):
        """The seeded limits stay in place, and in the way of every request, but are never
        reached."""
        for limit in self.api.items("/api/limits"):
            self.api.call("PATCH", f"/api/limits/{limit['id']}", {"max_value": 1_000_000})

    def finished(self):
        return int(self.api.metrics().total("hongyan_messages_finished_total"))

    def wait_finished(self, count, stall=30):
        """Returns the monotonic time at which count messages in all were in a final state."""
        last, last_change = -1, time.monotonic()
        while True:
            done, now = self.finished(), time.monotonic()
            if done >= count:
                return now
            if done != last:
                last, last_change = done, now
            if now > last_change + stall:
                raise BenchError(
                    f"{done} of {count} messages are finished and nothing moved in {stall} s"
                    f"{self.log_tail()}"
                )
            time.sleep(0.02)

    def not_delivered(self):
        """How many messages ended otherwise than delivered."""
        metrics = self.api.metrics()
        good = sum(
            metrics.total("hongyan_messages_finished_total", status=status)
            for status in ("success", "delivered")
        )
        return int(metrics.total("hongyan_messages_finished_total") - good)
