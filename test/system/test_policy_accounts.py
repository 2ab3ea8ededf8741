"""The accounts API: secrets stay secret, mistakes are named, tenants see only their own, changes and restarts keep everything."""
import os
import re
import subprocess
import time

import pytest

import store
from providers import SECRET, Answer, Provided, Provider, Tenant
from support import binary, wait_until

PLANTED = "planted-secret-7f3a91c4e2d84b06"


@pytest.fixture(scope="module")
def shared():
    with Provided() as running:
        running.raise_limits()
        yield running


@pytest.fixture
def tenant(shared):
    return Tenant(shared)


def ask(tenant, **fields):
    return tenant.call("POST", "/api/accounts", fields)


def paths(answer):
    assert answer.status == 422, answer
    return [one["path"] for one in answer.body["errors"]]


def test_wrong_settings_are_named_by_path_and_nothing_is_stored(tenant):
    sms = {"channel": "sms", "name": "a"}
    wrong = [
        ({"provider": "smpp", "settings": {"host": "h", "port": "x", "system_id": "s"}}, ["$.settings.port"]),
        ({"provider": "smpp", "settings": {"host": "h", "system_id": "s", "window": 0}}, ["$.settings.window"]),
        ({"provider": "smpp", "settings": {"system_id": "s"}}, ["$.settings.host"]),
        ({"provider": "smpp", "settings": {"host": "h", "system_id": "s", "nonsense": 1}}, ["$.settings.nonsense"]),
        ({"provider": "smpp", "settings": {}}, ["$.settings.host", "$.settings.system_id"]),
        ({"provider": "twilio", "settings": {"account_sid": "nonsense"}}, None),
        ({"provider": "smpp", "settings": "text"}, ["$.settings"]),
        ({"provider": "smpp", "settings": None}, ["$.settings"]),
        ({"provider": "smpp", "settings": {"host": "h", "system_id": "s"}, "tier": 0}, ["$.tier"]),
        ({"provider": "smpp", "settings": {"host": "h", "system_id": "s"}, "weight": -1}, ["$.weight"]),
        ({"provider": "smpp", "settings": {"host": "h", "system_id": "s"}, "status": "on"}, ["$.status"]),
        ({"provider": "smpp", "settings": {"host": "h", "system_id": "s"}, "policy": {"breaker_probes": 0, "x": 1}},
         ["$.policy.breaker_probes", "$.policy.x"]),
        ({"provider": "pigeon", "settings": {}}, ["$.provider"]),
        ({"provider": "webhook", "settings": {}}, ["$.provider"]),
    ]
    for fields, expected in wrong:
        found = paths(ask(tenant, **(sms | fields)))
        assert found if expected is None else sorted(found) == sorted(expected), (fields, found)
    assert tenant.get("/api/accounts")["items"] == []


def test_a_secret_of_a_wrong_type_or_place_is_not_quoted_in_the_answer(tenant):
    for settings in ({"secret": PLANTED}, {"secret": [PLANTED]}, {"secret": {"x": PLANTED}}, {"secret": SECRET, "authorization": [PLANTED]}):
        answer = ask(tenant, channel="webhook", provider="webhook", name="x", settings=settings)
        assert answer.status == 422 and PLANTED not in answer.raw.decode(), answer.raw
    assert PLANTED not in tenant.server.log()


def test_a_name_is_unique_in_its_channel_and_free_in_others(tenant):
    with Provider() as one:
        first = tenant.webhook(one, name="main")
        taken = ask(tenant, channel="webhook", provider="webhook", name="main", settings={"secret": SECRET})
        assert taken.status == 409 and taken.body["errors"][0]["path"] == "$.name"
        tenant.slack(one, name="main")
        other = tenant.webhook(one, name="other")
        renamed = tenant.call("PATCH", f"/api/accounts/{other['id']}", {"name": "main"})
        assert renamed.status == 409, renamed
        assert tenant.get(f"/api/accounts/{other['id']}")["name"] == "other"
        assert tenant.patch(first, name="main")["name"] == "main", "its own name is no conflict"
        Tenant(tenant.server).webhook(one, name="main")
        listed = [(a["channel"], a["name"]) for a in tenant.get("/api/accounts")["items"]]
        assert sorted(listed) == [("slack", "main"), ("webhook", "main"), ("webhook", "other")]
        assert len(tenant.get("/api/accounts?channel=slack")["items"]) == 1


