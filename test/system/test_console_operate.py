"""What the console's pages are made with: session, pages of the application, views, settings, keys, limits, templates with a
design, dry runs, dead-letter runs, the demo traffic and the one inbox."""

import json
import time
from datetime import datetime, timezone

import pytest

import store
from openapi import error_paths
from support import ADMIN_KEY, HongyanServer, wait_until

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


# --- session ---

def test_the_session_says_who_is_calling(server):
    made = server.post("/api/keys", {"name": "console user", "scopes": ["read", "send"], "expires_at": "2030-01-01T00:00:00Z"}).body
    answer = server.get("/api/session", key=made["key"])
    assert answer.status == 200
    assert answer.body["key"] == {"id": made["id"], "name": "console user", "prefix": made["prefix"], "scopes": ["send", "read"],
                                  "expires_at": "2030-01-01T00:00:00.000Z"}
    assert answer.body["tenant_id"] == 1 and answer.body["tenant"] == "default"
    host = answer.body["server"]
    assert host["store"] == ("postgres" if store.ON_POSTGRES else "sqlite") and host["sandbox"] is True and host["api_url"] == server.url
    assert abs(datetime.fromisoformat(host["now"][:-1]).timestamp() - datetime.now(timezone.utc).replace(tzinfo=None).timestamp()) < 60
    assert host["started_at"] <= host["now"]
    channels = {one["name"]: one for one in answer.body["channels"]}
    assert {"sms", "email", "app", "wechat", "feishu"} <= set(channels)
    assert "smpp" in channels["sms"]["providers"] and channels["sms"]["has_account"] is False


def test_the_settings_key_has_a_session_too(server):
    body = server.get("/api/session", key=ADMIN_KEY).body
    assert body["key"]["id"] == 0 and "admin" in body["key"]["scopes"] and body["tenant"] == "default"


# --- nodes ---

def test_the_only_node_tells_of_itself_and_its_engines(server):
    answer = server.get("/api/nodes", key=server.new_key(["read"])).body
    (node,) = answer["items"]
    shared = store.ON_POSTGRES
    assert (answer["cluster"], answer["leads"], answer["ended"]) == (shared, True, []) or shared
    assert (node["self"], node["state"], node["roles"]) == (True, "living", ["api", "worker", "jobs"])
    assert [(one["role"], one["engine"], one["ok"]) for one in node["engines"]] == [
        ("store", "postgres" if shared else "sqlite", True), ("queue", "local", True), ("coordination", "local", True)]
    before = node["scheduled"]
    server.send(delay_seconds=3600)
    wait_until(lambda: server.get("/api/nodes").body["items"][0]["scheduled"] == before + 1, what="one more that waits for its time")
    assert server.get("/api/nodes", key=server.new_key(["send"])).status == 403


# --- pages ---

@pytest.mark.parametrize("path", ["/", "/messages", "/messages/1968453871263744005", "/templates/3/edit", "/a/b/c?x=1"])
def test_every_page_is_the_application(server, path):
    answer = server.get(path, headers=HTML, key=None)
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Cache-Control"] == "no-cache" and answer.headers["ETag"]
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'self'", "script-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Referrer-Policy"] == "no-referrer"
    again = server.get(path, headers=HTML | {"If-None-Match": answer.headers["ETag"]}, key=None)
    assert again.status == 304 and again.raw == b""


@pytest.mark.parametrize("path", ["/api", "/api/nothing", "/%61pi/nothing", "/assets/gone", "/gone.js", "/messages/gone.html"])
def test_what_is_no_page_is_not_found(server, path):
    answer = server.get(path, headers=HTML, key=None)
    assert answer.status == 404 and answer.headers["Content-Type"].startswith("application/problem+json")


def test_programs_get_a_problem_for_an_unknown_path(server):
    assert server.get("/messages", headers={"Accept": "*/*"}, key=None).status == 404
    assert server.call("POST", "/messages", {}, key=None, headers=HTML).status == 404


# --- views ---

