"""Counts that must not grow: the same on every machine, so that CI can hold them. Bounds are in
bench/guards.json."""

import json
import os
import struct
import sys

from driver import bodies
from driver.suites.disk import sizes
from driver.suites.memory import close_channel, resident

accepts = 20_000
finished_rows = 100_000
first_queued, then_queued = 300_000, 900_000  # the first fills every bounded cache


def syncs_in(file):
    with open(file, "rb") as counts:
        return struct.unpack("=QQ", counts.read(16))[0]


def counters(server, count_file):
    metrics = server.api.metrics()
    return {
        "accepted": metrics.required("hongyan_messages_accepted_total"),
        "commits": metrics.required("hongyan_store_commits_total"),
        "statements": metrics.required("hongyan_store_statements_total"),
        "syncs": syncs_in(count_file),
    }


def accept_counts(bench):
    count_file = os.path.join(bench.folder, "syncs")
    with bench.server(count_file=count_file) as server:
        bench.require_no_error(
            bench.load(server.port, bodies.single, connections=50, seconds=60, stop_after=2_000)
        )
        server.wait_finished(2_000)
        before = counters(server, count_file)
        result = bench.load(
            server.port, bodies.single, connections=50, seconds=60, stop_after=accepts
        )
        bench.require_no_error(result)
        server.wait_finished(2_000 + result["accepted"])
        after = counters(server, count_file)
    grown = {name: after[name] - before[name] for name in after}
    return {
        "commits_per_1000_accepts": 1000 * grown["commits"] / grown["accepted"],
        "syncs_per_commit": grown["syncs"] / grown["commits"],
        "statements_per_message": grown["statements"] / grown["accepted"],
    }


def row_bytes(bench):
    with bench.server() as server:
        data = server.data
    empty = sizes(data)["database"]
    with bench.server() as server:
        data = server.data
        bench.send_batches(server, bodies.batch(), finished_rows // bodies.recipients_per_batch)
        server.wait_finished(finished_rows)
    return {"bytes_per_row": (sizes(data)["database"] - empty) / finished_rows}


def queued_bytes(bench):
    """Growth between two fillings, so that what every server needs once is left out."""
    with bench.server() as server:
        close_channel(server)
        bench.send_batches(server, bodies.batch(), first_queued // bodies.recipients_per_batch)
        first = resident(server, 2)["RssAnon"]
        bench.send_batches(
            server, bodies.batch(), (then_queued - first_queued) // bodies.recipients_per_batch
        )
        then = resident(server, 2)["RssAnon"]
    return {"heap_bytes_per_queued_message": (then - first) / (then_queued - first_queued)}


def run(bench, bounds_file):
    """Prints every count beside its bound; tells whether all are kept."""
    with open(bounds_file, encoding="utf-8") as file:
        bounds = json.load(file)
    counts = {}
    for measure in (accept_counts, row_bytes, queued_bytes):
        counts.update(measure(bench))
    good = True
    for name, bound in bounds.items():
        kept = counts[name] <= bound["at_most"]
        good = good and kept
        verdict = "ok      " if kept else "EXCEEDED"
        print(f"{verdict} {name} is {counts[name]:.4g}, at most {bound['at_most']:g}")
        if not kept:
            print(f"guard: {name} exceeded: {bound['why']}", file=sys.stderr)
    bench.report.content["guards"] = counts
    return good
