"""Where accounts may lead: the operator's own (tenant 1) anywhere, those of other tenants to public addresses and the
operator's allow-list only, whatever the protocol. A listener counts the connections that were really made."""
import contextlib
import json
import re
import socket
import threading

import pytest

from providers import SECRET, Provided, Tenant
from support import wait_until


class Listener:
    """Counts connections and says nothing."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.count = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.server.accept()
                self.count += 1
                connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()


@pytest.fixture(scope="module")
def strict():
    """Nothing private is allowed."""
    with Provided(settings={"outbound.allow_networks": ""}) as running:
        running.raise_limits()
        yield running


def settings_of(server, service, port):
    """Settings with every address that they name at the listener."""
    settings = json.loads(re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", json.dumps(server.sample(service))))
    if "port" in settings:
        settings["port"] = port
    if service == "webhook":
        settings = {"base_url": f"http://127.0.0.1:{port}", "trusted": True, "secret": SECRET}
    return settings


# provider: simulated service, channel, recipient, further fields
ACCOUNTS = {
    "aliyun": ("aliyun", "sms", "+8613800138000", {"options": {"aliyun": {"template_code": "SMS_200000002",
                                                                          "params": {"content": "hello"}}}}),
    "tencent": ("tencent", "sms", "+8613800138000", {"options": {"tencent": {"template_id": "1110",
                                                                             "params": ["123456", "5"]}}}),
    "twilio": ("twilio", "sms", "+8613800138000", {}),
    "smpp": ("smpp", "sms", "+8613800138000", {}),
    "smtp": ("smtp", "email", "ann@example.org", {"subject": "t"}),
    "apns": ("apns", "app", "a" * 64, {"subject": "t"}),
    "fcm": ("fcm", "app", "fcm:" + "f" * 140, {"subject": "t"}),
    "jpush": ("jpush", "app", "jpush:1507bfd3f7c466c2e3f", {"subject": "t"}),
    "getui": ("getui", "app", "getui:" + "c" * 32, {"subject": "t"}),
    "wechat": ("wechat", "wechat", "oTokens0000000000001",
               {"options": {"wechat": {"template_id": "T1", "data": {"first": {"value": "x"}}}}}),
    "feishu": ("feishu", "feishu", "ou_" + "e" * 32, {}),
    "dingtalk": ("dingtalk", "dingtalk", "robot", {}),
    "slack": ("slack", "slack", "robot", {}),
    "webhook": ("webhook", "webhook", "in/1", {}),
}


def make(tenant, server, provider, port):
    service, channel, recipient, fields = ACCOUNTS[provider]
    tenant.account(provider, settings_of(server, service, port), channel=channel)
    return tenant.send(channel, recipient=recipient, **fields)


@pytest.mark.parametrize("provider", ACCOUNTS)
def test_a_tenants_account_does_not_reach_private_addresses(strict, provider):
    tenant = Tenant(strict)
    with Listener() as inside:
        identity = make(tenant, strict, provider, inside.port)
        # It is refused at each attempt; the operator sees why.
        wait_until(lambda: tenant.message(identity)["attempts"] >= 1 and tenant.why(identity), 20, "an attempt")
        account = tenant.get("/api/accounts")["items"][0]
        tested = tenant.call("POST", f"/api/accounts/{account['id']}/test")
        assert tested.status == 200 and not (tested.body["ok"] and provider in ("smtp", "smpp")), tested
        assert tenant.message(identity)["status"] not in ("success", "delivered")
        assert inside.count == 0, f"{provider} opened {inside.count} connections into the private network"
        said = json.dumps([tenant.why(identity), tested.body, tenant.health(account)])
        assert "allow" in said or "private" in said or "public" in said, said


@pytest.mark.parametrize("provider", ACCOUNTS)
def test_the_operators_own_account_reaches_any_address(strict, provider):
    operator = Tenant.__new__(Tenant)
    operator.server, operator.name, operator.key = strict, "default", strict.new_key(["admin"])
    with Listener() as inside:
        service, channel, recipient, fields = ACCOUNTS[provider]
        account = operator.account(provider, settings_of(strict, service, inside.port), channel=channel)
        operator.send(channel, recipient=recipient, **fields)
        wait_until(lambda: inside.count > 0, 20, "a connection")
        assert operator.call("DELETE", f"/api/accounts/{account['id']}").status in (200, 204)


@pytest.mark.parametrize("provider", ["smtp", "smpp", "twilio"])
def test_the_allow_list_opens_a_network_for_tenants(provider):
    with Provided(settings={"outbound.allow_networks": "127.0.0.0/8"}) as server, Listener() as inside:
        make(Tenant(server), server, provider, inside.port)
        wait_until(lambda: inside.count > 0, 20, "a connection")


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f000001", "[::ffff:127.0.0.1]", "::1"])
def test_odd_spellings_of_hosts_lead_nowhere_either(strict, host):
    tenant = Tenant(strict)
    with Listener() as inside:
        for provider, service in (("smtp", "smtp"), ("smpp", "smpp")):
            settings = settings_of(strict, service, inside.port) | {"host": host}
            channel, recipient, fields = ACCOUNTS[provider][1:]
            answer = tenant.call("POST", "/api/accounts", {"channel": channel, "provider": provider, "name": "x",
                                                           "settings": settings})
            if answer.status != 201:
                continue  # no host name at all in its eyes
            identity = tenant.send(channel, recipient=recipient, **fields)
            wait_until(lambda: tenant.message(identity)["attempts"] >= 1, 20, "an attempt")
        assert inside.count == 0
