"""Feishu, WeChat, WeCom, DingTalk, Slack and Standard Webhooks against other people's work: vendors' and public clients
send to the simulators and read their events; what the server sends is verified by public libraries."""

import base64
import hashlib
import json
import pathlib
import secrets
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import support

HERE = pathlib.Path(__file__).resolve().parent
SITE = support.ROOT / "build/peer/chat"
OPENID = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"
SHARED_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()

system_support = support.system_support()


@pytest.fixture(scope="session")
def js():
    """Runs a call of clients.js."""
    support.npm_ci(HERE)
    return lambda call, **task: json.loads(support.node(HERE / "clients.js", {"call": call, **task}))


@pytest.fixture(scope="session")
def py():
    """Runs a call of clients.py."""
    wanted = hashlib.sha256((HERE / "requirements.txt").read_bytes()).hexdigest()
    stamp = SITE / ".installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", SITE, "--upgrade",
                   "-r", HERE / "requirements.txt"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            pytest.fail(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
        stamp.write_text(wanted)

    def run(call, **task):
        done = subprocess.run([sys.executable, HERE / "clients.py"], input=json.dumps({"call": call, **task}),
                              capture_output=True, text=True, timeout=60, check=False,
                              env={"PYTHONPATH": str(SITE), "NO_PROXY": "*", "PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout)

    return run


# --- the clients of others against the simulators ---


def feishu_account(universe):
    account = universe.account("feishu")
    return {"app_id": account["app_id"], "app_secret": account["app_secret"], "domain": universe.http}


def feishu_text(text, **fields):
    return {"receive_id_type": "open_id", "receive_id": "ou_" + secrets.token_hex(8), "msg_type": "text",
            "content": json.dumps({"text": text})} | fields


def test_the_official_client_of_feishu_sends_texts_posts_and_cards(universe, js):
    post = {"zh_cn": {"title": "T", "content": [[{"tag": "text", "text": "a"}], [{"tag": "a", "text": "b", "href": "https://c"}]]}}
    card = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "x"}]}}
    answers = js("feishu_send", account=feishu_account(universe), messages=[
        feishu_text("hi"), feishu_text("", msg_type="post", content=json.dumps(post)),
        feishu_text("", msg_type="interactive", content=json.dumps(card))])
    assert [one["code"] for one in answers] == [0, 0, 0], answers
    shown = universe.inbox(service="feishu")
    assert [one["content"] for one in shown[:2]] == ["hi", "a\nb(https://c)"] and len(shown) == 3, shown
    assert {one["data"]["message_id"] for one in answers} == {one["provider_message_id"] for one in shown}


def test_the_official_client_of_feishu_gets_one_message_for_one_uuid(universe, js):
    message = feishu_text("once", uuid=secrets.token_hex(18))
    answers = js("feishu_send", account=feishu_account(universe), messages=[message, message])
    assert answers[0]["data"]["message_id"] == answers[1]["data"]["message_id"]
    assert universe.ledger("feishu")["duplicates"] == 1 and len(universe.inbox(service="feishu")) == 1


def test_the_official_client_of_feishu_understands_every_refusal(universe, js):
    answers = js("feishu_send", account=feishu_account(universe), messages=[
        feishu_text("x", receive_id="ou_dead1"), feishu_text("x", content="no json"),
        feishu_text("x", receive_id="oc_without_bot", receive_id_type="chat_id")])
    assert [one["code"] for one in answers] == [99992351, 230001, 230002], answers
    assert {one["http"] for one in answers} == {400}


@pytest.mark.parametrize("keys", [{"encrypt_key": "hongyan-encrypt-key"}, {"encrypt_key": ""}], ids=["sealed", "clear"])
def test_the_official_dispatcher_of_feishu_takes_the_events_and_not_the_forged_ones(universe, js, keys):
    universe.set("feishu", **keys)
    universe.chaos('[[chaos.receipt]]\nservice = "feishu"\nforged = true\n')
    message = feishu_text("hi")
    dispatcher = {"verificationToken": "hongyan-verification"}
    if keys["encrypt_key"]:
        dispatcher["encryptKey"] = keys["encrypt_key"]
    got = js("feishu_events", account=feishu_account(universe), keys=dispatcher, wanted=2 if not keys["encrypt_key"] else 1,
             settings_url=universe.http + "/_universe/settings",
             message={"params": {"receive_id_type": message.pop("receive_id_type")}, "data": message})
    good = [one for one in got["events"] if one["message_id_list"] == [got["sent"]["data"]["message_id"]]]
    assert good and good[0]["reader"]["reader_id"]["open_id"] == message["receive_id"], got
    if keys["encrypt_key"]:
        assert len(got["events"]) == 1, "the dispatcher took a forged event"