def test_accounts_of_other_tenants_do_not_exist(tenant):
    with Provider() as one:
        account = tenant.webhook(one)
        stranger = Tenant(tenant.server)
        path = f"/api/accounts/{account['id']}"
        for method, end, body in (("GET", "", None), ("PATCH", "", {"status": "disabled"}), ("DELETE", "", None),
                                  ("POST", "/test", {}), ("POST", "/reset", {})):
            answer = stranger.call(method, path + end, body)
            assert answer.status == 404, (method, end, answer)
            assert answer.body["detail"] == stranger.call("GET", "/api/accounts/999999").body["detail"]
        assert stranger.get("/api/accounts")["items"] == []
        identity = stranger.send("sms", recipient="+8613800000001")
        stranger.wait_status(identity, "success")
        assert tenant.get(path)["status"] == "active"


def test_scopes(tenant):
    with Provider() as one:
        account = tenant.webhook(one)
        keys = {scope: tenant.server.new_key([scope], tenant=tenant.name) for scope in ("send", "read", "manage")}
        path = f"/api/accounts/{account['id']}"
        assert tenant.call("GET", "/api/accounts", key=keys["read"]).status == 403
        assert tenant.call("GET", "/api/accounts", key=keys["send"]).status == 403
        assert tenant.call("GET", path, key=keys["manage"]).status == 200
        assert tenant.call("PATCH", path, {"weight": 1}, key=keys["manage"]).status == 403
        assert tenant.call("DELETE", path, key=keys["manage"]).status == 403
        assert tenant.call("POST", "/api/accounts", {}, key=keys["manage"]).status == 403
        assert tenant.call("GET", path, key=None).status == 401


def test_a_patch_keeps_what_it_does_not_name_and_null_removes(tenant):
    with Provider() as one:
        account = tenant.webhook(one, settings={"authorization": "Bearer " + PLANTED, "event_type": "a.b"})
        assert sorted(account["secrets_set"]) == ["authorization", "secret"]
        assert set(account["settings"]) == {"base_url", "trusted", "event_type"}
        tenant.wait_status(tenant.send(), "success")
        changed = tenant.patch(account, settings={"event_type": "c.d"}, weight=7)
        assert changed["weight"] == 7 and sorted(changed["secrets_set"]) == ["authorization", "secret"]
        tenant.wait_status(tenant.send(), "success")
        assert one.all()[-1].headers["authorization"] == "Bearer " + PLANTED
        assert one.all()[-1].json["type"] == "c.d"
        changed = tenant.patch(account, settings={"authorization": None, "event_type": None})
        assert changed["secrets_set"] == ["secret"] and "event_type" not in changed["settings"]
        tenant.wait_status(tenant.send(), "success")
        assert "authorization" not in one.all()[-1].headers and one.all()[-1].json["type"] == "message.sent"
        refused = tenant.call("PATCH", f"/api/accounts/{account['id']}", {"settings": {"secret": None}})
        assert paths(refused) == ["$.settings.secret"]
        refused = tenant.call("PATCH", f"/api/accounts/{account['id']}", {"settings": {"nonsense": 1}, "weight": 3})
        assert paths(refused) == ["$.settings.nonsense"]
        assert tenant.get(f"/api/accounts/{account['id']}")["weight"] == 7, "half of a refused patch was taken"
        tenant.wait_status(tenant.send(), "success")


def test_test_says_whether_it_works_and_sends_nothing(shared, tenant):
    with Provider() as one:
        good = tenant.webhook(one)
        answer = tenant.call("POST", f"/api/accounts/{good['id']}/test", {})
        assert answer.status == 200 and answer.body["ok"] is True
        assert not one.all()
        one.answer = Answer(500)
        assert tenant.call("POST", f"/api/accounts/{good['id']}/test", {}).body["ok"] is False
    feishu = shared.sample("feishu")
    right = tenant.account("feishu", feishu)
    wrong = tenant.account("feishu", feishu | {"app_secret": PLANTED})
    assert tenant.call("POST", f"/api/accounts/{right['id']}/test", {}).body["ok"] is True
    refused = tenant.call("POST", f"/api/accounts/{wrong['id']}/test", {})
    assert refused.body["ok"] is False and refused.body["detail"] and PLANTED not in refused.raw.decode()
    assert shared.inbox("feishu") == []


@pytest.mark.parametrize("service,channel", [("aliyun", "sms"), ("tencent", "sms"), ("twilio", "sms"), ("smpp", "sms"),
                                             ("smtp", "email"), ("apns", "app"), ("fcm", "app"), ("getui", "app"), ("jpush", "app"),
                                             ("wechat", "wechat"), ("wecom", "wechat"), ("feishu", "feishu")])
