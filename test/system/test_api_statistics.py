"""Statistics equal the records at every moment, and the trace of a message tells where its time went."""

import uuid
from collections import Counter
from datetime import datetime, timezone

import pytest

from openapi import error_paths
from support import HongyanServer, wait_until

OVERVIEW = "/api/messages/statistics/overview"
REALTIME = "/api/messages/statistics/realtime"
SUMS = ("total_sent", "success_count", "failed_count")


@pytest.fixture
def tenant_key(server):
    return server.new_key(["admin"], tenant="stat-" + uuid.uuid4().hex[:8])


def read(server, path, key, **query):
    answer = server.get(path, key=key, query=query)
    assert answer.status == 200, answer.raw
    return answer.body


def all_messages(server, key):
    items, cursor = [], None
    while True:
        page = read(server, "/api/messages", key, limit=200, cursor=cursor)
        items += page["items"]
        cursor = page.get("next_cursor")
        if not cursor:
            return items


def mixed(server, key, rounds=3):
    """Messages of every end on several channels; returns when they are at rest."""
    for i in range(rounds):
        for channel, recipient in (("sms", "13800138000"), ("email", "a@example.com"), ("app", "x"), ("sms", "fail-permanent"),
                                   ("feishu", "fail-permanent-9"), ("wechat", "fail-transient-1")):
            answer = server.post("/api/messages/send", {"channel": channel, "recipient": recipient, "subject": "s", "content": "x"}, key=key)
            assert answer.status == 202, answer.raw
    later = server.post("/api/messages/send", {"channel": "sms", "recipient": "1" * 8, "content": "x", "delay_seconds": 3600}, key=key).body
    assert server.post(f"/api/messages/{later['message_id']}/cancel", key=key).status == 200
    server.post("/api/messages/send-batch", {"channel": "sms", "content": "x", "recipients": ["13800138000", "fail-permanent"] * 5}, key=key)
    wait_until(lambda: all(m["status"] in ("success", "failed", "cancelled") for m in all_messages(server, key)), what="the rest")


def check_overview(overview, messages):
    """The overview must be what one gets by counting the messages one by one."""
    counted = Counter((m["created_at"][:10], m["channel"], m["status"]) for m in messages if m["status"] in ("success", "failed"))
    for one in [overview["totals"], *overview["by_day"], *overview["by_channel"], *overview["by_day_and_channel"]]:
        fits = {key: n for key, n in counted.items() if one.get("date", key[0]) == key[0] and one.get("channel", key[1]) == key[1]}
        success = sum(n for key, n in fits.items() if key[2] == "success")
        failed = sum(n for key, n in fits.items() if key[2] == "failed")
        assert tuple(one[name] for name in SUMS) == (success + failed, success, failed), one
        rate = 100 * success / (success + failed) if success + failed else 0
        assert abs(one["success_rate"] - rate) < 0.01, one
        assert 0 <= one["avg_response_time_ms"] and (success > 0 or one["avg_response_time_ms"] == 0)
        assert one["p95_response_time_ms"] >= 0
    pairs = {key[:2] for key in counted}
    assert {(one["date"], one["channel"]) for one in overview["by_day_and_channel"]} == pairs
    assert {one["channel"] for one in overview["by_channel"]} >= {channel for _, channel in pairs}


def test_an_empty_overview_has_every_day_and_no_division_by_zero(server, tenant_key):
    overview = read(server, OVERVIEW, tenant_key)
    assert overview["days"] == 7 == len(overview["by_day"])
    assert overview["by_day_and_channel"] == [] and overview["totals"]["success_rate"] == 0
    dates = [one["date"] for one in overview["by_day"]]
    assert dates == sorted(set(dates)) and (overview["from"], overview["to"]) == (dates[0], dates[-1])
    assert abs((datetime.now(timezone.utc).date() - datetime.fromisoformat(dates[-1]).date()).days) <= 1
    check_overview(overview, [])


def test_the_overview_equals_the_records(server, tenant_key):
    mixed(server, tenant_key)
    messages = all_messages(server, tenant_key)
    assert {m["status"] for m in messages} == {"success", "failed", "cancelled"}
    check_overview(read(server, OVERVIEW, tenant_key), messages)


