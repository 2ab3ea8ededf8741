"""Several accounts of one channel: tiers, weights, breakers and changes while messages are under way. What arrived decides."""
import collections
import time

import pytest

from providers import SECRET, Answer, Provided, Provider, Tenant, account_of, free_port
from support import wait_until

QUICK = {"breaker_min_calls": 4, "breaker_window_seconds": 5, "breaker_open_ms": 300, "breaker_probes": 2}


@pytest.fixture(scope="module")
def shared():
    with Provided() as running:
        running.raise_limits()
        yield running


@pytest.fixture
def tenant(shared):
    return Tenant(shared)


def check_moved(tenant, first, second, identity, first_class):
    """The message arrived once, by the second account, and trace and why tell it."""
    message = tenant.wait_status(identity, "success")
    assert tenant.attempts(identity) == [first_class, "success"]
    why = tenant.why(identity)
    routes = [one for one in why if one["step"] == "route"]
    assert [account_of(one) for one in routes] == [[first["name"]], [second["name"]]], why
    outcomes = [one for one in why if one["step"] == "outcome"]
    assert [one["inputs"]["class"] for one in outcomes] == [first_class, "accepted"], why
    assert message["attempts"] == 2
    return why


@pytest.mark.parametrize("status", [500, 503, 404, 302])
def test_a_refusal_of_the_first_tier_is_sent_once_by_the_second(tenant, status):
    with Provider(Answer(status, headers={"Location": "http://127.0.0.1:1/"})) as bad, Provider() as good:
        first, second = tenant.webhook(bad, tier=1), tenant.webhook(good, tier=2)
        identity = tenant.send()
        check_moved(tenant, first, second, identity, "transient")
        assert len(bad.all()) == 1 and len(good.all()) == 1
        assert bad.all()[0].body == good.all()[0].body, "not the same message"
        assert tenant.health(first)["outcomes"] == {"transient": 1}
        assert tenant.health(second)["outcomes"] == {"accepted": 1}


def test_a_refused_connection_is_sent_once_by_the_second_account(tenant):
    with Provider() as good:
        first = tenant.account("webhook", {"base_url": f"http://127.0.0.1:{free_port()}", "trusted": True, "secret": SECRET},
                               tier=1)
        second = tenant.webhook(good, tier=2)
        check_moved(tenant, first, second, tenant.send(), "transient")
        assert len(good.all()) == 1


def test_a_429_with_retry_after_pauses_the_account_for_that_time_and_uses_up_no_attempt(tenant):
    limited = Answer(429, headers={"Retry-After": "2"})
    with Provider() as busy, Provider() as good:
        first, second = tenant.webhook(busy, tier=1), tenant.webhook(good, tier=2)
        busy.next.append(limited)
        check_moved(tenant, first, second, tenant.send(), "rate_limited")
        paused_at = time.monotonic()
        health = tenant.health(first)
        assert health["breaker"] == "closed" and "rate" in health["closed_reason"], health
        for _ in range(5):
            identity = tenant.send()
            tenant.wait_status(identity, "success")
            why = tenant.why(identity)
            assert any("closed: the provider limits the rate" in one["verdict"] for one in why[1]["inputs"]["accounts"])
        assert len(busy.all()) == 1 and len(good.all()) == 6
        wait_until(lambda: tenant.wait_status(tenant.send(), "success") and len(busy.all()) > 1, 10, "the pause's end")
        assert time.monotonic() - paused_at > 1.5
        assert busy.all()[1].at - busy.all()[0].at >= 1.9, "the provider's Retry-After was not kept"


def test_a_429_of_the_only_account_waits_without_using_up_attempts(tenant):
    with Provider() as busy:
        tenant.webhook(busy)
        busy.next.extend([Answer(429)] * 12)  # more than delivery.retry_attempts
        message = tenant.wait_status(tenant.send(), "success", "failed", seconds=25)
        assert message["status"] == "success", message
        assert len(busy.taken()) == 1


def test_a_configuration_error_goes_to_the_second_account_and_three_pause_the_first(tenant):
    with Provider(Answer(403, b"invalid_token")) as bad, Provider() as good:
        first, second = tenant.slack(bad, tier=1), tenant.slack(good, tier=2)
        identities = []
        for _ in range(6):
            identities.append(tenant.send("slack"))
            tenant.wait_status(identities[-1], "success")
        check_moved(tenant, first, second, identities[0], "configuration")
        assert len(bad.all()) == 3, "three refusals did not pause the account"
        assert set(good.texts().values()) == {1} and len(good.all()) == 6
        assert "refuses the account" in tenant.health(first)["closed_reason"]
        reset = tenant.call("POST", f"/api/accounts/{first['id']}/reset", {})
        assert reset.status == 200 and "closed_until" not in reset.body
        bad.answer = Answer()
        tenant.wait_status(tenant.send("slack"), "success")
        assert len(bad.taken()) == 1, "the traffic did not return"


