"""Lists: pages are whole and stand still while more arrives, every filter filters, wrong cursors and limits are named."""

import threading
import uuid
from datetime import datetime, timedelta, timezone

import pytest

from openapi import error_paths
from support import wait_until

MESSAGES = "/api/messages"
LISTS = ["/api/messages", "/api/messages/dead-letters", "/api/messages/tasks", "/api/messages/templates", "/api/sandbox/inbox"]
every_list = pytest.mark.parametrize("path", LISTS)


class Tenant:
    """A tenant of its own, so that a whole list is known."""

    def __init__(self, server):
        self.server = server
        self.key = server.new_key(["admin"], tenant="list-" + uuid.uuid4().hex[:8])

    def post(self, path, json):
        answer = self.server.post(path, json, key=self.key)
        assert answer.status in (201, 202), answer.raw
        return answer.body

    def send(self, **fields) -> str:
        return self.post("/api/messages/send", {"channel": "sms", "recipient": "13800138000", "content": "x"} | fields)["message_id"]

    def batch(self, count, **fields) -> int:
        return self.post("/api/messages/send-batch", {"channel": "sms", "content": "x", "recipients": ["13800138000"] * count}
                         | fields)["task_id"]

    def page(self, path, **query):
        answer = self.server.get(path, query=query, key=self.key)
        assert answer.status == 200, answer.raw
        return answer.body

    def pages(self, path, limit, **query):
        cursor = None
        for _ in range(1000):
            page = self.page(path, limit=limit, cursor=cursor, **query)
            yield page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return
        raise AssertionError("the list never ends")

    def ids(self, path=MESSAGES, name="message_id", **query):
        return [one[name] for items in self.pages(path, 200, **query) for one in items]

    def wait(self, check, **query):
        wait_until(lambda: check(self.page(MESSAGES, limit=200, **query)["items"]), what=f"{query}")


@pytest.fixture
def tenant(server):
    return Tenant(server)


@pytest.fixture(scope="module")
def stocked(server):
    """A tenant with one of everything, at rest."""
    one = Tenant(server)
    one.template = one.post("/api/messages/templates", {"name": "listed", "channel": "sms", "content": "T"})["id"]
    one.ok = one.send()
    one.mail = one.send(channel="email", recipient="who@example.com", subject="s")
    one.made = one.post("/api/messages/send", {"channel": "sms", "recipient": "13900139000", "template_id": one.template})["message_id"]
    one.permanent = one.send(channel="app", recipient="fail-permanent 1")
    one.later = one.send(delay_seconds=3600)
    one.cancelled = one.send(delay_seconds=3600)
    assert server.post(f"/api/messages/{one.cancelled}/cancel", key=one.key).status == 200
    one.task = one.batch(3)
    one.held = one.batch(2, delay_seconds=3600)
    for name in ("ok", "mail", "made", "permanent"):
        wait_until(lambda: server.get(f"/api/messages/{getattr(one, name)}", key=one.key).body["status"] in ("success", "failed"))
    wait_until(lambda: server.get(f"/api/messages/tasks/{one.task}", key=one.key).body["status"] == "completed")
    return one


@pytest.mark.parametrize("limit", [1, 7, 50, 200])
def test_pages_are_whole_in_order_and_without_repeats(tenant, limit):
    tenant.batch(50)
    tenant.wait(lambda items: len(items) == 50)
    whole = tenant.ids()
    assert len(set(whole)) == 50 and whole == sorted(whole, key=int, reverse=True)
    pages = list(tenant.pages(MESSAGES, limit))
    assert [one["message_id"] for items in pages for one in items] == whole
    assert all(len(items) == limit for items in pages[:-1]) and 1 <= len(pages[-1]) <= limit


def test_pages_stand_still_while_messages_arrive(server, tenant):
    tenant.batch(120)
    before = tenant.ids()
    stop = threading.Event()

    def arrive():
        while not stop.is_set():
            tenant.send()

    threads = [threading.Thread(target=arrive) for _ in range(3)]
    [thread.start() for thread in threads]
    try:
        for limit in (5, 13, 60):
            seen = [one["message_id"] for items in tenant.pages(MESSAGES, limit) for one in items]
            assert len(seen) == len(set(seen)) and seen == sorted(seen, key=int, reverse=True)
            assert [one for one in seen if one in set(before)] == before, limit
    finally:
        stop.set()
        [thread.join() for thread in threads]
    assert len(tenant.ids()) > 120