def test_views_are_saved_replaced_listed_and_deleted(server):
    key = server.new_key(["admin"], tenant="views")
    call = lambda method, path, json=None: server.call(method, path, json, key=key)
    assert call("GET", "/api/views").body == {"items": []}
    saved = call("PUT", "/api/views/failed%20mail", {"page": "/messages", "query": "status=failed&channel=email"})
    assert saved.status == 200 and saved.body["name"] == "failed mail"
    call("PUT", "/api/views/%E5%A4%B1%E8%B4%A5", {"page": "/tasks"})
    call("PUT", "/api/views/failed%20mail", {"page": "/messages", "query": "status=failed"})
    assert [(v["name"], v["query"]) for v in call("GET", "/api/views").body["items"]] == [("failed mail", "status=failed"), ("失败", "")]
    assert server.get("/api/views").body["items"] == [] or "failed mail" not in server.get("/api/views").raw.decode()
    assert server.call("DELETE", "/api/views/failed%20mail").status == 404  # of another tenant
    assert call("DELETE", "/api/views/failed%20mail").status == 204
    assert call("DELETE", "/api/views/failed%20mail").status == 404
    assert len(call("GET", "/api/views").body["items"]) == 1


@pytest.mark.parametrize("name", ["%00", "a%0Ab", "%20x", "x" * 65, "%FF", "%7F"])
def test_a_bad_name_is_refused(server, name):
    answer = server.call("PUT", f"/api/views/{name}", {"page": "/messages"})
    assert answer.status == 422 and error_paths(answer) == {"$path.name"}


@pytest.mark.parametrize("body, path", [
    ({}, "$.page"), ({"page": "messages"}, "$.page"), ({"page": "//evil.example"}, "$.page"), ({"page": "/x?y"}, "$.page"),
    ({"page": "/x", "query": "a b"}, "$.query"), ({"page": "/x", "query": "a#b"}, "$.query"), ({"page": "/x", "more": 1}, "$.more")])
def test_a_bad_view_is_refused(server, body, path):
    answer = server.call("PUT", "/api/views/bad", body)
    assert answer.status == 422 and error_paths(answer) == {path}


def test_a_tenant_has_a_hundred_views_at_most(server):
    key = server.new_key(["admin"], tenant="many-views")
    for number in range(100):
        assert server.call("PUT", f"/api/views/v{number}", {"page": "/messages"}, key=key).status == 200
    assert server.call("PUT", "/api/views/one-more", {"page": "/messages"}, key=key).status == 409
    assert server.call("PUT", "/api/views/v7", {"page": "/tasks"}, key=key).status == 200


# --- settings ---

def test_settings_are_shown_with_their_origin_and_no_secret():
    with HongyanServer(settings={"http.io_threads": 2}, environment={"HONGYAN_LOG_LEVEL": "warn"}) as one:
        answer = one.get("/api/settings")
        items = {item["name"]: item for item in answer.body["items"]}
        assert items["http.io_threads"] | {"description": ""} == {
            "name": "http.io_threads", "value": "2", "default": "1", "origin": "flag", "place": "--set", "description": "",
            "secret": False, "needs_restart": True} or items["http.io_threads"]["value"] == "2"
        assert items["http.io_threads"]["origin"] == "flag" and items["log.level"]["origin"] == "environment"
        assert items["store.cache_mib"]["origin"] == "default" and items["store.cache_mib"]["value"] == items["store.cache_mib"]["default"]
        assert items["admin_key"]["secret"] and items["admin_key"]["value"] == "******" and ADMIN_KEY not in answer.raw.decode()
        assert one.get("/api/settings", key=one.new_key(["manage"])).status == 403
        assert one.get("/api/settings", key=one.new_key(["admin"], tenant="settings")).status == 403


# --- keys ---

