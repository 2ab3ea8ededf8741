"""Dead letters, and what else is done to messages by hand: retry, redrive, cancel one, cancel a whole task."""

import uuid

import pytest

from openapi import error_codes, error_paths
from support import wait_until

DEAD = "/api/messages/dead-letters"
REDRIVE = DEAD + "/retry"


class Tenant:
    def __init__(self, server):
        self.server = server
        self.key = server.new_key(["admin"], tenant="dead-" + uuid.uuid4().hex[:8])

    def call(self, method, path, json=None, **options):
        return self.server.call(method, path, json, key=self.key, **options)

    def send(self, **fields) -> str:
        answer = self.call("POST", "/api/messages/send", {"channel": "sms", "recipient": "13800138000", "content": "x"} | fields)
        assert answer.status == 202, answer.raw
        return answer.body["message_id"]

    def batch(self, recipients, **fields) -> int:
        answer = self.call("POST", "/api/messages/send-batch", {"channel": "sms", "content": "x", "recipients": recipients} | fields)
        assert answer.status == 202, answer.raw
        return answer.body["task_id"]

    def status(self, id) -> str:
        return self.call("GET", f"/api/messages/{id}").body["status"]

    def wait(self, id, status):
        wait_until(lambda: self.status(id) == status, what=f"{id} being {status}")

    def task(self, id) -> dict:
        return self.call("GET", f"/api/messages/tasks/{id}").body

    def dead(self, **query) -> list[str]:
        return [one["message_id"] for one in self.call("GET", DEAD, query={"limit": 200} | query).body["items"]]

    def fail(self, count=1, recipient="fail-permanent", **fields) -> list[str]:
        ids = [self.send(recipient=recipient, **fields) for _ in range(count)]
        for id in ids:
            self.wait(id, "failed")
        return ids

    def redrive(self, **body) -> tuple[int, int]:
        answer = self.call("POST", REDRIVE, body)
        assert answer.status == 200, answer.raw
        return answer.body["matched"], answer.body["retried"]


@pytest.fixture
def tenant(server):
    return Tenant(server)


def test_what_failed_for_good_is_a_dead_letter_with_its_reason(tenant):
    ok, failed = tenant.send(), tenant.fail(3)
    tenant.wait(ok, "success")
    items = tenant.call("GET", DEAD).body["items"]
    assert [one["message_id"] for one in items] == failed[::-1]
    for one in items:
        assert one["status"] == "failed" and "no such recipient" in one["reason"] and one["attempts"] == 1 and one["finished_at"]


def test_groups_count_by_reason_and_channel_the_largest_first(tenant):
    sms, app = tenant.fail(3), tenant.fail(2, channel="app")
    groups = tenant.call("GET", DEAD + "/groups").body["items"]
    assert [(one["channel"], one["count"]) for one in groups] == [("sms", 3), ("app", 2)]
    for one, ids in zip(groups, (sms, app)):
        assert "no such recipient" in one["reason"] and one["example"][4:] in ids and one["first_at"] <= one["last_at"]
        found = tenant.call("GET", f"/api/messages/{ids[0]}").body
        assert one["first_at"] == found["created_at"]
    tenant.redrive(filter={"channel": "app"}, dry_run=True)
    assert tenant.call("GET", DEAD + "/groups").body["items"] == groups


def test_a_dry_run_counts_and_touches_nothing(tenant):
    failed = tenant.fail(4)
    before = tenant.call("GET", DEAD).body
    for body, count in (({}, 4), ({"filter": None}, 4), ({"filter": {}}, 4), ({"filter": {"channel": "sms"}}, 4), ({"filter": {"channel": "app"}}, 0),
                        ({"filter": {"recipient": "fail-permanent"}}, 4), ({"filter": {"recipient": "other"}}, 0),
                        ({"filter": {"error": "no such recipient"}}, 4), ({"filter": {"error": "nothing"}}, 0), ({"filter": {"task_id": 1}}, 0),
                        ({"filter": {"template_id": 1}}, 0), ({"filter": {"created_after": "2100-01-01T00:00:00Z"}}, 0),
                        ({"filter": {"created_before": "2100-01-01T00:00:00Z"}}, 4)):
        assert tenant.redrive(dry_run=True, **body) == (count, 0), body
    assert tenant.call("GET", DEAD).body == before and len(failed) == 4


