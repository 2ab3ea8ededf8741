"""Aliyun, Tencent Cloud and Twilio by the vendors' own npm packages: their clients against the simulated
services of `hongyan sandbox`, their signing code against the requests that Hongyan's providers make, and
Twilio's library against the callbacks on both sides.

Needs the npm packages of this folder: tools/setup --peers.
"""

import http.server
import json
import os
import pathlib
import queue
import random
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import pytest

import support

HERE = pathlib.Path(__file__).resolve().parent

ALIYUN = {"id": "LTAI5tSandboxAccessKey00", "secret": "sandbox-access-key-secret-0000"}
TENCENT = {"id": "AKIDsandbox0000000000000000000000000", "secret": "sandbox-secret-key-0000000000000"}
ACCOUNT = "AC" + "0" * 32
AUTH_TOKEN = "sandbox-auth-token-0000000000000"


def node(script: str, task: dict) -> dict:
    """The answer of one of the node programs beside this file."""
    support.need("node", "apt-get install nodejs npm")
    support.npm_ci(HERE)
    done = subprocess.run(["node", HERE / script], input=json.dumps(task), capture_output=True, text=True,
                          timeout=60, env={**os.environ, "NO_PROXY": "*", "http_proxy": "", "https_proxy": ""})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Receiver(http.server.ThreadingHTTPServer):
    """Takes receipts: each as (URL as it was called, headers in lower case, body)."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.came = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.came.put((f"http://{headers['host']}{self.path}", headers, body))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"code":0,"msg":"ok"}')

        def log_message(self, *arguments):
            pass

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, count):
        return [self.came.get(timeout=10) for _ in range(count)]


@pytest.fixture
def sandbox(universe):
    universe.host = f"127.0.0.1:{universe.port}"
    return universe


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.shutdown()


def number():
    """A number that no other test has used up."""
    return f"138{random.randrange(10**8):08d}"


# ---- Aliyun

ORDER = {"SignName": "鸿雁", "TemplateCode": "SMS_200000001", "TemplateParam": '{"order_no":"甲 1+2*3~"}',
         "OutId": "out 1&=%"}
CAMEL = {"PhoneNumbers": "phoneNumbers", "SignName": "signName", "TemplateCode": "templateCode",
         "TemplateParam": "templateParam", "OutId": "outId"}

ALIYUN_CLIENTS = [
    pytest.param({"kind": "product", "signature": "v3"}, id="dysmsapi-v3"),
    pytest.param({"kind": "product", "signature": "rpc"}, id="dysmsapi-rpc"),
    pytest.param({"kind": "general"}, id="openapi-client-query"),
    pytest.param({"kind": "general", "form": True}, id="openapi-client-form"),
    pytest.param({"kind": "pop", "method": "GET"}, id="pop-core-get"),
    pytest.param({"kind": "pop", "method": "POST"}, id="pop-core-post"),
]


def aliyun(sandbox, client, action="SendSms", key=ALIYUN, **parameters):
    if client["kind"] == "product":
        parameters = {CAMEL.get(name, name[0].lower() + name[1:]): value for name, value in parameters.items()}
    return node("aliyun.js", {**client, **key, "host": sandbox.host, "action": action, "parameters": parameters})


@pytest.mark.parametrize("client", ALIYUN_CLIENTS)
def test_aliyuns_clients_send(sandbox, client):
    phone = number()
    answer = aliyun(sandbox, client, PhoneNumbers=phone, **ORDER)
    assert answer["Code"] == "OK", answer
    message = sandbox.last("aliyun")
    assert message["recipient"] == "+86" + phone
    assert message["content"] == "【鸿雁】您的订单甲 1+2*3~已发货。"
    assert message["provider_message_id"] == answer["BizId"]
    assert message["token"] == ORDER["OutId"]


@pytest.mark.parametrize("client", ALIYUN_CLIENTS)
def test_aliyuns_clients_are_refused_with_a_wrong_key(sandbox, client):
    wrong = aliyun(sandbox, client, key={**ALIYUN, "secret": "wrong"}, PhoneNumbers=number(), **ORDER)
    assert wrong["Code"] == "SignatureDoesNotMatch"
    nobody = aliyun(sandbox, client, key={**ALIYUN, "id": "nobody"}, PhoneNumbers=number(), **ORDER)
    assert nobody["Code"] == "InvalidAccessKeyId.NotFound"


@pytest.mark.parametrize("client", ALIYUN_CLIENTS[:1] + ALIYUN_CLIENTS[4:5])
def test_aliyuns_clients_see_business_errors(sandbox, client):
    def code(**changes):
        return aliyun(sandbox, client, **{"PhoneNumbers": number(), **ORDER, **changes})["Code"]

    assert code(TemplateCode="SMS_1") == "isv.SMS_TEMPLATE_ILLEGAL"
    assert code(SignName="别人") == "isv.SMS_SIGNATURE_ILLEGAL"
    assert code(PhoneNumbers="1") == "isv.MOBILE_NUMBER_ILLEGAL"
    verification = {"PhoneNumbers": number(), "TemplateCode": "SMS_154950909", "TemplateParam": '{"code":"1"}'}
    assert code(**verification) == "OK"
    assert code(**verification) == "isv.BUSINESS_LIMIT_CONTROL"


def test_aliyuns_receipts_come_as_documented(sandbox, receiver):
    sandbox.set("aliyun", callback_url=receiver.url + "/cb?token=t")
    phone = number()
    answer = aliyun(sandbox, {"kind": "product"}, PhoneNumbers=phone, **ORDER)
    [(url, headers, body)] = receiver.take(1)
    assert url == receiver.url + "/cb?token=t"
    assert headers["content-type"].startswith("application/json")
    [report] = json.loads(body)
    assert report["biz_id"] == answer["BizId"] and report["out_id"] == ORDER["OutId"]
    assert report["phone_number"] == phone and report["success"] is True and report["err_code"] == "DELIVERED"
    day = time.strftime("%Y%m%d", time.gmtime(time.time() + 8 * 3600))
    details = aliyun(sandbox, {"kind": "product"}, "QuerySendDetails", PhoneNumber=phone, SendDate=day, PageSize=10,
                     CurrentPage=1)
    [detail] = details["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
    assert detail["SendStatus"] == 3 and detail["OutId"] == ORDER["OutId"]


# ---- Tencent Cloud

def tencent(sandbox, action="SendSms", key=TENCENT, **parameters):
    return node("tencent.js", {"kind": "call", **key, "port": sandbox.port, "action": action, "parameters": parameters})


def tencent_order(**changes):
    return {"PhoneNumberSet": ["+86" + number()], "SmsSdkAppId": "1400006666", "TemplateId": "1110",
            "SignName": "腾讯云", "TemplateParamSet": ["4370 甲", "5"], "SessionContext": "m-1", **changes}


def test_tencents_client_sends(sandbox, receiver):
    sandbox.set("tencent", callback_url=receiver.url + "/cb/t")
    order = tencent_order()
    [status] = tencent(sandbox, **order)["SendStatusSet"]
    assert status["Code"] == "Ok" and status["SessionContext"] == "m-1"
    message = sandbox.last("tencent")
    assert message["recipient"] == order["PhoneNumberSet"][0]
    assert message["content"] == "【腾讯云】您的验证码为4370 甲，请于5分钟内填写。"
    [(_, _, body)] = receiver.take(1)
    [report] = json.loads(body)
    assert report["sid"] == status["SerialNo"] and report["report_status"] == "SUCCESS"
    pulled = tencent(sandbox, "PullSmsSendStatus", Limit=100, SmsSdkAppId="1400006666")["PullSmsSendStatusSet"]
    assert status["SerialNo"] in [one["SerialNo"] for one in pulled]


def test_tencents_client_sees_refusals(sandbox):
    wrong = tencent(sandbox, key={**TENCENT, "secret": "wrong"}, **tencent_order())
    assert wrong["Code"] == "AuthFailure.SignatureFailure"
    nobody = tencent(sandbox, key={**TENCENT, "id": "nobody"}, **tencent_order())
    assert nobody["Code"] == "AuthFailure.SecretIdNotFound"
    order = tencent_order()
    codes = [tencent(sandbox, **order)["SendStatusSet"][0]["Code"] for _ in range(2)]
    assert codes == ["Ok", "LimitExceeded.PhoneNumberThirtySecondLimit"]
    [status] = tencent(sandbox, **tencent_order(TemplateId="9"))["SendStatusSet"]
    assert status["Code"] == "FailedOperation.TemplateIncorrectOrUnapproved"


def test_tencents_client_asks_for_statistics(sandbox):
    answer = tencent(sandbox, "SendStatusStatistics", BeginTime="2026010100", EndTime="2026010123", Limit=0, Offset=0,
                     SmsSdkAppId="1400006666")
    assert set(answer["SendStatusStatistics"]) == {"FeeCount", "RequestCount", "RequestSuccessCount"}


# ---- Twilio

def twilio(sandbox, action, user=ACCOUNT, password=AUTH_TOKEN, **more):
    return node("twilio.js", {"kind": "call", "origin": sandbox.http, "account": ACCOUNT, "user": user,
                              "password": password, "action": action, **more})


def twilio_order(**changes):
    return {"to": "+86" + number(), "from": "+15005550006", "body": "你好 & goodbye", **changes}


def believed(callbacks, token=AUTH_TOKEN):
    """What Twilio's own library says of callbacks that came."""
    return node("twilio.js", {"kind": "validate", "token": token, "callbacks": [
        {"url": url, "signature": headers["x-twilio-signature"],
         "params": dict(urllib.parse.parse_qsl(body, keep_blank_values=True))} for url, headers, body in callbacks]})


