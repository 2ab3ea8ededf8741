"""The monitoring screen's live connection: tickets, snapshot and deltas, tenants, slow readers, revoked keys."""

import json
import time

import pytest

from live import Screen, handshake, new_ticket
from support import ADMIN_KEY, HongyanServer, wait_until

TOTALS = ("totals", "by_day", "by_channel", "realtime", "queue", "pools", "limits", "accounts", "messages", "unknown_count",
          "dead_letter_count")


def last_ids(messages):
    return {m["message_id"] for one in messages for m in one.get("messages", [])}


# --- the state ---

def test_the_snapshot_has_everything_and_agrees_with_the_other_routes(server):
    sent = server.send(content="for the snapshot")
    server.wait_final(sent["message_id"])
    state = server.get("/api/live/snapshot").body
    assert set(state) == set(TOTALS)
    overview = server.get("/api/messages/statistics/overview").body
    assert state["totals"]["week"] == overview["totals"] and state["by_day"] == overview["by_day"]
    assert state["by_channel"] == overview["by_channel"]
    assert [pool["name"] for pool in state["pools"]] == ["message_sender", "ai_processor", "notifier"]
    assert all(0 <= pool["use"] <= 1 for pool in state["pools"])
    assert {limit["resource"] for limit in state["limits"]} >= {"global", "api:/messages/send"}
    assert len(state["queue"]["by_priority"]) == 11 and len(state["messages"]) <= 50
    shown = next(m for m in state["messages"] if m["message_id"] == sent["message_id"])
    assert shown["content"] == "for the snapshot" and shown["status"] == "success"


def test_long_texts_are_cut_between_characters(server):
    sent = server.send(content="漢" * 500)
    shown = next(m for m in server.get("/api/live/snapshot").body["messages"] if m["message_id"] == sent["message_id"])
    assert shown["content"] == "漢" * 200 + "…"


# --- tickets ---

def test_a_ticket_opens_one_connection(server):
    ticket = new_ticket(server)
    assert len(ticket) == 32
    with Screen(server, ticket) as screen:
        first = screen.wait(lambda messages: messages and messages[0])
        assert first["type"] == "snapshot" and set(first["state"]) == set(TOTALS) and first["seq"] >= 1
    status, head, connection = handshake(server, f"/api/live?ticket={ticket}")
    connection.close()
    assert status == 401 and b"Bearer" in head


@pytest.mark.parametrize("query", ["", "?ticket=", "?ticket=x", "?ticket=" + "A" * 32, f"?ticket={ADMIN_KEY}", f"?key={ADMIN_KEY}"])
def test_without_a_good_ticket_it_is_401(server, query):
    status, head, connection = handshake(server, "/api/live" + query)
    connection.close()
    assert status == 401 and b"application/problem+json" in head


def test_a_key_is_no_ticket_even_in_the_header(server):
    assert server.get("/api/live").status == 401


def test_a_ticket_is_void_after_half_a_minute():
    with HongyanServer() as one:
        ticket = new_ticket(one)
        time.sleep(31)  # its life is the subject
        status, _, connection = handshake(one, f"/api/live?ticket={ticket}")
        connection.close()
        assert status == 401


def test_too_many_unused_tickets_are_refused(fresh_server):
    answers = [fresh_server.post("/api/live/tickets") for _ in range(102)]
    assert [a.status for a in answers[:100]] == [200] * 100 and answers[-1].status == 429


def test_a_key_without_read_gets_no_ticket(server):
    assert server.post("/api/live/tickets", key=server.new_key(["send"])).status == 403


# --- the upgrade ---

@pytest.mark.parametrize("origin, status", [
    ("http://127.0.0.1:{port}", 101), (None, 101), ("http://127.0.0.1", 403), ("https://evil.example", 403), ("null", 403),
    ("http://127.0.0.1:{port}.evil.example", 403), ("http://127.0.0.1:{port}@evil.example", 403)])
def test_only_pages_of_this_host_may_connect(server, origin, status):
    ticket = new_ticket(server)
    got, head, connection = handshake(server, f"/api/live?ticket={ticket}", Origin=origin and origin.format(port=server.port))
    connection.close()
    assert got == status, head


