"""The cluster shape: 1, 2 and 3 nodes on PostgreSQL, RabbitMQ and Redis; single sends and batches
accepted and delivered at the same time, what each message costs every process, and its bytes in
PostgreSQL; beside a bare sketch of a node on the same engines."""

import concurrent.futures
import time

from driver import bodies
from driver.bench import median
from driver.engines import Engines
from driver.process import BenchError
from driver.report import Target

node_counts = (1, 2, 3)
connections = 500
stall_seconds = 30
parts = ("ours", "postgres", "rabbitmq", "redis")

# Partitions, indexes and TOAST of what a message leaves behind; the sketch has no attempts.
_size_query = """
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0), coalesce(sum(v.autovacuum_count), 0)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_user_tables AS v ON v.relid = c.oid
WHERE n.nspname = '{schema}' AND c.relkind = 'r'
  AND (c.relname LIKE 'message\\_records\\_%' OR c.relname LIKE 'message\\_attempts\\_%')
"""


class Side:
    """Nodes of ours, or the sketch: who is loaded, and how their work is counted."""

    def __init__(self, bench, engines, url, members, schema):
        self.bench, self.engines, self.url = bench, engines, url
        self.members, self.schema = members, schema

    def seconds(self):
        ours = sum(member.seconds() for member in self.members)
        return {"ours": ours, **self.engines.seconds()}

    def finished(self):
        if self.schema == "bare":
            return self.members[0].finished()
        return sum(
            int(node.metrics().total("hongyan_messages_finished_total")) for node in self.members
        )

    def counters(self):
        """Of our nodes, summed: what the store and the queue were asked to do."""
        if self.schema == "bare":
            return {}
        read = [node.metrics() for node in self.members]
        return {
            name: sum(one.total(f"hongyan_{name}_total") for one in read)
            for name in ("store_commits", "store_statements", "queue_carriers", "messages_accepted")
        }

    def not_delivered(self):
        if self.schema == "bare":
            return 0
        query = "SELECT count(*) FROM message_records WHERE status NOT IN ('success', 'delivered')"
        return int(self.engines.rows(self.url, query)[0][0])

    def sizes(self):
        row = self.engines.rows(self.url, _size_query.format(schema=self.schema))[0]
        return {"bytes": int(row[0]), "vacuums": int(row[1])}

    def wait_finished(self, count):
        """The monotonic time at which so many were seen to be finished."""
        last, last_change = -1, time.monotonic()
        while True:
            done, now = self.finished(), time.monotonic()
            if done >= count:
                return now
            if done != last:
                last, last_change = done, now
            if now > last_change + stall_seconds:
                raise BenchError(
                    f"{done} of {count} messages are finished and nothing moved in "
                    f"{stall_seconds} s"
                )
            time.sleep(0.05)

    def load(self, body, path, **arguments):
        """bench_load for each member at once, its connections and requests shared out; the
        answers as one."""
        shares = len(self.members)
        whole = {"connections", "stop_after"}
        with concurrent.futures.ThreadPoolExecutor(shares) as pool:
            running = [
                pool.submit(
                    self.bench.load,
                    member.port,
                    body,
                    path,
                    **{
                        name: (value * (number + 1) // shares - value * number // shares)
                        if name in whole
                        else value
                        for name, value in arguments.items()
                    },
                )
                for number, member in enumerate(self.members)
            ]
            results = [one.result() for one in running]
        return _as_one(results)


def _as_one(results):
    errors = {}
    for result in results:
        for name, count in result["errors"].items():
            errors[name] = errors.get(name, 0) + count
    return {
        "accepted": sum(result["accepted"] for result in results),
        "per_second": sum(result["per_second"] for result in results),
        "started": min(result["started_ns"] for result in results) / 1e9,
        "p99_ms": max(result["p99_ms"] for result in results),
        "errors": errors,
        "first_error": next((one["first_error"] for one in results if one["first_error"]), ""),
    }


def measured(side, send, messages_of):
    """Runs send() and waits for the end of all it sent; rates, costs and bytes a message."""
    before, began, sizes = side.counters(), side.finished(), side.sizes()
    used = side.seconds()
    result = send()
    messages = messages_of(result["accepted"])
    if messages == 0:
        raise BenchError(f"nothing was accepted: {result['errors']} {result['first_error'][:300]}")
    finished_at = side.wait_finished(began + messages)
    used = {name: value - used[name] for name, value in side.seconds().items()}
    after, grown = side.counters(), side.sizes()
    figures = {f"{name}_us": 1e6 * used[name] / messages for name in parts}
    counted = {name: value - before[name] for name, value in after.items()}
    if counted:
        figures["statements_per_1000"] = 1000 * counted["store_statements"] / messages
        figures["commits_per_1000"] = 1000 * counted["store_commits"] / messages
        figures["carriers_per_1000"] = 1000 * counted["queue_carriers"] / messages
    return {
        "delivered": messages / (finished_at - result["started"]),
        "accepted": result["per_second"] * messages_of(1),
        "p99_ms": result["p99_ms"],
        "bytes": (grown["bytes"] - sizes["bytes"]) / messages,
        "vacuums": grown["vacuums"] - sizes["vacuums"],
        "errors": sum(
            count for name, count in result["errors"].items() if name not in ("429", "503")
        ),
        "refused": sum(result["errors"].get(name, 0) for name in ("429", "503")),
        "first_error": result["first_error"],
        **figures,
    }


def measure_side(side, name):
    """Single sends, then batches."""
    bench = side.bench
    begun = time.monotonic()
    batches = int(30 * bench.scale) or 1
    warm = side.load(bodies.single, "/api/messages/send", connections=50, seconds=1)
    side.wait_finished(warm["accepted"])
    single = measured(
        side,
        lambda: side.load(
            bodies.single,
            "/api/messages/send",
            connections=connections,
            warmup=1,
            seconds=bench.seconds,
        ),
        lambda answers: answers,
    )
    batch = measured(
        side,
        lambda: side.load(
            bodies.batch(),
            "/api/messages/send-batch",
            connections=max(4, len(side.members)),
            stop_after=batches,
            seconds=120,
            refused_pause=50,
        ),
        lambda answers: answers * bodies.recipients_per_batch,
    )
    bench.say(
        f"cluster: {name}: {single['accepted']:,.0f} and {single['delivered']:,.0f} single, "
        f"{batch['accepted']:,.0f} and {batch['delivered']:,.0f} in batches accepted and "
        f"delivered a second ({time.monotonic() - begun:.0f} s)"
    )
    both = {f"single_{name}": value for name, value in single.items()}
    both.update({f"batch_{name}": value for name, value in batch.items()})
    return {**both, "single_both": min(single["accepted"], single["delivered"]),
            "undelivered": side.not_delivered()}


def one_round(bench, engines):
    result = {}
    with engines.database() as url, engines.bare(url) as sketch:
        bare = measure_side(Side(bench, engines, url, [sketch], "bare"), "bare")
    result.update({f"bare_{name}": value for name, value in bare.items()})
    for count in node_counts:
        with engines.database() as url, engines.nodes(count, url) as nodes:
            one = measure_side(Side(bench, engines, url, nodes, "public"), f"nodes: {count}")
        result.update({f"n{count}_{name}": value for name, value in one.items()})
        result[f"n{count}_single_ratio"] = one["single_both"] / bare["single_both"]
        for way in ("accepted", "delivered"):
            result[f"n{count}_batch_{way}_ratio"] = one[f"batch_{way}"] / bare[f"batch_{way}"]
    for kind in ("single", "batch"):
        for count in node_counts:
            result[f"n{count}_{kind}_all_us"] = sum(
                result[f"n{count}_{kind}_{name}_us"] for name in parts
            )
        result[f"bare_{kind}_all_us"] = sum(result[f"bare_{kind}_{name}_us"] for name in parts)
        result[f"{kind}_growth"] = (
            result[f"n{node_counts[-1]}_{kind}_all_us"] / result[f"n1_{kind}_all_us"]
        )
    return result


def report_nodes(bench, results, count):
    def add(words, name, unit, bare=None, ratio=None, target=None, note=""):
        bench.report.add(
            f"cluster, {count} node{'s' if count > 1 else ''}: {words}",
            median(results, f"n{count}_{name}"),
            unit,
            median(results, f"bare_{bare}") if bare else None,
            median(results, f"n{count}_{ratio}") if ratio else None,
            target,
            note,
        )

    add("single sends accepted and delivered", "single_both", "/s", "single_both", "single_ratio",
        Target(at_least=0.8, of_ratio=True))
    add("single sends, p99 of accept", "single_p99_ms", "ms", "single_p99_ms")
    for way, least in (("accepted", 50_000), ("delivered", 25_000)):
        add(f"batches, recipients {way}", f"batch_{way}", "/s", f"batch_{way}",
            f"batch_{way}_ratio", bench.full_size_only(Target(at_least=least)))
    for kind in ("single", "batch"):
        for name in (*parts, "all"):
            add(f"{kind}, processor time of {name}", f"{kind}_{name}_us", "us/message",
                f"{kind}_{name}_us")
        add(f"{kind}, statements", f"{kind}_statements_per_1000", "per 1,000 messages")
        add(f"{kind}, commits", f"{kind}_commits_per_1000", "per 1,000 messages")
        add(f"{kind}, messages of the broker", f"{kind}_carriers_per_1000", "per 1,000 messages")
        vacuums = sum(result[f"n{count}_{kind}_vacuums"] for result in results)
        add(f"{kind}, bytes of a finished message", f"{kind}_bytes", "bytes", f"{kind}_bytes",
            target=Target(at_most=1_200),
            note=f"autovacuum came {vacuums} times meanwhile" if vacuums else "")


def run(bench):
    with Engines(bench) as engines:
        results = bench.in_rounds("cluster", lambda: one_round(bench, engines),
                                  lambda: sum(engines.seconds().values()))
    for count in node_counts:
        report_nodes(bench, results, count)
    for kind in ("single", "batch"):
        bench.report.add(
            f"cluster, {kind}: processor time of a message, 3 nodes over 1",
            median(results, f"{kind}_growth"), "", target=Target(at_most=1.25),
        )
    sides = ["bare", *(f"n{count}" for count in node_counts)]
    first_error = next(
        (
            result[f"{side}_{kind}_first_error"]
            for result in results
            for side in sides
            for kind in ("single", "batch")
            if result[f"{side}_{kind}_errors"]
        ),
        "",
    )
    bench.report.add(
        "cluster: errors and undelivered messages",
        sum(
            result[f"{side}_{name}"]
            for result in results
            for side in sides
            for name in ("single_errors", "batch_errors", "undelivered")
        ),
        "",
        target=Target(at_most=0),
        note=first_error[:300],
    )
