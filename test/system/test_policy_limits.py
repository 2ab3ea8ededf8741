"""Limits by destination and of accounts, and what waits for a full account: never exceeded, nothing lost, nobody else slowed."""
import collections
import json
import time

import pytest

from ledger import read_ledger
from providers import Answer, Provided, Provider, Tenant
from support import wait_until


@pytest.fixture(scope="module")
def shared():
    with Provided() as running:
        running.raise_limits()
        yield running


@pytest.fixture
def tenant(shared):
    return Tenant(shared)


def most_in(times, seconds):
    """The most of `times` (seconds) in any interval [t, t + seconds)."""
    times = sorted(times)
    return max(sum(1 for other in times[i:] if other < one + seconds) for i, one in enumerate(times))


def done(tenant, task, count, seconds=30):
    wait_until(lambda: tenant.get(f"/api/messages/tasks/{task}")["success_count"] == count, seconds, f"{count} successes")


def limit(server, resource, count, window=None):
    rule = {"resource": resource, "max_value": count, "limit_type": "window" if window else "qps"}
    answer = server.post("/api/limits", rule | ({"window_seconds": window} if window else {}))
    assert answer.status == 201, answer
    time.sleep(1.3)  # a rule holds within a second
    return answer.body["id"]


@pytest.fixture
def limited():
    """A server of its own, for limits hold for all tenants. Messages go to the sandbox, whose ledger has the times."""
    with Provided() as running:
        running.raise_limits()
        yield running


def arrivals(server):
    """(seconds, recipient) of all that arrived."""
    recipients = dict(server.sql("SELECT id, recipient FROM message_records"))
    return [(one.received_ms / 1000, recipients[one.message_id]) for one in read_ledger(server.data)]


def send_all(server, channel, recipients, **fields):
    rows = [{"recipient": one} for one in recipients]
    answer = server.post("/api/messages/send-batch", {"channel": channel, "recipients": rows} | (fields or {"content": "x"}))
    assert answer.status == 202, answer
    return answer.body["task_id"]


def test_each_domain_has_its_own_limit_and_nothing_is_lost(limited):
    limit(limited, "domain:*", 10)
    addresses = [f"u{n}@{domain}" for n in range(30) for domain in ("a.example", "B.example")]
    task = send_all(limited, "email", addresses, subject="s", content="x")
    other = limited.send()["message_id"]
    limited.wait_final(other)
    limited.wait_task(task)
    came = arrivals(limited)
    assert collections.Counter(one for _, one in came if "@" in one) == collections.Counter(addresses)
    for domain in ("a.example", "B.example"):
        assert most_in([at for at, one in came if one.endswith(domain)], 0.98) <= 20
    assert max(at for at, _ in came) - min(at for at, _ in came) > 1.5


def test_a_country_is_told_from_its_neighbours(limited):
    limit(limited, "country:86", 6)
    limit(limited, "prefix:+4477", 4)
    numbers = {"86": [f"+86138000000{n:02}" for n in range(18)], "852": [f"+8526000{n:04}" for n in range(40)],
               "44": [f"+44771234{n:04}" for n in range(10)]}
    begin = time.time()
    tasks = [send_all(limited, "sms", found) for found in numbers.values()]
    limited.wait_task(tasks[1], 3)
    assert time.time() - begin < 2.5, "Hong Kong waited for China"
    for task in tasks:
        limited.wait_task(task)
    came = arrivals(limited)
    assert len(came) == len({one for _, one in came}) == 68
    assert most_in([at for at, one in came if one.startswith("+86138")], 0.98) <= 12
    assert most_in([at for at, one in came if one.startswith("+44")], 0.98) <= 8


def test_each_recipient_waits_for_itself_only(limited):
    limit(limited, "recipient:sms:*", 1, window=1)
    begin = time.time()
    task = send_all(limited, "sms", ["+8613800000001"] * 4 + [f"+86139000000{n:02}" for n in range(20)])
    limited.wait_task(task)
    came = arrivals(limited)
    mine = [at for at, one in came if one == "+8613800000001"]
    assert len(mine) == 4 and most_in(mine, 0.98) <= 2 and mine[-1] - mine[0] > 2
    others = [at for at, one in came if one != "+8613800000001"]
    assert len(others) == 20 and max(others) - begin < 1.5


