"""Pools and limits: a change takes effect at once, and a refusal tells how long to wait."""

import re
import threading
import time

import pytest

from conftest import Observed
from openapi import error_codes, error_paths
from support import ADMIN_KEY, wait_until

SEND = "/api/messages/send"
MESSAGE = {"channel": "sms", "recipient": "13800138000", "content": "x"}


@pytest.fixture(scope="module")
def own():
    """A server whose limits these tests may turn."""
    with Observed() as running:
        yield running


@pytest.fixture
def limit(own):
    """Makes limits that are gone after the test."""
    made = []

    def make(resource="api:/messages/send", limit_type="qps", max_value=0, **fields):
        answer = own.post("/api/limits", {"resource": resource, "limit_type": limit_type, "max_value": max_value} | fields)
        assert answer.status == 201, answer.raw
        made.append(answer.body["id"])
        return answer.body

    yield make
    for id in made:
        assert own.call("DELETE", f"/api/limits/{id}").status in (204, 404)


def shown(own, id):
    return next((one for one in own.get("/api/limits").body["items"] if one["id"] == id), None)


def check_refusal(answer, resource):
    assert answer.status == 429 and answer.body["type"] == "/problems/rate-limited", answer
    assert int(answer.headers["Retry-After"]) >= 1
    policy, state = answer.headers["RateLimit-Policy"], answer.headers["RateLimit"]
    assert re.fullmatch(re.escape(f'"{resource}"') + r";q=\d+(;w=\d+)?", policy), policy
    assert re.fullmatch(re.escape(f'"{resource}"') + r";r=\d+;t=\d+", state), state
    assert resource in answer.body["detail"]


def test_the_seeded_limits_are_there(own):
    found = {one["resource"]: (one["limit_type"], one["max_value"], one["status"]) for one in own.get("/api/limits").body["items"]}
    assert found == {"api:/messages/send": ("qps", 1000, "active"), "api:/messages/send-batch": ("qps", 100, "active"),
                     "global": ("concurrency", 500, "active")}


def test_a_new_limit_holds_from_the_answer_on_and_is_gone_with_it(own, limit):
    assert own.post(SEND, MESSAGE).status == 202
    made = limit(max_value=0)
    for _ in range(3):
        check_refusal(own.post(SEND, MESSAGE), "api:/messages/send")
    assert own.get("/api/messages").status == 200, "only the named route is limited"
    assert shown(own, made["id"])["refused"] == 3
    assert own.call("DELETE", f"/api/limits/{made['id']}").status == 204
    assert own.post(SEND, MESSAGE).status == 202 and shown(own, made["id"]) is None
    assert own.call("DELETE", f"/api/limits/{made['id']}").status == 404


def test_a_change_takes_effect_at_once_and_keeps_what_was_counted(own, limit):
    made = limit(max_value=0)
    path = f"/api/limits/{made['id']}"
    assert own.post(SEND, MESSAGE).status == 429
    changed = own.call("PATCH", path, {"max_value": 1000}).body
    assert changed["max_value"] == 1000 and changed["refused"] == 1, changed
    assert own.post(SEND, MESSAGE).status == 202
    own.call("PATCH", path, {"max_value": 0})
    assert own.post(SEND, MESSAGE).status == 429
    own.call("PATCH", path, {"status": "disabled"})
    assert own.post(SEND, MESSAGE).status == 202
    own.call("PATCH", path, {"status": "active"})
    assert own.post(SEND, MESSAGE).status == 429
    own.call("PATCH", path, {"resource": "api:/messages/send-batch"})
    assert own.post(SEND, MESSAGE).status == 202
    assert own.post("/api/messages/send-batch", {"channel": "sms", "content": "x", "recipients": ["13800138000"]}).status == 429


def test_qps_lets_so_many_pass_in_a_second(own, limit):
    limit(max_value=5)
    statuses = [own.post(SEND, MESSAGE).status for _ in range(30)]
    assert 5 <= statuses.count(202) <= 15 and statuses.count(429) >= 10 and statuses[:5] == [202] * 5
    answer = own.post(SEND, MESSAGE)
    if answer.status == 429:
        assert answer.headers["RateLimit-Policy"] == '"api:/messages/send";q=5;w=1'
    wait_until(lambda: own.post(SEND, MESSAGE).status == 202, 5, "a free place")


