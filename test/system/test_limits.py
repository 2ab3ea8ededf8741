"""Every kind of limit at a running server: what it lets pass, what it refuses or delays, and what it tells the client."""
import concurrent.futures
import time

import pytest

from support import HongyanServer, wait_until

BODY = {"channel": "sms", "recipient": "+8613800000001", "content": "hello"}
SEND = "api:/messages/send"


@pytest.fixture
def limited():
    with HongyanServer() as running:
        yield running


def set_limit(server, **fields):
    """The one rule of sending; those that were seeded for it are gone."""
    for one in server.get("/api/limits").body["items"]:
        if one["resource"] == SEND:
            assert server.call("DELETE", f"/api/limits/{one['id']}").status == 204
    return add_limit(server, resource=SEND, **fields)


def add_limit(server, **fields):
    answer = server.post("/api/limits", fields)
    assert answer.status == 201, answer
    return answer.body["id"]


def usage(server, identity):
    return next(one for one in server.get("/api/limits").body["items"] if one["id"] == identity)


def at_once(server, count):
    """So many requests side by side; gives their answers and when each came, in seconds from the first start."""
    begin = time.monotonic()

    def one(_):
        answer = server.post("/api/messages/send", BODY)
        return answer, time.monotonic() - begin

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def check_refusal(answer):
    assert answer.status == 429, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["RateLimit"] and answer.headers["RateLimit-Policy"]


def test_a_qps_limit_refuses_what_is_over_it_and_passes_again_a_second_later(limited):
    identity = set_limit(limited, limit_type="qps", max_value=5)
    answers = [limited.post("/api/messages/send", BODY) for _ in range(12)]
    passed = [one for one in answers if one.status == 202]
    assert 5 <= len(passed) <= 7, [one.status for one in answers]  # a slow run may see a part of the next second
    for one in answers:
        if one.status != 202:
            check_refusal(one)
    after = usage(limited, identity)
    assert (after["passed"], after["refused"]) == (len(passed), 12 - len(passed)), after
    wait_until(lambda: limited.post("/api/messages/send", BODY).status == 202, 3, "the next second")


def test_a_refused_request_leaves_nothing_behind(limited):
    set_limit(limited, limit_type="qps", max_value=0)
    for _ in range(5):
        check_refusal(limited.post("/api/messages/send", BODY, headers={"Idempotency-Key": "again"}))
    set_limit(limited, limit_type="qps", max_value=100)
    answer = limited.post("/api/messages/send", BODY, headers={"Idempotency-Key": "again"})
    assert answer.status == 202 and answer.headers["Idempotency-Replayed"] is None, answer
    limited.wait_final(answer.body["message_id"])
    assert limited.sql("SELECT count(*) FROM message_records") == [(1,)]


def test_a_window_limit_counts_over_its_whole_window(limited):
    set_limit(limited, limit_type="window", max_value=3, window_seconds=2)
    begin = time.monotonic()
    statuses = [limited.post("/api/messages/send", BODY).status for _ in range(6)]
    assert statuses == [202] * 3 + [429] * 3
    time.sleep(max(0.0, begin + 1.2 - time.monotonic()))
    check_refusal(limited.post("/api/messages/send", BODY))  # a limit for one second would have let it pass
    wait_until(lambda: limited.post("/api/messages/send", BODY).status == 202, 3, "the end of the window")


def test_pacing_delays_instead_of_refusing(limited):
    set_limit(limited, limit_type="qps", max_value=10, behavior="pacing", max_queueing_ms=2000)
    answers = at_once(limited, 8)
    assert [answer.status for answer, _ in answers] == [202] * 8
    times = sorted(moment for _, moment in answers)
    assert times[-1] >= 0.6, times  # eight turns, 0.1 s apart
    assert times[4] >= 0.3, times


def test_pacing_refuses_who_would_wait_too_long(limited):
    set_limit(limited, limit_type="qps", max_value=2, behavior="pacing", max_queueing_ms=600)
    answers = [answer for answer, _ in at_once(limited, 6)]
    assert sum(answer.status == 202 for answer in answers) == 2, [answer.status for answer in answers]
    for answer in answers:
        if answer.status != 202:
            check_refusal(answer)


def test_a_concurrency_limit_counts_who_is_inside(limited):
    set_limit(limited, limit_type="qps", max_value=2, behavior="pacing", max_queueing_ms=5000)
    identity = add_limit(limited, resource=SEND, limit_type="concurrency", max_value=3)
    answers = [answer for answer, _ in at_once(limited, 9)]
    statuses = [answer.status for answer in answers]
    assert 3 <= statuses.count(202) <= 4 and statuses.count(429) == 9 - statuses.count(202), statuses
    assert usage(limited, identity)["current"] == 0, "nobody is inside any more"
    assert limited.post("/api/messages/send", BODY).status == 202


def test_a_channels_limit_holds_only_that_channel(limited):
    hold = add_limit(limited, resource="channel:sms", limit_type="qps", max_value=0)
    time.sleep(0.3)  # the sender may be waiting for messages of every channel, for some 50 ms
    held = [limited.send()["message_id"] for _ in range(30)]
    free = [limited.send(channel="app", recipient=f"device-{n}", subject="test")["message_id"] for n in range(30)]
    for identity in free:
        assert limited.wait_final(identity)["status"] == "success"
    assert {limited.message(identity)["status"] for identity in held} == {"pending"}
    assert limited.call("DELETE", f"/api/limits/{hold}").status == 204
    for identity in held:
        assert limited.wait_final(identity)["status"] == "success"


def test_a_channels_limit_sets_the_pace_of_sending(limited):
    add_limit(limited, resource="channel:sms", limit_type="qps", max_value=10)
    begin = time.monotonic()
    identities = [limited.send()["message_id"] for _ in range(25)]
    for identity in identities:
        assert limited.wait_final(identity)["status"] == "success"
    assert time.monotonic() - begin >= 1.0  # 10, 10 and 5


def test_warm_up_starts_at_a_third_of_the_rate_and_reaches_it_under_load(limited):
    set_limit(limited, limit_type="qps", max_value=90, behavior="warm_up", warm_up_seconds=3)
    begin = time.monotonic()
    passed = []
    while time.monotonic() - begin < 6:
        answer = limited.post("/api/messages/send", BODY)
        if answer.status == 202:
            passed.append(time.monotonic() - begin)
        time.sleep(0.002)
    per_second = [sum(second <= moment < second + 1 for moment in passed) for second in range(6)]
    assert 10 <= per_second[0] <= 45, per_second
    assert 60 <= per_second[5] <= 100, per_second
