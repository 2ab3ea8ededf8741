"""Bytes on disk for a finished message with its trace, over the bytes of its text and recipient."""

import os

from driver import bodies
from driver.bench import median
from driver.report import Target


def sizes(folder):
    """Bytes by kind: the database, its write-ahead log, everything else (the sandbox's journal)."""
    found = {"database": 0, "log": 0, "journal": 0}
    for place, _, names in os.walk(folder):
        for name in names:
            kind = (
                "database"
                if name.endswith(".db")
                else "log" if name.endswith("-wal") else "journal"
            )
            if not name.endswith("-shm"):
                found[kind] += os.path.getsize(os.path.join(place, name))
    return found


def empty_sizes(bench):
    with bench.server() as server:
        data = server.data
    return sizes(data)


def grown(bench, empty, send):
    """What the folder grew by, after a stop, which writes the write-ahead log back; and how many
    messages that were."""
    with bench.server() as server:
        count = send(server)
        server.wait_finished(count)
        data = server.data
    after = sizes(data)
    return {kind: after[kind] - empty[kind] for kind in empty}, count


def send_singles(bench, server):
    count = 0
    for text in (bodies.chinese_text, bodies.english_text):
        result = bench.load(
            server.port,
            bodies.text_single(text),
            connections=50,
            seconds=60,
            stop_after=int(100_000 * bench.scale),
        )
        bench.require_no_error(result)
        count += result["accepted"]
    return count


def send_batches(bench, server):
    batches = int(20 * bench.scale)
    for text in (bodies.chinese_text, bodies.english_text):
        bench.send_batches(server, bodies.text_batch(text), batches)
    return 2 * batches * bodies.recipients_per_batch


def one_round(bench):
    empty = empty_sizes(bench)
    wanted = (
        bodies.payload_bytes(bodies.chinese_text) + bodies.payload_bytes(bodies.english_text)
    ) / 2
    result = {"payload_bytes": wanted}
    for name, send in (("single", send_singles), ("batch", send_batches)):
        parts, count = grown(bench, empty, lambda server: send(bench, server))
        result[f"{name}_database_bytes"] = parts["database"] / count
        result[f"{name}_all_bytes"] = sum(parts.values()) / count
        result[f"{name}_factor"] = sum(parts.values()) / count / wanted
    return result


def run(bench):
    bench_rounds, bench.rounds = bench.rounds, 1  # counts, not times: one round tells it
    try:
        results = bench.in_rounds("disk", lambda: one_round(bench))
    finally:
        bench.rounds = bench_rounds
    wanted = median(results, "payload_bytes")
    for name in ("single", "batch"):
        bench.report.add(
            f"disk: a finished message ({name}), database",
            median(results, f"{name}_database_bytes"),
            "bytes",
            wanted,
            median(results, f"{name}_database_bytes") / wanted,
            Target(at_most=2, of_ratio=True),
        )
        # The journal notes what the pretended receivers got; no real channel writes one.
        bench.report.add(
            f"disk: the same ({name}) with the sandbox's journal",
            median(results, f"{name}_all_bytes"),
            "bytes",
            wanted,
            median(results, f"{name}_factor"),
        )
