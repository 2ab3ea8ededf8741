"""What the tests of deploy/ share: where its files are, the names they use, and the names that are right."""
import functools
import json
import re
import shutil
import subprocess

import pytest

from support import REPOSITORY, binary

try:
    import yaml
except ImportError as missing:
    raise ImportError("python3-yaml is missing: run tools/setup, or apt-get install python3-yaml") from missing

DEPLOY = REPOSITORY / "deploy"
CHART = DEPLOY / "helm" / "hongyan"
COMPOSE = DEPLOY / "compose.yaml"
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = DEPLOY / "grafana" / "hongyan.json"
UNITS = [DEPLOY / "systemd" / "hongyan.service", DEPLOY / "systemd" / "hongyan@.service"]

# Settings that the files of deploy/ use and that src/config/setting_table.cpp does not have yet: the cluster shape is being put
# together. A name must leave this list once the program knows it, and
# test_deploy_files.py::test_no_setting_is_awaited_that_is_there sees to that.
AWAITED_SETTINGS: set = set()

# Metrics that only a node of a cluster, or one with that engine, tells, with their labels. The dashboard names one once src/ has it.
CLUSTER_METRICS = {
    "membership": {"hongyan_leader": {}, "hongyan_nodes": {"state": {"living", "left", "gone"}}, "hongyan_nodes_buried_total": {},
                   "hongyan_messages_taken_over_total": {}, "hongyan_messages_republished_total": {},
                   "hongyan_node_pauses_total": {}},
    "rabbitmq": {f"hongyan_queue_{name}": {} for name in (
        "connected", "blocked", "in_broker", "held", "held_let_go", "unconfirmed_age_seconds", "published_total", "carriers_total",
        "confirmed_total", "republished_total", "dropped_total", "received_total", "redelivered_total", "duplicates_total",
        "let_go_total", "rejected_total", "connects_total")},
    "redis": {f"hongyan_coordination_{name}": {} for name in (
        "connected", "connects_total", "failures_total", "round_trip_seconds", "limits_degraded", "locks_fallen_back", "nodes",
        "trace_written_total", "trace_dropped_total")},
}

# Names that Prometheus itself adds.
PROMETHEUS_METRICS = {"up"}
PROMETHEUS_LABELS = {"job", "instance"}


def tool(name: str, install: str) -> str:
    """A program that a test needs: below build/, or in the PATH; else the test fails and says how to get it."""
    unpacked = REPOSITORY / "build" / "deps" / "deploy" / "bin" / name
    found = str(unpacked) if unpacked.exists() else shutil.which(name)
    if not found:
        pytest.fail(f"{name} is missing: run {install}")
    return found


def read_yaml(path):
    return yaml.safe_load(path.read_text())


def run(*command, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, **options)


# --- settings ---

@functools.cache
def known_settings() -> dict:
    """Every setting by its name; True if it is a secret. As "hongyan config sample" prints them."""
    done = run(binary(), "config", "sample")
    assert done.returncode == 0, done.stderr
    found, section, is_secret = {}, "", False
    for line in done.stdout.splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = match.group(1) + "."
        elif line.startswith("# Value: "):
            is_secret = line.startswith("# Value: secret")
        elif match := re.match(r"#(\w+) = ", line):
            found[section + match.group(1)] = is_secret
    assert found["listen"] is False and found["admin_key"] is True, found
    return found


def check_setting(name: str, where: str) -> None:
    assert name in known_settings() or name in AWAITED_SETTINGS, f"{where} uses {name}, which is no setting"


def variables() -> dict:
    """Every variable of the environment that is a setting, by its name."""
    names = set(known_settings()) | AWAITED_SETTINGS
    return {"HONGYAN_" + name.replace(".", "_").upper(): name for name in names}


# --- metrics ---

LINE = re.compile(r'(\w+)(?:\{(.*)\})? \S+')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def read_metrics(text: str) -> dict:
    """Names of metrics with, for each label, the values it has: {"hongyan_queue_depth": {"priority": {"0", ...}}}."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels = LINE.fullmatch(line).groups()
            values = found.setdefault(name, {})
            for label, value in LABEL.findall(labels or ""):
                values.setdefault(label, set()).add(value)
    return found


@functools.cache
def there_in_source() -> dict:
    source = "\n".join(path.read_text() for path in sorted((REPOSITORY / "src").rglob("*.cpp")))
    return {name: labels for metrics in CLUSTER_METRICS.values() for name, labels in metrics.items() if f'"{name}"' in source}


def with_cluster(told: dict) -> dict:
    """What the server told, and what a node of a cluster would tell besides: only names that stand in src/."""
    return there_in_source() | told


WORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "inf", "nan"}
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")


def names_in(expression: str) -> tuple[dict, set]:
    """What a PromQL expression asks for: its metrics, each with its matchers [(label, operator, value)], and the labels by which
    it groups. promtool has parsed it; this only picks the names."""
    metrics, grouped = {}, set()
    for labels in GROUPING.findall(expression):
        grouped |= {label.strip() for label in labels.split(",") if label.strip()}
    rest = GROUPING.sub(" ", expression)
    for name, matchers in SELECTOR.findall(rest):
        found = re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"', matchers)
        metrics.setdefault(name, []).extend(found)
    rest = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"", " ", rest)
    for match in re.finditer(r"[a-zA-Z_:][\w:]*(?=\s*(.?))", rest):
        number = match.start() > 0 and rest[match.start() - 1].isdigit()
        if match.group(1) != "(" and match.group(0).lower() not in WORDS and not number:
            metrics.setdefault(match.group(0), [])
    return metrics, grouped


def alert_rules() -> list[dict]:
    return [rule for group in read_yaml(ALERTS)["groups"] for rule in group["rules"]]


def dashboard_targets() -> list[tuple[str, dict]]:
    """(title of the panel, target) of all panels, and the variables' queries as targets."""
    board = json.loads(DASHBOARD.read_text())
    return [(panel["title"], target) for panel in board["panels"] for target in panel.get("targets", [])]


def without_variables(expression: str) -> str:
    """A dashboard's expression as Grafana would send it."""
    return expression.replace("$__rate_interval", "1m").replace("$job", ".*").replace("$node", ".*").replace("$channel", ".*")