def test_permanent_refusals_are_not_tried_elsewhere(tenant):
    with Provider(Answer(413)) as bad, Provider() as good:
        tenant.webhook(bad, tier=1)
        tenant.webhook(good, tier=2)
        assert tenant.wait_status(tenant.send(), "failed")["attempts"] == 1
        bad.answer = Answer(410)
        assert tenant.wait_status(tenant.send(recipient="gone"), "failed")["attempts"] == 1
        assert not good.all()
        bad.answer = Answer()
        time.sleep(1.2)  # see test_the_first_suppression_counts_at_once
        again = tenant.wait_status(tenant.send(recipient="gone"), "failed")
        assert "suppressed" in again["reason"] and len(bad.taken()) == 0, again
        tenant.wait_status(tenant.send(recipient="other"), "success")


def test_the_first_suppression_counts_at_once():
    with Provided() as server, Provider(Answer(410)) as one:
        tenant = Tenant(server)
        tenant.webhook(one)
        tenant.wait_status(tenant.send(recipient="gone"), "failed")
        one.answer = Answer()
        tenant.wait_status(tenant.send(recipient="gone"), "failed", "success")
        assert not one.taken(), "sent to somebody who wants no more"


def test_weights_share_a_tier_and_a_weight_of_zero_gets_nothing(tenant):
    with Provider() as heavy, Provider() as light, Provider() as none:
        policy = {"max_in_flight": 1000, "min_in_flight": 1000}  # nobody is ever full
        tenant.webhook(heavy, weight=300, policy=policy)
        tenant.webhook(light, weight=100, policy=policy)
        tenant.webhook(none, weight=0, policy=policy)
        task = tenant.batch(400)
        wait_until(lambda: tenant.get(f"/api/messages/tasks/{task}")["success_count"] == 400, 30, "all")
        shares = [len(one.all()) for one in (heavy, light, none)]
        assert sum(shares) == 400 and shares[2] == 0, shares
        assert 250 <= shares[0] <= 350, shares


def test_the_breaker_opens_probes_closes_and_the_traffic_returns(tenant):
    with Provider(Answer(500)) as weak, Provider() as good:
        first, _ = tenant.webhook(weak, tier=1, policy=QUICK), tenant.webhook(good, tier=2)
        for _ in range(4):
            tenant.wait_status(tenant.send(), "success")
        health = tenant.health(first)
        assert health["breaker"] == "open" and "4 of 4 calls failed" in health["breaker_reason"], health
        assert "closed_until" in health
        before = len(weak.all())
        why = tenant.why(identity := tenant.send())
        tenant.wait_status(identity, "success")
        assert len(weak.all()) == before, "an open breaker let a call through"
        wait_until(lambda: tenant.health(first)["breaker"] == "half_open", 5, "half open")
        tenant.wait_status(tenant.send(), "success")
        assert len(weak.all()) == before + 1, "no probe"
        health = tenant.health(first)
        assert health["breaker"] == "open" and "probe failed" in health["breaker_reason"], health
        weak.answer = Answer()
        wait_until(lambda: tenant.health(first)["breaker"] == "half_open", 5, "half open again")
        for _ in range(2):
            tenant.wait_status(tenant.send(), "success")
        health = tenant.health(first)
        assert health["breaker"] == "closed" and "2 probes succeeded" in health["breaker_reason"], health
        done = len(good.all())
        for _ in range(5):
            tenant.wait_status(tenant.send(), "success")
        assert len(good.all()) == done and len(weak.taken()) == 7, "the traffic did not return"
        assert why


def test_a_half_open_breaker_lets_only_its_probes_through_under_load(tenant):
    with Provider(Answer(500)) as weak:
        account = tenant.webhook(weak, policy=QUICK | {"breaker_open_ms": 1000})
        tenant.batch(200)
        wait_until(lambda: tenant.health(account)["breaker"] == "open", 10, "open")
        time.sleep(0.3)
        at_first = len(weak.all())
        weak.answer = Answer(delay=0.3)
        wait_until(lambda: len(weak.all()) > at_first, 5, "a probe")
        time.sleep(0.15)
        assert len(weak.all()) - at_first <= 2, "more calls than probes"
        wait_until(lambda: len(weak.taken()) == 200, 40, "all of them")
        time.sleep(0.2)
        arrived = collections.Counter(one.path for one in weak.taken())
        assert set(arrived.values()) == {1} and len(arrived) == 200


