"""Receipts of simulated providers, delivered to the running server over HTTP and SMPP: true ones, lost, doubled, early, forged,
of others, over kills. Statistics equal the records after all of them."""
import base64
import collections
import hashlib
import hmac
import itertools
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from invariants import Aftermath, check_statistics
from providers import Provided, Provider, Tenant
from support import wait_until

TOKEN = "receipts-believe-this-word-0123456789"
numbers = itertools.count(random.randrange(10**6) * 1000)


@pytest.fixture(scope="module")
def shared():
    with Provided() as running:
        running.raise_limits()
        yield running
        check_statistics(Aftermath(running, arrivals=[]))


def url_of(server, account):
    """The account's callback_url on the port that the server really has."""
    path = urllib.parse.urlsplit(account["callback_url"]).path
    return server.url + path


def twilio_settings(server):
    return server.sample("twilio") | {"callback_url": server.url}


class Route:
    """A tenant with one account whose simulated provider sends its receipts to the server."""

    def __init__(self, server, provider):
        self.server, self.provider = server, provider
        self.tenant = Tenant(server)
        self.channel = "wechat" if provider == "wechat" else "sms"
        settings = twilio_settings(server) if provider == "twilio" else server.sample(provider)
        if provider in ("aliyun", "tencent"):
            settings["callback_token"] = TOKEN
        self.account = self.tenant.account(provider, settings, channel=self.channel)
        if provider in ("aliyun", "tencent"):
            server.own("settings", {provider: {"callback_url": url_of(server, self.account) + "?token=" + TOKEN}})
        if provider == "wechat":
            server.own("settings", {"wechat": {"callback_url": url_of(server, self.account)}})

    def recipient(self):
        if self.provider == "wechat":
            return f"oReceipts{next(numbers):016d}"
        return f"+8613{next(numbers) % 10**9:09d}"

    def send(self, recipient, **fields):
        options = {"aliyun": {"template_code": "SMS_200000002", "params": {"content": "hello"}},
                   "wechat": {"template_id": "T1", "data": {"first": {"value": "x"}}},
                   "tencent": {"template_id": "1110", "params": ["123456", "5"]}}
        own = {k: v for k, v in options.items() if k == self.provider}
        return self.tenant.send(self.channel, recipient=recipient, options=own or None, **fields)

    def receipts(self, identity):
        trace = self.tenant.get(f"/api/messages/traces/msg_{identity}")
        return [node for node in trace["nodes"] if node["name"] == "callback"]

    def sums(self):
        totals = self.tenant.get("/api/messages/statistics/overview?days=1")["totals"]
        return totals["success_count"], totals["failed_count"]


def chaos(server, provider, recipient="", **rule):
    lines = [f'service="{provider}"'] + ([f'recipient="*{recipient.lstrip("+")}"'] if recipient else [])
    lines += [f"{name}={json.dumps(value)}" for name, value in rule.items()]
    server.own("chaos", "[[chaos.receipt]]\n" + "\n".join(lines) + "\n")


PROVIDERS = ["twilio", "aliyun", "smpp", "wechat", "tencent"]


@pytest.fixture(params=PROVIDERS)
def route(shared, request):
    if request.param == "smpp":
        # A centre gives receipts to any bind of the same system_id, so that another test's account would get them.
        with Provided() as own:
            own.raise_limits()
            yield Route(own, "smpp")
            check_statistics(Aftermath(own, arrivals=[]))
        return
    yield Route(shared, request.param)
    shared.own("chaos", "")


def test_a_receipt_makes_it_delivered(route):
    identity = route.send(route.recipient())
    message = route.tenant.wait_status(identity, "delivered")
    assert message["sent_at"] and route.sums() == (1, 0)
    assert any(node["status"] == "success" for node in route.receipts(identity))
    assert route.tenant.why(identity)[-1]["choice"] == "delivered" or any(
        one["step"] == "receipt" for one in route.tenant.why(identity))


def test_a_bad_receipt_makes_it_failed_with_the_reason(route):
    recipient = route.recipient()
    chaos(route.server, route.provider, recipient, fails=True)
    identity = route.send(recipient)
    message = route.tenant.wait_status(identity, "failed")
    assert "receipt" in message["reason"] and route.sums() == (0, 1), message
    dead = route.tenant.get("/api/messages/dead-letters")["items"]
    assert [one["message_id"] for one in dead] == [identity]