def test_the_overview_equals_the_records_after_a_retry_of_what_had_failed(server, tenant_key):
    sent = server.post("/api/messages/send", {"channel": "sms", "recipient": "fail-permanent-1", "content": "x"}, key=tenant_key).body
    path = f"/api/messages/{sent['message_id']}"
    wait_until(lambda: read(server, path, tenant_key)["status"] == "failed")
    check_overview(read(server, OVERVIEW, tenant_key), all_messages(server, tenant_key))
    assert server.post(path + "/retry", key=tenant_key).status == 202
    wait_until(lambda: read(server, path, tenant_key)["status"] == "success")
    overview = read(server, OVERVIEW, tenant_key)
    check_overview(overview, all_messages(server, tenant_key))
    assert overview["totals"]["failed_count"] == 0


@pytest.mark.parametrize("kill", [False, True], ids=["stop", "kill"])
def test_the_overview_equals_the_records_after_a_restart(fresh_server, kill):
    mixed(fresh_server, fresh_server.admin_key)
    before = fresh_server.get(OVERVIEW).body
    fresh_server.restart(kill=kill)
    assert fresh_server.get(OVERVIEW).body == before
    check_overview(before, fresh_server.all_items("/api/messages"))


@pytest.mark.parametrize("days", [1, 2, 30, 366])
def test_days_are_as_many_as_asked(server, days):
    overview = read(server, OVERVIEW, server.admin_key, days=days)
    assert overview["days"] == days == len(overview["by_day"])


@pytest.mark.parametrize("days", ["0", "367", "-1", "x", "1.5", "", "99999999999999999999"])
def test_another_number_of_days_is_named(server, days):
    answer = server.get(OVERVIEW, query={"days": days})
    assert answer.status == 422 and error_paths(answer) == {"$query.days"}


def test_response_times_are_those_of_the_provider():
    with HongyanServer(settings={"sandbox.latency_ms": 60}) as one:
        for _ in range(5):
            one.wait_final(one.send()["message_id"])
        totals = one.get(OVERVIEW).body["totals"]
        assert 60 <= totals["avg_response_time_ms"] <= 3000 and totals["p95_response_time_ms"] >= 55
        minute = one.get(REALTIME).body["last_minute"]
        assert minute["sent"] == 5 and minute["avg_response_time_ms"] >= 60


def test_realtime_counts_what_has_just_happened(server, tenant_key):
    mixed(server, tenant_key, rounds=2)
    now = read(server, REALTIME, tenant_key)
    messages = all_messages(server, tenant_key)
    ends = Counter(m["status"] for m in messages)
    for span, seconds in (("last_minute", 60), ("last_hour", 3600)):
        sums = now[span]
        assert (sums["accepted"], sums["sent"], sums["failed"]) == (len(messages), ends["success"], ends["failed"]), span
        done = ends["success"] + ends["failed"]
        assert abs(sums["per_second"] - done / seconds) <= 0.01
        assert abs(sums["success_rate"] - 100 * ends["success"] / done) < 0.01
    assert [m["message_id"] for m in now["messages"]] == [m["message_id"] for m in messages[:50]]


def test_realtime_shows_queue_pools_and_limits(server):
    now = read(server, REALTIME, server.admin_key)
    assert [one["priority"] for one in now["queue"]["by_priority"]] == list(range(10, -1, -1))
    assert sum(one["count"] for one in now["queue"]["by_priority"]) == now["queue"]["total"]
    assert {one["pool_name"] for one in now["pools"]} == {"message_sender", "ai_processor", "notifier"}
    assert {"api:/messages/send", "api:/messages/send-batch", "global"} <= {one["resource"] for one in now["limits"]}
    assert len(now["messages"]) <= 50
    assert abs((datetime.now(timezone.utc) - datetime.fromisoformat(now["at"].replace("Z", "+00:00"))).total_seconds()) < 10


def test_the_queue_shows_what_waits_by_priority():
    with HongyanServer(settings={"sandbox.latency_ms": 400}) as one:
        assert one.call("PATCH", "/api/pools/1", {"core_pool_size": 1, "max_pool_size": 1}).status == 200
        before = one.get(REALTIME).body["queue"]
        assert (before["total"], before["scheduled"]) == (0, 0)
        one.send(delay_seconds=3600)
        one.post("/api/messages/send-batch", {"channel": "sms", "content": "x", "priority": 2, "recipients": ["slow-3000"] * 300})
        one.post("/api/messages/send-batch", {"channel": "sms", "content": "x", "priority": 8, "recipients": ["slow-3000"] * 200})
        queue = wait_until(lambda: (q := one.get(REALTIME).body["queue"])["total"] > 0 and q, what="a queue")
        assert queue["scheduled"] == 1
        assert {d["priority"] for d in queue["by_priority"] if d["count"]} <= {2, 8}


# --- traces ---