def test_a_rotated_key_overlaps_and_then_only_the_new_one_holds(server):
    made = server.post("/api/keys", {"name": "to rotate", "scopes": ["read", "send"]}).body
    rotated = server.post(f"/api/keys/{made['id']}/rotate", {"overlap_hours": 1})
    assert rotated.status == 201 and rotated.headers["Location"] == f"/api/keys/{rotated.body['id']}"
    assert rotated.body["name"] == "to rotate" and rotated.body["scopes"] == ["send", "read"] and rotated.body["key"] != made["key"]
    for key in (made["key"], rotated.body["key"]):
        assert server.get("/api/messages", key=key).status == 200
    listed = {one["id"]: one for one in server.get("/api/keys").body["items"]}
    ends = datetime.fromisoformat(listed[made["id"]]["expires_at"][:-1]).replace(tzinfo=timezone.utc)
    assert 3500 < (ends - datetime.now(timezone.utc)).total_seconds() <= 3600
    assert "expires_at" not in listed[rotated.body["id"]] and "key" not in listed[rotated.body["id"]]
    at_once = server.post(f"/api/keys/{rotated.body['id']}/rotate", {"overlap_hours": 0})
    assert at_once.status == 201
    assert server.get("/api/messages", key=rotated.body["key"]).status == 401
    assert server.get("/api/messages", key=at_once.body["key"]).status == 200
    assert server.post(f"/api/keys/{rotated.body['id']}/rotate", {}).status == 409


def test_a_revoked_or_foreign_key_is_not_rotated(server):
    made = server.post("/api/keys", {"name": "gone", "scopes": ["read"]}).body
    server.call("DELETE", f"/api/keys/{made['id']}")
    assert server.post(f"/api/keys/{made['id']}/rotate", {}).status == 404
    foreign = server.new_key(["admin"], tenant="rotators")
    own = server.post("/api/keys", {"name": "own", "scopes": ["read"]}).body
    assert server.post(f"/api/keys/{own['id']}/rotate", {}, key=foreign).status == 404
    assert server.post(f"/api/keys/{own['id']}/rotate", {"overlap_hours": 721}).status == 422
    assert server.get("/api/messages", key=own["key"]).status == 200


def test_keys_show_who_made_them_and_when_they_were_used(server):
    maker = server.post("/api/keys", {"name": "the maker", "scopes": ["admin"]}).body
    made = server.post("/api/keys", {"name": "made", "scopes": ["read"]}, key=maker["key"]).body
    server.get("/api/messages", key=made["key"])
    find = lambda: next(one for one in server.get("/api/keys").body["items"] if one["id"] == made["id"])
    assert find()["created_by"] == "the maker"
    used = wait_until(lambda: find().get("last_used_at"), 30, "the note of its use")
    assert abs(datetime.fromisoformat(used[:-1]).replace(tzinfo=timezone.utc).timestamp() - time.time()) < 60


# --- limits and pools ---

def test_a_check_of_a_limit_uses_nothing_up(fresh_server):
    rule = fresh_server.post("/api/limits", {"resource": "api:/console/test", "limit_type": "window", "max_value": 5, "window_seconds": 60}).body
    for _ in range(20):
        answer = fresh_server.post("/api/limits/check", {"resource": "api:/console/test", "cost": 5})
        assert answer.status == 200 and answer.body["would_pass"] is True
        assert answer.body["current"] == 0 and answer.body["allowed"] == 5 and answer.body["rule"]["id"] == rule["id"]
    refused = fresh_server.post("/api/limits/check", {"resource": "api:/console/test", "cost": 6}).body
    assert refused["would_pass"] is False and refused["retry_after_ms"] >= 1 and refused["rule"]["id"] == rule["id"]
    shown = next(one for one in fresh_server.get("/api/limits").body["items"] if one["id"] == rule["id"])
    assert (shown["passed"], shown["refused"], shown["refused_last_hour"]) == (0, 0, 0)
    assert fresh_server.post("/api/limits/check", {"resource": "api:/nothing/here"}).body["would_pass"] is True
    assert fresh_server.post("/api/limits/check", {"resource": "a b"}).status == 422
    assert fresh_server.post("/api/limits/check", {"resource": "x", "cost": 0}).status == 422


