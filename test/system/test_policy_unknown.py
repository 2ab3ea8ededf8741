"""Requests whose answer never came: they may have arrived. Never another account, hold or send again, kills in the middle."""
import collections
import hashlib
import time

import pytest

from providers import SECRET, Answer, Provided, Provider, Tenant, account_of
from support import wait_until

SHORT = {"timeout_ms": 1000}


@pytest.fixture(scope="module")
def shared():
    with Provided() as running:
        running.raise_limits()
        yield running


@pytest.fixture
def tenant(shared):
    return Tenant(shared)


def template_of(tenant, on_unknown, channel="slack"):
    answer = tenant.call("POST", "/api/messages/templates",
                         {"name": "t-" + str(on_unknown), "channel": channel, "content": "templated",
                          "on_unknown": on_unknown})
    assert answer.status == 201, answer
    return answer.body["id"]


@pytest.mark.parametrize("lost", [Answer(hang=True), Answer(cut=True), Answer(200, b"<html>a proxy</html>")],
                         ids=["silent", "cut", "not its words"])
def test_an_unknown_outcome_goes_by_the_same_account_again_and_never_by_another(tenant, lost):
    with Provider(lost) as first, Provider() as second:
        one = tenant.slack(first, tier=1, settings=SHORT)
        tenant.slack(second, tier=2)
        identity = tenant.send("slack")
        wait_until(lambda: len(first.all()) >= 2, 10, "the second attempt")
        first.answer = Answer()
        first.release()
        message = tenant.wait_status(identity, "success")
        assert not second.all(), "it may have arrived and went by another account"
        classes = tenant.attempts(identity)
        assert classes[-1] == "success" and set(classes[:-1]) == {"unknown"}, classes
        assert message["attempts"] == len(first.all())
        for route in (one_ for one_ in tenant.why(identity) if one_["step"] == "route"):
            assert account_of(route) == [one["name"]]


def test_after_an_unknown_even_a_clear_refusal_does_not_move_it(tenant):
    with Provider() as first, Provider() as second:
        tenant.slack(first, tier=1)
        tenant.slack(second, tier=2)
        first.next.extend([Answer(cut=True), Answer(500), Answer(403, b"invalid_token"), Answer(429)])
        identity = tenant.send("slack")
        tenant.wait_status(identity, "success", seconds=20)
        assert tenant.attempts(identity) == ["unknown", "transient", "configuration", "rate_limited", "success"]
        assert not second.all() and len(first.all()) == 5


def test_an_unknown_waits_for_its_account_even_if_that_is_disabled(tenant):
    with Provider(Answer(cut=True)) as first, Provider() as second:
        one = tenant.slack(first, tier=1)
        tenant.slack(second, tier=2)
        identity = tenant.send("slack")
        wait_until(first.all, 10, "the first attempt")
        tenant.patch(one, status="disabled")
        time.sleep(1.0)
        assert not second.all()
        assert tenant.message(identity)["status"] == "retrying"
        first.answer = Answer()
        tenant.patch(one, status="active")
        tenant.wait_status(identity, "success")
        assert not second.all()


def test_a_template_can_hold_unknown_outcomes_for_an_operator(tenant):
    with Provider(Answer(cut=True)) as first, Provider() as second:
        tenant.slack(first, tier=1)
        tenant.slack(second, tier=2)
        template = template_of(tenant, "hold")
        identity = tenant.send("slack", content=None, template_id=template)
        message = tenant.wait_status(identity, "unknown")
        assert message["attempts"] == 1
        first.answer = Answer()
        time.sleep(0.6)
        assert len(first.all()) == 1 and not second.all(), "a held message was sent again"
        listed = tenant.get("/api/messages/dead-letters?status=unknown")["items"]
        assert [one["message_id"] for one in listed] == [identity]
        assert tenant.get("/api/messages/dead-letters?status=failed")["items"] == []
        totals = tenant.get("/api/messages/statistics/overview?days=1")["totals"]
        assert totals["total_sent"] == 0
        assert tenant.call("POST", f"/api/messages/{identity}/retry").status in (200, 202)
        tenant.wait_status(identity, "success")
        assert len(first.all()) == 2 and not second.all()
        assert tenant.get("/api/messages/dead-letters?status=unknown")["items"] == []
        assert tenant.get("/api/messages/statistics/overview?days=1")["totals"]["success_count"] == 1


