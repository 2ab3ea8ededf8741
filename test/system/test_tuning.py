"""Pools and limits are tuned while the server runs: by plain SQL from sqlite3 or psql, and the sender pool by its own load."""
import time

import pytest

import store
from support import HongyanServer, wait_until

POOL_SQL = "UPDATE thread_pool_configs SET max_pool_size = 200 WHERE pool_name = 'message_sender'"
LIMIT_SQL = "UPDATE rate_limit_configs SET max_value = 2000 WHERE resource = 'api:/messages/send'"


@pytest.fixture
def tuned():
    with HongyanServer() as running:
        yield running


def sql_shell(server, statement):
    """As an operator types it, beside the running server."""
    done = store.shell(server.data, statement)
    assert (done.returncode, done.stderr) == (0, ""), done


def pool(server, name="message_sender"):
    return next(one for one in server.get("/api/pools").body["items"] if one["pool_name"] == name)


def limit(server, resource="api:/messages/send"):
    return next(one for one in server.get("/api/limits").body["items"] if one["resource"] == resource)


def test_the_documented_sql_raises_the_pools_upper_bound_within_two_seconds(tuned):
    assert pool(tuned)["max_pool_size"] == 100
    sql_shell(tuned, POOL_SQL)
    wait_until(lambda: pool(tuned)["max_pool_size"] == 200, 2, "the new upper bound")


def test_a_size_set_by_sql_holds_at_once_and_tells_why(tuned):
    sql_shell(tuned, "UPDATE thread_pool_configs SET core_pool_size = 33 WHERE pool_name = 'message_sender'")
    changed = wait_until(lambda: (found := pool(tuned))["size"] == 33 and found, 2, "the new size")
    assert "core_pool_size is 33" in changed["last_change"]["reason"], changed


def test_the_documented_sql_raises_the_limit_within_two_seconds(tuned):
    assert limit(tuned)["max_value"] == 1000
    sql_shell(tuned, LIMIT_SQL)
    wait_until(lambda: limit(tuned)["max_value"] == 2000, 2, "the new limit")


def test_a_limit_lowered_by_sql_refuses_within_two_seconds_and_lets_pass_when_it_is_raised_again(tuned):
    statement = "UPDATE rate_limit_configs SET max_value = {} WHERE resource = 'api:/messages/send'"
    body = {"channel": "sms", "recipient": "+8613800000001", "content": "hello"}

    def status():
        return tuned.post("/api/messages/send", body).status

    assert status() == 202
    sql_shell(tuned, statement.format(0))
    wait_until(lambda: status() == 429, 2, "the refusal")
    sql_shell(tuned, statement.format(2000))
    wait_until(lambda: status() == 202, 2, "the end of the refusal")


def test_a_row_that_makes_no_sense_is_not_used_and_told_in_the_log(tuned):
    sql_shell(tuned, "UPDATE thread_pool_configs SET max_pool_size = 5 WHERE pool_name = 'message_sender'")
    wait_until(lambda: "pool_rule_ignored" in tuned.log(), 2, "the warning")
    assert pool(tuned)["size"] == 20
    assert tuned.wait_final(tuned.send()["message_id"])["status"] == "success"


def test_the_sender_pool_grows_over_80_percent_and_shrinks_under_20_percent_with_its_reasons(tuned):
    hold = tuned.post("/api/limits", {"resource": "channel:sms", "limit_type": "qps", "max_value": 0})
    assert hold.status == 201, hold
    sql_shell(tuned, "UPDATE thread_pool_configs SET queue_capacity = 100 WHERE pool_name = 'message_sender'")
    wait_until(lambda: pool(tuned)["queue_capacity"] == 100, 2, "the queue's capacity")
    wait_until(lambda: next((one for one in tuned.get("/api/limits").body["items"]
                             if one["resource"] == "channel:sms"), None), 2, "the channel's limit")
    recipients = [f"13{n:09d}" for n in range(80)]
    batch = tuned.post("/api/messages/send-batch", {"channel": "sms", "content": "hold", "recipients": recipients})
    assert batch.status == 202, batch
    wait_until(lambda: pool(tuned)["queue_size"] == 80, 5, "80 messages in the queue")
    time.sleep(2.2)  # two looks of the keeper: at the mark is not over it
    assert pool(tuned)["size"] == 20, pool(tuned)
    more = [{"recipient": f"14{n:09d}"} for n in range(11)]  # all of them at once, between two looks
    assert tuned.post("/api/messages/send-batch", {"channel": "sms", "content": "hold", "recipients": more}).status == 202
    grown = wait_until(lambda: (found := pool(tuned))["size"] > 20 and found, 5, "the growth")
    assert grown["changes"][-1]["reason"] == "queue 91 of 100 is 91 %, over the 80 % mark: 20 → 24", grown
    assert tuned.call("DELETE", f"/api/limits/{hold.body['id']}").status == 204
    assert tuned.wait_task(batch.body["task_id"])["success_count"] == 80
    top = pool(tuned)["size"]
    shrunk = wait_until(lambda: (found := pool(tuned))["size"] < top and found, 20, "the shrinking")
    step = max(1, top // 10)
    assert shrunk["last_change"]["reason"] == (
        f"queue 0 of 100 is 0 %, under the 20 % mark for 10 s: {top} → {top - step}"), shrunk
    assert any("over the 80 % mark" in change["reason"] for change in shrunk["changes"]), shrunk


def test_a_template_changed_by_sql_is_used_within_two_seconds(tuned):
    def content():
        message = tuned.send(channel="feishu", recipient="ou_1", content=None, template="system_notice",
                             variables={"content": "now"})
        return tuned.message(message["message_id"])["content"]

    assert content() == "系统通知：now"
    sql_shell(tuned, "UPDATE message_templates SET content = '注意：{{ content }}' WHERE name = 'system_notice'")
    wait_until(lambda: content() == "注意：now", 2, "the new text")


def test_a_key_revoked_by_sql_is_refused_within_two_seconds(tuned):
    key = tuned.new_key(["read"])
    assert tuned.get("/api/messages", key=key).status == 200
    sql_shell(tuned, "UPDATE api_keys SET revoked_ms = 1 WHERE name = 'test'")
    wait_until(lambda: tuned.get("/api/messages", key=key).status == 401, 2, "the end of the key")