def test_pages_stand_still_while_states_change(tenant):
    tenant.batch(60, delay_seconds=1)
    before = tenant.ids()
    seen = []
    for items in tenant.pages(MESSAGES, 1):
        seen += [one["message_id"] for one in items]
    assert seen == before


@pytest.mark.parametrize("path, name, make", [
    ("/api/messages/tasks", "task_id", lambda t, i: t.batch(1)),
    ("/api/messages/templates", "id", lambda t, i: t.post("/api/messages/templates", {"name": f"n{i}", "channel": "sms", "content": "x"})),
    ("/api/messages/dead-letters", "message_id", lambda t, i: t.send(recipient="fail-permanent")),
    ("/api/sandbox/inbox", "sequence", lambda t, i: t.send())])
def test_the_other_lists_page_as_well(tenant, path, name, make):
    for i in range(9):
        make(tenant, i)
    wait_until(lambda: len(tenant.ids(path, name)) == 9, what=path)
    whole = tenant.ids(path, name)
    assert len(set(whole)) == 9
    assert whole == sorted(whole, key=int, reverse=path != "/api/messages/templates")
    for limit in (1, 2, 4, 9):
        pages = list(tenant.pages(path, limit))
        assert [one[name] for items in pages for one in items] == whole and max(map(len, pages)) == limit
    cursor = tenant.page(path, limit=4)["next_cursor"]
    make(tenant, 99)
    wait_until(lambda: len(tenant.ids(path, name)) == 10, what=path)
    assert [one[name] for one in tenant.page(path, limit=3, cursor=cursor)["items"]] == whole[4:7]


def test_each_filter_of_messages_finds_what_it_names(stocked):
    one = stocked
    batch, held = one.ids(task_id=one.task), one.ids(task_id=one.held)
    assert len(batch) == 3 and len(held) == 2
    everything = {one.ok, one.mail, one.made, one.permanent, one.later, one.cancelled, *batch, *held}
    assert set(one.ids()) == everything
    expected = [
        ({"status": "success"}, {one.ok, one.mail, one.made, *batch}), ({"status": "failed"}, {one.permanent}),
        ({"status": "scheduled"}, {one.later, *held}), ({"status": "cancelled"}, {one.cancelled}), ({"status": "pending"}, set()),
        ({"status": "retrying"}, set()), ({"status": "processing"}, set()), ({"status": "expired"}, set()), ({"status": "unknown"}, set()),
        ({"channel": "email"}, {one.mail}), ({"channel": "app"}, {one.permanent}), ({"channel": "wechat"}, set()),
        ({"template_id": one.template}, {one.made}), ({"template_id": 999999}, set()), ({"task_id": 999999}, set()),
        ({"recipient": "who@example.com"}, {one.mail}), ({"recipient": "13900139000"}, {one.made}), ({"recipient": "who@"}, set()),
        ({"recipient": "%"}, set()), ({"trace_id": "msg_" + one.ok}, {one.ok}), ({"trace_id": one.ok}, {one.ok}), ({"trace_id": "nonsense"}, set()),
        ({"error": "recipient_permanent"}, {one.permanent}), ({"error": "surely nothing"}, set()), ({"error": "%"}, set()),
        ({"error": "_"}, None), ({"status": "success", "channel": "sms", "task_id": one.task}, set(batch)),
        ({"status": "failed", "channel": "sms"}, set())]
    for query, ids in expected:
        found = one.ids(**query)
        assert ids is None or set(found) == ids, query
        assert [id for items in one.pages(MESSAGES, 1, **query) for id in [m["message_id"] for m in items]] == found, query