def test_a_template_goes_before_the_setting_either_way():
    with Provided(settings={"delivery.unknown_outcome": "hold"}) as server, Provider() as first:
        tenant = Tenant(server)
        tenant.slack(first)
        again, hold, none = template_of(tenant, "send_again"), template_of(tenant, "hold"), template_of(tenant, None)
        for template, status, count in ((again, "success", 2), (hold, "unknown", 1), (none, "unknown", 1)):
            first.next.append(Answer(cut=True))
            before = len(first.all())
            identity = tenant.send("slack", content=None, template_id=template)
            tenant.wait_status(identity, status)
            assert len(first.all()) - before == count
        first.next.append(Answer(cut=True))
        tenant.wait_status(tenant.send("slack"), "unknown")


def test_a_held_message_can_be_neither_cancelled_into_the_past_nor_lost_over_a_restart():
    with Provided(settings={"delivery.unknown_outcome": "hold"}) as server, Provider(Answer(cut=True)) as first:
        tenant = Tenant(server)
        tenant.slack(first)
        identity = tenant.send("slack")
        tenant.wait_status(identity, "unknown")
        server.restart(kill=True)
        time.sleep(0.5)
        assert tenant.message(identity)["status"] == "unknown" and len(first.all()) == 1
        first.answer = Answer()
        assert tenant.call("POST", f"/api/messages/{identity}/retry").status in (200, 202)
        tenant.wait_status(identity, "success")
        assert len(first.all()) == 2


def test_a_provider_that_knows_repeats_gets_the_same_token_and_hold_does_not_apply():
    """Of provider "webhook" the webhook-id is the token."""
    with Provided(settings={"delivery.unknown_outcome": "hold"}) as server, Provider() as first, Provider() as second:
        tenant = Tenant(server)
        tenant.webhook(first, tier=1)
        tenant.webhook(second, tier=2)
        first.next.extend([Answer(cut=True), Answer(cut=True)])
        identity = tenant.send()
        tenant.wait_status(identity, "success")
        assert len(first.all()) == 3 and not second.all()
        assert len({one.headers["webhook-id"] for one in first.all()}) == 1
        assert len({one.body for one in first.all()}) == 1, "a repeat must be the same bytes"


@pytest.mark.parametrize("fate", ["cut_after", "half_answer"])
def test_feishus_uuid_makes_repeats_harmless(shared, tenant, fate):
    shared.own("chaos", "")
    tenant.account("feishu", shared.sample("feishu"))
    recipient = f"ou_{fate}{hashlib.md5(tenant.name.encode()).hexdigest()}"
    shared.own("chaos", f'[[chaos.rule]]\nservice="feishu"\npath="*im/v1/messages*"\naction="{fate}"\ntimes=2\n')
    try:
        identity = tenant.send("feishu", recipient=recipient)
        tenant.wait_status(identity, "success", seconds=20)
    finally:
        shared.own("chaos", "")
    inbox = shared.inbox("feishu", recipient=recipient)
    assert len(inbox) == 1, inbox
    assert tenant.attempts(identity) == ["unknown", "unknown", "success"]
    assert shared.own("ledger")["services"]["feishu"]["duplicates"] >= 2


@pytest.mark.parametrize("fate", ["cut_after", "half_answer"])
def test_wechats_client_msg_id_makes_repeats_harmless(shared, tenant, fate):
    tenant.account("wechat", shared.sample("wechat"))
    recipient = f"o{fate.replace('_', '')}{hashlib.md5(tenant.name.encode()).hexdigest()[:16]}"
    shared.own("chaos", f'[[chaos.rule]]\nservice="wechat"\npath="*template/send*"\naction="{fate}"\ntimes=1\n')
    try:
        identity = tenant.send("wechat", recipient=recipient,
                               options={"wechat": {"template_id": "T1", "data": {"first": {"value": "x"}}}})
        tenant.wait_status(identity, "success", seconds=20)
    finally:
        shared.own("chaos", "")
    assert len(shared.inbox("wechat", recipient=recipient)) == 1
    assert tenant.attempts(identity) == ["unknown", "success"]


def test_apns_gets_the_same_id_at_each_attempt(shared, tenant):
    tenant.account("apns", shared.sample("apns"), channel="app")
    token = hashlib.sha256(tenant.name.encode()).hexdigest()
    shared.own("chaos", '[[chaos.rule]]\nservice="apns"\naction="cut_after"\ntimes=1\n')
    try:
        identity = tenant.send("app", recipient=token, subject="t")
        tenant.wait_status(identity, "success", seconds=20)
    finally:
        shared.own("chaos", "")
    seen = [one for one in shared.inbox("apns") if token in one["recipient"]]
    assert len({one["token"] for one in seen}) == 1, seen
    assert tenant.attempts(identity) == ["unknown", "success"]