@pytest.mark.parametrize("limits, count", [
    ({"created_before": "1970-01-01T00:00:00Z"}, 0), ({"created_before": "1960-01-01T00:00:00Z"}, 0), ({"created_after": "1960-01-01T00:00:00Z"}, 1),
    ({"created_before": "9999-12-31T23:59:59Z"}, 1), ({"created_after": "9999-12-31T23:59:59Z"}, 0),
    ({"created_before": "2300-01-01T00:00:00Z"}, 1), ({"created_after": "2300-01-01T00:00:00Z"}, 0), ({"created_before": "0001-01-01T00:00:00Z"}, 0)])
def test_a_far_away_moment_is_never_read_as_no_limit(tenant, limits, count):
    tenant.fail(1)
    assert tenant.redrive(dry_run=True, filter=limits) == (count, 0)
    assert len(tenant.dead(**limits)) == count


def test_a_redrive_sends_what_it_matched_again(tenant):
    # The first attempt of each fails for good, the second one passes.
    again = tenant.fail(3, recipient="fail-permanent-1")
    other = tenant.fail(2, channel="app", recipient="fail-permanent-1")
    assert tenant.redrive(filter={"channel": "sms"}) == (3, 3)
    for id in again:
        tenant.wait(id, "success")
        assert tenant.call("GET", f"/api/messages/{id}").body["attempts"] == 2
        trace = tenant.call("GET", f"/api/messages/traces/msg_{id}").body
        assert [one["outcome"] for one in trace["attempts"]] == ["failed", "success"]
    assert sorted(tenant.dead()) == sorted(other)
    inbox = tenant.call("GET", "/api/sandbox/inbox").body["items"]
    assert sorted(one["message_id"] for one in inbox) == sorted(again)
    assert tenant.redrive(filter={"channel": "sms"}) == (0, 0)


def test_a_redrive_ends_at_its_max_count(tenant):
    tenant.fail(5, recipient="fail-permanent-1")
    matched, retried = tenant.redrive(max_count=2)
    assert retried == 2 and matched >= 2
    wait_until(lambda: len(tenant.dead()) == 3)
    assert tenant.redrive(max_count=100)[1] == 3
    wait_until(lambda: tenant.dead() == [])


def test_what_fails_again_is_a_dead_letter_again(tenant):
    failed = tenant.fail(2)
    assert tenant.redrive() == (2, 2)
    wait_until(lambda: all(tenant.call("GET", f"/api/messages/{id}").body["attempts"] == 2 for id in failed))
    wait_until(lambda: sorted(tenant.dead()) == sorted(failed))


@pytest.mark.parametrize("body, paths", [
    ({"max_count": 0}, {"$.max_count"}), ({"max_count": 10_000_001}, {"$.max_count"}), ({"dry_run": "yes"}, {"$.dry_run"}),
    ({"filter": []}, {"$.filter"}), ({"filter": {"channel": "fax"}}, {"$.filter.channel"}), ({"filter": {"status": "success"}}, {"$.filter.status"}),
    ({"filter": {"created_after": "x"}}, {"$.filter.created_after"}), ({"channel": "sms"}, {"$.channel"}),
    ({"filter": {"error": ""}}, {"$.filter.error"}), ({"filter": {"recipient": ""}}, {"$.filter.recipient"})])
def test_a_wrong_redrive_is_named_and_does_nothing(tenant, body, paths):
    failed = tenant.fail(1)
    answer = tenant.call("POST", REDRIVE, body)
    assert answer.status == 422 and error_paths(answer) == paths, answer.raw
    assert tenant.dead() == failed