def test_in_no_interval_of_a_window_more_pass_than_it_allows(limited):
    limit(limited, "template:*", 6, window=2)
    template = limited.post("/api/messages/templates", {"name": "t", "channel": "sms", "content": "x"}).body["id"]
    while time.time() % 2 < 1.7:  # so that the first six come at the end of a window
        time.sleep(0.01)
    task = send_all(limited, "sms", [f"+86138000000{n:02}" for n in range(24)], template_id=template)
    limited.wait_task(task)
    times = [at for at, _ in arrivals(limited)]
    assert len(times) == 24
    assert most_in(times, 1.95) <= 6


@pytest.mark.parametrize("kill", [True, False], ids=["kill", "stop"])
def test_a_restart_does_not_open_a_window_anew(limited, kill):
    """Three in an hour for each recipient; the server is started again after two, and again after the third."""
    limit(limited, "recipient:sms:*", 3, window=3600)
    tenant = Tenant(limited)
    with Provider() as other:  # a channel without a limit, to see that the server sends
        tenant.webhook(other)
        sent = [tenant.send("sms", recipient="+8613800000001") for _ in range(2)]
        for one in sent:
            tenant.wait_status(one, "success", "delivered")
        if not kill:
            time.sleep(0.2)
        for count in (3, 3):
            limited.restart(kill=kill)
            more = tenant.send("sms", recipient="+8613800000001")
            free = tenant.send("sms", recipient=f"+861390000000{limited.starts}")
            tenant.wait_status(free, "success", "delivered")
            tenant.wait_status(tenant.send(), "success")
            def mine():
                return [one for _, one in arrivals(limited)].count("+8613800000001")
            wait_until(lambda: mine() == count, 5, f"{count} arrivals")
            time.sleep(0.3)
            assert mine() == count, f"{mine()} after the restart"
        assert tenant.message(more)["status"] == "pending"
        assert any("recipient:sms:*" in json.dumps(step) for step in tenant.why(more)), tenant.why(more)


def test_messages_of_accounts_are_counted_before_they_leave(limited):
    """Killed while the requests are under way: they count, whether they arrived or not."""
    limit(limited, "recipient:webhook:*", 4, window=3600)
    tenant = Tenant(limited)
    with Provider(Answer(hang=True)) as provider:
        tenant.webhook(provider)
        for _ in range(4):
            tenant.send()
        wait_until(lambda: len(provider.all()) == 4, 10, "four requests under way")
        limited.kill()
        provider.answer = Answer()
        limited.start()
        tenant.send()
        time.sleep(2)
        # The repeats of the four would be the fifth and more: they wait, too.
        assert len(provider.all()) == 4


def test_wrong_destinations_are_refused_by_name(shared):
    for resource in ("domain:", "country:xx", "template:x", "recipient:pigeon:*", "prefix:"):
        answer = shared.post("/api/limits", {"resource": resource, "limit_type": "qps", "max_value": 1})
        assert answer.status == 422 and answer.body["errors"][0]["path"] == "$.resource", (resource, answer)
    answer = shared.post("/api/limits", {"resource": "domain:a.example", "limit_type": "concurrency", "max_value": 1})
    assert answer.status == 422, answer


def test_an_accounts_rate_is_kept_and_nothing_is_lost(tenant):
    with Provider() as one:
        tenant.webhook(one, policy={"rate_per_second": 30, "burst": 3, "max_in_flight": 100})
        begin = time.monotonic()
        task = tenant.batch(90)
        done(tenant, task, 90)
        times = [came.at for came in one.all()]
        assert len(times) == 90 == len({came.path for came in one.all()})
        assert most_in(times, 1.0) <= 30 + 3 + 1, most_in(times, 1.0)
        assert 2.4 < times[-1] - begin < 6, "the rate is not used"


def test_max_in_flight_is_kept(tenant):
    under_way, most = [0], [0]

    class Slow(Provider):
        def _handle(self, handler):
            with self._lock:
                under_way[0] += 1
                most[0] = max(most[0], under_way[0])
            time.sleep(0.02)
            with self._lock:
                under_way[0] -= 1
            super()._handle(handler)

    with Slow() as one:
        tenant.webhook(one, policy={"max_in_flight": 7, "min_in_flight": 7})
        done(tenant, tenant.batch(120), 120)
        assert 5 <= most[0] <= 7 and len(one.all()) == 120