def test_receipts_that_come_again_change_nothing(route):
    recipient = route.recipient()
    chaos(route.server, route.provider, recipient, copies=4)
    identity = route.send(recipient)
    route.tenant.wait_status(identity, "delivered")
    time.sleep(0.4)
    kinds = [(node["status"], node.get("reason")) for node in route.receipts(identity)]
    assert len(kinds) == len(set(kinds)), f"a repeated receipt was noted twice: {kinds}"
    assert route.sums() == (1, 0)


def test_a_receipt_that_comes_before_the_answer_waits_for_it(route):
    recipient = route.recipient()
    chaos(route.server, route.provider, recipient, early=True)
    identity = route.send(recipient)
    route.tenant.wait_status(identity, "delivered", seconds=2)
    assert route.sums() == (1, 0)


def test_a_lost_receipt_leaves_it_sent(route):
    recipient = route.recipient()
    chaos(route.server, route.provider, recipient, lost=True)
    identity = route.send(recipient)
    route.tenant.wait_status(identity, "success")
    time.sleep(0.3)
    assert route.tenant.message(identity)["status"] == "success" and route.sums() == (1, 0)


@pytest.mark.parametrize("provider", ["twilio", "aliyun", "wechat", "tencent"])
def test_a_forged_receipt_is_refused_and_the_true_one_counts(shared, provider):
    route = Route(shared, provider)
    recipient = route.recipient()
    refused = shared.log().count("callback_refused")
    chaos(shared, provider, recipient, forged=True)
    try:
        identity = route.send(recipient)
        route.tenant.wait_status(identity, "delivered")
        wait_until(lambda: shared.log().count("callback_refused") > refused, 5, "the refusal")
    finally:
        shared.own("chaos", "")


def post(url, body, headers=()):
    request = urllib.request.Request(url, data=body.encode(), headers=dict(headers), method="POST")
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def twilio_receipt(url, sid, status, token="sandbox-auth-token-0000000000000"):
    """As Twilio signs: HMAC-SHA1 over the URL and the sorted fields; written from its documentation alone."""
    fields = {"MessageSid": sid, "MessageStatus": status, "AccountSid": "AC" + "0" * 32, "To": "+8613800000000"}
    if status == "failed":
        fields["ErrorCode"] = "30008"
    text = url + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
    return post(url, urllib.parse.urlencode(fields), {"X-Twilio-Signature": signature,
                                                      "Content-Type": "application/x-www-form-urlencoded"})


def sent_by_twilio(route):
    """A message that is sent and whose own receipts are lost: its id and its SID."""
    recipient = route.recipient()
    chaos(route.server, "twilio", recipient, lost=True)
    identity = route.send(recipient)
    message = route.tenant.wait_status(identity, "success")
    route.server.own("chaos", "")
    return identity, message["provider_message_id"]


def test_a_receipt_for_another_account_or_tenant_touches_nothing(shared):
    mine, stranger = Route(shared, "twilio"), Route(shared, "twilio")
    second = mine.tenant.account("twilio", twilio_settings(shared), channel="sms", tier=2)
    identity, sid = sent_by_twilio(mine)
    for account in (second, stranger.account):
        for url in (url_of(shared, account), url_of(shared, account) + f"?message={identity}"):
            assert twilio_receipt(url, sid, "failed") in (200, 204)
    time.sleep(0.2)
    assert mine.tenant.message(identity)["status"] == "success"
    assert mine.receipts(identity) == [] and mine.sums() == (1, 0) and stranger.sums() == (0, 0)
    assert twilio_receipt(url_of(shared, mine.account), sid, "failed") in (200, 204)
    mine.tenant.wait_status(identity, "failed")
    assert mine.sums() == (0, 1)


def test_a_receipt_with_a_wrong_signature_or_for_nobody_is_refused(shared):
    route = Route(shared, "twilio")
    identity, sid = sent_by_twilio(route)
    url = url_of(shared, route.account)
    assert twilio_receipt(url, sid, "failed", token="wrong") in (401, 403)
    assert twilio_receipt(url.rsplit("/", 1)[0] + "/nobody", sid, "failed") == 404
    assert twilio_receipt(url.replace("/sms/", "/email/"), sid, "failed") == 404
    assert twilio_receipt(url.replace("/sms/", "/pigeon/"), sid, "failed") == 404
    assert post(url, "\xff\x00 not a form", {"X-Twilio-Signature": "x"}) in (400, 401, 403)
    assert route.tenant.message(identity)["status"] == "success"


