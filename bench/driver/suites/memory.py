"""Resident memory: idle, with a million messages due in an hour, with a million in the queue."""

import time

from driver import bodies
from driver.bench import median
from driver.process import BenchError, memory_bytes
from driver.report import Target

mib = 1024 * 1024
closed_limit = {"resource": "channel:sms", "limit_type": "qps", "max_value": 0}


def close_channel(server):
    """From now on the SMS channel takes nothing, so what is accepted stays in the queue."""
    server.api.call("POST", "/api/limits", closed_limit)


def resident(server, settle_seconds=3):
    time.sleep(settle_seconds)
    return memory_bytes(server.process.pid)


def fill(bench, count, scheduled):
    with bench.server() as server:
        idle = resident(server, 2)
        if not scheduled:
            close_channel(server)
        batch = bodies.batch(delay_seconds=3600) if scheduled else bodies.batch()
        bench.send_batches(server, batch, count // bodies.recipients_per_batch)
        full = resident(server)
        if server.finished() > 0:
            raise BenchError(f"{server.finished()} messages were sent although none should be")
        depth = server.api.metrics().required("hongyan_queue_depth")
    if not scheduled and depth < 0.95 * count:
        raise BenchError(
            f"hongyan_queue_depth says {depth:.0f} of {count} messages that must be in the queue"
        )
    return idle, full


def one_round(bench):
    count = int(1_000_000 * bench.scale)
    idle, scheduled = fill(bench, count, scheduled=True)
    idle_again, queued = fill(bench, count, scheduled=False)
    return {
        "idle_mib": max(idle["VmRSS"], idle_again["VmRSS"]) / mib,
        "scheduled_mib": scheduled["VmRSS"] / mib,
        "queued_mib": queued["VmRSS"] / mib,
        "queued_peak_mib": queued["VmHWM"] / mib,
        "queued_anonymous_mib": queued["RssAnon"] / mib,
        "bytes_per_queued_message": (queued["VmRSS"] - idle_again["VmRSS"]) / count,
    }


def run(bench):
    bench_rounds, bench.rounds = bench.rounds, min(bench.rounds, 3)  # memory hardly varies
    try:
        results = bench.in_rounds("memory", lambda: one_round(bench))
    finally:
        bench.rounds = bench_rounds
    many = f"{int(1_000_000 * bench.scale):,}"
    bench.report.add("memory: idle", median(results, "idle_mib"), "MiB", target=Target(at_most=40))
    bench.report.add(
        f"memory: {many} scheduled",
        median(results, "scheduled_mib"),
        "MiB",
        target=bench.full_size_only(Target(at_most=120)),
    )
    bench.report.add(
        f"memory: {many} queued",
        median(results, "queued_mib"),
        "MiB",
        target=bench.full_size_only(Target(at_most=120)),
    )
    bench.report.add(f"memory: {many} queued, peak", median(results, "queued_peak_mib"), "MiB")