def test_ten_thousand_messages_of_a_hanging_account_slow_nobody(shared):
    victim, same, other = Tenant(shared), Tenant(shared), Tenant(shared)
    with Provider(Answer(hang=True)) as dead, Provider() as good, Provider() as robot:
        victim.webhook(dead, settings={"timeout_ms": 100_000})
        same.webhook(good)
        other.slack(robot, policy={"max_in_flight": 20, "min_in_flight": 10})
        begin = time.monotonic()
        done(same, same.batch(300), 300)
        alone = time.monotonic() - begin
        victim.batch(10_000, priority=10)
        wait_until(lambda: len(dead.all()) >= 30, 10, "the hanging ones")
        begin = time.monotonic()
        task, second = same.batch(300, priority=0), victim.batch(200, "sms", lambda n: f"+861380000{n:04}")
        slack = [other.send("slack") for _ in range(20)]
        done(same, task, 300, 20)
        beside = time.monotonic() - begin
        done(victim, second, 200, 20)
        for identity in slack:
            other.wait_status(identity, "success")
        assert len(dead.taken()) == 0 and len(good.taken()) == 600 and len(robot.taken()) == 20
        assert beside < 10 * alone + 3, f"{alone:.2f} s alone, {beside:.2f} s beside a hanging account"
        queue = shared.get("/api/messages/statistics/realtime").body["queue"]
        assert 9_000 < queue["total"] + queue["scheduled"] <= 10_000, queue
        assert queue["by_priority"][0]["count"] > 9_000, queue
        task = victim.get("/api/messages/tasks?limit=10")["items"][-1]["task_id"]
        assert victim.call("POST", f"/api/messages/tasks/{task}/cancel").status == 200
        dead.answer = Answer()
        seen = len(dead.all())
        account = victim.get("/api/accounts")["items"][0]
        victim.patch(account, policy={"max_in_flight": 1000})
        time.sleep(1)
        assert len(dead.all()) - seen <= 200, "cancelled messages were sent"
        wait_until(lambda: shared.get("/api/messages/statistics/realtime").body["queue"]["total"] == 0, 15, "an empty queue")


def test_messages_that_wait_for_a_full_account_can_be_cancelled(tenant):
    with Provider(Answer(delay=0.4)) as one:
        tenant.webhook(one, policy={"max_in_flight": 1})
        identities = [tenant.send(recipient=f"in/{n}") for n in range(30)]
        wait_until(one.all, 5, "the first")
        cancelled = set()
        for identity in identities[5:25]:
            answer = tenant.call("POST", f"/api/messages/{identity}/cancel")
            assert answer.status == 200, answer
            cancelled.add(identity)
        one.answer = Answer()
        for identity in identities:
            tenant.wait_status(identity, "cancelled" if identity in cancelled else "success")
        arrived = collections.Counter(came.path for came in one.all())
        assert arrived == {f"/in/{n}": 1 for n in range(30) if not 5 <= n < 25}
        again = tenant.call("POST", f"/api/messages/{identities[6]}/cancel")
        assert again.status == 409


def test_the_most_urgent_of_those_that_wait_for_a_full_account_goes_first(tenant):
    with Provider(Answer(delay=0.03)) as one:
        tenant.webhook(one, policy={"max_in_flight": 1})
        slow = tenant.batch(80, priority=1, recipient=lambda n: f"slow/{n}")
        wait_until(lambda: len(one.all()) >= 3, 5, "some")
        urgent = tenant.batch(15, priority=9, recipient=lambda n: f"urgent/{n}")
        before = len(one.all())
        done(tenant, urgent, 15)
        order = [came.path.split("/")[1] for came in one.all()][before:]
        assert order.index("urgent") <= 4 and order[4:19].count("slow") <= 4, order[:30]
        done(tenant, slow, 80)
        assert len(one.all()) == 95


def test_deliver_by_holds_for_what_waits_for_a_full_account(tenant):
    import datetime
    with Provider(Answer(delay=1.5)) as one:
        tenant.webhook(one, policy={"max_in_flight": 1})
        tenant.send(recipient="first")
        wait_until(one.all, 5, "the first")
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=0.6)
        late = tenant.send(recipient="late", deliver_by=end.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        assert tenant.wait_status(late, "expired", "success")["status"] == "expired"
        assert [came.path for came in one.all()] == ["/first"]


def test_a_restart_keeps_what_waits_for_a_full_account():
    with Provided() as server, Provider(Answer(delay=0.05)) as one:
        server.raise_limits()
        tenant = Tenant(server)
        tenant.webhook(one, policy={"max_in_flight": 2, "min_in_flight": 2})
        task = tenant.batch(100)
        wait_until(lambda: len(one.all()) >= 10, 5, "some")
        assert server.stop() == 0
        server.start()
        one.answer = Answer()
        done(tenant, task, 100)
        arrived = collections.Counter(came.path for came in one.all())
        assert len(arrived) == 100 and sum(arrived.values()) == 100, "a clean stop sent some twice"
