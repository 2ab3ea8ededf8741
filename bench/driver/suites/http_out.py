"""Requests a second that one core sends through the HTTP client, beside bare sockets that send the same bytes."""

import re

from driver.bench import median
from driver.process import BenchError

figures_of = re.compile(r"([\d.]+)/s by the clock, ([\d.]+) us of processor each, ([\d.]+)/s for a whole core")


def measure(bench, loop):
    text = bench.run_text(
        [bench.program("bench_http_out"), "--seconds", str(bench.seconds), "--loop", loop], bench.seconds + 60)
    found = figures_of.search(text)
    if found is None:
        raise BenchError(f"bench_http_out printed {text[-300:]}")
    return [float(word) for word in found.groups()]


def one_round(bench):
    bare = measure(bench, "bare")
    ours = measure(bench, "curl")
    return {"bare_per_core": bare[2], "per_second": ours[0], "microseconds": ours[1], "per_core": ours[2],
            "ratio": ours[2] / bare[2]}


def run(bench):
    results = bench.in_rounds("http out", lambda: one_round(bench))
    bench.report.add("http out: requests for a whole core", median(results, "per_core"), "/s",
                     bare=median(results, "bare_per_core"), ratio=median(results, "ratio"))
    bench.report.add("http out: processor time of a request", median(results, "microseconds"), "us")
