"""Mails a second by SMTP: our sender beside Postfix's smtp-source, against the same smtp-sink, in turns."""

import json
import sys

from driver.process import BenchError
from driver.report import Target

baseline = "smtp-source -d"


def run(bench):
    rounds = bench.rounds
    messages = int(60_000 * bench.scale)
    command = [sys.executable, "bench/smtp_out.py", "--program", bench.program("bench_smtp_out"), "--json",
               "--rounds", str(rounds), "--messages", str(messages)]
    figures = json.loads(bench.run_text(command, 60 + rounds * messages / 500))
    bench.report.keep_rounds("smtp out", figures["rounds"])
    if baseline not in figures["medians"]:
        raise BenchError(f"no figure of {baseline}")
    for name, one in figures["medians"].items():
        target = Target(at_least=1, of_ratio=True) if name == "hongyan" else None
        is_base = name == baseline
        bench.report.add(f"smtp out: {name}", one["per_second"], "mails/s",
                         bare=None if is_base else figures["medians"][baseline]["per_second"],
                         ratio=None if is_base else one["ratio"], target=target,
                         note=f"{one['microseconds']:.1f} us of processor a mail")
