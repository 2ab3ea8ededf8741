"""Fail-over under load: two accounts share the messages of one channel, and one of them dies for a third of the time.

Each is a receiver of its own (bench_bare_http). It dies in two ways: killed, so that connections are refused, and
frozen (SIGSTOP), so that requests leave and no answer comes. Told, not judged: messages a second, how many were
delivered late, and how late the last one was.
"""

import contextlib
import signal
import sqlite3
import threading
import time

from driver.bench import median
from driver.process import BenchError

secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
late_ms = 1_000
share_of_peak = 0.4
body = {"channel": "webhook", "recipient": "in/########", "content": "Parcel ######## has arrived."}


def add_account(server, receiver, name):
    settings = {"base_url": f"http://127.0.0.1:{receiver.port}/taken", "trusted": True, "secret": secret,
                "timeout_ms": 1_000}
    server.api.call("POST", "/api/accounts",
                    {"channel": "webhook", "provider": "webhook", "name": name, "settings": settings})


@contextlib.contextmanager
def two_accounts(bench):
    with bench.bare_http() as one, bench.bare_http() as other, bench.server() as server:
        add_account(server, one, "one")
        add_account(server, other, "other")
        time.sleep(1)  # accounts are opened within a second
        yield server, one


def messages(server):
    """(milliseconds from accept to the end, time of the end) of all; the upper bits of an id are its time of accept."""
    with contextlib.closing(sqlite3.connect(f"file:{server.data}/hongyan.db?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT finished_ms - (id >> 20), finished_ms, status FROM message_records").fetchall()
    lost = [row[2] for row in rows if row[2] not in ("success", "delivered")]
    if lost:
        raise BenchError(f"{len(lost)} messages were not delivered: {sorted(set(lost))}")
    return [row[:2] for row in rows]


def peak(bench):
    with two_accounts(bench) as (server, _):
        result = bench.load(server.port, body, connections=50, seconds=bench.seconds)
        bench.require_no_error(result)
        begun = time.monotonic() - result["seconds"]
        return result["accepted"] / (server.wait_finished(result["accepted"]) - begun)


def die_and_return(bench, receiver, how, seconds, dead, ended):
    """The receiver is dead from one third of the time on to the second third; when, is noted in dead."""
    time.sleep(seconds / 3)
    dead.append(time.time() * 1000)
    if how == "frozen":
        receiver.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds / 3)
        dead.append(time.time() * 1000)
        receiver.process.send_signal(signal.SIGCONT)
        return
    receiver.process.kill()
    receiver.process.wait()
    time.sleep(seconds / 3)
    dead.append(time.time() * 1000)
    with bench.bare_http(receiver.port):
        ended.wait(120)


def with_death(bench, how, rate):
    seconds = 3 * bench.seconds
    ended, dead = threading.Event(), []
    with two_accounts(bench) as (server, one):
        death = threading.Thread(target=die_and_return, args=(bench, one, how, seconds, dead, ended))
        death.start()
        try:
            result = bench.load(server.port, body, connections=50, seconds=seconds, rate=rate)
            bench.require_no_error(result)
            server.wait_finished(result["accepted"], stall=60)
        finally:
            ended.set()
            death.join()
        all_messages = messages(server)
    all_delays = sorted(delay for delay, _ in all_messages)
    while_dead = sum(1 for _, ended_ms in all_messages if dead[0] <= ended_ms < dead[1])
    return {
        "per_second": 1000 * while_dead / (dead[1] - dead[0]),
        "late": sum(1 for delay in all_delays if delay > late_ms),
        "messages": len(all_delays),
        "p99_ms": all_delays[int(0.99 * (len(all_delays) - 1))],
        "last_ms": all_delays[-1],
    }


def one_round(bench):
    healthy = peak(bench)
    rate = share_of_peak * healthy
    figures = {"peak_per_second": healthy, "rate": rate}
    for how in ("killed", "frozen"):
        for name, value in with_death(bench, how, rate).items():
            figures[f"{how}_{name}"] = value
    return figures


def run(bench):
    results = bench.in_rounds("failover", lambda: one_round(bench))
    bench.report.add("fail-over: both accounts alive, peak", median(results, "peak_per_second"), "/s")
    rate = median(results, "rate")
    for how in ("killed", "frozen"):
        name = f"fail-over: one of two {how}"
        speed = median(results, f"{how}_per_second")
        bench.report.add(f"{name}: delivered meanwhile", speed, "/s", bare=rate, ratio=speed / rate,
                         note="bare is the rate offered")
        late, count = median(results, f"{how}_late"), median(results, f"{how}_messages")
        bench.report.add(f"{name}: later than {late_ms} ms", late, f"of {count:,.0f}", ratio=late / count)
        bench.report.add(f"{name}: p99 from accept to delivery", median(results, f"{how}_p99_ms"), "ms")
        bench.report.add(f"{name}: the last one", median(results, f"{how}_last_ms"), "ms")