def test_an_unsigned_providers_receipt_needs_the_word(shared):
    """Also by the account's id or name in the path, which are no secrets."""
    route = Route(shared, "aliyun")
    recipient = route.recipient()
    chaos(shared, "aliyun", recipient, lost=True)
    identity = route.send(recipient)
    sid = route.tenant.wait_status(identity, "success")["provider_message_id"]
    shared.own("chaos", "")
    report = json.dumps([{"phone_number": recipient, "success": False, "biz_id": sid, "out_id": identity,
                          "err_code": "FORGED", "report_time": "2026-11-24 10:00:00"}])
    base = f"{shared.url}/api/callbacks/sms/"
    for word in (url_of(shared, route.account).rsplit("/", 1)[1], route.account["id"], route.account["name"]):
        for tail in ("", "?token=", "?token=guess", "/guess", f"/guess?token={TOKEN}x"):
            assert post(f"{base}{word}{tail}", report) in (401, 403), (word, tail)
    assert route.tenant.message(identity)["status"] == "success"
    assert post(f"{base}{route.account['id']}/{TOKEN}", report) == 200
    route.tenant.wait_status(identity, "failed")


def test_words_that_contradict_each_other_leave_one_state_and_true_statistics(shared):
    route = Route(shared, "twilio")
    for words in (["delivered", "failed"], ["failed", "delivered"], ["sent", "delivered", "sent", "delivered"]):
        before = route.sums()
        identity, sid = sent_by_twilio(route)
        for word in words:
            assert twilio_receipt(url_of(shared, route.account), sid, word) in (200, 204)
        status = route.tenant.wait_status(identity, "delivered", "failed")["status"]
        time.sleep(0.1)
        assert route.tenant.message(identity)["status"] == status
        after = route.sums()
        assert (after[0] - before[0], after[1] - before[1]) == ((1, 0) if status == "delivered" else (0, 1)), words


def test_a_late_receipt_moves_a_held_message_on(shared):
    """The answer is lost, and that to the question, too; the message is held, and Aliyun's receipt names it by out_id."""
    route = Route(shared, "aliyun")
    template = route.tenant.call("POST", "/api/messages/templates", {
        "name": "held", "channel": "sms", "content": "hello", "on_unknown": "hold",
        "options": {"aliyun": {"template_code": "SMS_200000002", "params": {"content": "hello"}}}})
    assert template.status == 201, template
    recipient = route.recipient()
    shared.own("chaos", '[[chaos.rule]]\nservice="aliyun"\naction="cut_after"\ntimes=2\n'
                        '[[chaos.receipt]]\nservice="aliyun"\ndelay_ms={distribution="fixed",ms=700}\n')
    try:
        identity = route.tenant.send("sms", recipient=recipient, content=None, template_id=template.body["id"])
        route.tenant.wait_status(identity, "unknown")
        message = route.tenant.wait_status(identity, "delivered")
    finally:
        shared.own("chaos", "")
    assert message["attempts"] == 1 and route.sums() == (1, 0)
    assert len(shared.inbox("aliyun", recipient=recipient)) == 1


def test_a_receipt_for_a_message_that_waits_to_be_sent_again_ends_it(shared):
    """The answer is lost, another attempt is planned, the receipt comes first: it must not be sent once more."""
    with Provided(settings={"delivery.retry_base_ms": 60000, "delivery.retry_max_ms": 60000}) as server:
        server.raise_limits()
        route = Route(server, "aliyun")
        recipient = route.recipient()
        server.own("chaos", '[[chaos.rule]]\nservice="aliyun"\naction="cut_after"\ntimes=1\n'
                            '[[chaos.receipt]]\nservice="aliyun"\ndelay_ms={distribution="fixed",ms=300}\n')
        identity = route.send(recipient)
        route.tenant.wait_status(identity, "retrying", "success", "delivered")
        message = route.tenant.wait_status(identity, "delivered", seconds=6)
        assert message["attempts"] == 1
        assert len(server.inbox("aliyun", recipient=recipient)) == 1