def test_public_clients_of_wechat_send_templates(universe, js, py):
    universe.set("wechat", unfollowed="oUnfollowed00000000000000000")
    account = universe.account("wechat")
    data = {"thing1": {"value": "黄先生", "color": "#173177"}, "first": {"value": "dropped"}}
    messages = [{"openid": OPENID, "template_id": "t1", "url": "https://x", "data": data},
                {"openid": "oUnfollowed00000000000000000", "template_id": "t1", "url": "https://x", "data": data},
                {"openid": OPENID, "template_id": "invalid-template", "url": "https://x", "data": data}]
    base = universe.http + "/cgi-bin/"
    for send in (lambda: js("wechat_template", appid=account["appid"], secret=account["secret"], prefix=base, messages=messages),
                 lambda: py("wechat_official", base=base, appid=account["appid"], secret=account["secret"], messages=messages)):
        answers = send()
        assert [one["errcode"] for one in answers] == [0, 43004, 40037], answers
        arrived = universe.last("wechat")
        assert arrived["content"] == "thing1: 黄先生"
        assert str(answers[0]["msgid"]) == arrived["provider_message_id"] and int(answers[0]["msgid"]) > 2**53
    assert len(universe.inbox(service="wechat")) == 2
    refused = py("wechat_official", base=base, appid=account["appid"], secret="no", messages=messages[:1])
    assert refused[0]["errcode"] == 40001, refused


def wechat_event(universe, receiver):
    """Sends one template message; the event that follows: account, its query, its body."""
    universe.set("wechat", callback_url=receiver.url + "/wx")
    account = universe.account("wechat")
    token = json.loads(universe.call("GET", "/cgi-bin/token?grant_type=client_credential&appid=" + account["appid"]
                                     + "&secret=" + account["secret"])[2])["access_token"]
    body = {"touser": OPENID, "template_id": "t1", "data": {"thing1": {"value": "x"}}}
    sent = json.loads(universe.call("POST", "/cgi-bin/message/template/send?access_token=" + token, body)[2])
    came, = receiver.take()
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(came["path"]).query))
    return account, query, came["body"].decode(), str(sent["msgid"])


def test_public_libraries_open_the_encrypted_events_of_wechat(universe, receiver, js, py):
    account, query, body, msgid = wechat_event(universe, receiver)
    event = py("wechat_read_event", token=account["callback_token"], key=account["encoding_aes_key"], appid=account["appid"],
               body=body, query=query)
    assert event == {"event": "templatesendjobfinish", "id": msgid, "status": "success", "source": OPENID}
    sealed = body.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    opened = js("wechat_open", token=account["callback_token"], encoding_aes_key=account["encoding_aes_key"],
                id=account["appid"], sealed=sealed, timestamp=query["timestamp"], nonce=query["nonce"])
    assert opened["signature"] == query["msg_signature"]
    for one in (opened["first"], opened["second"]):
        assert one["id"] == account["appid"] and f"<MsgID>{msgid}</MsgID>" in one["message"]


def test_a_public_client_of_wecom_sends_texts(universe, py):
    account = universe.account("wecom")
    answers = py("wecom", base=universe.http + "/cgi-bin/", corpid=account["corpid"], secret=account["corpsecret"],
                 agentid=account["agentid"], texts=[{"users": ["ann", "nobody"], "text": "hi"},
                                                    {"users": ["nobody"], "text": "hi"}])
    assert answers[0]["errcode"] == 0 and answers[0]["invaliduser"] == "nobody"
    assert answers[1]["errcode"] == 81013
    arrived, = universe.inbox(service="wecom")
    assert (arrived["recipient"], arrived["content"]) == ("ann", "hi")


