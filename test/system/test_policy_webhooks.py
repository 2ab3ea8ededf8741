"""Reports to senders: signed, repeated, never lost, and never where they may not go. The signature is checked by code of our
own, written from the Standard Webhooks specification."""
import collections
import datetime
import json
import socket
import threading
import time

import pytest

from providers import Answer, Provided, Provider, Tenant, verify_webhook
from support import wait_until


@pytest.fixture(scope="module")
def shared():
    with Provided() as running:
        running.raise_limits()
        yield running


@pytest.fixture
def tenant(shared):
    """Messages go to the sandbox, so that each ends at once."""
    return Tenant(shared)


def send(tenant, hook, path="/hook", **fields):
    url = hook if isinstance(hook, str) else hook.url + path
    return tenant.send("sms", recipient="+8613800000001", callback_url=url, **fields)


def endpoints(tenant):
    return tenant.get("/api/webhooks")["items"]


def events(tenant, endpoint, **query):
    return tenant.get(f"/api/webhooks/{endpoint['id']}/events", query=query)["items"]


def delivered(tenant, count):
    return wait_until(lambda: (e := endpoints(tenant)) and e[0]["delivered"] >= count and e[0], 12, f"{count} events")


def rotate(tenant, endpoint, **fields):
    answer = tenant.call("POST", f"/api/webhooks/{endpoint['id']}/rotate-secret", fields)
    assert answer.status == 200, answer
    return answer.body["secret"]


