"""Single sends, accepted and delivered at the same time, beside the bare HTTP server."""

from driver import bodies
from driver.bench import median
from driver.process import processor_seconds
from driver.report import Target

ratio_targets = {50: 0.30, 500: 0.45}


def one_round(bench, connections):
    load = {"connections": connections, "warmup": 1, "seconds": bench.seconds}
    with bench.bare_http() as bare:
        bare_result = bench.load(bare.port, bodies.single, **load)
    with bench.server() as server:
        result = bench.load(server.port, bodies.single, **load)
        finished_at = server.wait_finished(result["accepted"]) if result["accepted"] else None
        undelivered = server.not_delivered()
        server_seconds = processor_seconds(server.process.pid)
    delivered = (
        result["accepted"] / (finished_at - result["started_ns"] / 1e9) if finished_at else 0.0
    )
    both = min(result["per_second"], delivered)
    return {
        "accepted_per_second": result["per_second"],
        "delivered_per_second": delivered,
        "both_per_second": both,
        "bare_per_second": bare_result["per_second"],
        "ratio": both / bare_result["per_second"],
        "p50_ms": result["p50_ms"],
        "p99_ms": result["p99_ms"],
        "p999_ms": result["p999_ms"],
        "max_ms": result["max_ms"],
        "bare_p99_ms": bare_result["p99_ms"],
        "errors": sum(result["errors"].values()) + undelivered,
        "first_error": result["first_error"],
        "server_us_per_message": 1e6 * server_seconds / max(1, result["accepted"]),
        "load_us_per_message": 1e6 * result["cpu_seconds"] / max(1, result["requests"]),
    }


def run(bench):
    for connections in (50, 500):
        name = f"single sends, {connections} connections"
        results = bench.in_rounds(name, lambda: one_round(bench, connections))
        bench.report.add(
            f"{name}: accepted and delivered",
            median(results, "both_per_second"),
            "/s",
            median(results, "bare_per_second"),
            median(results, "ratio"),
            Target(at_least=ratio_targets[connections], of_ratio=True),
        )
        bench.report.add(f"{name}: accepted", median(results, "accepted_per_second"), "/s")
        bench.report.add(f"{name}: p50 of accept", median(results, "p50_ms"), "ms")
        bench.report.add(
            f"{name}: p99 of accept",
            median(results, "p99_ms"),
            "ms",
            median(results, "bare_p99_ms"),
            target=Target(at_most=30) if connections == 500 else None,
        )
        bench.report.add(
            f"{name}: processor time of the server",
            median(results, "server_us_per_message"),
            "us/message",
        )
        first_error = next(
            (result["first_error"] for result in results if result["first_error"]), ""
        )
        bench.report.add(
            f"{name}: errors",
            sum(result["errors"] for result in results),
            "",
            target=Target(at_most=0),
            note=first_error[:300],
        )