def test_after_retry_after_it_passes(own, limit):
    limit(limit_type="window", max_value=2, window_seconds=1)
    refused = wait_until(lambda: (answer := own.post(SEND, MESSAGE)).status == 429 and answer)
    time.sleep(int(refused.headers["Retry-After"]))
    assert own.post(SEND, MESSAGE).status == 202


def test_a_window_counts_over_its_whole_length(own, limit):
    made = limit(limit_type="window", max_value=3, window_seconds=3600)
    assert [own.post(SEND, MESSAGE).status for _ in range(5)] == [202, 202, 202, 429, 429]
    answer = own.post(SEND, MESSAGE)
    check_refusal(answer, "api:/messages/send")
    assert answer.headers["RateLimit-Policy"].endswith(";q=3;w=3600") and ";r=0;" in answer.headers["RateLimit"]
    assert 1 <= int(answer.headers["Retry-After"]) <= 4000  # the window slides in steps
    now = shown(own, made["id"])
    assert (now["current"], now["passed"], now["refused"]) == (3, 3, 3)


def test_concurrency_counts_those_inside(own, limit):
    made = limit(resource="api:/messages/send-batch", limit_type="concurrency", max_value=1)
    big = {"channel": "sms", "delay_seconds": 86400, "content": "x", "recipients": ["13800138000"] * 10_000}
    statuses, barrier = [], threading.Barrier(6)

    def run():
        barrier.wait()
        statuses.append(own.post("/api/messages/send-batch", big).status)

    threads = [threading.Thread(target=run) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert 202 in statuses and set(statuses) <= {202, 429}
    assert own.post("/api/messages/send-batch", big | {"recipients": ["13800138000"]}).status == 202, "a place was not given back"
    assert shown(own, made["id"])["current"] == 0
    for task in own.all_items("/api/messages/tasks"):
        own.post(f"/api/messages/tasks/{task['task_id']}/cancel")


def test_pacing_spaces_requests_instead_of_refusing_them(own, limit):
    limit(max_value=20, behavior="pacing", max_queueing_ms=5000)
    begin = time.monotonic()
    assert [own.post(SEND, MESSAGE).status for _ in range(6)] == [202] * 6
    assert time.monotonic() - begin >= 0.2


def test_a_limit_of_a_channel_slows_the_sending_and_loses_nothing(own, limit):
    made = limit(resource="channel:wechat", max_value=0)
    # What is taken from the queue at this very moment may still go; from then on the limit holds.
    own.send(channel="wechat", recipient="open-id")
    time.sleep(0.3)
    sent = own.send(channel="wechat", recipient="open-id")
    wait_until(lambda: shown(own, made["id"])["refused"] > 0, what="a refusal by the channel's limit")
    time.sleep(0.3)
    assert own.message(sent["message_id"])["status"] == "pending"
    assert own.call("PATCH", f"/api/limits/{made['id']}", {"max_value": 1000}).status == 200
    message = own.wait_final(sent["message_id"])
    assert (message["status"], message["attempts"]) == ("success", 1)


def test_the_global_limit_is_for_every_route_but_never_locks_the_administrator_out(own):
    by_resource = {one["resource"]: one["id"] for one in own.get("/api/limits").body["items"]}
    path = f"/api/limits/{by_resource['global']}"
    before = own.get("/api/limits").status
    try:
        answer = own.call("PATCH", path, {"max_value": 0})
        assert (before, answer.status) == (200, 200)
        check_refusal(own.get("/api/messages"), "global")
        assert own.get("/livez", key=None).status == 200
    finally:
        answer = own.call("PATCH", path, {"max_value": 500})
        if answer.status != 200:  # the way out that always works
            own.sql("UPDATE rate_limit_configs SET max_value = 500 WHERE resource = 'global'")
    wait_until(lambda: own.get("/api/messages").status == 200, 10, "an open server")


@pytest.mark.parametrize("fields, paths", [
    ({"resource": ""}, {"$.resource"}), ({"resource": "a b"}, {"$.resource"}), ({"resource": 'a"b'}, {"$.resource"}), ({"resource": "鸿"}, {"$.resource"}),
    ({"resource": "x" * 201}, {"$.resource"}), ({"resource": "channel:slak"}, {"$.resource"}), ({"resource": "nonsense:x"}, {"$.resource"}),
    ({"resource": "globally"}, {"$.resource"}), ({"resource": "domain:"}, {"$.resource"}), ({"limit_type": "rps"}, {"$.limit_type"}), ({"max_value": -1}, {"$.max_value"}),
    ({"max_value": "5"}, {"$.max_value"}), ({"max_value": 1e10}, {"$.max_value"}), ({"window_seconds": 0}, {"$.window_seconds"}),
    ({"window_seconds": 86401}, {"$.window_seconds"}), ({"status": "on"}, {"$.status"}), ({"behavior": "x"}, {"$.behavior"}),
    ({"warm_up_seconds": 0}, {"$.warm_up_seconds"}), ({"max_queueing_ms": 60001}, {"$.max_queueing_ms"}), ({"id": 5}, {"$.id"}),
    ({"max_value": None}, {"$.max_value"})])
def test_a_wrong_limit_is_named(own, fields, paths):
    answer = own.post("/api/limits", {"resource": "channel:sms", "limit_type": "qps", "max_value": 5} | fields)
    assert answer.status == 422 and error_paths(answer) == paths, answer.raw
    if None not in fields.values():
        assert error_paths(own.call("PATCH", "/api/limits/1", fields)) == paths


def test_limits_outlive_a_restart(fresh_server):
    made = fresh_server.post("/api/limits", {"resource": "api:/messages/send", "limit_type": "qps", "max_value": 0}).body
    fresh_server.call("DELETE", "/api/limits/2")
    fresh_server.restart(kill=True)
    assert fresh_server.post(SEND, MESSAGE).status == 429
    ids = {one["id"] for one in fresh_server.get("/api/limits").body["items"]}
    assert made["id"] in ids and 2 not in ids


# --- pools ---


def pool(own, name="message_sender"):
    return next(one for one in own.get("/api/pools").body["items"] if one["pool_name"] == name)


def test_a_pool_is_resized_at_once_and_says_why(own):
    before = pool(own)
    path = f"/api/pools/{before['id']}"
    answer = own.call("PATCH", path, {"core_pool_size": 33, "max_pool_size": 44})
    assert answer.status == 200 and (answer.body["core_pool_size"], answer.body["max_pool_size"]) == (33, 44)
    now = wait_until(lambda: (p := pool(own))["size"] == 33 and p, what="the size 33")
    assert now["last_change"] == now["changes"][0] and (now["last_change"]["to"], now["last_change"]["from"]) == (33, before["size"])
    assert now["last_change"]["reason"] and now["queue_capacity"] == before["queue_capacity"]
    own.call("PATCH", path, {"core_pool_size": 2, "max_pool_size": 2})
    wait_until(lambda: pool(own)["size"] == 2, what="the size 2")
    own.call("PATCH", path, {name: before[name] for name in ("core_pool_size", "max_pool_size")})
    wait_until(lambda: pool(own)["size"] == before["core_pool_size"], what="the size of before")


@pytest.mark.parametrize("fields, codes", [
    ({"core_pool_size": 0}, {"$.core_pool_size": "out_of_range"}), ({"core_pool_size": 10001}, {"$.core_pool_size": "out_of_range"}),
    ({"max_pool_size": 5}, {"$.max_pool_size": "out_of_range"}), ({"core_pool_size": 200}, {"$.max_pool_size": "out_of_range"}),
    ({"queue_capacity": 0}, {"$.queue_capacity": "out_of_range"}), ({"scale_up_threshold": 1.5}, {"$.scale_up_threshold": "out_of_range"}),
    ({"scale_up_threshold": "0.5"}, {"$.scale_up_threshold": "type"}), ({"size": 5}, {"$.size": "unknown_field"}),
    ({"core_pool_size": 1.5}, {"$.core_pool_size": "type"}), ({"scale_down_threshold": -0.1}, {"$.scale_down_threshold": "out_of_range"})])
def test_a_wrong_pool_is_named_and_not_changed(own, fields, codes):
    before = pool(own)
    answer = own.call("PATCH", f"/api/pools/{before['id']}", fields)
    assert answer.status == 422 and error_codes(answer) == codes, answer.raw
    now = pool(own)
    assert {name: now[name] for name in ("core_pool_size", "max_pool_size", "queue_capacity")} == {
        name: before[name] for name in ("core_pool_size", "max_pool_size", "queue_capacity")}


def test_thresholds_must_not_cross(own):
    answer = own.call("PATCH", "/api/pools/1", {"scale_up_threshold": 0.3, "scale_down_threshold": 0.5})
    assert answer.status == 422 and error_paths(answer) <= {"$.scale_up_threshold", "$.scale_down_threshold"}


def test_pools_outlive_a_restart(fresh_server):
    assert fresh_server.call("PATCH", "/api/pools/1", {"core_pool_size": 7, "max_pool_size": 9}).status == 200
    fresh_server.restart(kill=True)
    now = pool(fresh_server)
    assert (now["core_pool_size"], now["max_pool_size"]) == (7, 9) and 7 <= now["size"] <= 9


def test_a_small_pool_sends_one_after_the_other_and_a_large_one_at_once():
    with Observed(settings={"sandbox.latency_ms": 100}) as one:
        def batch():
            begin = time.monotonic()
            answer = one.post("/api/messages/send-batch", {"channel": "sms", "content": "x", "recipients": ["13800138000"] * 8})
            one.wait_task(answer.body["task_id"])
            return time.monotonic() - begin

        one.call("PATCH", "/api/pools/1", {"core_pool_size": 1, "max_pool_size": 1})
        wait_until(lambda: pool(one)["size"] == 1)
        one.wait_final(one.send()["message_id"])  # the sender may have made room before; now it asks again
        slow = batch()
        one.call("PATCH", "/api/pools/1", {"core_pool_size": 20, "max_pool_size": 100})
        batch()
        assert slow >= 0.7, "one worker sends eight messages of 100 ms in 0.8 s"


# --- for a while ---

def test_a_pool_changed_for_a_while_is_again_as_it_was(own):
    before = pool(own, "notifier")
    path = f"/api/pools/{before['id']}"
    changed = own.call("PATCH", path, {"max_pool_size": 77, "revert_after_seconds": 2}).body
    waiting = changed["for_a_while"]
    assert (waiting["state"], waiting["by"], waiting["by_key"]) == ("waiting", "administrator", 0)
    assert (waiting["before"], waiting["after"]) == ({"max_pool_size": before["max_pool_size"]}, {"max_pool_size": 77})
    assert pool(own, "notifier")["for_a_while"] == waiting and waiting["at"] < waiting["revert_at"]
    after = wait_until(lambda: (now := pool(own, "notifier"))["max_pool_size"] == before["max_pool_size"] and now, 10, "the old size")
    ended = after["rule_changes"][0]
    assert (ended["id"], ended["state"]) == (waiting["id"], "reverted") and "for_a_while" not in after and "ended_by" not in ended
    assert ended["ended_at"] >= waiting["revert_at"]


def test_a_limit_for_a_while_is_kept_or_taken_back_by_hand(own, limit):
    made = limit(resource="channel:wechat", max_value=500)
    path = f"/api/limits/{made['id']}"
    assert own.post(path + "/keep").status == 409 and own.post(path + "/revert").status == 409
    own.call("PATCH", path, {"max_value": 5, "revert_after_seconds": 900})
    assert shown(own, made["id"])["for_a_while"]["before"] == {"max_value": 500}
    taken = own.post(path + "/revert")
    assert (taken.status, taken.body["state"], taken.body["ended_by"]) == (200, "reverted", "administrator"), taken
    assert shown(own, made["id"])["max_value"] == 500 and "for_a_while" not in shown(own, made["id"])
    own.call("PATCH", path, {"max_value": 6, "revert_after_seconds": 900})
    assert own.post(path + "/keep").body["state"] == "kept"
    now = shown(own, made["id"])
    assert now["max_value"] == 6 and [one["state"] for one in now["rule_changes"]] == ["kept", "reverted", "lasting"]
    assert own.post("/api/limits/999999/keep").status == 404 and own.post("/api/pools/x/revert").status == 404


def test_what_changes_nothing_cannot_be_for_a_while(own, limit):
    made = limit(resource="channel:wechat", max_value=500)
    for path, same in (("/api/pools/1", {}), (f"/api/limits/{made['id']}", {"max_value": 500})):
        refused = own.call("PATCH", path, same | {"revert_after_seconds": 60})
        assert (refused.status, refused.body["errors"][0]["path"]) == (422, "$.revert_after_seconds"), refused
        assert own.call("PATCH", path, same).status == 200
    own.call("PATCH", f"/api/limits/{made['id']}", {"max_value": 5, "revert_after_seconds": 60})
    longer = own.call("PATCH", f"/api/limits/{made['id']}", {"max_value": 5, "revert_after_seconds": 900})
    assert longer.status == 200 and longer.body["for_a_while"]["before"] == {"max_value": 500}, longer


def test_a_limit_made_for_a_while_removes_itself(own, limit):
    made = limit(resource="domain:example.com", max_value=1, revert_after_seconds=1)
    assert made["for_a_while"]["state"] == "waiting" and "before" not in made["for_a_while"]
    wait_until(lambda: shown(own, made["id"]) is None, 10, "the limit's end")


def test_a_row_that_was_changed_meanwhile_is_left_alone(own, limit):
    made = limit(resource="channel:feishu", max_value=500)
    path = f"/api/limits/{made['id']}"
    own.call("PATCH", path, {"max_value": 5, "revert_after_seconds": 900})
    own.sql(f"UPDATE rate_limit_configs SET max_value = 8 WHERE id = {made['id']}")
    void = wait_until(lambda: (now := shown(own, made["id"]))["rule_changes"][0]["state"] == "void" and now, 10, "its being void")
    assert void["max_value"] == 8 and "for_a_while" not in void
    own.call("PATCH", path, {"max_value": 9, "revert_after_seconds": 900})
    own.call("PATCH", path, {"max_value": 10, "revert_after_seconds": 1800})
    assert shown(own, made["id"])["for_a_while"]["before"] == {"max_value": 8}, "it goes back to what was before both"
    own.call("PATCH", path, {"max_value": 11})
    now = shown(own, made["id"])
    assert "for_a_while" not in now and [one["state"] for one in now["rule_changes"][:3]] == ["lasting", "void", "replaced"]


@pytest.mark.parametrize("seconds, code", [(0, "out_of_range"), (86401, "out_of_range"), ("900", "type"), (1.5, "type")])
def test_a_wrong_while_is_named(own, seconds, code):
    for method, path, body in (("PATCH", "/api/pools/1", {}), ("PATCH", "/api/limits/1", {}),
                               ("POST", "/api/limits", {"resource": "channel:sms", "limit_type": "qps", "max_value": 5})):
        answer = own.call(method, path, body | {"revert_after_seconds": seconds})
        assert answer.status == 422 and error_codes(answer) == {"$.revert_after_seconds": code}, answer.raw


def test_only_the_first_tenants_administrators_end_a_change(own):
    for key, status in ((own.new_key(["manage", "read"]), 403), (own.new_key(["admin"], tenant="other"), 403)):
        assert own.call("POST", "/api/pools/1/keep", key=key).status == status
        assert own.call("POST", "/api/limits/1/revert", key=key).status == status


def test_a_change_for_a_while_is_taken_back_after_a_crash(fresh_server):
    before = pool(fresh_server)
    fresh_server.call("PATCH", f"/api/pools/{before['id']}", {"max_pool_size": 222, "revert_after_seconds": 3})
    fresh_server.kill()
    fresh_server.start()
    wait_until(lambda: pool(fresh_server)["max_pool_size"] == before["max_pool_size"], 15, "the old size")
    assert pool(fresh_server)["rule_changes"][0]["state"] == "reverted"


def test_a_refused_request_is_refused_before_its_body_is_read(own, limit):
    limit(max_value=0)
    head = (f"POST {SEND} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_KEY}\r\nContent-Type: application/json\r\n"
            "Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
    assert own.raw(head.encode(), seconds=1.0).startswith(b"HTTP/1.1 429 ")