def test_refusals_of_the_last_hour_are_counted(fresh_server):
    limit = next(one for one in fresh_server.get("/api/limits").body["items"] if one["resource"] == "api:/messages/send")
    fresh_server.call("PATCH", f"/api/limits/{limit['id']}", {"max_value": 1})
    body = {"channel": "sms", "recipient": "13800138000", "content": "x"}
    statuses = [fresh_server.post("/api/messages/send", body).status for _ in range(10)]
    shown = next(one for one in fresh_server.get("/api/limits").body["items"] if one["id"] == limit["id"])
    assert shown["refused_last_hour"] == shown["refused"] == statuses.count(429) >= 1
    assert shown["passed_last_hour"] == statuses.count(202) and shown["last_refusal_at"]


def test_a_pool_keeps_a_hundred_changes(server):
    pool = next(one for one in server.get("/api/pools").body["items"] if one["pool_name"] == "notifier")
    for size in range(30):
        core = 5 + size % 2
        assert server.call("PATCH", f"/api/pools/{pool['id']}", {"core_pool_size": core, "max_pool_size": core}).status == 200
    server.call("PATCH", f"/api/pools/{pool['id']}", {"core_pool_size": pool["core_pool_size"], "max_pool_size": pool["max_pool_size"]})
    changes = next(one for one in server.get("/api/pools").body["items"] if one["id"] == pool["id"])["changes"]
    assert 20 < len(changes) <= 100 and changes[0]["at"] >= changes[-1]["at"] and all(one["reason"] for one in changes)


# --- templates ---

def test_a_design_is_kept_with_each_version_and_left_out_of_lists(server):
    body = {"name": "designed", "channel": "email", "subject": "s", "content": "text", "html": "<p>one</p>", "design": '{"v":1}'}
    made = server.post("/api/messages/templates", body)
    assert made.status == 201 and made.body["design"] == '{"v":1}'
    path = f"/api/messages/templates/{made.body['id']}"
    changed = server.call("PUT", path, body | {"design": '{"v":2}'})
    assert changed.body["version"] == 2 and changed.body["design"] == '{"v":2}'
    assert server.call("PUT", path, body | {"design": '{"v":2}'}).body["version"] == 2
    assert server.get(path).body["design"] == '{"v":2}'
    assert server.get(f"{path}/versions/1").body["design"] == '{"v":1}'
    assert server.get(f"{path}/versions/1").body["html"] == "<p>one</p>"
    assert server.get(f"{path}/versions/3").status == 404
    versions = server.get(f"{path}/versions").body["items"]
    assert [one["version"] for one in versions] == [2, 1] and not any("design" in one for one in versions)
    assert not any("design" in one for one in server.all_items("/api/messages/templates"))
    back = server.call("PUT", path, body)  # to the first one again
    assert back.body["version"] == 3 and back.body["design"] == '{"v":1}'


def test_a_design_may_have_half_a_mebibyte(server):
    body = {"name": "large_design", "channel": "email", "subject": "s", "content": "text", "design": "x" * (512 * 1024)}
    assert server.post("/api/messages/templates", body).status == 201
    answer = server.post("/api/messages/templates", body | {"name": "too_large", "design": "x" * (512 * 1024 + 1)})
    assert answer.status == 422 and error_paths(answer) == {"$.design"}


# --- dry run and tasks ---

BATCH = {"channel": "sms", "template": "order_shipped", "variables": {"order_no": "1", "customer_name": "张三", "delivery_days": 3}}


def test_a_dry_run_counts_everything_and_stores_nothing(server):
    key = server.new_key(["admin"], tenant="dry", name="dry")
    post = lambda body: server.post("/api/messages/send-batch", body, key=key)
    recipients = ["13800138000", "13800138001", "13800138000", "no phone", {"recipient": "13800138002", "content": "own"},
                  {"recipient": "13800138003"}]
    suppressed = server.post("/api/suppressions", {"channel": "sms", "recipient": "13800138001"}, key=key)
    assert suppressed.status in (200, 201), suppressed
    answer = post({"channel": "sms", "content": "汉" * 71, "recipients": recipients, "dry_run": True})
    assert answer.status == 200, answer
    body = answer.body
    assert (body["recipients"], body["valid"], body["invalid"], body["duplicates"], body["suppressed"]) == (6, 5, 1, 1, 1)
    assert [(p["index"], p["path"]) for p in body["problems"]] == [(3, "$.recipients[3].recipient")]
    assert len(body["previews"]) == 3 and body["previews"][0]["content"] == "汉" * 71 and body["previews"][0]["segments"] == 2
    assert body["segments_total"] == 9
    assert server.get("/api/messages", key=key).body["items"] == [] and server.get("/api/messages/tasks", key=key).body["items"] == []


