"""POST /api/messages/send and send-batch: every field, every boundary, every problem at once."""

from datetime import datetime, timedelta, timezone

import pytest

from openapi import error_codes, error_paths
from support import wait_until

SEND = "/api/messages/send"
BATCH = "/api/messages/send-batch"
PLAIN = {"channel": "sms", "recipient": "+8613800000001", "content": "hello"}


def now_plus(**delta) -> str:
    return (datetime.now(timezone.utc) + timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def batch_of(count: int, **fields) -> dict:
    return {"channel": "sms", "content": "x", "recipients": [f"+86138{i:08}" for i in range(count)]} | fields


@pytest.mark.parametrize("channel, recipient", [
    ("sms", "13800138000"), ("sms", "+8613800138000"), ("email", "zhang.san+news@example.com"), ("app", "device-token 1"),
    ("wechat", "oABC_def-123"), ("feishu", "ou_7d8a6e"), ("feishu", "a@example.com")])
def test_each_channel_delivers_to_the_sandbox(server, channel, recipient):
    sent = server.send(channel=channel, recipient=recipient, subject="标题", content="内容 🦢")
    assert sent["trace_id"] == "msg_" + sent["message_id"] and sent["status"] == "pending"
    message = server.wait_final(sent["message_id"])
    assert (message["status"], message["attempts"], message["provider"]) == ("success", 1, "sandbox")
    assert (message["channel"], message["recipient"], message["content"]) == (channel, recipient, "内容 🦢")
    assert server.message(sent["trace_id"]) == message
    received = server.get("/api/sandbox/inbox", query={"message_id": sent["message_id"]}).body["items"]
    assert [(one["recipient"], one["content"], one["trace_id"]) for one in received] == [
        (recipient, "内容 🦢", sent["trace_id"])]


def test_every_field_is_kept_as_it_was_given(server):
    metadata = {"order": "A1", "nested": {"list": [1, 2.5, None, True, "文"], "empty": {}}, "big": 9007199254740993}
    fields = {"channel": "email", "recipient": "a@example.com", "subject": "Grüße", "content": "text", "html": "<b>x</b>",
              "priority": 9, "send_at": now_plus(hours=1), "deliver_by": now_plus(hours=2),
              "callback_url": "https://example.com/hook?a=1&b=2", "metadata": metadata}
    sent = server.send(**fields)
    assert sent["status"] == "scheduled"
    message = server.message(sent["message_id"])
    assert message["metadata"] == metadata
    for name in ("channel", "recipient", "subject", "content", "html", "priority", "callback_url"):
        assert message[name] == fields[name], name
    assert read_time(message["due_at"]) == read_time(fields["send_at"])
    assert read_time(message["deliver_by"]) == read_time(fields["deliver_by"])
    assert message["attempts"] == 0 and "sent_at" not in message and "finished_at" not in message


def test_null_is_as_good_as_absent(server):
    nothing = dict.fromkeys(["template_id", "template", "variables", "subject", "html", "priority", "send_at",
                             "delay_seconds", "deliver_by", "callback_url", "metadata"])
    answer = server.post(SEND, PLAIN | nothing)
    assert answer.status == 202
    message = server.wait_final(answer.body["message_id"])
    assert message["priority"] == 5 and "metadata" not in message


@pytest.mark.parametrize("priority", [0, 1, 5, 10])
def test_a_priority_within_0_and_10_is_taken(server, priority):
    assert server.message(server.send(priority=priority)["message_id"])["priority"] == priority


@pytest.mark.parametrize("priority, code", [
    (-1, "out_of_range"), (11, "out_of_range"), (5.5, "type"), ("5", "type"), (True, "type"), ([], "type"), ({}, "type"),
    (10**18, "out_of_range"), (-10**18, "out_of_range"), (2**63, "out_of_range"), (2**64, "out_of_range"),
    (4294967301, "out_of_range")])
def test_another_priority_is_refused(server, priority, code):
    for path, body in ((SEND, PLAIN), (BATCH, batch_of(2))):
        answer = server.post(path, body | {"priority": priority})
        assert answer.status == 422 and error_codes(answer) == {"$.priority": code}, answer.raw


@pytest.mark.parametrize("field, value, code", [
    ("channel", "fax", "not_one_of"), ("channel", "SMS", "not_one_of"), ("channel", 1, "type"), ("channel", "", "not_one_of"),
    ("channel", None, "required"),
    ("recipient", "", None), ("recipient", None, "required"), ("recipient", 13800138000, "type"), ("recipient", "abc", None),
    ("recipient", "1" * 4097, "too_long"), ("recipient", "1234", None), ("recipient", "+86 138", None),
    ("recipient", "13800138000\n", None),
    ("content", 5, "type"), ("content", "", None), ("content", "x" * 2001, "too_long"), ("content", ["x"], "type"),
    ("subject", 1, "type"), ("subject", "x" * 999, "too_long"),
    ("html", "<b>x</b>", "conflict"),
    ("template_id", 0, "out_of_range"), ("template_id", "1", "type"), ("template_id", -1, "out_of_range"),
    ("template", "", "too_short"), ("template", 1, "type"),
    ("variables", {"a": 1}, "conflict"), ("variables", [], "type"), ("variables", "x", "type"),
    ("send_at", "tomorrow", "format"), ("send_at", 1700000000, "type"), ("send_at", "2026-13-01T00:00:00Z", "format"),
    ("send_at", "2026-02-30T00:00:00Z", "format"), ("send_at", "2027-01-01", "format"),
    ("send_at", "2027-01-01T00:00:00", "format"), ("send_at", "2027-01-01T25:00:00Z", "format"),
    ("send_at", "2027-01-01 00:00:00+0800", "format"), ("send_at", "2027-01-01T00:00:00+24:00", "format"), ("send_at", "", "format"),
    ("send_at", "9999-12-31T23:59:59Z", "out_of_range"),
    ("delay_seconds", -1, "out_of_range"), ("delay_seconds", 31622401, "out_of_range"), ("delay_seconds", 1.5, "type"),
    ("delay_seconds", "60", "type"), ("delay_seconds", 2**62, "out_of_range"),
    ("deliver_by", "2020-01-01T00:00:00Z", "out_of_range"), ("deliver_by", "x", "format"),
    ("callback_url", "ftp://example.com", "format"), ("callback_url", "example.com", "format"), ("callback_url", "", "too_short"),
    ("callback_url", "https://", "format"), ("callback_url", "https:///x", "format"),
    ("callback_url", "http://a b", "format"), ("callback_url", "https://x/" + "y" * 2048, "too_long"), ("callback_url", 1, "type"),
    ("metadata", [], "type"), ("metadata", "x", "type"), ("metadata", {"x": "y" * 16384}, "too_long"),
    ("unknown_field", 1, "unknown_field"), ("Priority", 5, "unknown_field"), ("tenant", "default", "unknown_field"),
    ("tenant_id", 2, "unknown_field"), ("status", "success", "unknown_field"), ("", 1, "unknown_field")])
def test_a_wrong_field_is_named(server, field, value, code):
    answer = server.post(SEND, PLAIN | {field: value})
    assert answer.status == 422, answer.raw
    codes = error_codes(answer)
    place = f"$.{field}" if field else list(codes)[0]
    assert list(codes) == [place], answer.raw
    assert code is None or codes[place] == code, answer.raw


def test_every_wrong_field_is_listed_at_once(server):
    answer = server.post(SEND, {"channel": "fax", "priority": 11, "send_at": "x", "delay_seconds": -1, "deliver_by": "y",
                                "callback_url": "z", "metadata": 1, "content": 2, "subject": 3, "no_such": 4})
    assert answer.status == 422
    assert error_paths(answer) == {"$.channel", "$.recipient", "$.priority", "$.send_at", "$.delay_seconds", "$.deliver_by",
                                   "$.callback_url", "$.metadata", "$.content", "$.subject", "$.no_such"}
    for error in answer.body["errors"]:
        assert error["pointer"] == "#/" + error["path"][2:]


def test_every_wrong_recipient_of_a_batch_is_listed_with_its_place(server):
    recipients = ["13800138000", 5, {"recipient": 7}, {"recipient": "13800138001", "variables": []}, {}, None, ["x"],
                  {"recipient": "13800138002", "nonsense": 1}]
    answer = server.post(BATCH, {"channel": "sms", "content": "x", "recipients": recipients, "priority": -1})
    assert answer.status == 422
    assert error_paths(answer) == {"$.priority", "$.recipients[1]", "$.recipients[2].recipient",
                                   "$.recipients[3].variables", "$.recipients[4].recipient", "$.recipients[5]",
                                   "$.recipients[6]", "$.recipients[7].nonsense"}
    pointers = {error["pointer"] for error in answer.body["errors"]}
    assert "#/recipients/2/recipient" in pointers


def test_a_batch_is_all_or_nothing(server):
    before = server.get("/api/messages/tasks", query={"limit": 1}).body["items"]
    answer = server.post(BATCH, {"channel": "sms", "content": "x", "recipients": ["13800138000", "abc", "13800138001", "d"]})
    assert answer.status == 422
    assert error_paths(answer) == {"$.recipients[1].recipient", "$.recipients[3].recipient"}
    assert server.get("/api/messages/tasks", query={"limit": 1}).body["items"] == before


def test_a_hundred_problems_are_listed_and_the_rest_counted(server):
    answer = server.post(BATCH, {"channel": "sms", "content": "x", "recipients": [{"recipient": "no"}] * 150})
    assert answer.status == 422
    listed = [error for error in answer.body["errors"] if error["path"].startswith("$.recipients")]
    assert len(listed) == 100 and "50" in answer.body["errors"][-1]["detail"]


@pytest.mark.parametrize("count, code", [(0, "too_few"), (10_001, "too_many")])
def test_a_batch_without_or_with_too_many_recipients_is_refused(server, count, code):
    answer = server.post(BATCH, batch_of(count))
    assert answer.status == 422 and error_codes(answer) == {"$.recipients": code}, answer.raw[:300]


@pytest.mark.parametrize("recipients", [None, "13800138000", {"recipient": "13800138000"}, 5])
def test_recipients_must_be_a_list(server, recipients):
    answer = server.post(BATCH, batch_of(1) | {"recipients": recipients})
    assert answer.status == 422 and error_paths(answer) == {"$.recipients"}


def test_a_batch_of_one(server):
    answer = server.post(BATCH, batch_of(1))
    assert answer.status == 202 and answer.body["total_count"] == 1
    task = server.wait_task(answer.body["task_id"])
    assert (task["total_count"], task["success_count"], task["status"]) == (1, 1, "completed")


def test_a_batch_of_ten_thousand_is_delivered_and_counted(server):
    answer = server.post(BATCH, batch_of(10_000))
    assert answer.status == 202 and answer.body["total_count"] == 10_000
    task = server.wait_task(answer.body["task_id"], 60)
    assert (task["success_count"], task["failed_count"], task["cancelled_count"]) == (10_000, 0, 0)
    assert task["status"] == "completed" and task["finished_at"] >= task["created_at"]
    messages = server.all_items("/api/messages", task_id=task["task_id"])
    assert len(messages) == 10_000 and len({one["message_id"] for one in messages}) == 10_000
    assert {one["recipient"] for one in messages} == {f"+86138{i:08}" for i in range(10_000)}


def test_recipients_of_a_batch_may_bring_their_own_text(server):
    answer = server.post(BATCH, {"channel": "email", "subject": "all", "content": "for all", "metadata": {"row": 0}, "recipients": [
        "a@example.com", {"recipient": "b@example.com", "content": "own"},
        {"recipient": "c@example.com", "subject": "mine", "metadata": {"row": 3}}]})
    assert answer.status == 202
    server.wait_task(answer.body["task_id"])
    found = {one["recipient"]: one for one in server.all_items("/api/messages", task_id=answer.body["task_id"])}
    assert {k[0]: (v["subject"], v["content"], v["metadata"]["row"]) for k, v in found.items()} == {
        "a": ("all", "for all", 0), "b": ("all", "own", 0), "c": ("mine", "for all", 3)}
    assert all(one["task_id"] == answer.body["task_id"] for one in found.values())


def test_the_same_recipient_twice_is_two_messages(server):
    answer = server.post(BATCH, {"channel": "sms", "content": "x", "recipients": ["13800138000", "13800138000"]})
    assert answer.status == 202 and server.wait_task(answer.body["task_id"])["success_count"] == 2


@pytest.mark.parametrize("text", ["2026-12-24T08:00:00Z", "2026-12-24T08:00:00z", "2026-12-24t08:00:00Z", "2026-12-24T16:00:00+08:00",
                                  "2026-12-24T00:30:00.5-07:30", "2026-12-24T08:00:00.123456789Z", "2026-12-24T08:00:00-00:00"])
def test_rfc_3339_times_are_read_in_all_their_forms(server, text):
    near = text.replace("2026-12-24", (datetime.now(timezone.utc) + timedelta(days=30)).strftime("%Y-%m-%d"))
    sent = server.send(send_at=near)
    assert sent["status"] == "scheduled"
    due = read_time(server.message(sent["message_id"])["due_at"])
    assert abs(due - datetime.fromisoformat(near[:19] + (near[-6:] if near[-1] not in "Zz" else "+00:00").upper())) < timedelta(seconds=1)


def test_a_time_in_the_past_means_now(server):
    for fields in ({"send_at": "2020-01-01T00:00:00Z"}, {"send_at": "1969-12-31T23:59:59Z"}, {"delay_seconds": 0}):
        sent = server.send(**fields)
        assert sent["status"] == "pending", fields
        assert server.wait_final(sent["message_id"])["status"] == "success"


def test_a_time_of_a_year_ahead_is_taken_and_more_is_not(server):
    assert server.send(send_at=now_plus(days=365))["status"] == "scheduled"
    assert server.send(delay_seconds=366 * 86400)["status"] == "scheduled"
    answer = server.post(SEND, PLAIN | {"send_at": now_plus(days=367)})
    assert answer.status == 422 and error_codes(answer) == {"$.send_at": "out_of_range"}


def test_a_delayed_message_is_sent_when_it_is_due_and_not_before(server):
    sent = server.send(delay_seconds=1)
    assert sent["status"] == "scheduled"
    message = server.wait_final(sent["message_id"])
    waited = read_time(message["sent_at"]) - read_time(message["created_at"])
    assert timedelta(seconds=1) <= waited < timedelta(seconds=3)
    assert read_time(message["sent_at"]) >= read_time(message["due_at"])


def test_both_times_or_a_deadline_before_the_start_are_refused(server):
    answer = server.post(SEND, PLAIN | {"send_at": now_plus(hours=1), "delay_seconds": 5})
    assert answer.status == 422 and list(error_codes(answer).values()) == ["conflict"]
    answer = server.post(SEND, PLAIN | {"send_at": now_plus(hours=2), "deliver_by": now_plus(hours=1)})
    assert answer.status == 422 and error_paths(answer) == {"$.deliver_by"}
    answer = server.post(SEND, PLAIN | {"delay_seconds": 7200, "deliver_by": now_plus(hours=1)})
    assert answer.status == 422 and error_paths(answer) == {"$.deliver_by"}


def test_a_message_that_is_too_late_expires_and_is_never_sent(server):
    sent = server.send(recipient="fail-transient", deliver_by=now_plus(seconds=2))
    message = server.wait_final(sent["message_id"])
    assert message["status"] == "expired" and message["reason"] and "sent_at" not in message
    assert server.get("/api/sandbox/inbox", query={"message_id": sent["message_id"]}).body["items"] == []


def test_text_of_the_full_length_is_taken(server):
    for fields in ({"content": "鸿" * 2000}, {"recipient": "a@" + "b" * 60 + ".com", "channel": "email", "subject": "s", "content": "x" * 262144},
                   {"metadata": {"x": "y" * 16000}}, {"callback_url": "https://x/" + "y" * 2038}):
        assert server.post(SEND, PLAIN | fields).status == 202


def test_content_or_a_template_is_needed_and_not_both(server):
    answer = server.post(SEND, {"channel": "sms", "recipient": "13800138000"})
    assert answer.status == 422 and error_codes(answer) == {"$.content": "required"}
    variables = {"order_no": "A1", "customer_name": "x", "delivery_days": 1}
    for extra in ({"content": "x"}, {"subject": "x"}):
        answer = server.post(SEND, {"channel": "sms", "recipient": "13800138000", "template_id": 1, "variables": variables} | extra)
        assert answer.status == 422 and "conflict" in error_codes(answer).values()
    answer = server.post(SEND, {"channel": "sms", "recipient": "13800138000", "template_id": 1, "template": "order_shipped",
                                "variables": variables})
    assert answer.status == 422 and error_codes(answer) == {"$.template": "conflict"}


def test_the_most_urgent_goes_first_and_of_the_same_urgency_the_oldest(fresh_server):
    pools = fresh_server.get("/api/pools").body["items"]
    sender = next(one["id"] for one in pools if one["pool_name"] == "message_sender")
    assert fresh_server.call("PATCH", f"/api/pools/{sender}", {"core_pool_size": 1, "max_pool_size": 1}).status == 200
    fresh_server.send(recipient="slow-700")  # holds the only place while the others gather
    ids = {fresh_server.send(priority=p)["message_id"]: (p, i) for i, p in enumerate([1, 5, 10, 0, 7, 5, 10, 1])}
    for id in ids:
        assert fresh_server.wait_final(id)["status"] == "success"
    inbox = fresh_server.get("/api/sandbox/inbox").body["items"]
    order = [ids[item["message_id"]] for item in reversed(inbox) if item["message_id"] in ids]
    assert order == sorted(ids.values(), key=lambda one: (-one[0], one[1]))


def test_failures_are_retried_by_their_class(server):
    permanent = server.wait_final(server.send(recipient="fail-permanent")["message_id"])
    assert permanent["status"] == "failed" and permanent["attempts"] == 1 and permanent["reason"]
    sent = server.send(recipient="fail-transient-1")
    message = server.wait_final(sent["message_id"])
    assert (message["status"], message["attempts"]) == ("success", 2)
    waiting = server.send(recipient="fail-transient")
    message = wait_until(lambda: (m := server.message(waiting["message_id"]))["status"] == "retrying" and m, what="a retry")
    assert message["next_attempt_at"] and message["reason"]
    assert server.post(f"/api/messages/{waiting['message_id']}/cancel").status == 200