def test_messages_are_filtered_by_when_they_were_made(tenant):
    def stamp(message):
        return datetime.fromisoformat(message["created_at"].replace("Z", "+00:00"))

    ids = []
    for _ in range(3):
        ids.append(tenant.send())
        wait_until(lambda: datetime.now(timezone.utc) > at + timedelta(milliseconds=5) if (at := stamp(
            tenant.page(MESSAGES, limit=1)["items"][0])) else None)
    middle = next(one for one in tenant.page(MESSAGES)["items"] if one["message_id"] == ids[1])["created_at"]
    after, before = set(tenant.ids(created_after=middle)), set(tenant.ids(created_before=middle))
    assert ids[2] in after and ids[0] not in after
    assert ids[0] in before and ids[2] not in before
    assert set(tenant.ids(created_after="2020-01-01T00:00:00Z", created_before="2100-01-01T00:00:00Z")) == set(ids)
    assert tenant.ids(created_before="2020-01-01T00:00:00Z") == tenant.ids(created_after="2100-01-01T00:00:00Z") == []
    assert tenant.ids(created_before="1960-01-01T00:00:00Z") == []
    east = (datetime.now(timezone.utc) + timedelta(hours=8, minutes=-1)).strftime("%Y-%m-%dT%H:%M:%S") + "+08:00"
    assert set(tenant.ids(created_after=east)) == set(ids)


def test_dead_letters_tasks_templates_and_the_inbox_have_their_filters(stocked):
    one = stocked
    dead = "/api/messages/dead-letters"
    assert one.ids(dead) == [one.permanent] == one.ids(dead, channel="app") == one.ids(dead, error="no such recipient")
    assert one.ids(dead, channel="sms") == [] == one.ids(dead, task_id=one.task) == one.ids(dead, recipient="nobody")
    tasks = "/api/messages/tasks"
    assert one.ids(tasks, "task_id") == [one.held, one.task]
    assert one.ids(tasks, "task_id", status="completed") == [one.task] and one.ids(tasks, "task_id", status="cancelled") == []
    assert one.ids(tasks, "task_id", status="pending") + one.ids(tasks, "task_id", status="processing") == [one.held]
    templates = "/api/messages/templates"
    assert one.ids(templates, "id", channel="sms", status="active") == [one.template]
    assert one.ids(templates, "id", channel="email") == one.ids(templates, "id", status="disabled") == []
    inbox = "/api/sandbox/inbox"
    assert set(one.ids(inbox)) == set(one.ids(status="success"))
    assert one.ids(inbox, channel="email") == [one.mail] == one.ids(inbox, recipient="who@example.com") == one.ids(inbox, message_id=one.mail)
    assert one.ids(inbox, message_id=one.later) == one.ids(inbox, channel="wechat") == []


@every_list
@pytest.mark.parametrize("cursor", ["zzz", "0", "-1", "YzE6", "YzE6LTE", "YzE6MA==x", "YzI6MTc", "YzE6OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
                                    "' OR 1=1", "鸿", "a" * 200, "=", " "])
def test_a_cursor_that_is_none_is_named(server, path, cursor):
    answer = server.get(path, query={"cursor": cursor})
    assert answer.status == 422 and error_paths(answer) == {"$query.cursor"}, answer.raw


@every_list
@pytest.mark.parametrize("limit", ["0", "-1", "1001", "0x10", " 5", "5 ", "2147483648", "99999999999999999999", "null", "٥"])
def test_a_limit_that_is_none_is_named(server, path, limit):
    answer = server.get(path, query={"limit": limit})
    assert answer.status == 422 and error_paths(answer) == {"$query.limit"}, answer.raw


@every_list
def test_the_empty_cursor_is_the_first_page_and_an_empty_list_has_no_next(server, tenant, path):
    assert set(tenant.page(path, cursor="")) == {"items"}
    assert server.get(path, query={"limit": 1}).body["items"][:1] == server.get(path, query={"limit": 1, "cursor": ""}).body["items"][:1]


def test_exactly_one_page_has_no_next(tenant):
    tenant.batch(5)
    assert "next_cursor" not in tenant.page(MESSAGES, limit=5) and "next_cursor" in tenant.page(MESSAGES, limit=4)


def test_a_cursor_shows_no_more_than_the_key_may_see(stocked, tenant):
    cursor = stocked.page(MESSAGES, limit=1)["next_cursor"]
    assert tenant.page(MESSAGES, cursor=cursor)["items"] == []