SMS = {"aliyun": {"template_code": "SMS_200000002", "params": {"content": "hello"}},
       "tencent": {"template_id": "1110", "params": ["123456", "5"]}}


def number_of(tenant, provider):
    return f"+8613{int(hashlib.md5((tenant.name + provider).encode()).hexdigest()[:8], 16) % 10**9:09d}"


@pytest.mark.parametrize("on_unknown", ["send_again", "hold"])
@pytest.mark.parametrize("provider", SMS)
def test_a_provider_that_can_be_asked_is_asked_and_nothing_is_sent_twice(shared, tenant, provider, on_unknown):
    """The answer to the send is lost; the provider's own list of what it sent resolves it before the rule does."""
    tenant.account(provider, shared.sample(provider), channel="sms")
    template = template_of(tenant, on_unknown, "sms")
    recipient = number_of(tenant, provider)
    # Tencent lists a message once it has reported it, so let the report be there before the answer would be.
    receipt = f'[[chaos.receipt]]\nservice="{provider}"\nearly=true\n'
    shared.own("chaos", f'[[chaos.rule]]\nservice="{provider}"\naction="cut_after"\ntimes=1\n' + receipt)
    try:
        identity = tenant.send("sms", recipient=recipient, content=None, template_id=template, options={provider: SMS[provider]})
        tenant.wait_status(identity, "success", "delivered", seconds=15)
    finally:
        shared.own("chaos", "")
    assert len(shared.inbox(provider, recipient=recipient)) == 1
    # At once, or by the question before the repeat when the list was late.
    assert tenant.attempts(identity) in (["success"], ["unknown", "success"])


@pytest.mark.parametrize("provider", SMS)
def test_what_the_provider_does_not_list_is_held_by_the_rule(shared, tenant, provider):
    """Cut before it arrived: the list does not name it, which proves nothing."""
    tenant.account(provider, shared.sample(provider), channel="sms")
    recipient = number_of(tenant, provider)
    shared.own("chaos", f'[[chaos.rule]]\nservice="{provider}"\naction="cut_before"\ntimes=1\n')
    try:
        held = tenant.send("sms", recipient=recipient, content=None, template_id=template_of(tenant, "hold", "sms"),
                           options={provider: SMS[provider]})
        tenant.wait_status(held, "unknown", seconds=15)
    finally:
        shared.own("chaos", "")
    assert not shared.inbox(provider, recipient=recipient)


def test_a_kill_in_the_middle_is_an_unknown_outcome_and_stays_on_its_account():
    with Provided() as server, Provider(Answer(hang=True)) as first, Provider() as second:
        server.raise_limits()
        tenant = Tenant(server)
        one = tenant.slack(first, tier=1, policy={"max_in_flight": 20, "min_in_flight": 20})
        tenant.slack(second, tier=2)
        identities = [tenant.send("slack") for _ in range(5)]
        wait_until(lambda: len(first.all()) == 5, 10, "five requests under way")
        server.kill()
        first.answer = Answer()
        server.start()
        for identity in identities:
            tenant.wait_status(identity, "success")
            assert tenant.attempts(identity) == ["unknown", "success"]
            assert [account_of(route)[0] for route in tenant.why(identity)
                    if route["step"] == "route" and route["inputs"]["attempt"] == 2] == [one["name"]]
        assert not second.all() and set(first.texts().values()) == {2}


def test_a_kill_in_the_middle_holds_what_is_to_be_held():
    with Provided() as server, Provider(Answer(hang=True)) as first:
        tenant = Tenant(server)
        tenant.slack(first)
        template = template_of(tenant, "hold")
        identity = tenant.send("slack", content=None, template_id=template)
        wait_until(first.all, 10, "the request")
        server.kill()
        first.answer = Answer()
        server.start()
        tenant.wait_status(identity, "unknown")
        time.sleep(0.5)
        assert len(first.all()) == 1, "a held message was sent again after a kill"


