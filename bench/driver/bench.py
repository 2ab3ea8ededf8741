"""Bench: what every suite is given: the programs, how long to measure, a place for files, the
report to write to."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from driver import bodies, machine
from driver.process import BareHttp, BenchError, Server, run_json

# Percent of the processor time that may go elsewhere in a round that counts: to other guests of
# the host, to others here.
max_quiet = {"steal_percent": 2.0, "others_percent": 5.0}


class Bench:
    def __init__(self, options, report):
        self.options = options
        self.report = report
        self.quick = options.quick
        self.rounds = options.rounds or (1 if options.quick else 5)
        self.seconds = 2 if options.quick else 5
        self.scale = 0.1 if options.quick else 1.0
        os.makedirs(options.scratch, exist_ok=True)
        self.folder = tempfile.mkdtemp(prefix="bench-", dir=options.scratch)
        self.folders_made = 0
        self.next_number = 0

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def full_size_only(self, target):
        """The target, or none when --quick measures a tenth of what the target speaks of."""
        return None if self.quick else target

    @staticmethod
    def say(text):
        print(text, file=sys.stderr, flush=True)

    def program(self, name):
        """One of the programs that bench/CMakeLists.txt builds."""
        places = (
            [self.options.programs]
            if self.options.programs
            else [
                os.path.join(os.path.dirname(self.options.server), "bench"),
                os.path.join("build", "bench", "bench"),
            ]
        )
        for place in places:
            path = os.path.abspath(os.path.join(place, name))
            if os.path.exists(path):
                return path
        raise BenchError(
            f"{name} is not in {' or '.join(places)}; bench/README.md tells how to build it"
        )

    def fresh_data(self):
        self.folders_made += 1
        return os.path.join(self.folder, f"data{self.folders_made}")

    def server(self, data=None, settings=None, slow_ms=None, count_file=None):
        """A release server on a fresh folder, or on the given one. slow_ms or count_file preloads
        libslowsync."""
        preload = {}
        if slow_ms is not None or count_file is not None:
            preload = {
                "LD_PRELOAD": self.program("libslowsync.so"),
                "SLOWSYNC_MS": str(slow_ms or 0),
                "SLOWSYNC_COUNT": count_file or "",
            }
        if not os.access(self.options.server, os.X_OK):
            raise BenchError(
                f"there is no server at {self.options.server}; build it or give --server"
            )
        return Server(
            os.path.abspath(self.options.server), data or self.fresh_data(), preload, settings
        )

    def bare_http(self, port=None):
        return BareHttp(self.program("bench_bare_http"), port)

    def run_text(self, command, seconds):
        """What a program prints; a BenchError with its own words when it fails."""
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        if done.returncode != 0:
            raise BenchError((done.stderr or done.stdout).strip()[-600:])
        return done.stdout

    def bare_sqlite(self, schema_from, rows):
        database = self.fresh_data() + ".db"
        try:
            return run_json(
                [
                    self.program("bench_bare_sqlite"),
                    "--schema-from",
                    schema_from,
                    "--database",
                    database,
                    "--rows",
                    str(rows),
                ],
                600,
            )
        finally:
            for ending in ("", "-wal", "-shm"):
                if os.path.exists(database + ending):
                    os.unlink(database + ending)

    def load(self, port, body, path="/api/messages/send", **arguments):
        """Runs bench_load; further arguments are its options. Errors are in the result."""
        command = [
            self.program("bench_load"),
            "--port",
            str(port),
            "--path",
            path,
            "--key",
            Server.admin_key,
            "--body",
            bodies.write(os.path.join(self.folder, f"body-{port}.json"), body),
            "--first-number",
            str(self.next_number),
        ]
        for name, value in arguments.items():
            command += ["--" + name.replace("_", "-"), str(value)]
        seconds = arguments.get("seconds", 5) + arguments.get("warmup", 0)
        result = run_json(command, seconds + 40)
        numbers_per_request = 4 + len(body.get("recipients", []))
        self.next_number += result["requests"] * numbers_per_request
        return result

    def send_batches(self, server, body, count, connections=4, seconds=600):
        """Sends count batches and gives what bench_load says; refuses to go on after any error."""
        result = self.load(
            server.port,
            body,
            "/api/messages/send-batch",
            connections=connections,
            stop_after=count,
            seconds=seconds,
            refused_pause=50,
        )
        self.require_no_error(result, refused_is_fine=True)
        if result["accepted"] < count:
            raise BenchError(
                f"only {result['accepted']} of {count} batches were accepted in {seconds} s"
            )
        return result

    @staticmethod
    def require_no_error(result, refused_is_fine=False):
        errors = {
            name: count
            for name, count in result["errors"].items()
            if not (refused_is_fine and name in ("429", "503"))
        }
        if errors or result["accepted"] == 0:
            raise BenchError(
                f"errors under load: {errors}; the first answer: {result['first_error'][:600]}"
            )

    def in_rounds(self, name, work, own_seconds=lambda: 0.0):
        """Runs work for every round and gives the dictionaries that count: those of quiet rounds,
        if most are. own_seconds: processor time of processes that belong to the measurement but
        are no children of this driver."""
        results = []
        for number in range(self.rounds):
            before = machine.processor_times(own_seconds())
            begun = time.monotonic()
            result = work()
            result.update(
                machine.disturbance(before, machine.processor_times(own_seconds())),
                load_average=os.getloadavg()[0],
            )
            results.append(result)
            shown = {key: value for key, value in result.items() if isinstance(value, (int, float))}
            self.say(
                f"{name}: round {number + 1} of {self.rounds} ({time.monotonic() - begun:.0f} s): "
                + ", ".join(f"{key} {value:,.6g}" for key, value in shown.items())
            )
        self.report.keep_rounds(name, results)
        quiet = [
            result
            for result in results
            if all(result[kind] <= most for kind, most in max_quiet.items())
        ]
        if len(quiet) < len(results):
            self.report.content["notes"].append(
                f"{name}: {len(quiet)} of {len(results)} rounds were undisturbed"
            )
        return quiet if 2 * len(quiet) > len(results) else results


def median(results, name):
    return statistics.median(result[name] for result in results)
