"""Stops and starts in order, and starts that must be refused: nothing is lost, repeated or sent too early."""
import random
import socket
import subprocess
import time

import invariants
import store
from journal import Client, all_asks, rfc3339
from support import ADMIN_KEY, HongyanServer, binary, wait_until
from test_crash import SEED, SETTINGS, SINGLES, crash


def stop_in_order(server):
    assert server.stop() == 0, server.log()[-2000:]


def start_refused(data, listen="127.0.0.1:0"):
    """A start that must fail; gives what it said."""
    done = subprocess.run([str(binary()), "serve", "--data", str(data), "--listen", listen], capture_output=True,
                          text=True, timeout=20, env={"HONGYAN_ADMIN_KEY": ADMIN_KEY} | store.settings_of(data), check=False)
    assert done.returncode == 1, done
    assert "is ready" not in done.stdout
    return done.stderr


def test_a_stop_under_load_ends_with_0_and_loses_and_repeats_nothing():
    with HongyanServer(settings=SETTINGS | {"sandbox.latency_ms": 40}) as server:
        server.raise_limits()
        clients = [Client(server, f"order{n}", SEED + n, SINGLES | {"batch": 2}) for n in range(4)]
        at_stops = crash(server, clients, 3, SEED, kill=stop_in_order, most=0.8)
        assert not any(at_stops), "a stop in order left something that had arrived as not sent"
        duplicates, aftermath = invariants.check_all(server, clients, all_asks(clients), at_stops)
        assert duplicates == 0 and len(aftermath.records) > 100


def test_a_second_process_on_the_same_folder_is_refused(fresh_server):
    said = start_refused(fresh_server.data)
    assert f"in use by process {fresh_server.process.pid}" in said, said
    assert fresh_server.wait_final(fresh_server.send()["message_id"])["status"] == "success"


def test_a_database_of_a_newer_version_is_refused_and_left_alone():
    with HongyanServer() as server:
        identity = server.send()["message_id"]
        server.wait_final(identity)
        assert server.stop() == 0
        server.sql("INSERT INTO schema_migrations (version, name, applied_ms) VALUES (9999, 'later', 0)")
        said = start_refused(server.data)
        assert "9999" in said, said
        server.sql("DELETE FROM schema_migrations WHERE version = 9999")
        server.start()
        assert server.message(identity)["status"] == "success"


def test_a_port_in_use_is_refused_and_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = start_refused(tmp_path / "data", f"127.0.0.1:{port}")
    assert str(port) in said and "in use" in said.lower(), said


def test_a_scheduled_message_survives_a_kill_and_is_sent_at_its_time():
    with HongyanServer() as server:
        due_ms = int(time.time() * 1000) + 4_000
        identity = server.send(send_at=rfc3339(due_ms))["message_id"]
        late = server.send(delay_seconds=3600)["message_id"]
        server.restart(kill=True)
        found = server.message(identity)["status"]
        assert found == "scheduled" or time.time() * 1000 >= due_ms, "the start took longer than the message had to wait"
        assert server.wait_final(identity)["status"] == "success"
        arrival = next(one for one in invariants.read_ledger(server.data) if one.message_id == int(identity))
        assert due_ms <= arrival.received_ms <= due_ms + 2_000
        assert server.message(late)["status"] == "scheduled"
        assert server.post(f"/api/messages/{late}/cancel").status == 200
        server.restart()
        assert server.message(late)["status"] == "cancelled"


def test_a_message_whose_deliver_by_passes_while_the_server_is_down_expires_unsent():
    with HongyanServer() as server:
        now_ms = int(time.time() * 1000)
        identity = server.send(send_at=rfc3339(now_ms + 1_000), deliver_by=rfc3339(now_ms + 1_300))["message_id"]
        server.stop()
        time.sleep(max(0.0, (now_ms + 1_400) / 1000 - time.time()))
        server.start()
        message = server.wait_final(identity)
        assert message["status"] == "expired" and message["reason"], message
        assert server.get("/api/sandbox/inbox").body["items"] == []
        assert invariants.read_ledger(server.data) == []


def test_what_waits_is_sent_by_priority_after_a_restart():
    with HongyanServer(settings={"delivery.retry_base_ms": 30}) as server:
        hold = server.post("/api/limits", {"resource": "channel:sms", "limit_type": "qps", "max_value": 0}).body["id"]
        time.sleep(0.3)  # the sender may be waiting for messages of every channel, for some 50 ms
        chance = random.Random(SEED)
        priorities = [chance.randint(0, 10) for _ in range(60)]
        identities = [server.send(priority=priority)["message_id"] for priority in priorities]
        server.restart()

        def waiting():
            return server.get("/api/messages/statistics/realtime").body["queue"]["total"] == len(identities)

        wait_until(waiting, 10, "the loading of what waits")
        assert server.call("DELETE", f"/api/limits/{hold}").status == 204
        for identity in identities:
            assert server.wait_final(identity)["status"] == "success"
        arrived = [str(one.message_id) for one in invariants.read_ledger(server.data)]
        expected = sorted(range(60), key=lambda n: (-priorities[n], n))
        assert arrived == [str(identities[n]) for n in expected]


def test_an_idempotency_key_is_remembered_over_a_kill():
    with HongyanServer() as server:
        # Scheduled, for what is under way at a kill may arrive twice.
        body = {"channel": "sms", "recipient": "+8613800000001", "content": "once", "delay_seconds": 1}
        first = server.post("/api/messages/send", body, headers={"Idempotency-Key": "order-1"})
        server.restart(kill=True)
        again = server.post("/api/messages/send", body, headers={"Idempotency-Key": "order-1"})
        assert again.status == 202 and again.headers["Idempotency-Replayed"] == "true"
        assert again.body["message_id"] == first.body["message_id"]
        server.wait_final(first.body["message_id"])
        assert len(invariants.read_ledger(server.data)) == 1
