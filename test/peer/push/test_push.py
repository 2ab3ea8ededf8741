"""Push: vendors' own clients against Hongyan's simulators, and Hongyan's requests judged by programs
that know nothing of it.

Clients: @parse/node-apn, npm web-push, google-auth-library, jpush-async, and for Getui (which has no
client for REST v2) plain Python. Judges: npm http_ece and jsonwebtoken; the requests are written by the
unit tests named peer.* of test_channel_apns, test_channel_fcm and test_channel_web_push.

Needs the npm packages of this folder: tools/setup --peers.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

import pytest

import support

HERE = pathlib.Path(__file__).resolve().parent
DEVICE = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"


def node(script: str, argument, **environment) -> list:
    support.npm_ci(HERE)
    text = argument if isinstance(argument, str) else json.dumps(argument)
    done = subprocess.run(["node", HERE / script, text], capture_output=True, text=True,
                          timeout=60, env={**os.environ, **environment}, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]


def call(url: str, body=None, method=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method,
                                     headers={"content-type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


class Sandbox:
    """The universe that all share; inbox() is what came since the test began."""

    def __init__(self, universe):
        self.universe, self.info, self.http, self.https = universe, universe.info, universe.http, universe.https

    def settings(self, service):
        return self.universe.account(service)

    def inbox(self, service):
        return self.universe.inbox(service=service, after=0)


@pytest.fixture
def sandbox(universe):
    return Sandbox(universe)


def test_node_apn_sends_over_http2_and_sees_apples_reasons(sandbox):
    account = sandbox.settings("apns")
    port = int(sandbox.https.rsplit(":", 1)[1])
    answers = node("apns_client.mjs", {
        "port": port, "ca": sandbox.info["ca_file"], "key": account["private_key"],
        "keyId": account["key_id"], "teamId": account["team_id"],
        "sends": [
            {"token": DEVICE, "title": "标题", "body": "鸿雁", "payload": {"k": "v"}, "badge": 3,
             "collapseId": "c1"},
            {"token": "dead" + DEVICE[4:], "title": "t", "body": "b"},
            {"token": "bad0" + DEVICE[4:], "title": "t", "body": "b"},
            {"token": DEVICE, "title": "t", "body": "b", "topic": "com.other"},
            {"token": DEVICE, "title": "t", "body": "x" * 5000},
            {"token": DEVICE, "title": "t", "body": "b", "pushType": "background", "priority": 10},
        ]})
    assert answers[0] == {"sent": 1, "failed": []}
    seen = [(one["failed"][0]["status"], one["failed"][0]["reason"]) for one in answers[1:]]
    assert [(int(status), reason) for status, reason in seen] == [
        (410, "Unregistered"), (400, "BadDeviceToken"), (400, "TopicDisallowed"),
        (413, "PayloadTooLarge"), (400, "BadPriority")]
    arrived = sandbox.inbox("apns")
    assert len(arrived) == 1
    assert arrived[0]["subject"] == "标题" and arrived[0]["content"] == "鸿雁"
    assert arrived[0]["detail"]["aps"]["badge"] == 3
    assert arrived[0]["detail"]["apns-collapse-id"] == "c1"


def test_a_key_of_another_team_is_refused(sandbox):
    account = sandbox.settings("apns")
    answers = node("apns_client.mjs", {
        "port": int(sandbox.https.rsplit(":", 1)[1]), "ca": sandbox.info["ca_file"],
        "key": account["private_key"], "keyId": account["key_id"], "teamId": "OTHERTEAM1",
        "sends": [{"token": DEVICE, "title": "t", "body": "b"}]})
    assert answers[0]["failed"][0]["reason"] == "InvalidProviderToken"


def test_npm_web_push_reaches_the_browser(sandbox):
    def subscription(name):
        import ssl
        context = ssl.create_default_context(cafile=sandbox.info["ca_file"])
        url = f"{sandbox.https}/web_push/subscriptions/{name}"
        with urllib.request.urlopen(url, timeout=10, context=context) as answer:
            return json.loads(answer.read())

    text = json.dumps({"title": "标题", "body": "鸿雁 over web push"})
    wrong = subscription("alice")
    wrong["keys"] = subscription("bob")["keys"]
    answers = node("web_push_client.mjs", {"sends": [
        {"subscription": subscription("alice"), "payload": text,
         "options": {"urgency": "high", "topic": "t1"}},
        {"subscription": subscription("gone-1"), "payload": text},
        {"subscription": subscription("missing-1"), "payload": text},
        {"subscription": subscription("busy-1"), "payload": text},
        {"subscription": wrong, "payload": text},
        {"subscription": subscription("alice"), "payload": "x" * 4050},
    ]}, NODE_EXTRA_CA_CERTS=sandbox.info["ca_file"])
    assert [one["status"] for one in answers] == [201, 410, 404, 429, 400, 413], answers
    arrived = sandbox.inbox("web_push")
    assert len(arrived) == 1
    assert arrived[0]["subject"] == "标题" and arrived[0]["content"] == "鸿雁 over web push"
    assert arrived[0]["detail"]["urgency"] == "high" and arrived[0]["detail"]["topic"] == "t1"
    assert arrived[0]["sender"] == "mailto:peer@example.com"


def test_googles_library_gets_a_token_that_sends(sandbox):
    account = json.loads(sandbox.settings("fcm")["service_account"])
    device = "bk3RNwTe3H0:" + "A" * 140
    good = {"message": {"token": device, "notification": {"title": "标题", "body": "鸿雁"},
                        "data": {"k": "1"}}}
    answers = node("fcm_client.mjs", {
        "base": sandbox.http + "/fcm", "account": account, "sends": [
            {"project": "sandbox-project", "body": good},
            {"project": "sandbox-project", "token": "ya29.invented", "body": good},
            {"project": "other", "body": good},
            {"project": "sandbox-project",
             "body": {"message": {"token": "unregistered:" + device}}},
            {"project": "sandbox-project",
             "body": {"message": {"token": device, "data": {"n": 1}}}},
        ]})
    assert answers[0] == {"token": True}
    assert [one["status"] for one in answers[1:]] == [200, 401, 403, 404, 400], answers
    assert answers[1]["body"]["name"].startswith("projects/sandbox-project/messages/")
    assert answers[4]["body"]["error"]["details"][0]["errorCode"] == "UNREGISTERED"
    arrived = sandbox.inbox("fcm")
    assert len(arrived) == 1 and arrived[0]["content"] == "鸿雁"


def test_jpushs_own_client_pushes(sandbox):
    account = sandbox.settings("jpush")
    sends = {"base": sandbox.http + "/jpush", "appKey": account["app_key"],
             "masterSecret": account["master_secret"],
             "sends": [{"id": "1507bfd3f7c466c2e3f", "alert": "鸿雁", "title": "标题"},
                       {"id": "dead1507bfd3f7c466c", "alert": "x", "title": "t"}]}
    answers = node("jpush_client.cjs", sends)
    assert answers[0]["result"]["sendno"] == "7" and answers[0]["result"]["msg_id"].isdigit()
    assert "1011" in json.dumps(answers[1])
    arrived = sandbox.inbox("jpush")
    assert len(arrived) == 1
    assert arrived[0]["content"] == "鸿雁" and arrived[0]["subject"] == "标题"
    sends["masterSecret"] = "f" * 24
    assert "1004" in json.dumps(node("jpush_client.cjs", sends)[0])


def test_getui_authenticates_pushes_and_recognises_a_repeat(sandbox):
    account = sandbox.settings("getui")
    base = f"{sandbox.http}/getui/v2/{account['app_id']}"

    def authenticate(secret):
        at = int(time.time() * 1000)
        sign = hashlib.sha256(f"{account['app_key']}{at}{secret}".encode()).hexdigest()
        return call(base + "/auth", {"sign": sign, "timestamp": at, "appkey": account["app_key"]})

    assert authenticate("wrong")[1]["code"] == 20001
    status, answer = authenticate(account["master_secret"])
    assert status == 200 and answer["code"] == 0
    token = {"token": answer["data"]["token"]}
    body = {"request_id": "0123456789abcdef", "settings": {"ttl": 7200000},
            "audience": {"cid": ["a" * 32]},
            "push_message": {"notification": {"title": "标题", "body": "鸿雁",
                                              "click_type": "none"}}}
    first = call(base + "/push/single/cid", body, headers=token)
    assert first[0] == 200 and first[1]["code"] == 0
    assert call(base + "/push/single/cid", body, headers=token) == first
    assert call(base + "/push/single/cid", body, headers={"token": "x"})[1]["code"] == 10001
    assert len(sandbox.inbox("getui")) == 1


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("requests")
    for name in ("apns", "fcm", "web_push"):
        subprocess.run([support.built(f"test_channel_{name}"), "--gtest_filter=peer.*"], check=True,
                       env={**os.environ, "HONGYAN_PUSH_OUT": str(folder)}, timeout=60,
                       stdout=subprocess.DEVNULL)
    return node("verify_requests.mjs", str(folder))[0]


def test_our_apns_token_and_payload_are_good(judged):
    sent = judged["apns"]
    assert sent["header"]["kid"] == "ABC123DEFG" and sent["header"]["alg"] == "ES256"
    assert sent["claims"]["iss"] == "DEF123GHIJ"
    assert sent["payload"] == {"aps": {"alert": {"title": "标题", "body": "鸿雁"}}}
    assert sent["headers"]["apns-topic"] == "com.example.app"


def test_our_google_assertion_is_good(judged):
    sent = judged["fcm"]
    assert sent["grant"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert sent["claims"]["aud"] == "https://oauth2.googleapis.com/token"
    assert sent["claims"]["exp"] - sent["claims"]["iat"] == 3600


def test_our_web_push_is_decrypted_by_http_ece(judged):
    sent = judged["web_push"]
    assert json.loads(sent["text"]) == {"title": "标题", "body": "鸿雁"}
    assert sent["claims"]["aud"] == "https://push.example.net"
    assert sent["claims"]["sub"] == "mailto:push@example.com"
