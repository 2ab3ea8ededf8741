"""The figures: a table for the reader, JSON for whoever compares."""

import json
import os
import time


class Target:
    """A bound that a figure, or its ratio to the bare figure, should keep."""

    def __init__(self, at_least=None, at_most=None, of_ratio=False):
        self.at_least, self.at_most, self.of_ratio = at_least, at_most, of_ratio

    def text(self):
        sign, bound = (">=", self.at_least) if self.at_least is not None else ("<=", self.at_most)
        return f"{'ratio ' if self.of_ratio else ''}{sign} {bound:,g}"

    def is_met(self, value):
        return value >= self.at_least if self.at_least is not None else value <= self.at_most


def shown(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"


class Report:
    def __init__(self, command, machine, options):
        self.content = {
            "command": command,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": machine,
            "quick": options.quick,
            "figures": [],
            "notes": [],
            "rounds": {},
        }

    def keep_rounds(self, name, results):
        self.content["rounds"].setdefault(name, []).extend(results)

    def add(self, name, value, unit, bare=None, ratio=None, target=None, note=""):
        """ratio: to the bare figure, within the rounds; target: None for a figure that is only
        told."""
        judged = None if target is None else ratio if target.of_ratio else value
        self.content["figures"].append(
            {
                "name": name,
                "value": value,
                "unit": unit,
                "bare": bare,
                "ratio": ratio,
                "target": target.text() if target else None,
                "met": target.is_met(judged) if target else None,
                "note": note,
            }
        )

    def fail(self, name, problem):
        """A suite that could not be measured."""
        self.content["figures"].append(
            {
                "name": name,
                "value": None,
                "unit": "",
                "bare": None,
                "ratio": None,
                "target": None,
                "met": False,
                "note": problem,
            }
        )

    def failed(self):
        return any(figure["value"] is None for figure in self.content["figures"])

    def table(self):
        rows = [("figure", "value", "bare", "ratio", "target", "verdict")]
        for figure in self.content["figures"]:
            verdict = {None: "", True: "met", False: "MISSED"}[figure["met"]]
            if figure["value"] is None:
                verdict = "NOT MEASURED"
            rows.append(
                (
                    figure["name"],
                    f"{shown(figure['value'])} {figure['unit']}".strip(),
                    shown(figure["bare"]),
                    shown(figure["ratio"]),
                    figure["target"] or "",
                    verdict,
                )
            )
        widths = [max(len(row[column]) for row in rows) for column in range(6)]
        lines = [
            "  ".join(
                cell.ljust(width) if column in (0, 4) else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths))
            ).rstrip()
            for row in rows
        ]
        lines.insert(1, "-" * max(len(line) for line in lines))
        notes = [
            f"{figure['name']}: {figure['note']}"
            for figure in self.content["figures"]
            if figure["note"]
        ]
        notes += self.content["notes"]
        return "\n".join(lines + [""] + notes)

    def write(self, path):
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.content, file, ensure_ascii=False, indent=2)
            file.write("\n")