def test_a_receipt_that_was_answered_survives_a_kill():
    with Provided() as server:
        route = Route(server, "twilio")
        states = {}
        for word in ("delivered", "failed"):
            identity, sid = sent_by_twilio(route)
            states[identity] = word
            assert twilio_receipt(url_of(server, route.account), sid, word) in (200, 204)
            server.kill()
            server.start()
            route.tenant.patch(route.account, settings={"endpoint": server.sample("twilio")["endpoint"]})
        early = "SM" + "ab" * 16
        assert twilio_receipt(url_of(server, route.account), early, "delivered") in (200, 204)
        server.restart(kill=True)
        for identity, word in states.items():
            assert route.tenant.message(identity)["status"] == word
        assert route.sums() == (1, 1)
        check_statistics(Aftermath(server, arrivals=[]))
        assert server.sql("SELECT count(*) FROM message_receipts WHERE provider_message_id = ?", (early,)) == [(1,)]


def test_a_flood_of_receipts_counts_each_message_once():
    with Provided() as server:
        server.raise_limits()
        route = Route(server, "smpp")
        server.own("chaos", '[[chaos.receipt]]\nservice="smpp"\ncopies=3\nout_of_order=true\n')
        identities = [route.send(route.recipient()) for _ in range(100)]
        for identity in identities:
            route.tenant.wait_status(identity, "delivered", seconds=10)
        assert route.sums() == (100, 0)
        check_statistics(Aftermath(server, arrivals=[]))


@pytest.mark.parametrize("early", [False, True], ids=["after", "before"])
def test_accounts_of_one_login_hear_each_others_receipts(early):
    """The centre hands a receipt to any session of a system_id, so also to that of the other account."""
    with Provided() as server:
        server.raise_limits()
        first = Route(server, "smpp")
        tenant = first.tenant
        second = tenant.account("smpp", server.sample("smpp"), channel="sms")
        if early:
            server.own("chaos", '[[chaos.receipt]]\nservice="smpp"\nearly=true\n')
        long = "two segments " * 15
        identities = [first.send(first.recipient(), content=long if n % 4 == 0 else "short") for n in range(120)]
        for identity in identities:
            tenant.wait_status(identity, "delivered", seconds=10)
        by = collections.Counter(row[0] for row in server.sql("SELECT account_id FROM message_records"))
        assert set(by) == {first.account["id"], second["id"]} and min(by.values()) > 20, by
        # Under the account that sent it, once for each message and none left over.
        assert server.sql("SELECT count(*) FROM message_receipts WHERE message_id = 0") == [(0,)]
        assert server.sql("SELECT count(*) FROM message_receipts AS r JOIN message_records AS m ON m.id = r.message_id "
                          "WHERE m.account_id <> r.account_id") == [(0,)]
        assert first.sums() == (120, 0)
        check_statistics(Aftermath(server, arrivals=[]))


def test_accounts_of_other_tenants_never_take_receipts_even_with_the_same_login():
    with Provided() as server:
        server.raise_limits()
        one, other = Route(server, "smpp"), Route(server, "smpp")
        sent = [(route, route.send(route.recipient())) for route in (one, other) for _ in range(20)]
        for route, identity in sent:
            route.tenant.wait_status(identity, "success", "delivered", seconds=10)
        time.sleep(0.5)
        crossed = server.sql("SELECT count(*) FROM message_receipts AS r JOIN message_records AS m ON m.id = r.message_id "
                             "WHERE m.account_id <> r.account_id")
        assert crossed == [(0,)]


def test_a_bad_receipt_is_reported_to_the_senders_webhook_after_the_good_answer(shared):
    route = Route(shared, "twilio")
    with Provider() as hook:
        recipient = route.recipient()
        chaos(shared, "twilio", recipient, fails=True)
        identity = route.send(recipient, callback_url=hook.url + "/hook")
        route.tenant.wait_status(identity, "failed")
        wait_until(lambda: len(hook.all()) == 2, 5, "two events")
        shared.own("chaos", "")
        kinds = sorted(one.json["type"] for one in hook.all())
        assert kinds == ["message.failed", "message.success"]
        assert {one.json["data"]["message_id"] for one in hook.all()} == {identity}
        assert len({one.headers["webhook-id"] for one in hook.all()}) == 2


def test_the_callback_url_of_an_account_names_the_port_that_listens(shared):
    route = Route(shared, "twilio")
    assert urllib.parse.urlsplit(route.account["callback_url"]).port == shared.port
