"""Lists and counts over a million stored messages: right, complete and within 300 ms for every filter."""

import os
import time
from datetime import datetime, timedelta, timezone

import pytest

import million
from support import HongyanServer, wait_until

COUNT = int(os.environ.get("HONGYAN_TEST_MESSAGES", 1_000_000))
SEGMENT = 1_000
WITHIN = 0.3


@pytest.fixture(scope="module")
def full():
    """A server with a million messages. Not for changes."""
    with HongyanServer(settings={"retention.message_days": 3000}) as one:
        one.raise_limits()
        one.stop()
        million.fill(one.data, COUNT)
        one.start(120)
        wait_until(lambda: one.sql("SELECT coalesce(sum(messages), 0) FROM recipient_segments")[0][0] > COUNT - 2 * SEGMENT, 240,
                   "the recipients' segments")
        yield one


def moment(hours: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def one_id(full, where: str) -> str:
    return str(full.sql(f"SELECT id FROM message_records WHERE tenant_id = 1 AND {where} ORDER BY id LIMIT 1")[0][0])


QUERIES = {
    "nothing": {}, "success": {"status": "success"}, "failed": {"status": "failed"}, "two statuses": {"status": "failed,unknown"},
    "no such status": {"status": "scheduled"}, "pending": {"status": "pending"}, "success and failed": {"status": "success,failed"},
    "channel": {"channel": "email"}, "template": {"template_id": 2}, "rare template": {"template_id": 99}, "no template": {"template_id": 77},
    "task": {"task_id": 3}, "no task": {"task_id": 100_000}, "priority": {"priority": 10}, "no priority": {"priority": 9},
    "provider": {"provider": "smpp"}, "no provider": {"provider": "nobody"}, "rare recipient": {"recipient": million.RARE_RECIPIENT},
    "no recipient": {"recipient": "nobody@example.com"}, "error": {"error": "550"}, "no error": {"error": "no such words"},
    "range": {"created_after": moment(48), "created_before": moment(24)}, "old": {"created_before": moment(24 * 13)},
    "nothing so old": {"created_before": moment(24 * 30)},
    "box: recipient": {"q": million.RARE_RECIPIENT}, "box: error": {"q": "daily limit"}, "box: nothing": {"q": "zzz"},
    "channel and status": {"channel": "sms", "status": "failed"}, "template and status": {"template_id": 1, "status": "failed,unknown"},
    "channel, success, provider": {"channel": "sms", "status": "success", "provider": "smtp"},
    "template and provider": {"template_id": 3, "provider": "apns"}, "recipient and status": {"recipient": million.RARE_RECIPIENT, "status": "success"},
    "everything": {"channel": "sms", "status": "failed", "template_id": 1, "provider": "smpp", "priority": 5, "error": "550",
                   "created_after": moment(24 * 10)},
}


def fits(query: dict, message: dict) -> bool:
    states = query["status"].split(",") if "status" in query else None
    return ((states is None or message["status"] in states)
            and all(message.get(name) == query[name] for name in ("channel", "template_id", "task_id", "priority", "provider", "recipient") if name in query)
            and ("error" not in query or query["error"] in message.get("reason", ""))
            and ("created_after" not in query or message["created_at"] >= query["created_after"][:-1])
            and ("created_before" not in query or message["created_at"] < query["created_before"]))


def quickest(full, path: str, query: dict, key=None):
    """The answer and the least of three times: what else the machine does must not decide."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        answer = full.get(path, query=query, **({"key": key} if key else {}))
        times.append(time.perf_counter() - begun)
    assert answer.status == 200, answer
    return answer.body, min(times)


@pytest.mark.parametrize("name", QUERIES)
def test_every_filter_answers_in_time_and_right(full, name):
    query = QUERIES[name]
    body, seconds = quickest(full, "/api/messages", query)
    ids = [int(one["message_id"]) for one in body["items"]]
    assert ids == sorted(ids, reverse=True) and len(ids) == len(set(ids)) <= 50
    assert all(fits(query, one) for one in body["items"]), name
    assert "next_cursor" in body or "scanned_until" not in body
    assert len(ids) == 50 or "next_cursor" not in body or "scanned_until" in body
    assert seconds <= WITHIN, f"{name}: {seconds * 1000:.0f} ms"
    print(f"{name}: {seconds * 1000:.0f} ms, {len(ids)} found{', cut off' if 'scanned_until' in body else ''}")


@pytest.mark.parametrize("name", QUERIES)
def test_every_count_answers_in_time(full, name):
    query = QUERIES[name]
    body, seconds = quickest(full, "/api/messages/counts", query)
    assert body["total"] == sum(body["by_status"].values())
    assert seconds <= WITHIN, f"{name}: {seconds * 1000:.0f} ms"
    print(f"{name}: {seconds * 1000:.0f} ms, {body['total']}{' and more' if body['capped'] else ''}")


def test_the_count_of_all_is_exact(full):
    body = full.get("/api/messages/counts").body
    stored = dict(full.sql("SELECT status, count(*) FROM message_records WHERE tenant_id = 1 GROUP BY status"))
    # A busy machine may not get to the end in 150 ms; then what was delivered is a lower bound.
    success = body["by_status"].pop("success")
    assert success == stored.pop("success") or (body["capped"] and success < sum(stored.values()) + COUNT)
    assert body["by_status"] == stored


def test_a_cut_off_list_goes_on_until_it_has_all(full):
    wanted = [str(row[0]) for row in full.sql(
        "SELECT id FROM message_records WHERE tenant_id = 1 AND priority = 10 AND status = 'success' AND provider = 'apns' AND channel = 'app'"
        " ORDER BY id DESC LIMIT 1000")]
    found, cursor = [], None
    for _ in range(2_000):
        body = full.get("/api/messages", query={"priority": 10, "status": "success", "provider": "apns", "channel": "app", "limit": 200,
                                                "cursor": cursor}).body
        found += [one["message_id"] for one in body["items"]]
        cursor = body.get("next_cursor")
        if not cursor or len(found) >= 1000:
            break
    assert found[:1000] == wanted


def test_a_rare_recipient_is_found_whole(full):
    wanted = [str(row[0]) for row in full.sql("SELECT id FROM message_records WHERE tenant_id = 1 AND recipient = ? ORDER BY id DESC",
                                              (million.RARE_RECIPIENT,))]
    assert len(wanted) == COUNT // million.RARE
    for query in ({"recipient": million.RARE_RECIPIENT}, {"q": million.RARE_RECIPIENT}):
        items = full.all_items("/api/messages", limit=7, **query)
        assert [one["message_id"] for one in items] == wanted


def test_a_small_tenant_is_as_quick_as_a_large_one(full):
    key = full.sql("SELECT count(*) FROM tenants")[0][0]
    full.sql("INSERT INTO tenants (id, name, created_ms) VALUES (7, 'small', 0) ON CONFLICT DO NOTHING")
    key = full.new_key(["read"], tenant="small")
    body, seconds = quickest(full, "/api/messages", {}, key)
    assert len(body["items"]) == COUNT // million.RARE and seconds <= WITHIN
    assert full.get("/api/messages", query={"recipient": million.RARE_RECIPIENT}, key=key).body["items"] == []
    _, seconds = quickest(full, "/api/live/snapshot", {}, key)
    assert seconds <= WITHIN


def test_an_id_is_found_in_every_box(full):
    id = one_id(full, "status = 'failed'")
    for query in ({"id": id}, {"trace_id": f"msg_{id}"}, {"q": id}, {"q": f"msg_{id}"}, {"id": f"msg_{id}", "status": "failed"}):
        assert [one["message_id"] for one in full.get("/api/messages", query=query).body["items"]] == [id], query
        assert full.get("/api/messages/counts", query=query).body == {"by_status": {"failed": 1}, "total": 1, "capped": False}
    assert full.get("/api/messages", query={"id": id, "status": "success"}).body["items"] == []
    assert full.get("/api/messages", query={"id": id, "trace_id": "msg_5"}).body["items"] == []


@pytest.mark.parametrize("path", ["/api/messages/dead-letters", "/api/messages/dead-letters/groups", "/api/messages/tasks",
                                  "/api/messages/statistics/overview", "/api/messages/statistics/realtime", "/api/live/snapshot"])
def test_other_lists_answer_in_time(full, path):
    _, seconds = quickest(full, path, {})
    assert seconds <= WITHIN, f"{path}: {seconds * 1000:.0f} ms"


@pytest.mark.parametrize("query, path", [
    ({"status": "failed,nothing"}, "$query.status"), ({"status": ""}, "$query.status"), ({"status": ","}, "$query.status"), ({"order": "asc"}, "$query.order"),
    ({"priority": 11}, "$query.priority"), ({"priority": "x"}, "$query.priority"), ({"q": ""}, "$query.q"), ({"q": "x" * 321}, "$query.q"),
    ({"provider": ""}, "$query.provider")])
def test_a_wrong_filter_is_named(full, query, path):
    for list_path in ("/api/messages", "/api/messages/counts"):
        answer = full.get(list_path, query=query)
        assert answer.status == 422 and {error["path"] for error in answer.body["errors"]} == {path}, answer