def test_all_breakers_open_loses_nothing_and_sends_nothing_twice(tenant):
    with Provider(Answer(500)) as one, Provider(Answer(500)) as two:
        accounts = [tenant.webhook(one, tier=1, policy=QUICK), tenant.webhook(two, tier=2, policy=QUICK)]
        task = tenant.batch(100)
        wait_until(lambda: all(tenant.health(a)["breaker"] != "closed" for a in accounts), 10, "both open")
        one.answer = two.answer = Answer()
        wait_until(lambda: tenant.get(f"/api/messages/tasks/{task}")["success_count"] == 100, 30, "all")
        arrived = collections.Counter(came.path for came in one.taken() + two.taken())
        assert len(arrived) == 100 and set(arrived.values()) == {1}


def test_a_disabled_account_sends_nothing_until_it_is_enabled(tenant):
    with Provider() as one, Provider() as two:
        first = tenant.webhook(one, tier=1)
        tenant.webhook(two, tier=2)
        tenant.patch(first, status="disabled")
        for _ in range(3):
            tenant.wait_status(tenant.send(), "success")
        assert not one.all() and len(two.all()) == 3
        tenant.patch(first, status="active")
        tenant.wait_status(tenant.send(), "success")
        assert len(one.all()) == 1 and len(two.all()) == 3


def test_messages_wait_while_the_only_account_is_disabled(tenant):
    with Provider() as one:
        account = tenant.webhook(one)
        tenant.patch(account, status="disabled")
        identity = tenant.send()
        time.sleep(0.5)
        assert tenant.message(identity)["status"] == "pending"
        assert not one.all()
        assert tenant.why(identity)[-1]["step"] == "now"
        tenant.patch(account, status="active")
        tenant.wait_status(identity, "success")
        assert len(one.all()) == 1


def test_an_account_that_is_deleted_while_messages_wait_gives_them_to_the_other(tenant):
    with Provider(Answer(delay=0.05)) as one, Provider() as two:
        first = tenant.webhook(one, tier=1, policy={"max_in_flight": 1})
        tenant.webhook(two, tier=2)
        task = tenant.batch(60)
        wait_until(lambda: len(one.all()) >= 3, 5, "some")
        answer = tenant.call("DELETE", f"/api/accounts/{first['id']}")
        assert answer.status == 204
        wait_until(lambda: tenant.get(f"/api/messages/tasks/{task}")["success_count"] == 60, 15, "all")
        arrived = collections.Counter(came.path for came in one.all() + two.all())
        assert len(arrived) == 60 and set(arrived.values()) == {1}
        assert tenant.call("GET", f"/api/accounts/{first['id']}").status == 404
        assert len(two.all()) > 40


def test_a_new_secret_is_used_at_once_and_without_a_restart(tenant):
    def answer(came):
        return Answer() if came.path == "/new" else Answer(403, b"invalid_token")

    with Provider(answer) as one:
        account = tenant.slack(one, settings={"webhook_url": one.url + "/old"})
        identity = tenant.send("slack")
        wait_until(lambda: tenant.message(identity)["status"] == "retrying", 5, "a refusal")
        tenant.patch(account, settings={"webhook_url": one.url + "/new"})
        tenant.wait_status(identity, "success", seconds=5)
        assert len(one.taken()) == 1
        assert tenant.wait_status(tenant.send("slack"), "success")


def test_what_is_under_way_finishes_on_the_old_settings(tenant):
    with Provider(Answer(delay=0.6)) as one, Provider() as two:
        account = tenant.webhook(one)
        identity = tenant.send()
        wait_until(one.all, 5, "the request")
        tenant.patch(account, settings={"base_url": two.url})
        second = tenant.send()
        tenant.wait_status(second, "success")
        message = tenant.wait_status(identity, "success")
        assert message["attempts"] == 1 and len(one.all()) == 1 and len(two.all()) == 1


def test_a_message_that_only_one_account_can_send_goes_by_that_one(tenant):
    """feishu and feishu_robot share a channel and understand different recipients."""
    with Provider(Answer(body={"code": 0, "msg": "success"})) as robot:
        tenant.account("feishu", {"app_id": "x", "app_secret": "y", "endpoint": f"http://127.0.0.1:{free_port()}"},
                       tier=1)
        second = tenant.account("feishu_robot", {"webhook_url": robot.url + "/hook"}, channel="feishu", tier=2)
        identity = tenant.send("feishu", recipient="robot:ops")
        tenant.wait_status(identity, "success")
        route = next(one for one in tenant.why(identity) if one["step"] == "route")
        assert account_of(route) == [second["name"]]
        assert any("cannot send this message" in one["verdict"] for one in route["inputs"]["accounts"])
        refused = tenant.call("POST", "/api/messages/send",
                              {"channel": "feishu", "recipient": "no one at all", "content": "x"})
        assert refused.status == 422 and refused.body["errors"], refused