def test_a_report_is_signed_says_what_happened_and_names_the_message(tenant):
    with Provider() as hook:
        made = tenant.call("POST", "/api/webhooks", {"url": hook.url + "/hook"})
        assert made.status == 201 and made.body["secret"].startswith("whsec_")
        identity = send(tenant, hook, metadata={"order": "7", "z": [1, {"metadata": None}]})
        delivered(tenant, 1)
        (came,) = hook.all()
        assert verify_webhook(came.headers, came.body, [made.body["secret"]]) == 1
        assert verify_webhook(came.headers, came.body + b" ", [made.body["secret"]]) == 0
        assert came.headers["content-type"].startswith("application/json")
        event = came.json
        assert event["type"] == "message.success" and event["data"]["message_id"] == identity
        assert event["data"]["metadata"] == {"order": "7", "z": [1, {"metadata": None}]}
        assert abs(datetime.datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00")).timestamp() - time.time()) < 10
        (listed,) = events(tenant, endpoints(tenant)[0])
        assert listed["status"] == "delivered" and listed["last_status"] == 200 and listed["body"] == event
        again = tenant.call("POST", "/api/webhooks", {"url": hook.url + "/hook"})
        assert again.status == 409


def test_metadata_that_looks_like_the_body_is_reported_as_it_was_given(tenant):
    with Provider() as hook:
        given = {"x": '"metadata":null', "metadata": None, "deep": {"metadata": None}}
        send(tenant, hook, metadata=given, content='"metadata":null')
        delivered(tenant, 1)
        assert hook.all()[0].json["data"]["metadata"] == given


def test_what_is_not_2xx_is_tried_again_under_the_same_id_with_a_fresh_signature(shared):
    answers = {"500": Answer(500), "404": Answer(404), "cut": Answer(cut=True),
               "redirect": Answer(302, headers={"Location": "/elsewhere"})}
    hooks, secrets, tenants = {}, {}, {name: Tenant(shared) for name in answers}
    for name, bad in answers.items():
        hooks[name] = Provider()
        hooks[name].next.append(bad)
        secrets[name] = tenants[name].call("POST", "/api/webhooks", {"url": hooks[name].url + "/hook"}).body["secret"]
        send(tenants[name], hooks[name])
    wait_until(lambda: all(len(hook.all()) == 2 for hook in hooks.values()), 9, "the second attempts")
    for name, hook in hooks.items():
        first, second = hook.all()
        assert 4.9 < second.at - first.at < 7, "the first pause is 5 s"
        assert first.path == second.path == "/hook", "a redirect was followed"
        assert first.headers["webhook-id"] == second.headers["webhook-id"] and first.body == second.body
        assert int(second.headers["webhook-timestamp"]) >= int(first.headers["webhook-timestamp"]) + 4
        assert verify_webhook(second.headers, second.body, [secrets[name]]) == 1
        event = events(tenants[name], delivered(tenants[name], 1))[0]
        assert event["attempts"] == 2 and event["status"] == "delivered"
        hook.stop()


def test_410_switches_the_endpoint_off_and_what_comes_then_waits(tenant):
    with Provider(Answer(410)) as hook:
        first = send(tenant, hook)
        endpoint = wait_until(lambda: (e := endpoints(tenant)) and e[0]["status"] == "disabled" and e[0], 5, "off")
        assert "410" in endpoint["reason"]
        second = send(tenant, hook)
        tenant.wait_status(second, "success")
        time.sleep(0.8)
        assert len(hook.all()) == 1, "a switched off endpoint got a report"
        assert endpoints(tenant)[0]["waiting"] == 1
        hook.answer = Answer()
        answer = tenant.call("PATCH", f"/api/webhooks/{endpoint['id']}", {"status": "active"})
        assert answer.status == 200 and answer.body["status"] == "active"
        delivered(tenant, 1)
        assert [one.json["data"]["message_id"] for one in hook.all()] == [first, second]


def test_a_report_that_fails_while_another_switches_off_the_endpoint_waits_too(tenant):
    """Two under way: one is answered 410, the other 500 a moment later; that one must not be sent 5 s later."""
    with Provider() as hook:
        hook.next.extend([Answer(410, delay=0.3), Answer(500, delay=0.8)])
        send(tenant, hook)
        send(tenant, hook)
        wait_until(lambda: len(hook.all()) == 2, 5, "both")
        endpoint = wait_until(lambda: (e := endpoints(tenant)) and e[0]["status"] == "disabled" and e[0], 5, "off")
        time.sleep(6.8)
        assert len(hook.all()) == 2, "a switched off endpoint got a report"
        assert endpoints(tenant)[0]["waiting"] == 1 and endpoint


def test_while_a_secret_is_renewed_both_sign_and_then_only_the_new_one(tenant):
    with Provider() as hook:
        old = tenant.call("POST", "/api/webhooks", {"url": hook.url + "/hook"}).body["secret"]
        endpoint = endpoints(tenant)[0]
        new = rotate(tenant, endpoint, overlap_seconds=600)
        assert new != old
        send(tenant, hook)
        delivered(tenant, 1)
        came = hook.all()[-1]
        assert verify_webhook(came.headers, came.body, [old]) == verify_webhook(came.headers, came.body, [new]) == 1
        assert len(came.headers["webhook-signature"].split(" ")) == 2
        third = rotate(tenant, endpoint, overlap_seconds=1)
        send(tenant, hook)
        delivered(tenant, 2)
        came = hook.all()[-1]
        assert [verify_webhook(came.headers, came.body, [one]) for one in (old, new, third)] == [0, 1, 1]
        time.sleep(1.2)
        send(tenant, hook)
        delivered(tenant, 3)
        came = hook.all()[-1]
        assert [verify_webhook(came.headers, came.body, [one]) for one in (old, new, third)] == [0, 0, 1]
        assert rotate(tenant, endpoint, overlap_seconds=0)
        assert len(came.headers["webhook-signature"].split(" ")) == 1


def test_a_time_range_is_replayed_under_the_ids_of_before(tenant):
    with Provider() as hook:
        stamps = [stamp()]
        for _ in range(3):
            send(tenant, hook)
            time.sleep(0.05)
            delivered(tenant, len(stamps))
            time.sleep(0.05)
            stamps.append(stamp())
        endpoint = endpoints(tenant)[0]

        def replay(begin, end, **more):
            answer = tenant.call("POST", f"/api/webhooks/{endpoint['id']}/replay", {"from": begin, "until": end} | more)
            assert answer.status == 202, answer
            return answer.body["replayed"]

        assert replay(stamps[0], stamps[3], failed_only=True) == 0
        assert replay(stamps[1], stamps[2]) == 1
        wait_until(lambda: len(hook.all()) == 4, 5, "the replay")
        ids = [one.headers["webhook-id"] for one in hook.all()]
        assert ids[3] == ids[1] and hook.all()[3].body == hook.all()[1].body
        delivered(tenant, 3)
        assert replay(stamps[0], stamps[3]) == 3
        wait_until(lambda: len(hook.all()) == 7, 5, "the replay of all")
        assert collections.Counter(one.headers["webhook-id"] for one in hook.all()) == {ids[0]: 2, ids[1]: 3, ids[2]: 2}
        assert replay(stamps[3], stamps[0]) == 0
        stranger = Tenant(tenant.server)
        for path in ("replay", "rotate-secret"):
            body = {"from": stamps[0], "until": stamps[3]} if path == "replay" else {}
            assert stranger.call("POST", f"/api/webhooks/{endpoint['id']}/{path}", body).status == 404
        assert stranger.call("PATCH", f"/api/webhooks/{endpoint['id']}", {"status": "disabled"}).status == 404
        assert stranger.call("GET", f"/api/webhooks/{endpoint['id']}/events").status == 404
        assert endpoints(stranger) == []


def stamp(seconds=0.0):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_private_addresses_get_nothing():
    """Not one connection, in whatever form the address is written."""
    with Provided(settings={"outbound.allow_networks": ""}) as server, Provider() as hook:
        tenant = Tenant(server)
        port = hook.port
        urls = [f"http://{host}:{port}/hook" for host in (
            "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0.0.0.0", "[::1]",
            "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "127.0.0.1.", "LOCALHOST")]
        taken = 0
        for url in urls:
            answer = tenant.call("POST", "/api/messages/send", {
                "channel": "sms", "recipient": "+8613800000001", "content": "x", "callback_url": url})
            assert answer.status in (202, 422), (url, answer)
            taken += answer.status == 202
        assert taken, "all addresses were refused at the door; test them by names then"
        wait_until(lambda: sum(e["failed"] + e["waiting"] for e in endpoints(tenant)) == taken, 10, "the reports' end")
        time.sleep(0.5)
        assert not hook.all(), [one.headers["host"] for one in hook.all()]
        refused = [events(tenant, one)[0] for one in endpoints(tenant)]
        assert all(one["status"] in ("failed", "waiting") for one in refused), refused
        literal = next(e for e in endpoints(tenant) if "//127.0.0.1:" in e["url"])
        assert events(tenant, literal)[0]["status"] == "failed", "that does not change by waiting"


def test_a_redirect_into_a_private_network_is_not_followed(tenant):
    with Provider() as secret_service:
        location = {"Location": secret_service.url + "/internal"}
        for status in (301, 302, 303, 307, 308):
            with Provider(Answer(status, headers=location)) as hook:
                send(tenant, hook, path=f"/{status}")
                wait_until(hook.all, 5, "the report")
        time.sleep(0.3)
        assert not secret_service.all()


def test_other_schemes_and_odd_addresses_are_refused_at_the_door(tenant):
    for url in ("file:///etc/passwd", "gopher://127.0.0.1:70/", "ftp://127.0.0.1/", "javascript:alert(1)", "not a url",
                "http://", "http://user:password@127.0.0.1/", "http://127.0.0.1:99999/", "http://a b/",
                "http://127.0.0.1/\r\nX: 1"):
        answer = tenant.call("POST", "/api/messages/send", {
            "channel": "sms", "recipient": "+8613800000001", "content": "x", "callback_url": url})
        if answer.status == 202:
            tenant.wait_status(answer.body["message_id"], "success")
        else:
            assert answer.status == 422 and answer.body["errors"][0]["path"] == "$.callback_url", (url, answer)


def test_no_event_is_lost_over_kills_and_each_keeps_its_id():
    with Provided() as server, Provider(Answer(delay=0.02)) as hook:
        server.raise_limits()
        tenant = Tenant(server)
        identities = set()
        for _ in range(3):
            for _ in range(60):
                identities.add(send(tenant, hook))
            server.kill()
            server.start()
        for identity in identities:
            tenant.wait_status(identity, "success")
        wait_until(lambda: {one.json["data"]["message_id"] for one in hook.all()} == identities, 25, "every report")
        wait_until(lambda: endpoints(tenant)[0]["waiting"] == 0, 10, "quiet")
        by_message = collections.defaultdict(set)
        for one in hook.all():
            by_message[one.json["data"]["message_id"]].add(one.headers["webhook-id"])
        assert all(len(ids) == 1 for ids in by_message.values()), "one event under two ids"
        extra = len(hook.all()) - len(identities)
        assert extra <= 3 * 4, f"{extra} reports came twice; only those under way at a kill may"
        rows = server.sql("SELECT count(*), count(DISTINCT message_id) FROM webhook_events")
        assert rows == [(len(identities), len(identities))], rows


def test_a_slow_receiver_does_not_slow_another(tenant):
    with Provider(Answer(hang=True)) as slow, Provider() as quick:
        for _ in range(40):
            send(tenant, slow)
        wait_until(lambda: len(slow.all()) >= 4, 5, "the slow ones")
        begin = time.monotonic()
        for _ in range(40):
            send(tenant, quick)
        wait_until(lambda: len(quick.all()) >= 40, 10, "the quick ones")
        assert time.monotonic() - begin < 8
        assert len(slow.all()) == 4, "more than four at once to one endpoint"


def notifier(server):
    return next(one for one in server.get("/api/pools").body["items"] if one["pool_name"] == "notifier")


@pytest.fixture
def own():
    with Provided() as running:
        running.raise_limits()
        yield running


def test_the_pool_bounds_the_calls_under_way_and_shows_them(own):
    tenant = Tenant(own)
    with Provider(Answer(hang=True)) as hook:
        for n in range(30):
            send(tenant, hook, f"/{n}")
        wait_until(lambda: len(hook.all()) == 5, 10, "five calls")
        time.sleep(1)
        pool = notifier(own)
        assert len(hook.all()) == 5 and pool["active_count"] == 5 and pool["size"] == 5, pool
        wait_until(lambda: notifier(own)["queue_size"] == 25, 5, "those that wait")
        assert notifier(own)["completed_tasks"] == 0
        own.sql("UPDATE thread_pool_configs SET core_pool_size = 12 WHERE pool_name = 'notifier'")
        wait_until(lambda: len(hook.all()) == 12, 5, "twelve calls")
        assert notifier(own)["active_count"] == 12
        hook.answer = Answer()
        hook.release()
        wait_until(lambda: len({one.path for one in hook.taken()}) == 30, 20, "all reports")
        wait_until(lambda: notifier(own)["active_count"] == notifier(own)["queue_size"] == 0, 5, "rest")
        assert notifier(own)["completed_tasks"] == len(hook.all())


def test_the_pool_grows_by_its_rule_when_reports_pile_up(own):
    tenant = Tenant(own)
    own.sql("UPDATE thread_pool_configs SET queue_capacity = 10, max_pool_size = 7 WHERE pool_name = 'notifier'")
    with Provider(Answer(hang=True)) as hook:
        for n in range(40):
            send(tenant, hook, f"/{n}")
        wait_until(lambda: len(hook.all()) == 7, 15, "growth to the most")
        time.sleep(1.5)
        pool = notifier(own)
        assert pool["size"] == 7 and len(hook.all()) == 7, pool
        assert "over the 80 % mark" in json.dumps(pool), pool


def test_dead_receivers_leave_half_of_the_pool_to_the_others(own):
    tenant = Tenant(own)
    with Provider(Answer(500)) as dead, Provider() as quick:
        for n in range(5):
            send(tenant, dead, f"/{n}")
        wait_until(lambda: len(dead.all()) == 5, 10, "the first failures")
        wait_until(lambda: not notifier(own)["active_count"], 5, "rest")
        dead.answer = Answer(hang=True)
        for n in range(5):
            send(tenant, dead, f"/{n}")
        wait_until(lambda: len(dead.all()) == 7, 5, "two more calls")
        for _ in range(20):
            send(tenant, quick)
        wait_until(lambda: len(quick.all()) == 20, 5, "the reports of the others")
        assert len(dead.all()) == 7, "failing receivers had more than half of the pool"


def test_without_any_failure_each_report_comes_once(tenant):
    with Provider() as hook:
        for _ in range(700):
            send(tenant, hook)
        delivered(tenant, 700)
        time.sleep(0.3)
        times = collections.Counter(one.headers["webhook-id"] for one in hook.all())
        assert len(times) == 700 and set(times.values()) == {1}, f"{len(hook.all()) - len(times)} came twice"


def test_every_end_of_a_message_is_reported_once(shared):
    tenant = Tenant(shared)
    with Provider() as hook, Provider(Answer(413)) as bad:
        tenant.webhook(bad)
        failed = tenant.send(callback_url=hook.url + "/hook")
        tenant.wait_status(failed, "failed")
        bad.answer = Answer(429, headers={"Retry-After": "30"})
        late = tenant.send(callback_url=hook.url + "/hook", deliver_by=stamp(1.0))
        tenant.wait_status(late, "expired", seconds=6)
        wait_until(lambda: len(hook.all()) >= 2, 5, "two reports")
        kinds = {one.json["data"]["message_id"]: one.json["type"] for one in hook.all()}
        assert kinds == {failed: "message.failed", late: "message.expired"}
        assert len(hook.all()) == 2


@pytest.mark.parametrize("whole_task", [False, True])
def test_a_cancelled_message_is_reported_too(tenant, whole_task):
    """docs/accounts.md: a message with a callback_url reports each final state there."""
    with Provider() as hook:
        if whole_task:
            task = tenant.batch(1, "sms", lambda _: "+8613800000001", callback_url=hook.url + "/hook", delay_seconds=3600)
            assert tenant.call("POST", f"/api/messages/tasks/{task}/cancel").status == 200
        else:
            identity = send(tenant, hook, delay_seconds=3600)
            assert tenant.call("POST", f"/api/messages/{identity}/cancel").status == 200
        wait_until(hook.all, 2, "the report")
        assert hook.all()[0].json["type"] == "message.cancelled"


def test_a_receiver_that_answers_without_end_is_cut_off(tenant):
    listener = socket.create_server(("127.0.0.1", 0))
    sent = []

    def serve():
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(4000):
                connection.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
                sent.append(1)
        except OSError:
            pass
        connection.close()

    threading.Thread(target=serve, daemon=True).start()
    send(tenant, f"http://127.0.0.1:{listener.getsockname()[1]}/endless")
    endpoint = wait_until(lambda: (e := endpoints(tenant)) and events(tenant, e[0])[0]["attempts"] == 1 and e[0], 10,
                          "the first attempt")
    assert len(sent) < 2000 and endpoint, "it read 32 MiB of nonsense"
    listener.close()