def trace_of(server, sent):
    answer = server.get(f"/api/messages/traces/{sent['trace_id']}")
    assert answer.status == 200, answer.raw
    assert (answer.body["trace_id"], answer.body["message_id"]) == (sent["trace_id"], sent["message_id"])
    return answer.body


def check_trace(trace):
    nodes = trace["nodes"]
    assert [one["name"] for one in nodes[:1]] == ["queue"]
    for one in nodes:
        assert one["duration_ms"] >= 0
        if one["status"] == "pending":
            assert "finished_at" not in one
        else:
            assert one["finished_at"] >= one["started_at"]
    sends = [one for one in nodes if one["name"] == "send"]
    for before, after in zip(sends, sends[1:]):
        assert before["started_at"] <= after["started_at"]
    statistics = trace["statistics"]
    assert statistics["node_count"] == len(nodes)
    assert abs(statistics["total_duration_ms"] - sum(one["duration_ms"] for one in nodes)) < 1000
    assert abs(statistics["avg_duration_ms"] - sum(one["duration_ms"] for one in nodes) / len(nodes)) < 1
    good = sum(one["status"] == "success" for one in nodes)
    done = sum(one["status"] != "pending" for one in nodes)
    assert done == 0 or abs(statistics["success_rate"] - 100 * good / done) < 0.01 or abs(
        statistics["success_rate"] - 100 * good / len(nodes)) < 0.01
    assert [one["attempt"] for one in trace["attempts"]] == list(range(1, len(trace["attempts"]) + 1))


def test_a_sent_messages_trace_has_queue_process_and_send(server):
    sent = server.send(recipient="slow-80")
    server.wait_final(sent["message_id"])
    trace = trace_of(server, sent)
    check_trace(trace)
    assert [(one["name"], one["status"]) for one in trace["nodes"]] == [
        ("queue", "success"), ("process", "success"), ("send", "success")]
    send = trace["nodes"][2]
    assert send["attempt"] == 1 and send["provider"] == "sandbox" and send["duration_ms"] >= 79
    assert trace["status"] == "success" and trace["statistics"]["success_rate"] == 100
    assert [(one["attempt"], one["outcome"]) for one in trace["attempts"]] in ([(1, "success")], [])
    assert server.get(f"/api/messages/traces/{sent['message_id']}").body == trace


def test_a_failed_messages_trace_says_why(server):
    sent = server.send(recipient="fail-permanent")
    message = server.wait_final(sent["message_id"])
    trace = trace_of(server, sent)
    check_trace(trace)
    send = trace["nodes"][-1]
    assert (send["name"], send["status"], trace["status"]) == ("send", "failed", "failed")
    assert send["reason"] and send["reason"] in message["reason"] and send["rule_version"]
    assert [(one["outcome"], one["error_class"]) for one in trace["attempts"]] == [("failed", "recipient_permanent")]


def test_a_retried_messages_trace_has_each_attempt(server):
    sent = server.send(recipient="fail-transient-1")
    server.wait_final(sent["message_id"])
    trace = trace_of(server, sent)
    check_trace(trace)
    sends = [one for one in trace["nodes"] if one["name"] == "send"]
    assert [(one["attempt"], one["status"]) for one in sends] == [(1, "failed"), (2, "success")]
    first, second = trace["attempts"]
    assert (first["outcome"], first["error_class"], second["outcome"]) == ("failed", "transient", "success")
    assert first["next_attempt_at"] <= second["started_at"]


def test_a_waiting_messages_trace_is_pending_in_the_queue(server):
    sent = server.send(delay_seconds=3600)
    trace = trace_of(server, sent)
    check_trace(trace)
    assert [(one["name"], one["status"]) for one in trace["nodes"]] == [("queue", "pending")] and trace["attempts"] == []
    assert server.post(f"/api/messages/{sent['message_id']}/cancel").status == 200
    assert trace_of(server, sent)["status"] == "cancelled"


def test_traces_outlive_a_restart(fresh_server):
    sent = [fresh_server.send(recipient=r) for r in ("13800138000", "fail-permanent", "fail-transient-1")]
    for one in sent:
        fresh_server.wait_final(one["message_id"])
    before = [trace_of(fresh_server, one) for one in sent]
    fresh_server.restart(kill=True)
    assert [trace_of(fresh_server, one) for one in sent] == before


def test_metrics_are_text_for_prometheus_and_count(server):
    server.wait_final(server.send()["message_id"])
    text = server.get("/metrics", key=None).body
    for line in text.splitlines():
        assert line.startswith("#") or len(line.rsplit(" ", 1)) == 2 and float(line.rsplit(" ", 1)[1]) is not None, line
    assert "# TYPE hongyan_" in text