def test_the_table_of_outcomes_can_forbid_fail_over(shared):
    tenant = Tenant(shared)
    with Provider(Answer(500)) as bad, Provider() as good:
        tenant.webhook(bad, tier=1)
        tenant.webhook(good, tier=2)
        before = next(one for one in shared.get("/api/outcomes").body["items"] if one["outcome"] == "transient")
        answer = shared.call("PATCH", "/api/outcomes/transient", {"action": "fail", "fail_over": False})
        assert answer.status == 200 and answer.body["version"] == before["version"] + 1
        try:
            message = tenant.wait_status(tenant.send(), "failed")
            assert message["attempts"] == 1 and not good.all()
        finally:
            shared.call("PATCH", "/api/outcomes/transient", {"action": "retry", "fail_over": True})
        tenant.wait_status(tenant.send(), "success")
        assert shared.call("PATCH", "/api/outcomes/accepted", {"action": "fail"}).status in (400, 404, 409, 422)
        assert shared.call("PATCH", "/api/outcomes/nonsense", {"action": "fail"}).status == 404


def test_messages_go_on_soon_after_their_account_is_enabled_also_with_the_default_pauses():
    with Provided(settings={"delivery.retry_base_ms": 1000, "delivery.retry_max_ms": 600_000}) as server, Provider() as one:
        tenant = Tenant(server)
        account = tenant.webhook(one, status="disabled")
        identity = tenant.send()
        time.sleep(0.5)
        assert tenant.message(identity)["status"] == "pending"
        tenant.patch(account, status="active")
        tenant.wait_status(identity, "success", seconds=4)


def test_what_waits_for_the_last_account_is_not_called_sent_when_that_is_deleted(tenant):
    with Provider(Answer(500)) as bad:
        account = tenant.webhook(bad)
        identity = tenant.send()
        wait_until(bad.all, 5, "an attempt")
        assert tenant.call("DELETE", f"/api/accounts/{account['id']}").status == 204
        time.sleep(1)
        assert tenant.message(identity)["status"] != "success", "it went to the sandbox, not to the receiver"


def memory(server):
    """Virtual memory in MiB."""
    with open(f"/proc/{server.process.pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmSize:")).split()[1]) / 1024


def test_changes_of_accounts_leak_nothing():
    with Provided() as server, Provider() as one:
        tenant = Tenant(server)
        account = tenant.webhook(one)
        before = memory(server)
        for turn in range(40):
            tenant.patch(account, settings={"event_type": f"t.{turn}"})
        time.sleep(0.5)
        assert memory(server) - before < 150


def test_a_replaced_account_with_a_call_under_way_does_not_hold_up_the_stop():
    with Provided(settings={"http.stop_grace_seconds": 1}) as server, Provider(Answer(hang=True)) as one:
        tenant = Tenant(server)
        account = tenant.webhook(one, settings={"timeout_ms": 100_000})
        tenant.send()
        wait_until(one.all, 5, "the request")
        tenant.patch(account, settings={"event_type": "x.y"})
        assert server.stop(seconds=5) == 0


def test_a_call_under_way_does_not_hold_up_the_stop_beyond_its_grace():
    with Provided(settings={"http.stop_grace_seconds": 1}) as server, Provider(Answer(hang=True)) as one, Provider() as two:
        tenant = Tenant(server)
        tenant.webhook(one, tier=1, settings={"timeout_ms": 100_000})
        tenant.webhook(two, tier=2)
        identity = tenant.send()
        wait_until(one.all, 5, "the request")
        assert server.stop(seconds=5) == 0
        one.answer = Answer()
        server.start()
        tenant.wait_status(identity, "success")
        assert len(one.taken()) == 1 and not two.all(), "it may have arrived and went by another account"


def test_weights_hold_when_every_account_is_full(tenant):
    """A batch fills all accounts at once; what becomes free must not go to all of them alike."""
    with Provider(Answer(delay=0.02)) as light, Provider(Answer(delay=0.02)) as heavy, Provider() as reserve:
        bounds = {"min_in_flight": 12, "max_in_flight": 12, "slow_factor": 0}
        tenant.webhook(light, weight=100, policy=bounds)
        tenant.webhook(heavy, weight=300, policy=bounds)
        tenant.webhook(reserve, weight=0, policy=bounds)
        task = tenant.batch(800)
        wait_until(lambda: len(light.all()) + len(heavy.all()) + len(reserve.all()) >= 800, 60, "the whole batch")
        assert not reserve.all(), "weight 0 is for when no other is open"
        assert 2.0 < len(heavy.all()) / len(light.all()) < 4.5, (len(light.all()), len(heavy.all()), task)