def test_each_sample_account_passes_its_test(shared, tenant, service, channel):
    account = tenant.account(service, shared.sample(service), channel=channel)
    answer = tenant.call("POST", f"/api/accounts/{account['id']}/test", {})
    assert answer.status == 200 and answer.body["ok"], answer.body


def test_providers_list_schemas_that_are_schemas(shared, tenant):
    from jsonschema import Draft202012Validator
    for one in tenant.get("/api/providers")["items"]:
        for name in ("settings_schema", "options_schema", "recipient_schema"):
            Draft202012Validator.check_schema(one[name])
        properties = one["settings_schema"]["properties"]
        assert {name for name in properties if properties[name].get("writeOnly")} == set(one["secrets"]), one["name"]
    for service in shared.own("services")["services"]:
        sample = service["sample_account"]
        schema = next(one for one in tenant.get("/api/providers")["items"] if one["name"] == sample["provider"])
        Draft202012Validator(schema["settings_schema"]).validate(sample["settings"])


def files_with(folder, word):
    return [path.name for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]


def test_no_secret_is_in_clear_in_any_answer_log_or_file_and_a_restart_keeps_all():
    with Provided(settings={"log.level": "debug"}) as server, Provider(lambda came: Answer(403, b"nope " + PLANTED.encode())) as one:
        tenant = Tenant(server)
        accounts = [tenant.webhook(one, settings={"authorization": PLANTED}),
                    tenant.slack(one, settings={"webhook_url": f"{one.url}/services/{PLANTED}"}),
                    tenant.account("dingtalk", {"access_token": PLANTED, "secret": "SEC" + PLANTED, "endpoint": one.url}),
                    tenant.account("smpp", {"host": "127.0.0.1", "port": 1, "system_id": "x", "password": PLANTED}, channel="sms"),
                    tenant.account("aliyun", server.sample("aliyun") | {
                        "access_key_secret": PLANTED, "callback_token": PLANTED, "endpoint": one.url}, channel="sms"),
                    tenant.account("feishu", {"app_id": "x", "app_secret": PLANTED, "endpoint": one.url})]
        secret = tenant.call("POST", "/api/webhooks", {"url": one.url + "/hook"}).body["secret"]
        sent = [tenant.send(channel) for channel in ("webhook", "slack", "dingtalk")]
        sent.append(tenant.send("feishu", recipient="ou_" + "1" * 32))
        sent.append(tenant.send("sms", recipient="+8613800000001", callback_url=one.url + "/hook"))
        tenant.server.call("POST", f"/api/callbacks/sms/{accounts[4]['id']}/{PLANTED}", [], key=None)
        time.sleep(1)
        answers = [tenant.call("GET", "/api/accounts").raw, tenant.call("GET", "/api/webhooks").raw]
        for account in accounts:
            path = f"/api/accounts/{account['id']}"
            answers += [tenant.call("GET", path).raw, tenant.call("PATCH", path, {"weight": 50}).raw,
                        tenant.call("POST", path + "/test", {}).raw, tenant.call("POST", path + "/reset", {}).raw]
        for identity in sent:
            answers += [tenant.call("GET", f"/api/messages/{identity}").raw, tenant.call("GET", f"/api/messages/{identity}/why").raw,
                        tenant.call("GET", f"/api/messages/traces/msg_{identity}").raw]
        answers.append(server.call("GET", "/metrics").raw)
        leaks = [answer[:300] for answer in answers if PLANTED.encode() in answer]
        assert not leaks, leaks
        assert PLANTED not in server.log() and secret not in server.log()
        before = tenant.get("/api/accounts")["items"]
        server.kill()
        assert files_with(server.data, PLANTED) == [] and files_with(server.data, secret) == []
        server.start()
        after = tenant.get("/api/accounts")["items"]
        forget = lambda accounts: [{k: v for k, v in a.items() if k not in ("health", "callback_url")} for a in accounts]
        assert forget(after) == forget(before)
        assert server.stop() == 0
        assert files_with(server.data, PLANTED) == [] and files_with(server.data, secret) == []
        assert PLANTED not in server.log()
        master = server.data / "master.key"
        assert master.exists() and master.stat().st_mode & 0o077 == 0


def rotate(server, *arguments):
    command = [str(binary()), "rotate-master-key", "--data", str(server.data), *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HONGYAN_")} | store.settings_of(server.data)
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment)


