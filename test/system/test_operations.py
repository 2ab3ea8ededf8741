"""What an operator relies on: metrics that parse, backups of a busy server, and a log that tells no secrets."""
import json
import re
import sqlite3
import time

import store
from database import value
from journal import Client, check_clients
from support import ADMIN_KEY, HongyanServer

SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([-+]?(?:[0-9.]+(?:[eE][-+]?[0-9]+)?|Inf)|NaN)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)')


def parse_metrics(text):
    """Prometheus text format 0.0.4, read strictly: {(name, ((label, value), ...)): value}; types by name."""
    samples, types = {}, {}
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types and kind in ("counter", "gauge", "histogram", "summary"), line
            types[name] = kind
            continue
        if line.startswith("# HELP ") or not line:
            continue
        found = SAMPLE.match(line)
        assert found, f"not a sample: {line!r}"
        labels = LABEL.findall(found[2] or "")
        assert "".join(f'{name}="{text}",' for name, text in labels).rstrip(",") == (found[2] or "").rstrip(","), line
        key = found[1], tuple(sorted(labels))
        assert key not in samples, f"twice: {line}"
        assert found[1] in types or re.sub(r"_(bucket|sum|count)$", "", found[1]) in types, f"no type: {line}"
        samples[key] = float(found[3])
    return samples, types


def test_metrics_parse_and_count_what_happened(fresh_server):
    for number in range(7):
        fresh_server.wait_final(fresh_server.send(recipient=f"1380013800{number}")["message_id"])
    answer = fresh_server.get("/metrics", key=None)
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain")
    samples, types = parse_metrics(answer.raw.decode())
    sms = (("channel", "sms"),)
    assert samples["hongyan_messages_accepted_total", sms] == 7
    assert samples["hongyan_messages_finished_total", (("channel", "sms"), ("status", "success"))] == 7
    assert samples["hongyan_pool_size", (("pool", "message_sender"),)] == 20
    assert sum(count for (name, _), count in samples.items() if name == "hongyan_queue_depth") == 0
    for name, kind in types.items():
        assert name.endswith("_total") == (kind == "counter"), f"{name} is a {kind}"


def test_metrics_hold_no_recipient(fresh_server):
    fresh_server.wait_final(fresh_server.send(recipient="13912345678")["message_id"])
    assert "13912345678" not in fresh_server.get("/metrics", key=None).raw.decode()


@store.only_on_sqlite
def test_a_backup_under_load_is_whole_and_serves(tmp_path):
    file = tmp_path / "backup.db"
    with HongyanServer(settings={"sandbox.latency_ms": 5}) as server:
        server.raise_limits()
        clients = [Client(server, f"load{n}", n, {"send": 5, "batch": 1, "scheduled_send": 1}) for n in range(3)]
        for client in clients:
            client.start()
        time.sleep(1)
        before = value(server.data, "SELECT count(*) FROM message_records")
        done = server.cli("backup", "--data", str(server.data), "--json", str(file))
        assert done.returncode == 0, done
        assert json.loads(done.stdout)["bytes"] == file.stat().st_size
        time.sleep(0.3)
        check_clients(clients)
        again = server.cli("backup", "--data", str(server.data), str(file))
        assert again.returncode == 1 and "exists" in again.stderr, again
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    copied = connection.execute("SELECT count(*) FROM message_records").fetchone()[0]
    connection.close()
    assert copied >= before > 0
    restored = tmp_path / "restored"
    restored.mkdir()
    file.rename(restored / "hongyan.db")
    with HongyanServer(data=restored) as server:
        assert server.wait_final(server.send()["message_id"])["status"] == "success"
        assert value(restored, "SELECT count(*) FROM message_records") == copied + 1
        newest = server.all_items("/api/messages", status="success")[0]
        assert server.get(f"/api/messages/traces/{newest['trace_id']}").status == 200


def test_the_log_tells_no_recipient_no_text_and_no_key():
    secrets = {"13987654321", "hidden@example.com", "the hidden text", "device-fail-permanent-1-hidden", ADMIN_KEY,
               "wrong-key-wrong-key-wrong-key-wrong-key"}
    with HongyanServer(settings={"log.level": "debug", "sandbox.failure_percent": 30, "delivery.retry_base_ms": 10}) as server:
        shop = server.new_key(["send", "read"])
        secrets.add(shop)
        identities = [server.send(recipient="13987654321", content="the hidden text")["message_id"] for _ in range(20)]
        identities.append(server.send(channel="email", recipient="hidden@example.com", subject="the hidden text")["message_id"])
        identities.append(server.send(channel="app", recipient="device-fail-permanent-1-hidden", subject="x")["message_id"])
        assert server.get("/api/messages", key="wrong-key-wrong-key-wrong-key-wrong-key").status == 401
        assert server.get("/api/messages", key=shop, query={"recipient": "13987654321"}).status == 200
        assert server.post("/api/messages/send", {"channel": "sms", "recipient": "13987654321"}, key=shop).status == 422
        assert server.post("/api/messages/send", body=b'{"recipient": "13987654321"').status == 400
        for identity in identities:
            server.wait_final(identity)
        assert server.stop() == 0
        log = server.log() + server.out()
        assert "started" in log
        assert not [secret for secret in secrets if secret in log]
        hashes = [path for path in server.data.rglob("*") if path.is_file() and shop.encode() in path.read_bytes()]
        assert not hashes, f"the key stands in clear in {hashes}"