def test_a_dry_run_says_what_sending_would_say(server):
    wrong = {"channel": "sms", "template": "order_shipped", "recipients": ["13800138000", "13800138001"], "dry_run": True}
    body = server.post("/api/messages/send-batch", wrong).body
    assert body["valid"] == 0 and body["invalid"] == 2 and any("order_no" in p["path"] for p in body["problems"])
    real = server.post("/api/messages/send-batch", wrong | {"dry_run": False})
    assert real.status == 422 and {p["path"] for p in body["problems"]} == error_paths(real)
    unknown = server.post("/api/messages/send-batch", wrong | {"template": "nothing"}).body
    assert unknown["invalid"] == 2 and unknown["problems"][0]["path"] == "$.template" and "index" not in unknown["problems"][0]


def test_a_dry_run_of_ten_thousand_lists_a_hundred_problems(server):
    recipients = [f"{13800000000 + n}" if n % 10 else f"bad {n}" for n in range(10_000)]
    body = server.post("/api/messages/send-batch", BATCH | {"recipients": recipients, "dry_run": True}).body
    assert body["valid"] == 9_000 and body["invalid"] == 1_000 and len(body["problems"]) == 100


def test_a_task_has_a_name_and_an_end_in_sight(server):
    batch = server.post("/api/messages/send-batch", BATCH | {"recipients": ["13800138000"], "name": "Winter sale 冬"})
    task = server.wait_task(batch.body["task_id"])
    assert task["name"] == "Winter sale 冬" and "eta_seconds" not in task
    assert any(one.get("name") == "Winter sale 冬" for one in server.get("/api/messages/tasks").body["items"])
    slow = server.post("/api/messages/send-batch", {"channel": "sms", "content": "x", "recipients": ["13800138000"] * 50
                                                    + [{"recipient": "slow-30000"}] * 5}).body["task_id"]
    eta = wait_until(lambda: server.get(f"/api/messages/tasks/{slow}").body.get("eta_seconds"), 15, "an estimate")
    assert eta >= 1
    server.post(f"/api/messages/tasks/{slow}/cancel")


# --- dead letters ---

@pytest.fixture
def dead(server):
    """A tenant with dead letters of two causes."""
    name = f"dead-{time.monotonic_ns()}"
    key = server.new_key(["admin"], tenant=name, name=name)
    for number in range(30):
        server.post("/api/messages/send", {"channel": "sms" if number % 3 else "email", "content": "x",
                                           "recipient": "fail-permanent-1" if number % 3 else "fail-permanent-1@example.com"}, key=key)
    wait_until(lambda: server.get("/api/messages/counts?status=failed", key=key).body["total"] == 30, 20, "thirty dead letters")
    return key


def test_groups_name_the_cause_the_provider_and_an_example(server, dead):
    body = server.get("/api/messages/dead-letters/groups", key=dead).body
    assert body["capped"] is False and [(one["channel"], one["count"]) for one in body["items"]] == [("sms", 20), ("email", 10)]
    for one in body["items"]:
        assert one["provider"] == "sandbox" and one["reason"] and one["first_at"] <= one["last_at"]
        assert server.get(f"/api/messages/{one['example']}", key=dead).body["status"] == "failed"


