"""A restart after SIGKILL with four million messages in the store, one million of them
unfinished."""

import shutil
import time

from driver import bodies
from driver.bench import median
from driver.process import BenchError
from driver.report import Target

needed_bytes_per_message = 1_500
# While the unfinished ones are made, the provider takes its time, so that they stay queued but
# may be sent at the restart.
slow_provider = {
    "HONGYAN_SANDBOX_LATENCY_MS": "600000",
    "HONGYAN_DELIVERY_ATTEMPT_TIMEOUT_SECONDS": "3600",
}


def check_room(bench, messages):
    free = shutil.disk_usage(bench.folder).free
    if free < messages * needed_bytes_per_message:
        raise BenchError(
            f"{bench.folder} has {free >> 30} GiB free, too little for {messages:,} messages"
        )


def prepare(bench, finished, unfinished):
    """The data folder of a server that was killed with so many messages finished and unfinished."""
    with bench.server() as server:
        data = server.data
        bench.send_batches(server, bodies.batch(), finished // bodies.recipients_per_batch)
        server.wait_finished(finished)
    with bench.server(data, settings=slow_provider) as server:
        bench.send_batches(server, bodies.batch(), unfinished // bodies.recipients_per_batch)
        time.sleep(1)
        sent = server.finished()
        server.kill()
    if sent > unfinished // 100:
        raise BenchError(
            f"{sent} of the {unfinished} messages that must wait were sent before the kill"
        )
    return data, unfinished - sent


def first_send(server):
    while True:
        status, answer = server.api.request(
            "POST", "/api/messages/send", {**bodies.single, "recipient": "13800000000"}
        )
        if status == 202:
            return time.monotonic() - server.started
        if status not in (429, 503) or time.monotonic() > server.started + 60:
            raise BenchError(
                f"the first send after the restart was answered {status}: {answer[:300]!r}"
            )
        time.sleep(0.005)


def one_round(bench):
    finished, unfinished = int(3_000_000 * bench.scale), int(1_000_000 * bench.scale)
    check_room(bench, finished + unfinished)
    data, waiting = prepare(bench, finished, unfinished)
    server = bench.server(data)
    try:
        ready = server.wait_ready()
        accepted = first_send(server)
        sent = server.wait_finished(1) - server.started
        resident = server.api.metrics().total("process_resident_memory_bytes")
        drained = server.wait_finished(waiting) - server.started
    finally:
        server.kill()
        shutil.rmtree(data)
    return {
        "ready_seconds": ready,
        "accepting_seconds": accepted,
        "sending_seconds": sent,
        "resident_mib": resident / 1024 / 1024,
        "drained_per_second": waiting / (drained - sent),
    }


def run(bench):
    bench_rounds, bench.rounds = bench.rounds, min(bench.rounds, 3)  # each fills gigabytes
    try:
        results = bench.in_rounds("restart", lambda: one_round(bench))
    finally:
        bench.rounds = bench_rounds
    many = f"{int(4_000_000 * bench.scale):,}"
    bench.report.add(f"restart with {many} messages: ready", median(results, "ready_seconds"), "s")
    bench.report.add(
        f"restart with {many} messages: first send accepted",
        median(results, "accepting_seconds"),
        "s",
        target=bench.full_size_only(Target(at_most=1)),
    )
    bench.report.add(
        f"restart with {many} messages: first message sent",
        median(results, "sending_seconds"),
        "s",
        target=bench.full_size_only(Target(at_most=3)),
    )
    bench.report.add("restart: backlog drained", median(results, "drained_per_second"), "/s")