def test_one_message_is_retried_by_hand(tenant):
    [id] = tenant.fail(recipient="fail-permanent-1")
    answer = tenant.call("POST", f"/api/messages/{id}/retry")
    assert (answer.status, answer.body["status"], answer.body["message_id"]) == (202, "pending", id)
    tenant.wait(id, "success")
    assert tenant.dead() == []
    answer = tenant.call("POST", f"/api/messages/{id}/retry")
    assert answer.status == 409 and answer.body["type"] == "/problems/illegal-transition"
    assert tenant.status(id) == "success"


def test_a_retry_begins_with_a_fresh_number_of_attempts(server):
    """What gave up after its last attempt gets all of them again."""
    from support import HongyanServer
    with HongyanServer(settings={"delivery.retry_attempts": 2, "delivery.retry_base_ms": 10}) as one:
        sent = one.send(recipient="fail-transient-3")
        message = one.wait_final(sent["message_id"])
        assert (message["status"], message["attempts"]) == ("failed", 2) and "gave up after 2 attempts" in message["reason"]
        # Until what waited at the start is loaded, it is told to come again.
        wait_until(lambda: one.post(f"/api/messages/{sent['message_id']}/retry").status == 202, 5, "the retry")
        message = one.wait_final(sent["message_id"])
        assert (message["status"], message["attempts"]) == ("success", 4)


def test_a_scheduled_message_is_cancelled_once(tenant):
    id = tenant.send(delay_seconds=3600)
    answer = tenant.call("POST", f"/api/messages/{id}/cancel")
    assert (answer.status, answer.body["status"]) == (200, "cancelled")
    message = tenant.call("GET", f"/api/messages/{id}").body
    assert message["status"] == "cancelled" and message["finished_at"] and message["reason"]
    for what in ("cancel", "retry"):
        assert tenant.call("POST", f"/api/messages/{id}/{what}").status == 409, what


def test_a_message_that_is_cancelled_just_before_it_is_due_is_not_sent(tenant):
    ids = [tenant.send(delay_seconds=1) for _ in range(5)]
    for id in ids:
        assert tenant.call("POST", f"/api/messages/{id}/cancel").status == 200
    marker = tenant.send(delay_seconds=1)
    tenant.wait(marker, "success")
    inbox = [one["message_id"] for one in tenant.call("GET", "/api/sandbox/inbox").body["items"]]
    assert inbox == [marker] and {tenant.status(id) for id in ids} == {"cancelled"}


def test_what_has_ended_or_is_under_way_cannot_be_cancelled(tenant):
    sent, [failed] = tenant.send(), tenant.fail()
    tenant.wait(sent, "success")
    for id in (sent, failed):
        assert tenant.call("POST", f"/api/messages/{id}/cancel").status == 409
    slow = tenant.send(recipient="slow-400")
    wait_until(lambda: tenant.call("GET", "/api/pools").body["items"][0]["active_count"] > 0)
    assert tenant.call("POST", f"/api/messages/{slow}/cancel").status == 409
    assert tenant.call("POST", f"/api/messages/{slow}/retry").status == 409
    tenant.wait(slow, "success")


def test_cancelling_goes_by_the_trace_id_as_well(tenant):
    assert tenant.call("POST", f"/api/messages/msg_{tenant.send(delay_seconds=3600)}/cancel").status == 200