def test_a_run_sends_them_again_at_its_rate_and_can_be_cancelled(server, dead):
    call = lambda method, path, json=None: server.call(method, path, json, key=dead)
    started = call("POST", "/api/messages/dead-letters/retry", {"background": True, "rate_per_second": 5, "filter": {"channel": "sms"}})
    assert started.status == 202 and started.body["status"] == "running" and started.body["matched"] == 20
    assert started.body["filter"] == {"channel": "sms"} and started.body["rate_per_second"] == 5
    path = f"/api/messages/dead-letters/runs/{started.body['id']}"
    show = lambda: next(one for one in call("GET", "/api/messages/dead-letters/runs").body["items"] if one["id"] == started.body["id"])
    wait_until(lambda: show()["retried"] >= 3, 10, "the first ones")
    assert server.call("DELETE", path).status == 404  # of another tenant
    cancelled = call("DELETE", path)
    assert cancelled.status == 200 and cancelled.body["status"] == "cancelled" and cancelled.body["retried"] < 20
    left = 30 - show()["retried"]
    wait_until(lambda: call("GET", "/api/messages/counts?status=failed").body["total"] <= left, 10, "the rest")
    whole = call("POST", "/api/messages/dead-letters/retry", {"background": True})
    assert whole.status == 202
    done = wait_until(lambda: next((one for one in call("GET", "/api/messages/dead-letters/runs").body["items"]
                                    if one["id"] == whole.body["id"] and one["status"] != "running"), None), 20, "its end")
    assert done["status"] == "completed" and done["finished_at"]
    wait_until(lambda: call("GET", "/api/messages/counts?status=failed").body["total"] == 0, 20, "no dead letter")
    wait_until(lambda: call("GET", "/api/messages/counts").body["by_status"] == {"success": 30}, 20, "all are sent")


def test_a_run_takes_each_message_once_though_it_fails_again(server):
    key = server.new_key(["admin"], tenant=f"again-{time.monotonic_ns()}")
    for _ in range(5):
        server.post("/api/messages/send", {"channel": "sms", "recipient": "fail-permanent", "content": "x"}, key=key)
    wait_until(lambda: server.get("/api/messages/counts?status=failed", key=key).body["total"] == 5)
    run = server.post("/api/messages/dead-letters/retry", {"background": True, "max_count": 1000}, key=key).body
    done = wait_until(lambda: next((one for one in server.get("/api/messages/dead-letters/runs", key=key).body["items"]
                                    if one["id"] == run["id"] and one["status"] != "running"), None), 20, "its end")
    assert done["status"] == "completed" and done["retried"] == 5


# --- one message ---

def test_a_message_is_shown_whole(server):
    sent = server.send(channel="email", recipient="a@example.com", subject="Hello", content="text", html="<p>html</p>",
                       metadata={"order": 7}, callback_url="http://127.0.0.1:9/hook", options={"smtp": {"headers": {"X-Campaign": "w"}}})
    message = server.wait_final(sent["message_id"])
    assert (message["subject"], message["content"], message["html"]) == ("Hello", "text", "<p>html</p>")
    assert message["metadata"] == {"order": 7} and message["options"]["smtp"]["headers"] == {"X-Campaign": "w"}
    assert [one["outcome"] for one in message["attempt_list"]] == ["success"] and message["attempts"] == 1
    callbacks = wait_until(lambda: server.message(sent["message_id"])["callbacks"], 10, "its report")
    assert callbacks[0]["status"] in ("waiting", "failed") and callbacks[0]["type"]
    listed = next(one for one in server.get("/api/messages").body["items"] if one["message_id"] == sent["message_id"])
    assert "attempt_list" not in listed


# --- demo traffic ---

def test_demo_traffic_fills_every_chart_and_stops_by_itself():
    with HongyanServer() as one:
        started = one.post("/api/sandbox/demo", {"seconds": 3, "per_second": 100, "failure_percent": 20})
        assert started.status == 202 and started.body["running"] is True and 2 <= started.body["remaining_seconds"] <= 3
        assert one.post("/api/sandbox/demo", {}).status == 409
        done = wait_until(lambda: (s := one.get("/api/sandbox/demo").body) and not s["running"] and s, 15, "its end")
        assert 150 <= done["sent"] <= 320 and done["refused"] == 0 and done["remaining_seconds"] == 0
        counts = wait_until(lambda: (c := one.get("/api/messages/counts").body)["by_status"].get("delivered") and c, 15, "receipts")
        assert counts["total"] == done["sent"] and counts["by_status"].get("failed", 0) + counts["by_status"].get("retrying", 0) >= 1
        messages = one.all_items("/api/messages")
        assert {m["channel"] for m in messages} >= {"sms", "email", "app", "wechat", "feishu"}
        assert len({m["priority"] for m in messages}) >= 5 and {m["provider"] for m in messages} == {"sandbox"}
        assert {m.get("template_id") for m in messages} >= {1, 2, 3, 4}
        for m in messages:
            assert m["recipient"].startswith(("+1202555", "demo")), m["recipient"]


