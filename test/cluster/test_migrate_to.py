"""hongyan migrate-to: an embedded installation with everything in it becomes one on PostgreSQL, and nothing is missing."""
import contextlib
import json
import os
import sqlite3
import subprocess
import sys

import pytest

from cluster import HERE, Node, Postgres, binary, wait_until

sys.path.insert(0, str(HERE.parent / "system"))

from support import HongyanServer  # noqa: E402

KEY = "hy_" + "k" * 45


@pytest.fixture(scope="module")
def postgres():
    server = Postgres().start()
    yield server
    server.remove()


@pytest.fixture
def database(postgres, request):
    name = "m" + str(abs(hash(request.node.name)) % 10**12)
    postgres.sql(f"CREATE DATABASE {name}")
    return postgres.url.rsplit("/", 1)[0] + "/" + name.split("?")[0]


def plain_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("HONGYAN_")}


def move(data, url, *options):
    done = subprocess.run([binary(), "migrate-to", "--data", data, "--json", *options, url], capture_output=True, text=True,
                          timeout=300, env=plain_environment())
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else done.stderr


def fill(server):
    """Something in every table; gives the ids of messages by what is expected of them."""
    template = server.post("/api/messages/templates", {"name": "moved", "channel": "sms", "content": "你好 {{ name }}\t\\ \"x\"",
                                                        "variables": [{"name": "name", "type": "string"}]})
    assert template.status == 201, template
    changed = server.call("PUT", f"/api/messages/templates/{template.body['id']}", {
        "name": "moved", "channel": "sms", "content": "您好 {{ name }}", "comment": "更礼貌",
        "variables": [{"name": "name", "type": "string"}]})
    assert changed.status == 200, changed
    ids = [server.send(content=f"single {number} 🙂\n\ttab\\")["message_id"] for number in range(40)]
    batch = server.post("/api/messages/send-batch", {
        "channel": "email", "subject": "s", "content": "c", "html": "<p>c</p>", "metadata": {"a": [1, None]},
        "recipients": [{"recipient": f"user{n}@example.com"} for n in range(2_500)]})
    server.wait_task(batch.body["task_id"])
    for one in ids:
        server.wait_final(one)
    later = server.send(delay_seconds=30)["message_id"]
    server.post("/api/keys", {"name": "moved key", "scopes": ["read"]})
    server.post("/api/limits", {"resource": "channel:feishu", "limit_type": "window", "max_value": 7.5, "window_seconds": 3})
    held = server.send(channel="feishu", recipient="ou_1", callback_url="https://example.com/hook")["message_id"]
    server.call("PUT", "/api/views/mine", {"page": "/messages", "query": "status=failed"})
    server.post("/api/suppressions", {"channel": "sms", "recipient": "+8613900000000", "reason": "complaint"})
    return ids, later, held


def versions_path(server):
    moved = next(one["id"] for one in server.get("/api/messages/templates?q=moved").body["items"])
    return f"/api/messages/templates/{moved}/versions"


def test_everything_moves_and_goes_on(database, tmp_path):
    with HongyanServer(settings={"sandbox.providers": False}) as server:
        ids, later, held = fill(server)
        before = {path: server.get(path).body for path in (
            versions_path(server), "/api/messages?limit=100", "/api/messages/templates?limit=100", "/api/messages/tasks", "/api/limits", "/api/pools",
            "/api/messages/statistics/overview", "/api/suppressions", "/api/views", f"/api/messages/{ids[3]}",
            f"/api/messages/traces/msg_{ids[3]}")}
        assert before[versions_path(server)]["items"][0]["comment"] == "更礼貌"
        assert server.stop() == 0
        code, told = move(server.data, database)
        assert code == 0 and told["differences"] == 0, told
        rows = {table["name"]: table["rows"] for table in told["tables"]}
        assert rows["message_records"] == 2_542 and rows["message_tasks"] == 1, rows
        assert move(server.data, database, "--verify-only")[0] == 0
        environment = {"HONGYAN_STORE_URL": database, "HONGYAN_SANDBOX_PROVIDERS": "false",
                       "HONGYAN_MASTER_KEY": (server.data / "master.key").read_text().split()[-1]}
        node = Node(tmp_path / "node", "moved", environment, KEY)
        node.start()
        try:
            for path, body in before.items():
                now = node.need("GET", path)
                if path == "/api/pools":  # gauges differ
                    body, now = ([pool["pool_name"] for pool in one["items"]] for one in (body, now))
                if path in ("/api/limits", "/api/messages?limit=100", "/api/messages/statistics/overview"):
                    continue  # gauges, and messages that go on; looked at below
                assert now == body, path
            limits = {one["resource"]: one["max_value"] for one in node.need("GET", "/api/limits")["items"]}
            assert limits["channel:feishu"] == 7.5
            for identity in (later, held):
                wait_until(lambda identity=identity: node.need("GET", f"/api/messages/{identity}")["status"] == "success", 60,
                           lambda identity=identity: node.need("GET", f"/api/messages/{identity}"))
            fresh = node.need("POST", "/api/messages/templates", {"name": "after", "channel": "sms", "content": "x"})
            assert fresh["id"] > max(one["id"] for one in before["/api/messages/templates?limit=100"]["items"])
        finally:
            assert node.stop() == 0