@pytest.mark.parametrize("user,password", [
    (ACCOUNT, AUTH_TOKEN), ("SK" + "0" * 32, "sandbox-api-key-secret-000000000")], ids=["auth-token", "api-key"])
def test_twilios_client_sends_fetches_and_lists(sandbox, user, password):
    order = twilio_order()
    message = twilio(sandbox, "create", user, password, parameters=order)["message"]
    assert message["sid"].startswith("SM") and message["status"] == "queued"
    assert message["to"] == order["to"] and message["body"] == order["body"] and message["numSegments"] == "1"
    arrived = sandbox.last("twilio")
    assert arrived["content"] == order["body"] and arrived["provider_message_id"] == message["sid"]
    assert twilio(sandbox, "fetch", user, password, sid=message["sid"])["message"]["sid"] == message["sid"]
    [listed] = twilio(sandbox, "list", user, password, parameters={"to": order["to"], "limit": 20})["messages"]
    assert listed["sid"] == message["sid"]


def test_twilios_client_sees_refusals(sandbox):
    assert twilio(sandbox, "create", password="wrong", parameters=twilio_order())["code"] == 20003
    assert twilio(sandbox, "create", parameters=twilio_order(to="12"))["code"] == 21211
    order = twilio_order()
    sandbox.set("twilio", unsubscribed=order["to"])
    refused = twilio(sandbox, "create", parameters=order)
    assert refused["code"] == 21610 and refused["status"] == 400