def test_demo_traffic_is_stopped_and_belongs_to_its_tenant(server):
    key = server.new_key(["admin"], tenant="demo-tenant")
    assert server.post("/api/sandbox/demo", {"seconds": 600, "per_second": 1}, key=key).status == 202
    assert server.get("/api/sandbox/demo").body["running"] is False  # another tenant's
    assert server.call("DELETE", "/api/sandbox/demo").status == 200
    assert server.get("/api/sandbox/demo", key=key).body["running"] is True
    assert server.call("DELETE", "/api/sandbox/demo", key=key).body["running"] is False
    wait_until(lambda: not server.get("/api/sandbox/demo", key=key).body["running"], 5, "its end")


@pytest.mark.parametrize("body, path", [({"seconds": 601}, "$.seconds"), ({"seconds": 0}, "$.seconds"), ({"per_second": 501}, "$.per_second"),
                                        ({"failure_percent": 101}, "$.failure_percent"), ({"channel": "sms"}, "$.channel")])
def test_demo_traffic_has_bounds(server, body, path):
    answer = server.post("/api/sandbox/demo", body)
    assert answer.status == 422 and error_paths(answer) == {path}


def test_without_a_sandbox_there_is_no_demo_traffic():
    with HongyanServer(settings={"sandbox.enabled": "false"}) as one:
        for method in ("POST", "GET", "DELETE"):
            answer = one.call(method, "/api/sandbox/demo", {} if method == "POST" else None)
            assert answer.status == 404 and "sandbox.enabled" in answer.body["detail"]


# --- the one inbox ---

def test_the_inbox_shows_what_arrived_at_simulated_providers_too(tmp_path):
    from providers import SETTINGS
    with HongyanServer(settings=SETTINGS) as one:
        services = wait_for_services(one)
        webhook = next(s for s in services if s["name"] == "webhook")
        account = one.post("/api/accounts", {"channel": webhook["channel"], "name": "sim", "provider": webhook["sample_account"]["provider"],
                                             "settings": webhook["sample_account"]["settings"]})
        assert account.status == 201, account
        direct = one.send(content="by the sandbox")
        one.wait_final(direct["message_id"])
        by_provider = one.send(channel=webhook["channel"], recipient=f"{webhook['url']}/hook/1", content="by the provider")
        message = one.wait_final(by_provider["message_id"])
        assert message["status"] in ("success", "delivered"), message
        items = one.get("/api/sandbox/inbox").body["items"]
        assert {item["service"] for item in items} == {"sandbox", "webhook"}, items
        arrived = next(item for item in items if item["service"] == "webhook")
        assert arrived["message_id"] == by_provider["message_id"] and arrived["raw"] and arrived["id"].startswith("provider-")
        pages, cursor = [], None
        for _ in range(5):
            page = one.get("/api/sandbox/inbox", query={"limit": 1, "cursor": cursor}).body
            pages += page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                break
        assert [p["id"] for p in pages] == [i["id"] for i in items]
        assert one.get("/api/sandbox/inbox", query={"service": "webhook"}).body["items"] == [arrived]
        other = one.new_key(["admin"], tenant="inbox-other")
        assert one.get("/api/sandbox/inbox", key=other).body["items"] == []
        assert one.call("DELETE", "/api/sandbox/inbox").status == 200
        assert one.get("/api/sandbox/inbox").body["items"] == []


def wait_for_services(server) -> list[dict]:
    import re
    import urllib.request

    def ask():
        found = re.search(r"providers_simulated http=(\S+)", server.log())
        if not found:
            return None
        with urllib.request.urlopen(found.group(1) + "/_universe/services", timeout=10) as answer:
            return json.loads(answer.read())["services"]

    return wait_until(ask, 15, "the simulated providers")