@pytest.mark.parametrize("path", ["/api/%6Cive", "/%61pi/live", "/api/%6c%69%76%65"])
def test_an_escaped_path_meets_the_same_checks(server, path):
    for origin, status in (("https://evil.example", 403), (f"http://127.0.0.1:{server.port}", 101)):
        got, head, connection = handshake(server, f"{path}?ticket={new_ticket(server)}", Origin=origin)
        connection.close()
        assert got == status, head


@pytest.mark.parametrize("fields", [
    {"Upgrade": None}, {"Connection": "close"}, {"Sec_WebSocket_Version": "8"}, {"Sec_WebSocket_Key": "short"}, {"Sec_WebSocket_Key": None}])
def test_a_bad_upgrade_is_a_problem_and_leaves_the_ticket(server, fields):
    ticket = new_ticket(server)
    status, head, connection = handshake(server, f"/api/live?ticket={ticket}", **fields)
    connection.close()
    assert status == 400 and b"Sec-WebSocket-Version: 13" in head, head
    with Screen(server, ticket) as screen:
        screen.wait(lambda messages: messages)


def test_compression_is_not_agreed_to(server):
    _, head, connection = handshake(server, f"/api/live?ticket={new_ticket(server)}",
                                    Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
    connection.close()
    assert b" 101 " in head and b"permessage-deflate" not in head


# --- what comes ---

def test_a_change_is_on_the_wire_within_a_second(server):
    with Screen(server) as screen:
        screen.wait(lambda messages: messages)
        delays = []
        for number in range(5):
            begun = time.monotonic()
            sent = server.send(content=f"quick {number}", recipient="+8613811110000")
            screen.wait(lambda messages: sent["message_id"] in last_ids(messages))
            delays.append(time.monotonic() - begun)
        assert max(delays) <= 1.0, delays


def test_snapshot_and_deltas_add_up_to_the_state(server):
    with Screen(server) as screen:
        screen.wait(lambda messages: messages)
        sent = [server.send(content=f"sum {n}")["message_id"] for n in range(60)]
        for id in sent[-3:]:
            server.wait_final(id)

        def agrees():
            mine, theirs = screen.state(), server.get("/api/live/snapshot").body
            return all(mine[name] == theirs[name] for name in ("totals", "by_day", "by_channel", "messages", "dead_letter_count"))

        wait_until(agrees, 10, "the screen's state")
        numbers = [one["seq"] for one in screen.messages]
        assert numbers == sorted(set(numbers))
        for one in screen.messages[1:]:
            assert one["type"] == "delta" and (one["state"] or one["messages"])
            ids = [int(m["message_id"]) for m in one["messages"]]
            assert ids == sorted(ids) and "messages" not in one["state"]


def test_at_most_two_deltas_a_second(server):
    with Screen(server) as screen:
        screen.wait(lambda messages: messages)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            server.send(content="again and again")
        times = [one["at"] for one in screen.messages]
        assert len(times) >= 4 and all(b - a >= 450 for a, b in zip(times[1:], times[2:])), times


def test_a_snapshot_comes_when_asked_for_and_pause_is_silence(server):
    with Screen(server) as screen:
        screen.wait(lambda messages: messages)
        screen.say({"type": "snapshot"})
        screen.wait(lambda messages: [m["type"] for m in messages].count("snapshot") == 2)
        screen.say({"type": "pause"})
        sent = server.send(content="while it sleeps")["message_id"]
        server.wait_final(sent)
        before = len(screen.messages)
        # Deltas that were on their way before the pause may still come; then nothing does.
        time.sleep(1.2)
        settled = len(screen.messages)
        server.send(content="still asleep")
        time.sleep(1.2)
        assert len(screen.messages) == settled and settled - before <= 2
        screen.say({"type": "resume"})
        woken = screen.wait(lambda messages: len(messages) > settled and messages[-1])
        assert woken["type"] == "snapshot" and sent in {m["message_id"] for m in woken["state"]["messages"]}


@pytest.mark.parametrize("text", ["", "x", "{}", "[]", '{"type":1}', '{"type":"else"}', '{"type":"pause","x":1}', "{" * 1000])
def test_what_it_does_not_understand_is_answered_with_a_problem(server, text):
    with Screen(server) as screen:
        screen.wait(lambda messages: messages)
        screen.say(text)
        error = screen.wait(lambda messages: next((m for m in messages if m["type"] == "error"), None))
        assert error["problem"]["status"] == 422 and "snapshot" in error["problem"]["detail"]
        screen.say({"type": "snapshot"})
        screen.wait(lambda messages: messages[-1]["type"] == "snapshot")


def test_too_large_binary_and_too_many_messages_end_it(server):
    with Screen(server) as screen:
        screen.say("x" * 65_537)
        assert screen.wait_closed()[0] == 1009
    with Screen(server) as screen:
        screen.say(b"\x00")
        assert screen.wait_closed()[0] == 1003
    with Screen(server) as screen:
        try:
            for _ in range(200):
                screen.say({"type": "snapshot"})
        except Exception:
            pass  # closed while we talk
        assert screen.wait_closed()[0] == 1008


# --- tenants and keys ---

def test_a_tenant_sees_only_its_own(server):
    key = server.new_key(["admin"], tenant="live-acme", name="live acme")
    with Screen(server, new_ticket(server, key=key)) as theirs, Screen(server) as ours:
        theirs.wait(lambda messages: messages), ours.wait(lambda messages: messages)
        secret = server.post("/api/messages/send", {"channel": "sms", "recipient": "+8613800000009", "content": "of live-acme"},
                             key=key).body["message_id"]
        own = server.send(content="of the default tenant")["message_id"]
        theirs.wait(lambda messages: secret in last_ids(messages))
        ours.wait(lambda messages: own in last_ids(messages))
        assert "of the default tenant" not in json.dumps(theirs.messages)
        assert "of live-acme" not in json.dumps(ours.messages)
        assert theirs.state()["totals"]["week"]["total_sent"] <= 1


def test_a_revoked_key_ends_its_connections(server):
    made = server.post("/api/keys", {"name": "short", "scopes": ["read"]}).body
    with Screen(server, new_ticket(server, key=made["key"])) as screen:
        screen.wait(lambda messages: messages)
        assert server.call("DELETE", f"/api/keys/{made['id']}").status == 204
        assert screen.wait_closed(30)[0] == 1008


# --- limits and many screens ---

def test_the_caps_are_kept_and_places_come_back():
    settings = {"live.max_connections": 5, "live.max_connections_per_key": 3, "live.max_connections_per_address": 4}
    with HongyanServer(settings=settings) as one:
        other = one.new_key(["read"])
        open_ones = [Screen(one).__enter__() for _ in range(3)]
        status, _, connection = handshake(one, f"/api/live?ticket={new_ticket(one)}")
        connection.close()
        assert status == 429  # per key
        open_ones.append(Screen(one, new_ticket(one, key=other)).__enter__())
        status, _, connection = handshake(one, f"/api/live?ticket={new_ticket(one, key=other)}")
        connection.close()
        assert status == 429  # per address
        for screen in open_ones:
            screen.__exit__()

        def comes_back():
            status, _, connection = handshake(one, f"/api/live?ticket={new_ticket(one)}")
            connection.close()
            return status == 101

        wait_until(comes_back, 10, "a free place")


def test_a_slow_reader_gets_a_snapshot_instead_of_a_queue(server):
    """One screen stops reading while thousands of messages pass; the server's memory stays, and the screen recovers."""
    status, _, slow = handshake(server, f"/api/live?ticket={new_ticket(server)}")
    assert status == 101
    slow.setsockopt(__import__("socket").SOL_SOCKET, __import__("socket").SO_RCVBUF, 4096)
    memory = lambda: int(next(line for line in open(f"/proc/{server.process.pid}/status") if line.startswith("VmRSS")).split()[1])
    before = memory()
    with Screen(server) as quick:
        for _ in range(6):
            batch = server.post("/api/messages/send-batch", {"channel": "sms", "content": "漢" * 300,
                                                             "recipients": [f"+86138{n:08}" for n in range(1000)]})
            assert batch.status == 202
            server.wait_task(batch.body["task_id"])
        sent = server.get("/api/messages/statistics/overview?days=1").body["totals"]["total_sent"]
        quick.wait(lambda messages: any(one.get("state", {}).get("totals", {}).get("today", {}).get("total_sent", 0) >= sent for one in messages))
    assert memory() - before < 200_000, "kilobytes"
    slow.close()
    server.send(content="alive")


def test_a_restart_ends_it_with_going_away():
    with HongyanServer() as one:
        with Screen(one) as screen:
            screen.wait(lambda messages: messages)
            one.stop()
            assert screen.wait_closed()[0] == 1001
            one.start()
        with Screen(one) as screen:
            screen.wait(lambda messages: messages)