def test_the_master_key_can_be_rotated_and_everything_works_on():
    with Provided() as server, Provider() as one:
        tenant = Tenant(server)
        tenant.webhook(one, settings={"authorization": PLANTED})
        tenant.call("POST", "/api/webhooks", {"url": one.url + "/hook"})
        running = rotate(server)
        assert running.returncode == 1, "the key was rotated under a running server"
        assert "in use" in running.stderr or "Nodes run on this store" in running.stderr, running
        assert server.stop() == 0
        before = (server.data / "master.key").read_text()
        sealed = server.sql("SELECT secrets FROM provider_accounts")
        done = rotate(server)
        assert done.returncode == 0, done
        assert re.search(r"Sealed 2 secrets", done.stdout), done
        assert server.sql("SELECT secrets FROM provider_accounts") != sealed
        key_file = server.data / "master.key"
        assert key_file.read_text() != before and key_file.stat().st_mode & 0o077 == 0
        assert PLANTED not in done.stdout + done.stderr
        server.start()
        tenant.wait_status(tenant.send(callback_url=one.url + "/hook"), "success")
        wait_until(lambda: len(one.all()) == 2, 5, "message and report")
        assert one.all()[0].headers["authorization"] == PLANTED


def test_every_command_of_the_program_does_what_it_says():
    """openapi and rotate-master-key stand side by side in a table of functions."""
    done = subprocess.run([str(binary()), "openapi"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stdout.startswith("{"), done.stderr[-300:]


def test_a_lost_master_key_does_not_stop_the_server_and_is_told():
    with Provided() as server, Provider() as one:
        tenant = Tenant(server)
        account = tenant.webhook(one)
        assert server.stop() == 0
        (server.data / "master.key").unlink()
        try:
            server.start()
        except AssertionError as error:
            assert "master.key" in str(error), "it refuses to start, but does not say why"
            return
        shown = tenant.get(f"/api/accounts/{account['id']}")
        assert shown["health"]["trouble"], shown
        identity = tenant.send()
        assert tenant.message(identity)["status"] == "pending", "it waits for an account that can be opened"
        tenant.patch(account, settings={"secret": SECRET})
        tenant.wait_status(identity, "success")
        assert len(one.all()) == 1


def test_many_changes_at_once_lose_nothing(tenant):
    with Provider() as one:
        accounts = [tenant.webhook(one, policy={"max_in_flight": 5}) for _ in range(3)]
        task = tenant.batch(300)
        for turn in range(30):
            tenant.patch(accounts[turn % 3], weight=turn + 1, settings={"event_type": f"t.{turn}"})
        wait_until(lambda: tenant.get(f"/api/messages/tasks/{task}")["pending_count"] == 0, 20, "all")
        assert tenant.get(f"/api/messages/tasks/{task}")["success_count"] == 300
        arrived = {came.path for came in one.taken()}
        assert len(arrived) == 300 and len(one.taken()) == 300


@pytest.mark.parametrize("wrong", [
    {"webhook_url": "http://[::1"}, {"webhook_url": "http://h:99999/"}, {"webhook_url": "http://user:word@h/"},
    {"label": "two\nlines"}, {"ca_file": "/nowhere/ca.pem"}, {"ca_file": "a\r\nX: y"}], ids=lambda one: str(one)[1:40])
def test_settings_that_cannot_work_are_refused_by_name_when_the_account_is_made_or_changed(tenant, wrong):
    with Provider() as one:
        name = next(iter(wrong))
        good = {"webhook_url": one.url + "/services/T/B/x"}
        body = {"channel": "slack", "provider": "slack", "name": "wrong", "settings": {**good, **wrong}}
        refused = tenant.call("POST", "/api/accounts", body)
        assert refused.status == 422 and refused.body["errors"][0]["path"] == f"$.settings.{name}", refused
        account = tenant.slack(one)
        changed = tenant.call("PATCH", f"/api/accounts/{account['id']}", {"settings": wrong})
        assert changed.status == 422 and changed.body["errors"][0]["path"] == f"$.settings.{name}", changed
        tenant.wait_status(tenant.send("slack"), "success")


def test_an_adaptive_limit_whose_bounds_contradict_is_refused(tenant):
    with Provider() as one:
        body = {"channel": "slack", "provider": "slack", "name": "bounds",
                "settings": {"webhook_url": one.url}, "policy": {"min_in_flight": 10, "max_in_flight": 5}}
        refused = tenant.call("POST", "/api/accounts", body)
        assert refused.status == 422 and refused.body["errors"][0]["path"] == "$.policy.min_in_flight", refused
