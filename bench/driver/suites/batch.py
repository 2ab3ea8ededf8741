"""Batches of 10,000 with delivery running, beside a bare SQLite writer of the same rows."""

import os

from driver import bodies
from driver.bench import median
from driver.process import processor_seconds
from driver.report import Target


def one_round(bench):
    count = 20 if bench.quick else 100
    messages = count * bodies.recipients_per_batch
    with bench.server() as server:
        result = bench.send_batches(server, bodies.batch(), count)
        finished_at = server.wait_finished(messages)
        undelivered = server.not_delivered()
        server_seconds = processor_seconds(server.process.pid)
        data = server.data
    bare = bench.bare_sqlite(os.path.join(data, "hongyan.db"), messages)
    accepted = result["per_second"] * bodies.recipients_per_batch
    return {
        "accepted_per_second": accepted,
        "delivered_per_second": messages / (finished_at - result["started_ns"] / 1e9),
        "bare_per_second": bare["per_second"],
        "ratio": accepted / bare["per_second"],
        "p50_ms": result["p50_ms"],
        "p99_ms": result["p99_ms"],
        "undelivered": undelivered,
        "refused": sum(result["errors"].values()),
        "bare_bytes_per_row": bare["bytes_per_row"],
        "server_us_per_message": 1e6 * server_seconds / messages,
    }


def run(bench):
    results = bench.in_rounds("batches", lambda: one_round(bench))
    bare = median(results, "bare_per_second")
    bench.report.add(
        "batches: recipients accepted",
        median(results, "accepted_per_second"),
        "/s",
        bare,
        median(results, "ratio"),
        Target(at_least=0.8, of_ratio=True),
    )
    delivered = median(results, "delivered_per_second")
    bench.report.add(
        "batches: recipients end to end",
        delivered,
        "/s",
        bare,
        delivered / bare,
        Target(at_least=100_000),
    )
    bench.report.add("batches: p50 of accept", median(results, "p50_ms"), "ms")
    bench.report.add(
        "batches: processor time of the server",
        median(results, "server_us_per_message"),
        "us/message",
    )
    bench.report.add(
        "batches: not delivered",
        sum(result["undelivered"] for result in results),
        "",
        target=Target(at_most=0),
    )
