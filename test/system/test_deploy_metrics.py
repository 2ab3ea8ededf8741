"""Alerts and dashboard: every metric, label and value of a label that they name is told by a running server, Prometheus' own
tool parses the expressions and raises the alerts from series, and each alert has its place in the runbook."""
import json
import re

import pytest

from deployment import (ALERTS, DASHBOARD, DEPLOY, PROMETHEUS_LABELS, PROMETHEUS_METRICS, alert_rules, dashboard_targets, names_in,
                        read_metrics, run, tool, with_cluster, without_variables)
from providers import Answer, Provided, Provider, Tenant
from support import REPOSITORY, wait_until

INSTALL = "tools/setup"


@pytest.fixture(scope="module")
def told():
    """/metrics of a server that has sent on two channels, retried, failed and called an account."""
    with Provided() as server, Provider() as provider:
        tenant = Tenant(server)
        provider.next.append(Answer(500))
        tenant.webhook(provider)
        tenant.wait_status(tenant.send(), "success")
        server.wait_final(server.send()["message_id"])

        def text():
            answer = server.get("/metrics", key=None)
            assert answer.status == 200
            found = read_metrics(answer.body)
            return found if found.get("hongyan_account_calls_total", {}).get("outcome", set()) >= {"accepted", "transient"} else None
        yield wait_until(text, what="the calls of the account in /metrics")


def check(expression, told, where):
    told = with_cluster(told)
    metrics, grouped = names_in(expression)
    assert metrics, f"{where}: no metric in {expression}"
    labels = set(PROMETHEUS_LABELS)
    for metric, matchers in metrics.items():
        if metric in PROMETHEUS_METRICS:
            assert {label for label, _, _ in matchers} <= PROMETHEUS_LABELS, where
            continue
        assert metric in told, f"{where} asks for {metric}, which the server does not tell"
        labels |= set(told[metric])
        for label, operator, value in matchers:
            if label in PROMETHEUS_LABELS:
                continue
            assert label in told[metric], f"{where}: {metric} has no label {label}"
            if operator in ("=", "!="):
                assert value in told[metric][label], f"{where}: {metric} never has {label}={value!r}"
            else:
                assert any(re.fullmatch(value, one) for one in told[metric][label]) or operator == "!~", \
                    f"{where}: no {label} of {metric} is like {value}"
    assert grouped <= labels, f"{where} groups by {grouped - labels}, which none of {sorted(metrics)} has"


@pytest.mark.parametrize("rule", alert_rules(), ids=lambda rule: rule["alert"])
def test_an_alert_names_only_what_the_server_tells(rule, told):
    check(rule["expr"], told, rule["alert"])
    known = {"instance", "job"}.union(*(told.get(metric, {}) for metric in names_in(rule["expr"])[0]))
    for text in rule["annotations"].values():
        assert set(re.findall(r"\$labels\.(\w+)", text)) <= known, text


def test_the_dashboard_names_only_what_the_server_tells(told):
    targets = dashboard_targets()
    assert len(targets) > 30
    for title, target in targets:
        check(without_variables(target["expr"]), told, title)
        grouped = names_in(target["expr"])[1]
        for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
            assert label in grouped, f"{title}: the legend has {label}, by which nothing is grouped"


def test_every_metric_of_the_server_is_on_the_dashboard(told):
    shown = set()
    for _, target in dashboard_targets():
        shown |= set(names_in(without_variables(target["expr"]))[0])
    hidden = {"hongyan_illegal_transitions_total", "hongyan_messages_resumed_total", "hongyan_limit_passed_total",
              "hongyan_pool_queue_size"}  # alerts or the console have them
    assert set(told) - shown == hidden


def test_the_variables_of_the_dashboard_ask_for_what_there_is(told):
    for variable in json.loads(DASHBOARD.read_text())["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+)(?:{.*})?, (\w+)\)", variable["query"]["query"]).groups()
            assert label in set(told[metric]) | PROMETHEUS_LABELS, variable


def test_prometheus_parses_the_alerts_and_the_scrape_file():
    promtool = tool("promtool", INSTALL)
    done = run(promtool, "check", "rules", ALERTS)
    assert done.returncode == 0 and f"{len(alert_rules())} rules found" in done.stdout, done
    done = run(promtool, "check", "config", DEPLOY / "prometheus" / "scrape.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_alerts_come_from_their_series_and_from_no_others():
    done = run(tool("promtool", INSTALL), "test", "rules", DEPLOY / "prometheus" / "alerts_test.yaml")
    assert done.returncode == 0 and "SUCCESS" in done.stdout, done.stdout + done.stderr


def test_prometheus_parses_every_expression_of_the_dashboard(tmp_path):
    rules = [{"record": f"panel:{number}", "expr": without_variables(target["expr"])}
             for number, (_, target) in enumerate(dashboard_targets())]
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    done = run(tool("promtool", INSTALL), "check", "rules", "--lint=none", file)
    assert done.returncode == 0 and f"{len(rules)} rules found" in done.stdout, done.stdout + done.stderr


def test_the_dashboard_is_what_its_script_writes():
    done = run(DEPLOY / "grafana" / "dashboard.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout == DASHBOARD.read_text(), "run deploy/grafana/dashboard.py > deploy/grafana/hongyan.json"
    board = json.loads(done.stdout)
    identities = [panel["id"] for panel in board["panels"]]
    assert len(set(identities)) == len(identities)
    for panel in board["panels"]:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24, panel["title"]


def test_every_alert_has_its_place_in_the_runbook_and_the_runbook_no_others():
    headings = re.findall(r"^### (\w+)$", (REPOSITORY / "docs" / "runbook.md").read_text(), re.M)
    assert sorted(headings) == sorted(rule["alert"] for rule in alert_rules())
    for rule in alert_rules():
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("critical", "warning") and rule["annotations"]["summary"]