def test_a_difference_is_found(database, postgres):
    with HongyanServer(settings={"sandbox.providers": False}) as server:
        fill(server)
        server.stop()
        assert move(server.data, database)[0] == 0
        done = subprocess.run(["psql", "-d", database, "-c", "UPDATE message_records SET content = 'other' WHERE id = "
                               "(SELECT max(id) FROM message_records)"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        code, told = move(server.data, database, "--verify-only")
        assert code != 0 and told["differences"] == 1, told


def test_a_move_that_was_cut_off_goes_on(database):
    with HongyanServer(settings={"sandbox.providers": False}) as server:
        fill(server)
        server.stop()
        chunk = 0.15
        for _ in range(6):
            process = subprocess.Popen([binary(), "migrate-to", "--data", server.data, "--json", database],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=plain_environment())
            try:
                process.wait(chunk)
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                chunk += 0.1
        code, told = move(server.data, database)
        if code != 0 and "of its own" in str(told):
            code, told = move(server.data, database, "--verify-only")  # one of them had come to its end
        assert code == 0 and told["differences"] == 0, told


def test_a_target_in_use_a_running_source_and_a_wrong_url_are_refused(database, tmp_path):
    with HongyanServer(settings={"sandbox.providers": False}) as server:
        server.wait_final(server.send()["message_id"])
        code, told = move(server.data, database)
        assert code != 0 and "in use by process" in told["error"], told
        server.stop()
        node = Node(tmp_path / "node", "other", {"HONGYAN_STORE_URL": database, "HONGYAN_SANDBOX_PROVIDERS": "false"}, KEY)
        node.start()
        node.stop()
        code, told = move(server.data, database)
        assert code != 0 and "of its own" in told["error"], told
        code, told = move(server.data, "mysql://x")
        assert code != 0 and "postgres://" in str(told), told
        code, told = move(tmp_path / "nowhere", database)
        assert code != 0 and "no folder" in told["error"], told


def test_what_postgres_cannot_hold_and_days_far_apart(database):
    """SQLite holds any bytes as text; a provider's answer may have them. And a wrong clock makes ids of other years."""
    with HongyanServer(settings={"sandbox.providers": False}) as server:
        ids = [server.send(content=f"odd {number}")["message_id"] for number in range(6)]
        for one in ids:
            server.wait_final(one)
        server.stop()
        odd = ["a\0b", b"a\xff\xe4b", "\\N\t\r\n\\.\n\x1e\x1f", "x" * 5_000_000]
        with contextlib.closing(sqlite3.connect(server.data / "hongyan.db")) as source, source:
            for one, content in zip(ids, odd):
                source.execute("UPDATE message_records SET content = CAST(? AS TEXT), reason = '' WHERE id = ?", (content, int(one)))
            source.execute("UPDATE message_records SET id = 5 WHERE id = ?", (int(ids[4]),))
            source.execute("UPDATE message_records SET id = ? WHERE id = ?", (int(ids[5]) + (3_000 * 86_400_000 << 20), int(ids[5])))
        code, told = move(server.data, database)
        assert code == 0 and told["differences"] == 0, told
        assert {table["name"]: table["mended"] for table in told["tables"]}["message_records"] == 2, told
        done = subprocess.run(["psql", "-XAtq", "-d", database, "-c", f"SELECT content FROM message_records WHERE id = {ids[0]}"],
                              capture_output=True, text=True)
        assert done.stdout.strip() == "a\ufffdb"