def test_public_clients_of_dingtalk_sign_as_the_robot_wants_it(universe, js, py):
    account = universe.account("dingtalk")
    address = universe.services["dingtalk"]["url"] + "/robot/send"
    messages = [{"msgtype": "text", "text": {"content": "one"}},
                {"msgtype": "actionCard", "actionCard": {"title": "T", "text": "two", "singleTitle": "x", "singleURL": "https://x"}},
                {"msgtype": "markdown", "markdown": {"title": "T"}}]
    answers = js("dingtalk", base_url=address, access_token=account["access_token"], secret=account["secret"], messages=messages)
    assert [one["errcode"] for one in answers] == [0, 0, 40035], answers
    wrong = js("dingtalk", base_url=address, access_token=account["access_token"], secret="SECno", messages=messages[:1])
    assert wrong[0]["errcode"] == 310000 and "sign not match" in wrong[0]["errmsg"]
    # The client from PyPI accepts no address but DingTalk's own form of one.
    answers = py("dingtalk", url=f"{address}?access_token={account['access_token']}", secret=account["secret"], text="three")
    assert [one["errcode"] for one in answers] == [0, 0], answers
    assert [one["content"] for one in universe.inbox(service="dingtalk")] == ["one", "two", "three", "# three"]


def test_the_official_client_of_slack_posts_texts_and_blocks(universe, js):
    url = universe.account("slack")["webhook_url"]
    answers = js("slack", url=url, messages=["hi", {"text": "fall-back", "blocks": [{"type": "divider"}]}, {"text": ""}])
    assert [one["text"] for one in answers] == ["ok", "ok", "no_text"] and answers[2]["status"] == 400
    assert [one["content"] for one in universe.inbox(service="slack")] == ["hi", "fall-back"]
    gone = js("slack", url=url.rsplit("/", 1)[0] + "/other", messages=["hi"])
    assert gone == [{"status": 403, "text": "invalid_token"}]


def test_public_libraries_sign_webhooks_that_the_receiver_takes(universe, js, py):
    secret = universe.account("webhook")["secret"]
    body = '{"type": "a.b", "timestamp": "2026-01-02T03:04:05Z", "data": {"n": 1}}'
    now = int(time.time())
    signatures = [js("webhook_sign", secret=secret, id="msg_1", timestamp=now, body=body),
                  py("webhook_sign", secret=secret, identity="msg_1", timestamp=now, body=body)]
    assert signatures[0] == signatures[1]
    for signature, status in ((signatures[0], 200), (signatures[0][:-4] + "AAA=", 401)):
        headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signature}
        assert universe.call("POST", "/webhooks/in", body, headers)[0] == status
    assert universe.ledger("webhook")["arrived"] == 1


# --- the server itself ---


class Server(system_support.HongyanServer):
    """A server with the simulators inside, and accounts on them."""

    def __init__(self):
        super().__init__(settings={"sandbox.http_port": 0, "sandbox.https_port": 0, "delivery.retry_base_ms": 40,
                                   "delivery.retry_max_ms": 400, "outbound.allow_networks": "127.0.0.0/8"})

    @property
    def universe(self):
        return next(word.removeprefix("http=") for line in self.log().splitlines() if "providers_simulated" in line
                    for word in line.split() if word.startswith("http="))

    def own(self, method, name, body=None):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.universe}/_universe/{name}", data=data, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            return json.loads(answer.read())

    def sample(self, service):
        found = next(one for one in self.own("GET", "services")["services"] if one["name"] == service)
        return found["sample_account"]["settings"]

    def inbox(self, service):
        return self.own("GET", "inbox?limit=1000&service=" + service)["messages"]

    def account(self, channel, provider, settings=None):
        """Makes an account, by default one that reaches the simulator; its callback's URL."""
        name = "a" + secrets.token_hex(4)
        answer = self.post("/api/accounts", {"channel": channel, "provider": provider, "name": name,
                                             "settings": settings or self.sample(provider)})
        assert answer.status == 201, answer
        self.made = answer.body
        return f"/api/callbacks/{channel}/{name}"

    def without_accounts(self):
        for one in self.get("/api/accounts").body["items"]:
            assert self.call("DELETE", f"/api/accounts/{one['id']}").status in (200, 204)

    def wait(self, sent, *states, seconds=15):
        def check():
            message = self.message(sent["message_id"])
            return message if message["status"] in states else None
        return system_support.wait_until(check, seconds, f"{states} of {sent}, now {self.message(sent['message_id'])}")


@pytest.fixture(scope="module")
def shared_server():
    with Server() as running:
        yield running


