#!/usr/bin/env python3
"""Mails a second by SMTP: our sender and Postfix's smtp-source against the same smtp-sink, in turns.

    tools/setup --peers               # unpacks smtp-source and smtp-sink; an installed postfix will do as well
    tools/build bench_smtp_out
    bench/smtp_out.py [--program build/release/bench/bench_smtp_out] [--rounds 5] [--messages 60000] [--json]

smtp-sink has one core and the client the other, where taskset can do that. Read the ratios: each is taken
within a round. Processor time a mail is steadier than any rate, and says what one core could send to a
server that keeps up.
"""

import argparse
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time

PAYLOAD = 1000


def tool(name):
    unpacked = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build/deps/peer/bin")
    found = shutil.which(name, path=unpacked) or shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        sys.exit(f"{name} of Postfix is missing; run: tools/setup --peers, or: "
                 "apt-get install --no-install-recommends postfix")
    return found


def on_core(core, command):
    if shutil.which("taskset") is None or (os.cpu_count() or 1) < 2:
        return command
    return ["taskset", "-c", str(core), *command]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sink:
    def __init__(self):
        self.port = free_port()
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        command = [tool("smtp-sink"), *user, f"127.0.0.1:{self.port}", "512"]
        self.process = subprocess.Popen(on_core(0, command), stdout=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("smtp-sink does not listen")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def run(command):
    """(seconds, processor seconds)"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    done = subprocess.run(on_core(1, command), capture_output=True, text=True)
    seconds = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {done.stdout}{done.stderr}")
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cases(options, port):
    count, sessions = str(options.messages), str(options.connections)
    source = [tool("smtp-source"), "-m", count, "-s", sessions, "-l", str(PAYLOAD), "-f", "sender@example.com",
              "-t", "user@example.org"]
    ours = [options.program, "--port", str(port), "--messages", count, "--connections", sessions, "--bytes",
            str(PAYLOAD)]
    target = f"127.0.0.1:{port}"
    return {
        "smtp-source -d": [*source, "-d", target],
        "hongyan": ours,
        "hongyan, DKIM Ed25519": [*ours, "--dkim", "ed25519"],
        "hongyan, no pipelining": [*ours, "--no-pipelining"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/bench/bench_smtp_out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=60_000)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON and nothing else")
    options = parser.parse_args()
    if not os.path.exists(options.program):
        sys.exit(f"{options.program} is missing: see bench/smtp_out.py --help")
    rates, costs = {}, {}
    for number in range(options.rounds):
        sink = Sink()
        for name, command in cases(options, sink.port).items():
            seconds, processor = run(command)
            rates.setdefault(name, []).append(options.messages / seconds)
            costs.setdefault(name, []).append(processor / options.messages * 1e6)
            print(f"round {number + 1}  {name:24} {rates[name][-1]:9,.0f}/s  {costs[name][-1]:6.1f} us", flush=True,
                  file=sys.stderr if options.json else sys.stdout)
        sink.stop()
    base = rates["smtp-source -d"]
    if options.json:
        print(json.dumps({
            "rounds": [{name: rates[name][number] for name in rates} for number in range(options.rounds)],
            "medians": {name: {"per_second": statistics.median(measured), "microseconds": statistics.median(costs[name]),
                               "ratio": statistics.median(a / b for a, b in zip(measured, base))}
                        for name, measured in rates.items()}}))
        return
    print(f"\n{'median of rounds':24} {'mails/s':>10} {'us cpu':>8} {'times -d':>9}")
    for name, measured in rates.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(measured, base))
        print(f"{name:24} {statistics.median(measured):10,.0f} {statistics.median(costs[name]):8.1f} {ratio:9.2f}")


if __name__ == "__main__":
    main()
