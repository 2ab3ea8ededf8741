"""Tokens of idempotency over kill -9: the server dies between a request and its answer, and the repeat carries the same token.

The simulated providers run beside the server, not inside it, so that they outlive it; a proxy between the two lets requests
through and swallows what comes back."""
import contextlib
import hashlib
import json
import re
import socket
import subprocess
import threading
import urllib.parse
import urllib.request

import pytest

from providers import Provided, Tenant
from support import binary, wait_until


class Silence:
    """A TCP proxy. Once a connection has carried `mark` towards the target, nothing of it comes back."""

    def __init__(self, target):
        self.target, self.mark, self.silenced = target, None, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target, 10)
                muted = threading.Event()
                threading.Thread(target=self._forth, args=(client, server, muted), daemon=True).start()
                threading.Thread(target=self._back, args=(server, client, muted), daemon=True).start()

    def _forth(self, client, server, muted):
        seen = b""
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                seen += data
                if self.mark and self.mark in seen:
                    muted.set()
                    self.silenced.set()
                server.sendall(data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    @staticmethod
    def _back(server, client, muted):
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if not muted.is_set():
                    client.sendall(data)
        if not muted.is_set():
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


class Providers:
    """`hongyan sandbox` as a process of its own."""

    def __init__(self, folder):
        # Receipts without a pause: one that is asked for after the restart is there, however fast the restart was.
        chaos = folder / "chaos.toml"
        chaos.write_text("[[chaos.receipt]]\ndelay_ms = 0\n", encoding="utf-8")
        self.process = subprocess.Popen([binary(), "sandbox", "--http-port", "0", "--data", folder, "--file", chaos, "--print-json"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.info = json.loads(self.process.stdout.readline())

    def own(self, name):
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                f"{self.info['http']}/_universe/{name}", timeout=20) as answer:
            return json.loads(answer.read())

    def address(self, service):
        """Host and port, of a service that listens by itself or of them all."""
        own = self.info["services"][service].get("address")
        host, port = (own or urllib.parse.urlsplit(self.info["http"]).netloc).rsplit(":", 1)
        return host, int(port)

    def sample(self, service):
        found = next(one for one in self.own("services")["services"] if one["name"] == service)
        return found["sample_account"]["settings"]

    def tokens(self, service):
        """The tokens of all that arrived, repeats too."""
        ledger = self.own("ledger")["services"].get(service, {"arrived": 0, "distinct_tokens": 0})
        return ledger["arrived"], ledger["distinct_tokens"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()


# service: channel, recipient, further fields, bytes by which the message's own request is known, how often it arrives, how
# often a person sees it (APNs lets the later one take the place of the first, by the same collapse id). Aliyun and Tencent are
# asked before the repeat, and say that it is there already.
CASES = {
    "jpush": ("app", "jpush:1507bfd3f7c466c2e3f", {"subject": "t"}, b"POST /jpush/v3/push ", 2, 1),
    "getui": ("app", "getui:" + hashlib.md5(b"tokens").hexdigest(), {"subject": "t"}, b"/push/single/cid", 2, 1),
    "apns": ("app", hashlib.sha256(b"tokens").hexdigest(), {"subject": "t"}, b"PRI * HTTP/2", 2, 2),
    "feishu": ("feishu", "ou_" + hashlib.md5(b"tokens").hexdigest(), {}, b"/im/v1/messages", 2, 1),
    "wechat": ("wechat", "oTokens0000000000001",
               {"options": {"wechat": {"template_id": "T1", "data": {"first": {"value": "x"}}}}}, b"/template/send", 2, 1),
    "webhook": ("webhook", "in/1", {}, b"POST /webhook", 2, 1),
    "smtp": ("email", "ann@example.org", {"subject": "t"}, b"\r\n.\r\n", 2, 2),
    "aliyun": ("sms", "+8613800138000", {"options": {"aliyun": {"template_code": "SMS_200000002",
                                                                "params": {"content": "hello"}}}}, b"SendSms", 1, 1),
    "tencent": ("sms", "+8613800138000", {"options": {"tencent": {"template_id": "1110", "params": ["123456", "5"]}}},
                b"SendSms", 1, 1),
}


@pytest.fixture(scope="module")
def providers(tmp_path_factory):
    with Providers(tmp_path_factory.mktemp("providers")) as running:
        yield running


def through(settings, service, proxy):
    """The sample account's settings with the proxy in the providers' place, without TLS, which would hide the mark."""
    settings = json.loads(re.sub(r"https?://127\.0\.0\.1:\d+", f"http://127.0.0.1:{proxy.port}", json.dumps(settings)))
    if service == "smtp":
        settings |= {"port": proxy.port, "tls": "off"}
    return settings


@pytest.mark.parametrize("service", CASES)
def test_a_repeat_after_a_kill_between_request_and_answer_has_the_same_token(providers, service):
    channel, recipient, fields, mark, arrivals, shown = CASES[service]
    with Silence(providers.address(service)) as proxy, Provided() as server:
        tenant = Tenant(server)
        settings = through(providers.sample(service), service, proxy)
        tenant.account(service, settings, channel=channel)
        proxy.mark = mark
        identity = tenant.send(channel, recipient=recipient, **fields)
        assert proxy.silenced.wait(15), tenant.why(identity)
        wait_until(lambda: providers.tokens(service)[0] == 1, 15, "the first request")
        assert tenant.message(identity)["status"] == "processing"
        server.kill()
        proxy.mark = None
        server.start()
        tenant.wait_status(identity, "success", "delivered", seconds=30)
        assert tenant.attempts(identity) == ["unknown", "success"]
    assert providers.tokens(service) == (arrivals, 1), "the repeat had another token"
    inbox = providers.own(f"inbox?service={service}&limit=100")["messages"]
    assert len(inbox) == shown, inbox


def test_a_kill_before_the_cid_is_used_wastes_it_and_nothing_else(providers):
    """JPush gives the cid out; the server dies between the fetch and the push."""
    before = providers.tokens("jpush")
    with Silence(providers.address("jpush")) as proxy, Provided() as server:
        tenant = Tenant(server)
        tenant.account("jpush", through(providers.sample("jpush"), "jpush", proxy), channel="app")
        proxy.mark = b"/v3/push/cid"
        identity = tenant.send("app", recipient="jpush:1507bfd3f7c466c2e3f", subject="t")
        assert proxy.silenced.wait(15)
        server.kill()
        proxy.mark = None
        server.start()
        tenant.wait_status(identity, "success", seconds=30)
    assert providers.tokens("jpush") == (before[0] + 1, before[1] + 1)