def test_a_cancelled_task_sends_nothing_more_and_counts_it(tenant):
    task = tenant.batch(["13800138000"] * 50, delay_seconds=3600)
    assert tenant.task(task)["pending_count"] == 50
    answer = tenant.call("POST", f"/api/messages/tasks/{task}/cancel")
    assert (answer.status, answer.body) == (200, {"task_id": task, "status": "cancelled"})
    done = wait_until(lambda: (t := tenant.task(task))["pending_count"] == 0 and t)
    assert (done["cancelled_count"], done["success_count"], done["status"]) == (50, 0, "cancelled") and done["finished_at"]
    answer = tenant.call("POST", f"/api/messages/tasks/{task}/cancel")
    assert answer.status == 409, answer.raw
    assert tenant.call("GET", "/api/sandbox/inbox").body["items"] == []
    page = tenant.call("GET", "/api/messages", query={"task_id": task, "limit": 200}).body["items"]
    assert {one["status"] for one in page} == {"cancelled"} and len(page) == 50


def test_a_finished_task_cannot_be_cancelled(tenant):
    task = tenant.batch(["13800138000", "fail-permanent"])
    done = wait_until(lambda: (t := tenant.task(task))["status"] == "completed" and t)
    assert (done["success_count"], done["failed_count"], done["pending_count"]) == (1, 1, 0)
    assert tenant.call("POST", f"/api/messages/tasks/{task}/cancel").status == 409


def test_a_redrive_of_one_task_counts_in_the_task_again(tenant):
    task = tenant.batch(["13800138000", "fail-permanent-1", "fail-permanent-1"])
    wait_until(lambda: tenant.task(task)["failed_count"] == 2)
    tenant.fail(1)
    assert tenant.redrive(filter={"task_id": task}) == (2, 2)
    done = wait_until(lambda: (t := tenant.task(task))["success_count"] == 3 and t)
    assert (done["failed_count"], done["pending_count"], done["status"], done["total_count"]) == (0, 0, "completed", 3)


def test_one_message_of_a_task_is_cancelled_and_counted(tenant):
    task = tenant.batch(["13800138000"] * 3, delay_seconds=3600)
    id = tenant.call("GET", "/api/messages", query={"task_id": task}).body["items"][0]["message_id"]
    assert tenant.call("POST", f"/api/messages/{id}/cancel").status == 200
    now = tenant.task(task)
    assert (now["cancelled_count"], now["pending_count"], now["total_count"]) == (1, 2, 3)


@pytest.mark.parametrize("kill", [False, True], ids=["stop", "kill"])
def test_what_was_cancelled_stays_so_over_a_restart(fresh_server, kill):
    one = fresh_server.send(delay_seconds=1)
    batch = fresh_server.post("/api/messages/send-batch", {"channel": "sms", "content": "x", "delay_seconds": 1,
                                                           "recipients": ["13800138000"] * 20}).body["task_id"]
    marker = fresh_server.send(delay_seconds=1)
    assert fresh_server.post(f"/api/messages/{one['message_id']}/cancel").status == 200
    assert fresh_server.post(f"/api/messages/tasks/{batch}/cancel").status == 200
    fresh_server.restart(kill=kill)
    assert fresh_server.wait_final(marker["message_id"])["status"] == "success"
    assert fresh_server.message(one["message_id"])["status"] == "cancelled"
    assert fresh_server.wait_task(batch)["cancelled_count"] == 20


def test_unknown_is_held_when_the_operator_wants_it_so():
    from support import HongyanServer
    with HongyanServer(settings={"delivery.unknown_outcome": "hold"}) as one:
        sent = one.send(recipient="fail-unknown-1")
        wait_until(lambda: one.message(sent["message_id"])["status"] == "unknown")
        held = one.get(DEAD, query={"status": "unknown"}).body["items"]
        assert [m["message_id"] for m in held] == [sent["message_id"]] and one.get(DEAD).body["items"] == []
        wait_until(lambda: one.post(f"/api/messages/{sent['message_id']}/retry").status == 202, 5, "the retry")
        assert one.wait_final(sent["message_id"])["status"] == "success"


def test_codes_of_a_wrong_redrive_are_the_common_ones(tenant):
    answer = tenant.call("POST", REDRIVE, {"max_count": "5", "no": 1})
    assert error_codes(answer) == {"$.max_count": "type", "$.no": "unknown_field"}
