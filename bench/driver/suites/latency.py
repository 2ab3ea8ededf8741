"""Open loop at half the peak rate, on this disk and with 4 ms added to every sync.

With the slowed sync no connection gets more than 250 answers a second, so the same rate comes
over 500 connections.
"""

from driver import bodies
from driver.bench import median
from driver.report import Target

slow_ms = 4


def peak_rate(bench):
    with bench.server() as server:
        result = bench.load(
            server.port, bodies.single, connections=50, warmup=1, seconds=bench.seconds
        )
        bench.require_no_error(result)
    return result["per_second"]


def open_loop(bench, rate, connections, slow=None):
    with bench.server(slow_ms=slow) as server:
        result = bench.load(
            server.port,
            bodies.single,
            connections=connections,
            warmup=1,
            seconds=bench.seconds,
            rate=rate,
        )
        server.wait_finished(result["accepted"])
    return result


def one_round(bench):
    peak = peak_rate(bench)
    fast = open_loop(bench, peak / 2, 50)
    slow = open_loop(bench, peak / 2, 500, slow_ms)
    return {
        "peak_per_second": peak,
        "p50_ms": fast["p50_ms"],
        "p99_ms": fast["p99_ms"],
        "p999_ms": fast["p999_ms"],
        "errors": sum(fast["errors"].values()),
        "slow_p50_ms": slow["p50_ms"],
        "slow_p99_ms": slow["p99_ms"],
        "slow_p999_ms": slow["p999_ms"],
        "slow_errors": sum(slow["errors"].values()),
    }


def run(bench):
    results = bench.in_rounds("open loop at half the peak", lambda: one_round(bench))
    bench.report.add("open loop: rate", median(results, "peak_per_second") / 2, "/s")
    bench.report.add("open loop: p50 of accept", median(results, "p50_ms"), "ms")
    bench.report.add(
        "open loop: p99 of accept", median(results, "p99_ms"), "ms", target=Target(at_most=5)
    )
    bench.report.add("open loop: p99.9 of accept", median(results, "p999_ms"), "ms")
    slow = f"open loop, {slow_ms} ms more a sync"
    bench.report.add(f"{slow}: p50 of accept", median(results, "slow_p50_ms"), "ms")
    bench.report.add(
        f"{slow}: p99 of accept", median(results, "slow_p99_ms"), "ms", target=Target(at_most=25)
    )
    bench.report.add(
        "open loop: errors",
        sum(result["errors"] + result["slow_errors"] for result in results),
        "",
        target=Target(at_most=0),
    )
