"""Idempotency-Key: the stored reply again, 422 on another body, 409 while the first is under way."""

import json
import threading
import uuid

import pytest

from support import ADMIN_KEY

SEND = "/api/messages/send"
BATCH = "/api/messages/send-batch"
MESSAGE = {"channel": "sms", "recipient": "+8613800000009", "content": "once"}
MANY = {"channel": "sms", "recipients": ["+8613800000007", "+8613800000008"], "content": "once"}
BOTH = pytest.mark.parametrize("path, body", [(SEND, MESSAGE), (BATCH, MANY)])


def new() -> dict:
    return {"Idempotency-Key": str(uuid.uuid4())}


@BOTH
def test_a_repeat_gets_the_first_reply_and_does_nothing(server, path, body):
    headers = new()
    recipient = str(uuid.uuid4().int)[:15]
    body = json.loads(json.dumps(body).replace("+8613800000009", recipient).replace("+8613800000007", recipient))
    first = server.post(path, body, headers=headers)
    assert first.status == 202 and "Idempotency-Replayed" not in first.headers
    for _ in range(3):
        again = server.post(path, body, headers=headers)
        assert (again.status, again.raw) == (202, first.raw)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert len(server.all_items("/api/messages", recipient=recipient)) == 1


@BOTH
def test_another_body_is_refused_with_422(server, path, body):
    headers = new()
    assert server.post(path, body, headers=headers).status == 202
    for other in (body | {"content": "other"}, body | {"priority": 6}):
        answer = server.post(path, other, headers=headers)
        assert answer.status == 422 and answer.body["type"] == "/problems/idempotency-mismatch"


@BOTH
def test_of_many_at_the_same_time_one_is_done(server, path, body):
    headers, answers = new(), []
    recipient = str(uuid.uuid4().int)[:15]
    body = json.loads(json.dumps(body).replace("+8613800000009", recipient).replace("+8613800000007", recipient))
    barrier = threading.Barrier(16)

    def run():
        barrier.wait()
        answers.append(server.post(path, body, headers=headers))

    threads = [threading.Thread(target=run) for _ in range(16)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert {answer.status for answer in answers} <= {202, 409}
    done = [answer for answer in answers if answer.status == 202]
    assert len({answer.raw for answer in done}) == 1 and sum("Idempotency-Replayed" not in one.headers for one in done) == 1
    for answer in answers:
        if answer.status == 409:
            assert answer.body["type"] == "/problems/idempotency-in-progress" and int(answer.headers["Retry-After"]) >= 1
    assert len(server.all_items("/api/messages", recipient=recipient)) == 1
    assert server.post(path, body, headers=headers).raw == done[0].raw


def test_while_the_first_is_under_way_the_second_is_told_to_wait(server):
    # A batch that takes a while to check; the repeat comes while it is read.
    big = {"channel": "sms", "delay_seconds": 86400, "content": "x",
           "recipients": [{"recipient": f"+86139{i:08}", "metadata": {"i": i}} for i in range(10_000)]}
    for _ in range(10):  # on a busy machine all six may come one after the other
        headers, answers = new(), []
        barrier = threading.Barrier(6)

        def run():
            barrier.wait()
            answers.append(server.post(BATCH, big, headers=headers))

        threads = [threading.Thread(target=run) for _ in range(6)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        statuses = {answer.status for answer in answers}
        task = next(answer.body["task_id"] for answer in answers if answer.status == 202)
        assert server.post(f"/api/messages/tasks/{task}/cancel").status == 200
        assert statuses <= {202, 409}
        if 409 in statuses:
            return
    raise AssertionError("no repeat ever met the first under way")


def test_a_key_belongs_to_its_tenant_and_route(server):
    headers = new()
    first = server.post(SEND, MESSAGE, headers=headers).body
    key = server.new_key(["send"], tenant="idempotent")
    other = server.post(SEND, MESSAGE | {"content": "another"}, headers=headers, key=key)
    assert other.status == 202 and other.body["message_id"] != first["message_id"]
    assert "Idempotency-Replayed" not in other.headers
    assert server.post(BATCH, MANY, headers=headers).status == 202
    same_tenant = server.post(SEND, MESSAGE, headers=headers, key=server.new_key(["send"]))
    assert same_tenant.body == first and same_tenant.headers["Idempotency-Replayed"] == "true"


def test_a_refused_request_does_not_use_up_its_key(server):
    headers = new()
    assert server.post(SEND, MESSAGE | {"priority": 11}, headers=headers).status == 422
    assert server.post(SEND, {}, headers=headers).status == 422
    answer = server.post(SEND, MESSAGE, headers=headers)
    assert answer.status == 202 and "Idempotency-Replayed" not in answer.headers


@pytest.mark.parametrize("kill", [False, True], ids=["stop", "kill"])
def test_a_reply_is_remembered_over_a_restart(fresh_server, kill):
    one, many = new(), new()
    first = fresh_server.post(SEND, MESSAGE, headers=one)
    batch = fresh_server.post(BATCH, MANY, headers=many)
    fresh_server.restart(kill=kill)
    for path, body, headers, before in ((SEND, MESSAGE, one, first), (BATCH, MANY, many, batch)):
        again = fresh_server.post(path, body, headers=headers)
        assert (again.status, again.raw, again.headers["Idempotency-Replayed"]) == (202, before.raw, "true")
        assert fresh_server.post(path, body | {"content": "other"}, headers=headers).status == 422
    assert len(fresh_server.all_items("/api/messages")) == 3


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "\x7f", '""'])
def test_a_key_that_is_none_is_refused(server, key):
    answer = server.call("POST", SEND, MESSAGE, headers={"Idempotency-Key": key.encode("latin-1")})
    assert answer.status == 400, answer


@pytest.mark.parametrize("key", ["a", "x" * 255, "with space", '"quoted"', "~!@#$%^&*()_+{}|:<>?"])
def test_every_printable_key_is_taken(server, key):
    key = key.replace("a", str(uuid.uuid4())[:1] + "a") if len(key) < 3 else key
    answer = server.post(SEND, MESSAGE, headers={"Idempotency-Key": key})
    again = server.post(SEND, MESSAGE, headers={"Idempotency-Key": key})
    assert answer.status == again.status == 202 and answer.raw == again.raw


def test_two_keys_in_one_request_are_refused(server):
    body = json.dumps(MESSAGE)
    request = (f"POST {SEND} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_KEY}\r\nContent-Type: application/json\r\n"
               f"Idempotency-Key: one\r\nIdempotency-Key: two\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}")
    assert server.raw(request.encode()).startswith(b"HTTP/1.1 400 ")


def test_other_routes_do_not_mind_the_header(server):
    headers = new()
    for _ in range(2):
        answer = server.post("/api/messages/templates/preview", {"template": {"channel": "sms", "content": "x"}}, headers=headers)
        assert answer.status == 200 and "Idempotency-Replayed" not in answer.headers