def test_twilios_library_believes_the_callbacks(sandbox, receiver):
    url = receiver.url + "/cb?message=msg_5&x=%E4%BD%A0%20"
    sid = twilio(sandbox, "create", parameters=twilio_order(statusCallback=url))["message"]["sid"]
    callbacks = receiver.take(2)
    assert [called for called, _, _ in callbacks] == [url, url]
    assert believed(callbacks) == [True, True]
    assert believed(callbacks, token="other") == [False, False]
    states = {dict(urllib.parse.parse_qsl(body))["MessageStatus"] for _, _, body in callbacks}
    assert states == {"sent", "delivered"}
    assert all(f"MessageSid={sid}" in body for _, _, body in callbacks)


def test_twilios_library_refuses_the_forged_callback(sandbox, receiver):
    sandbox.own("PUT", "chaos", '[[chaos.receipt]]\nservice = "twilio"\nforged = true\n')
    twilio(sandbox, "create", parameters=twilio_order(statusCallback=receiver.url + "/cb"))
    assert sorted(believed(receiver.take(3))) == [False, True, True]


# ---- Hongyan's own senders

def unit_test(name: str, **environment):
    found = support.built(f"test_channel_{name}")
    subprocess.run([found, f"--gtest_filter={name}_peer.*"], check=True, capture_output=True,
                   env={**os.environ, **environment})


def test_aliyuns_code_signs_our_requests_alike(tmp_path):
    unit_test("aliyun", HONGYAN_ALIYUN_OUT=str(tmp_path / "requests"))
    requests = json.loads((tmp_path / "requests").read_text())
    assert len(requests) == 12
    for request in requests:
        answer = node("aliyun.js", {"kind": "sign", "id": "testid", "secret": "testsecret", "request": request})
        assert answer["given"] == answer["want"], request


def test_tencents_code_signs_our_requests_alike(tmp_path):
    unit_test("tencent", HONGYAN_TENCENT_OUT=str(tmp_path / "requests"))
    requests = json.loads((tmp_path / "requests").read_text())
    assert len(requests) == 6
    for request in requests:
        answer = node("tencent.js", {"kind": "sign", "id": "AKIDtest", "secret": "testsecret", "request": request})
        assert answer["given"] == answer["want"], request


def test_we_believe_what_twilios_code_signs(tmp_path):
    chance = random.Random(7)
    letters = "aZ09 +&=%?/#~'\"你é😀\n"
    callbacks = []
    for i in range(200):
        params = {"MessageSid": f"SM{i}", "MessageStatus": chance.choice(["sent", "delivered", "failed"])}
        for name in chance.sample(["To", "From", "ErrorCode", "smsStatus", "a", "A", "Ab"], 3):
            params[name] = "".join(chance.choices(letters, k=chance.randrange(12)))
        port = chance.choice(["", ":443", ":8443"])
        callbacks.append({"url": f"https://notify.example{port}/cb?message=msg_{i}&x=%20+{i}", "params": params})
    signatures = node("twilio.js", {"kind": "sign", "token": "12345", "callbacks": callbacks})
    for callback, signature in zip(callbacks, signatures, strict=True):
        callback["signature"] = signature
    (tmp_path / "callbacks").write_text(json.dumps(callbacks))
    unit_test("twilio", HONGYAN_TWILIO_IN=str(tmp_path / "callbacks"))
