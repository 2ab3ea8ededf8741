#!/usr/bin/env python3
"""Writes the Grafana dashboard from the tables below.

    deploy/grafana/dashboard.py > deploy/grafana/hongyan.json

A panel is (title, width of 24, unit, [(expression, legend)], description). Rows of the cluster's engines are left out as long
as src/ has none of their metrics, so that the dashboard never asks for what no server tells.
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NODES = 'job=~"$job",instance=~"$node"'
LITTLE = "By Little's law, from what waits and what passes; exact times are in the traces and the statistics."


def rate(metric, labels="", by=""):
    selector = NODES + (f",{labels}" if labels else "")
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{{{selector}}}[$__rate_interval]))"


def total(metric, labels="", by="", how="sum"):
    selector = NODES + (f",{labels}" if labels else "")
    return f"{how}{f' by ({by})' if by else ''} ({metric}{{{selector}}})"


CHANNEL = 'channel=~"$channel"'
ROWS = [
    ("Traffic", [
        ("Accepted", 8, "msg/s", [(rate("hongyan_messages_accepted_total", CHANNEL, "channel"), "{{channel}}")], ""),
        ("Attempts", 8, "msg/s", [(rate("hongyan_attempts_total", CHANNEL, "channel"), "{{channel}}")], ""),
        ("Finished", 8, "msg/s", [(rate("hongyan_messages_finished_total", CHANNEL, "status"), "{{status}}")], ""),
        ("Refused by limits", 8, "reqps", [(rate("hongyan_limit_refused_total", "", "resource"), "{{resource}}")],
         "A channel's limit refuses nobody: its messages wait."),
        ("Accepted by node", 8, "msg/s", [(rate("hongyan_messages_accepted_total", "", "instance"), "{{instance}}")], ""),
        ("Attempts by node", 8, "msg/s", [(rate("hongyan_attempts_total", "", "instance"), "{{instance}}")], ""),
    ]),
    ("Success", [
        ("Share that succeeds", 8, "percentunit", [(
            rate("hongyan_messages_finished_total", CHANNEL + ',status=~"success|delivered"', "channel") + " / " +
            rate("hongyan_messages_finished_total", CHANNEL, "channel"), "{{channel}}")], ""),
        ("Dead letters and unknown", 8, "msg/s", [
            (rate("hongyan_messages_finished_total", CHANNEL + ',status=~"failed|unknown|expired"', "channel, status"),
             "{{channel}} {{status}}")], ""),
        ("Share of attempts to be repeated", 8, "percentunit", [(
            rate("hongyan_retries_total", CHANNEL, "channel") + " / " + rate("hongyan_attempts_total", CHANNEL, "channel"),
            "{{channel}}")], ""),
    ]),
    ("Latency", [
        ("Waiting for an attempt", 8, "s", [(
            total("hongyan_queue_depth") + " / " + rate("hongyan_attempts_total"), "in the queue")], LITTLE),
        ("With the provider", 8, "s", [(
            total("hongyan_account_in_flight", CHANNEL, "account, provider") + " / " +
            rate("hongyan_account_calls_total", CHANNEL, "account, provider"), "{{provider}} {{account}}")], LITTLE),
        ("Waiting for the disk", 8, "s", [(
            total("hongyan_committer_accepts_waiting", "", "instance") + " / " +
            rate("hongyan_messages_accepted_total", "", "instance"), "{{instance}}")], LITTLE),
    ]),
    ("Queue", [
        ("Ready, by priority", 12, "short", [(total("hongyan_queue_depth", "", "priority"), "{{priority}}")],
         "10 is the most urgent."),
        ("Scheduled, parked, ready", 6, "short", [
            (total("hongyan_scheduled"), "scheduled"), (total("hongyan_messages_parked"), "parked"),
            (total("hongyan_queue_depth"), "ready")],
         "Scheduled waits for a time or another attempt, parked for a place on an account."),
        ("Message sender", 6, "short", [
            (total("hongyan_pool_size", 'pool="message_sender"'), "size"),
            (total("hongyan_pool_active_count", 'pool="message_sender"'), "on their way")], ""),
    ]),
    ("Accounts", [
        ("Calls by outcome", 8, "reqps", [(rate("hongyan_account_calls_total", CHANNEL, "provider, outcome"),
                                           "{{provider}} {{outcome}}")], ""),
        ("Health", 8, "percentunit", [(total("hongyan_account_health", CHANNEL, "account, provider", "min"),
                                       "{{provider}} {{account}}")], "Share of its calls that succeeded of late; the worst node."),
        ("Closed", 8, "short", [(total("hongyan_account_closed", CHANNEL, "account, provider"), "{{provider}} {{account}}")],
         "On how many nodes nothing is sent on it: the breaker is open, or it was told to wait."),
        ("Under way, and the limit found", 12, "short", [
            (total("hongyan_account_in_flight", CHANNEL, "account, provider"), "{{provider}} {{account}}"),
            (total("hongyan_account_limit", CHANNEL, "account, provider"), "{{provider}} {{account}} limit")], ""),
        ("Webhooks under way", 12, "short", [(total("hongyan_webhooks_in_flight", "", "instance"), "{{instance}}")], ""),
    ]),
    ("Store", [
        ("Commits", 6, "ops", [(rate("hongyan_store_commits_total", "", "instance"), "{{instance}}")], ""),
        ("Statements for each message", 6, "short", [(
            rate("hongyan_store_statements_total") + " / " + rate("hongyan_messages_accepted_total"), "statements")],
         "Reading of screens and lists included."),
        ("Waiting for their transaction", 6, "short", [
            (total("hongyan_committer_accepts_waiting", "", "instance"), "{{instance}} messages"),
            (total("hongyan_committer_outcomes_waiting", "", "instance"), "{{instance}} outcomes")], ""),
        ("Writable, and the log of SQLite", 6, "short", [
            (total("hongyan_store_writable", "", "instance", "min"), "{{instance}} writable"),
            (total("hongyan_store_wal_bytes", "", "instance") + " / 1048576", "{{instance}} log in MiB")], ""),
    ]),
    ("Process", [
        ("Processor", 6, "percentunit", [(rate("process_cpu_seconds_total", "", "instance"), "{{instance}}")], "1 is one core."),
        ("Processor time for each message", 6, "s", [(
            rate("process_cpu_seconds_total") + " / " + rate("hongyan_messages_finished_total"), "of Hongyan")],
         "Whatever else the nodes do is in it, so it means something under load only."),
        ("Memory", 6, "bytes", [(total("process_resident_memory_bytes", "", "instance"), "{{instance}}")], ""),
        ("Versions, screens", 6, "short", [
            (total("hongyan_build_info", "", "version", "count"), "nodes of {{version}}"),
            (total("hongyan_live_connections"), "screens")], ""),
        ("Pools: size", 12, "short", [(total("hongyan_pool_size", "", "pool"), "{{pool}}")], ""),
        ("Pools: done", 12, "ops", [(rate("hongyan_pool_completed_tasks_total", "", "pool"), "{{pool}}")], ""),
    ]),
    ("Cluster", [
        ("Nodes", 6, "short", [(total("hongyan_nodes", "", "state", "max"), "{{state}}")], "As the node sees them that sees most."),
        ("Who leads", 6, "short", [(total("hongyan_leader", "", "instance"), "{{instance}}")],
         "Retention, webhooks and taking over are done by one node at a time."),
        ("Taken over, published again", 6, "msg/s", [
            (rate("hongyan_messages_taken_over_total"), "taken over from nodes that are gone"),
            (rate("hongyan_messages_republished_total"), "published again, as the broker may have lost them")], ""),
        ("Nodes declared dead, pauses", 6, "short", [
            (f"sum(increase(hongyan_nodes_buried_total{{{NODES}}}[$__rate_interval]))", "declared dead"),
            (f"sum by (instance) (increase(hongyan_node_pauses_total{{{NODES}}}[$__rate_interval]))", "{{instance}} paused")],
         "A node pauses when it cannot tell the store that it lives."),
    ]),
    ("RabbitMQ", [
        ("There, and blocked", 6, "short", [
            (total("hongyan_queue_connected", "", "instance", "min"), "{{instance}} reaches it"),
            (total("hongyan_queue_blocked", "", "instance", "max"), "{{instance}} is blocked")], ""),
        ("Ids in the broker and in the nodes", 6, "short", [
            (total("hongyan_queue_in_broker", how="max"), "only in the broker, an estimate"),
            (total("hongyan_queue_held"), "in nodes"), (total("hongyan_queue_held_let_go"), "of these no longer in the broker")], ""),
        ("Age of the oldest unconfirmed", 6, "s", [
            (total("hongyan_queue_unconfirmed_age_seconds", "", "instance", "max"), "{{instance}}")], ""),
        ("Ids in one message of the broker", 6, "short", [
            (rate("hongyan_queue_published_total") + " / " + rate("hongyan_queue_carriers_total"), "ids")], "Up to 256."),
        ("Through the broker", 8, "msg/s", [
            (rate("hongyan_queue_published_total"), "published"), (rate("hongyan_queue_confirmed_total"), "confirmed"),
            (rate("hongyan_queue_received_total"), "received")], "In ids."),
        ("Twice, or past it", 8, "msg/s", [
            (rate("hongyan_queue_redelivered_total"), "redelivered"), (rate("hongyan_queue_republished_total"), "sent again"),
            (rate("hongyan_queue_duplicates_total"), "were here already"), (rate("hongyan_queue_let_go_total"), "let go"),
            (rate("hongyan_queue_dropped_total"), "given up, the store has them")], ""),
        ("Unreadable, connections", 8, "short", [
            (f"sum(increase(hongyan_queue_rejected_total{{{NODES}}}[$__rate_interval]))", "unreadable, in the dead letters"),
            (f"sum(increase(hongyan_queue_connects_total{{{NODES}}}[$__rate_interval]))", "connections made")], ""),
    ]),
    ("Redis", [
        ("There, and what does without it", 8, "short", [
            (total("hongyan_coordination_connected", "", "instance", "min"), "{{instance}} reaches it"),
            (total("hongyan_coordination_limits_degraded", "", "instance", "max"), "{{instance}} limits by node"),
            (total("hongyan_coordination_locks_fallen_back", "", "instance", "max"), "{{instance}} locks by the store")], ""),
        ("Time of a command", 8, "s", [(total("hongyan_coordination_round_trip_seconds", "", "instance", "max"), "{{instance}}")], ""),
        ("Nodes that share limits", 8, "short", [(total("hongyan_coordination_nodes", "", "instance", "max"), "{{instance}}")], ""),
        ("Live traces", 12, "ops", [
            (rate("hongyan_coordination_trace_written_total"), "written"),
            (rate("hongyan_coordination_trace_dropped_total"), "dropped")], "The store has all traces."),
        ("Without an answer, connections", 12, "short", [
            (f"sum(increase(hongyan_coordination_failures_total{{{NODES}}}[$__rate_interval]))", "without an answer"),
            (f"sum(increase(hongyan_coordination_connects_total{{{NODES}}}[$__rate_interval]))", "connections made")], ""),
    ]),
]


def metrics_in(expression):
    words = expression.replace("(", " ").replace("{", " ").replace(")", " ").split()
    return {word for word in words if word.startswith(("hongyan_", "process_"))}


def is_told(panel, source):
    return all(f'"{metric}"' in source for expression, _ in panel[3] for metric in metrics_in(expression))


def panel_json(panel, identity, x, y):
    title, width, unit, targets, description = panel
    return {
        "id": identity, "type": "timeseries", "title": title, "description": description,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "gridPos": {"x": x, "y": y, "w": width, "h": 7},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0, "custom": {"fillOpacity": 8, "showPoints": "never"}},
                        "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}},
        "targets": [{"refId": chr(ord("A") + i), "expr": expression, "legendFormat": legend,
                     "datasource": {"type": "prometheus", "uid": "${datasource}"}}
                    for i, (expression, legend) in enumerate(targets)],
    }


def panels(source):
    made, y = [], 0
    for name, row in ROWS:
        row = [panel for panel in row if is_told(panel, source)]
        if not row:
            continue
        made.append({"id": len(made) + 1, "type": "row", "title": name, "collapsed": False, "panels": [],
                     "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        x, y = 0, y + 1
        for panel in row:
            if x + panel[1] > 24:
                x, y = 0, y + 7
            made.append(panel_json(panel, len(made) + 1, x, y))
            x += panel[1]
        y += 7
    return made


def variable(name, label, query):
    return {"name": name, "label": label, "type": "query", "query": {"query": query, "refId": name},
            "datasource": {"type": "prometheus", "uid": "${datasource}"}, "definition": query, "refresh": 2, "sort": 1,
            "multi": True, "includeAll": True, "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}


def dashboard():
    source = "\n".join(path.read_text() for path in sorted((ROOT / "src").rglob("*.cpp")))
    return {
        "uid": "hongyan", "title": "Hongyan", "tags": ["hongyan"], "schemaVersion": 39, "version": 1, "editable": True,
        "refresh": "15s", "time": {"from": "now-1h", "to": "now"}, "timezone": "browser", "graphTooltip": 1,
        "annotations": {"list": []}, "links": [],
        "templating": {"list": [
            {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1,
             "current": {}, "hide": 0},
            variable("job", "Job", "label_values(hongyan_build_info, job)"),
            variable("node", "Node", 'label_values(hongyan_build_info{job=~"$job"}, instance)'),
            variable("channel", "Channel", "label_values(hongyan_messages_accepted_total, channel)"),
        ]},
        "panels": panels(source),
    }


if __name__ == "__main__":
    json.dump(dashboard(), sys.stdout, indent=1, ensure_ascii=False)
    print()