@pytest.mark.parametrize("round_", [1, 2])
def test_kills_under_load_send_only_what_was_under_way_again(round_):
    count = 1200
    with Provided() as server, Provider(Answer(delay=0.004)) as first, Provider() as second:
        server.raise_limits()
        tenant = Tenant(server)
        tenant.webhook(first, tier=1)
        tenant.webhook(second, tier=2)
        task = tenant.batch(count)
        under_way, resent = set(), collections.Counter()
        for kill in range(3):
            wait_until(lambda: len(first.all()) >= (kill + 1) * 200 * round_, 20, "progress")
            server.kill()
            processing = {row[0] for row in server.sql(
                "SELECT recipient FROM message_records WHERE status = 'processing'")}
            resent.update(processing)
            under_way |= processing
            server.start()
        wait_until(lambda: tenant.get(f"/api/messages/tasks/{task}")["success_count"] == count, 40, "all")
        arrived = collections.Counter(one.path.removeprefix("/") for one in first.all() + second.all())
        assert len(arrived) == count, f"{count - len(arrived)} were lost"
        for path, times in arrived.items():
            assert times <= 1 + resent[path], f"{path} came {times} times, but was under way {resent[path]} times"
        by_id = collections.defaultdict(set)
        for one in first.all() + second.all():
            by_id[one.path].add(one.headers["webhook-id"])
        assert all(len(ids) == 1 for ids in by_id.values()), "a repeat under another id"
        assert not {one.path for one in second.all()} & {one.path for one in first.taken()}
        statuses = dict(server.sql("SELECT status, count(*) FROM message_records GROUP BY status"))
        assert statuses == {"success": count}, statuses
        assert SECRET


def test_what_may_have_arrived_never_ends_as_failed_and_is_sent_again_in_bulk():
    """By attempts, by a refusal of the repeat and by deliver_by."""
    with Provided(settings={"delivery.retry_attempts": 3}) as server, Provider() as first:
        tenant = Tenant(server)
        tenant.slack(first)
        first.next.extend([Answer(cut=True), Answer(500), Answer(500)])
        spent = tenant.send("slack")
        message = tenant.wait_status(spent, "unknown")
        assert "may have arrived" in message["reason"] and message["attempts"] == 3, message
        first.next.extend([Answer(cut=True), Answer(400, b"invalid_payload")])
        refused = tenant.send("slack")
        tenant.wait_status(refused, "unknown")
        first.next.extend([Answer(500), Answer(400, b"invalid_payload")])
        plain = tenant.send("slack")
        tenant.wait_status(plain, "failed")
        totals = tenant.get("/api/messages/statistics/overview?days=1")["totals"]
        assert totals["failed_count"] == 1, totals

        def redrive(**filters):
            answer = tenant.call("POST", "/api/messages/dead-letters/retry", {"filter": filters, "dry_run": True})
            assert answer.status == 200, answer
            return answer.body["matched"]

        assert redrive() == redrive(status="failed") == 1 and redrive(status="unknown") == 2
        assert tenant.call("POST", "/api/messages/dead-letters/retry", {"filter": {"status": "success"}}).status == 422
        before = len(first.all())
        assert tenant.call("POST", "/api/messages/dead-letters/retry", {"filter": {"status": "unknown"}}).status == 200
        tenant.wait_status(spent, "success")
        tenant.wait_status(refused, "success")
        assert tenant.message(plain)["status"] == "failed" and len(first.all()) == before + 2


def test_a_year_of_retry_after_ends_no_message(tenant):
    """The account pauses for an hour at most; the message waits as long as the account, or until its deadline."""
    for status, seconds in ((429, 3600), (503, 24 * 3600)):
        for value in ("31536000", "99999999999999999999", "Fri, 01 Jan 2100 00:00:00 GMT"):
            with Provider(Answer(status, b"later", headers=[("Retry-After", value)])) as one:
                account = tenant.slack(one)
                identity = tenant.send("slack")
                message = tenant.wait_status(identity, "retrying")
                planned = time.mktime(time.strptime(message["next_attempt_at"][:19] + " UTC", "%Y-%m-%dT%H:%M:%S %Z"))
                accepted = time.mktime(time.strptime(message["created_at"][:19] + " UTC", "%Y-%m-%dT%H:%M:%S %Z"))
                assert abs(planned - accepted - seconds) < 10, (status, value, message)
                assert len(one.all()) == 1
                assert tenant.call("POST", f"/api/messages/{identity}/cancel").status == 200
                assert tenant.call("DELETE", f"/api/accounts/{account['id']}").status == 204