@pytest.fixture
def server(shared_server):
    shared_server.without_accounts()
    shared_server.own("POST", "reset")
    return shared_server


TEMPLATE = {"template_id": "t1", "data": {"thing1": {"value": "Order \"1\" & <2>"}}, "url": "https://example.com"}
SENDS = [("feishu", "feishu_robot", "robot:ops", {}), ("feishu", "feishu", "ou_peer1", {}),
         ("wechat", "wechat", OPENID, {"wechat": TEMPLATE}),
         ("wechat", "wecom", "user:ann|party:2", {}), ("wechat", "wecom_robot", "robot", {}),
         ("dingtalk", "dingtalk", "robot", {}), ("slack", "slack", "#ops", {}), ("webhook", "webhook", "in/1", {})]


@pytest.mark.parametrize("channel,provider,recipient,options", SENDS, ids=[one[1] for one in SENDS])
def test_a_message_arrives_once_by_each_provider(server, channel, provider, recipient, options):
    server.account(channel, provider)
    sent = server.send(channel=channel, recipient=recipient, content="Order \"1\" & <2>", options=options or None)
    assert server.wait(sent, "success", "failed", "unknown")["status"] == "success"
    arrived, = server.inbox(provider)
    assert "Order" in arrived["content"] and "<2>" in arrived["content"].replace("\\u003c", "<"), arrived
    tested = server.post(f"/api/accounts/{server.made['id']}/test")
    assert tested.status == 200 and tested.body["ok"], tested
    assert len(server.inbox(provider)) == 1, "the test of the account sent something"


@pytest.mark.parametrize("channel,provider,recipient,options",
                         [one for one in SENDS if one[1] in ("feishu", "wechat", "wecom", "webhook")],
                         ids=["feishu", "wechat", "wecom", "webhook"])
def test_a_lost_answer_is_repeated_and_seen_once(server, channel, provider, recipient, options):
    """The connection is cut after the message was taken: the repeat is recognised by its token."""
    server.account(channel, provider)
    rule = f'[[chaos.rule]]\nservice = "{provider}"\npath = "*{PATHS[provider]}*"\naction = "cut_after"\ntimes = 1\n'
    server.own("PUT", "chaos", rule.encode())
    sent = server.send(channel=channel, recipient=recipient, content="once " + secrets.token_hex(4), options=options or None)
    assert server.wait(sent, "success", "failed", "unknown", seconds=30)["status"] == "success"
    assert len(server.inbox(provider)) == 1
    count = server.own("GET", "ledger")["services"][provider]
    assert (count["arrived"], count["duplicates"]) == (2, 1), count


PATHS = {"feishu": "/im/v1/messages", "wechat": "/template/send", "wecom": "/message/send", "webhook": "/webhooks"}


def test_an_expired_token_is_fetched_anew_and_the_message_sent_once(server):
    for channel, provider, recipient, options in SENDS[1:4]:
        server.account(channel, provider)
        rule = f'[[chaos.rule]]\nservice = "{provider}"\npath = "*{PATHS[provider]}*"\naction = "token_expired"\ntimes = 1\n'
        server.own("PUT", "chaos", rule.encode())
        sent = server.send(channel=channel, recipient=recipient, content="again", options=options or None)
        message = server.wait(sent, "success", "failed")
        assert (message["status"], message["attempts"]) == ("success", 1), message
        assert len(server.inbox(provider)) == 1
        server.without_accounts()


def test_read_messages_of_feishu_become_delivered(server):
    callback = server.account("feishu", "feishu")
    server.own("PUT", "settings", {"feishu": {"callback_url": server.url + callback}})
    sent = server.send(channel="feishu", recipient="ou_reader", content="read me")
    assert server.wait(sent, "delivered", "failed")["status"] == "delivered"


def test_events_of_wechat_become_delivered_and_failed(server):
    callback = server.account("wechat", "wechat")
    server.own("PUT", "settings", {"wechat": {"callback_url": server.url + callback}})
    for openid, status in ((OPENID, "delivered"), ("oBlocking0000000000000000000", "failed")):
        sent = server.send(channel="wechat", recipient=openid, content="x", options={"wechat": TEMPLATE})
        assert server.wait(sent, "delivered", "failed")["status"] == status


@pytest.mark.parametrize("library", ["wechat", "wecom"])
def test_an_event_sealed_by_a_public_library_becomes_a_receipt_and_a_forged_one_does_not(server, js, library):
    callback = server.account("wechat", "wechat")
    account = server.sample("wechat")
    sent = server.send(channel="wechat", recipient=OPENID, content="x", options={"wechat": TEMPLATE})
    server.wait(sent, "success")
    msgid = server.inbox("wechat")[0]["provider_message_id"]
    event = (f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[{OPENID}]]></FromUserName>"
             f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
             f"<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>{msgid}</MsgID>"
             "<Status><![CDATA[failed: system failed]]></Status></xml>")
    stamp = str(int(time.time()))
    made = js("wechat_seal", library=library, token=account["callback_token"], encoding_aes_key=account["encoding_aes_key"],
              id=account["appid"], text=event, timestamp=stamp, nonce="n1")
    body = f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{made['sealed']}]]></Encrypt></xml>"

    def post(signature):
        query = {"timestamp": stamp, "nonce": "n1", "encrypt_type": "aes", "msg_signature": signature}
        return server.call("POST", callback, body=body, query=query, key=None, headers={"Content-Type": "text/xml"})

    assert post("0" * 40).status == 401
    assert server.message(sent["message_id"])["status"] == "success"
    answer = post(made["msg_signature"])
    assert (answer.status, answer.raw) == (200, b"success"), answer
    assert server.wait(sent, "failed", "delivered")["status"] == "failed"


def test_the_check_of_a_wecom_url_is_answered_as_a_public_library_sealed_it(server, js):
    key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    callback = server.account("wechat", "wecom", server.sample("wecom") | {"callback_token": "tok", "encoding_aes_key": key})
    stamp = str(int(time.time()))
    made = js("wechat_seal", library="wecom", token="tok", encoding_aes_key=key, id=server.sample("wecom")["corpid"],
              text="1616140317555161061", timestamp=stamp, nonce="263014780")
    query = {"timestamp": stamp, "nonce": "263014780", "echostr": made["sealed"], "msg_signature": made["msg_signature"]}
    answer = server.call("GET", callback, query=query, key=None)
    assert (answer.status, answer.raw) == (200, b"1616140317555161061"), answer
    assert server.call("GET", callback, query=query | {"nonce": "1"}, key=None).status == 401


def test_webhooks_of_the_server_are_verified_by_public_libraries(server, receiver, js, py):
    seed = Ed25519PrivateKey.generate()
    raw = seed.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    public = seed.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    older = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    server.account("webhook", "webhook", {
        "base_url": receiver.url, "trusted": True, "secret": SHARED_SECRET, "previous_secret": older,
        "signing_key": "whsk_" + base64.b64encode(raw + public).decode()})
    sent = server.send(channel="webhook", recipient="/orders?x=1", content="paid 中",
                       options={"webhook": {"type": "invoice.paid", "data": {"amount": 12.5, "text": "中"}}})
    came, = receiver.take()
    assert came["path"] == "/orders?x=1"
    body, headers = came["body"].decode(), {name: value for name, value in came["headers"].items()}
    for secret in (SHARED_SECRET, older):
        for verdict in (js("webhook_verify", secret=secret, headers=headers, body=body),
                        py("webhook_verify", secret=secret, headers=headers, body=body)):
            assert verdict.get("good", {}).get("type") == "invoice.paid", verdict
            assert verdict["good"]["data"] == {"amount": 12.5, "text": "中"}
    assert "bad" in js("webhook_verify", secret=SHARED_SECRET, headers=headers, body=body + " ")
    asymmetric, = [one for one in headers["webhook-signature"].split() if one.startswith("v1a,")]
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    seed.public_key().verify(base64.b64decode(asymmetric[4:]), text)  # raises if it does not fit
    assert server.wait(sent, "success", "failed")["status"] == "success"


def test_webhooks_to_private_addresses_are_refused_unless_the_account_is_trusted(receiver):
    with Server() as careful:
        careful.stop()
        careful.settings["outbound.allow_networks"] = ""
        careful.start()
        careful.account("webhook", "webhook", {"secret": SHARED_SECRET})
        sent = careful.send(channel="webhook", recipient=receiver.url + "/in", content="x")
        assert careful.wait(sent, "failed", "success")["status"] == "failed"
        assert receiver.came.empty()
