"""What only a shared store has: nodes that start, accept and count together, one master key, commands that find the store. Runs with
HONGYAN_TEST_STORE=postgres."""

import base64
import collections
import contextlib
import json
import os
import re
import subprocess
import threading

import pytest

import store
from support import ADMIN_KEY, HongyanServer, binary, wait_until

pytestmark = store.only_on_postgres
MASTER_KEY = base64.b64encode(b"k" * 32).decode()


@contextlib.contextmanager
def nodes(tmp_path, count, **options):
    """So many nodes of one store, not started; each has a data folder of its own."""
    url = store.postgres().database(tmp_path / "shared")
    environment = {"HONGYAN_STORE_URL": url, "HONGYAN_MASTER_KEY": MASTER_KEY} | options.pop("environment", {})
    made = [HongyanServer(environment=environment, **options) for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            one.remove()
        store.forget(tmp_path / "shared")


def ask(tmp_path, statement):
    return store.ask(tmp_path / "shared", statement)


def all_at_once(work, arguments):
    """Calls work with each, at the same moment; gives the results."""
    arguments = list(arguments)
    barrier, results = threading.Barrier(len(arguments)), [None] * len(arguments)

    def run(place, argument):
        barrier.wait()
        results[place] = work(argument)

    threads = [threading.Thread(target=run, args=one) for one in enumerate(arguments)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def command(*arguments, url=None, **environment):
    """A command of the program, with nothing but this environment."""
    environment = ({"HONGYAN_STORE_URL": url} if url else {}) | environment
    return subprocess.run([str(binary()), *arguments], capture_output=True, text=True, timeout=60, check=False,
                          env={"PATH": os.environ["PATH"]} | environment)


def test_three_nodes_that_start_at_once_on_an_empty_database_make_its_tables_and_one_key(tmp_path):
    with nodes(tmp_path, 3, admin_key=None) as three:
        assert all(all_at_once(lambda node: node.start(60), three))
        keys = [found for node in three for found in re.findall(r"hy_[0-9A-Za-z]{40}", node.out())]
        assert len(keys) == 1, keys
        assert ask(tmp_path, "SELECT count(*) FROM api_keys") == [(1,)]
        assert ask(tmp_path, "SELECT count(*), max(version) FROM schema_migrations")[0][0] >= 4
        for node in three:
            assert node.get("/api/messages", key=keys[0]).status == 200


def test_the_same_key_sent_to_two_nodes_at_once_is_one_message(tmp_path):
    with nodes(tmp_path, 2) as two:
        for node in two:
            node.start(60).raise_limits()
        wait_until(lambda: all(limit["max_value"] == 1_000_000 for limit in two[0].get("/api/limits").body["items"]), 5, "the limits")
        body = {"channel": "sms", "recipient": "+8613800000001", "content": "once"}

        def send(argument):
            node, key = argument

            def final():
                answer = node.post("/api/messages/send", body, headers={"Idempotency-Key": key})
                return answer if answer.status != 409 else None  # the same node is at it

            return wait_until(final, 15, f"the answer to {key}")

        replayed, rounds = 0, 40
        for number in range(rounds):
            answers = all_at_once(send, [(two[i % 2], f"key-{number}") for i in range(4)])
            assert {answer.status for answer in answers} == {202}, answers
            assert len({answer.body["message_id"] for answer in answers}) == 1, answers
            replayed += sum(answer.headers.get("Idempotency-Replayed") == "true" for answer in answers)
        assert replayed == 3 * rounds
        assert ask(tmp_path, "SELECT count(*) FROM message_records") == [(rounds,)]
        other = two[0].post("/api/messages/send", body | {"content": "other"}, headers={"Idempotency-Key": "key-0"})
        assert other.status == 422, other


def test_the_same_batch_sent_to_two_nodes_at_once_is_one_batch(tmp_path):
    with nodes(tmp_path, 2, settings={"store.batch_rows": 100}) as two:
        for node in two:
            node.start(60).raise_limits()
        body = {"channel": "sms", "content": "once", "recipients": [{"recipient": f"+861380000{n:04}"} for n in range(350)]}
        for number in range(5):
            answers = all_at_once(lambda node: node.post("/api/messages/send-batch", body, headers={"Idempotency-Key": f"batch-{number}"}),
                                  two)
            assert {answer.status for answer in answers} == {202}, answers
            assert len({answer.body["task_id"] for answer in answers}) == 1, answers
        assert ask(tmp_path, "SELECT count(*) FROM message_tasks") == [(5,)]
        assert ask(tmp_path, "SELECT count(*) FROM message_records") == [(5 * 350,)]


def test_counts_of_several_nodes_add_up(tmp_path):
    with nodes(tmp_path, 3) as three:
        for node in three:
            node.start(60).raise_limits()
        shop = three[0].new_key(["send", "read"])
        for node in three:
            wait_until(lambda node=node: node.get("/api/messages", key=shop).status == 200, 5, "the key on every node")
        sent = collections.Counter()

        def load(node):
            tasks = []
            for number in range(10):
                status = node.post("/api/messages/send", {"channel": "sms", "recipient": "+8613800000001", "content": "x"}, key=shop).status
                sent[status] += 1
                answer = node.post("/api/messages/send-batch", {"channel": "sms", "content": "b", "recipients": [
                    {"recipient": f"+861381{number:03}{n:04}"} for n in range(50)]}, key=shop)
                assert answer.status == 202, answer
                tasks.append(answer.body["task_id"])
            return tasks

        tasks = [task for each in all_at_once(load, three) for task in each]
        for task in tasks:
            found = three[0].wait_task(task, 60)
            assert found["success_count"] == 50 and found["status"] == "completed", found
        # On whichever node: statistics are those of the records.
        total = 3 * 10 * 51

        def counted():
            return three[1].get("/api/messages/statistics/overview").body["totals"]["success_count"] == total

        wait_until(counted, 20, "the statistics")
        assert ask(tmp_path, "SELECT count(*) FROM message_records WHERE status = 'success'") == [(total,)]
        assert ask(tmp_path, "SELECT sum(success_count) FROM message_tasks") == [(3 * 10 * 50,)]
        used = wait_until(lambda: ask(tmp_path, "SELECT last_used_ms FROM api_key_facts WHERE last_used_ms IS NOT NULL"), 20, "the use")
        assert len(used) >= 1


def test_a_node_with_another_master_key_is_refused_and_told_what_to_do(tmp_path):
    url = store.postgres().database(tmp_path / "shared")
    shared = {"HONGYAN_STORE_URL": url}
    with HongyanServer(environment=shared) as first:
        key_file = first.data / "master.key"
        second = HongyanServer(environment=shared)
        with pytest.raises(AssertionError, match=r"Copy master\.key from the data folder"):
            second.start()
        assert not (second.data / "master.key").exists(), "an unused key lies where the right one belongs"
        second.data.mkdir(exist_ok=True)
        (second.data / "master.key").write_text(key_file.read_text())
        with second:
            assert second.get("/readyz", key=None).status == 200
        wrong = HongyanServer(environment=shared | {"HONGYAN_MASTER_KEY": MASTER_KEY})
        with pytest.raises(AssertionError, match="Set master_key"):
            wrong.start()
        wrong.remove()
        both = HongyanServer(environment=shared | {"HONGYAN_MASTER_KEY": key_file.read_text().strip() + "," + MASTER_KEY})
        with both:
            assert both.get("/readyz", key=None).status == 200
    store.forget(tmp_path / "shared")


def test_the_master_key_of_the_setting_is_rotated_while_nodes_run(tmp_path):
    fresh = base64.b64encode(b"f" * 32).decode()
    with nodes(tmp_path, 1, environment={"HONGYAN_MASTER_KEY": f"{MASTER_KEY},{fresh}"}) as (node,):
        node.start(60)
        answer = node.post("/api/accounts", {"channel": "webhook", "provider": "webhook", "name": "w",
                                             "settings": {"base_url": "https://example.com", "secret": "whsec_" + MASTER_KEY}})
        assert answer.status == 201, answer
        before = ask(tmp_path, "SELECT secrets FROM provider_accounts")
        url = store.postgres().database(tmp_path / "shared")
        done = command("rotate-master-key", "--data", str(node.data), url=url, HONGYAN_MASTER_KEY=f"{fresh},{MASTER_KEY}")
        assert done.returncode == 0 and "Sealed 1 secrets" in done.stdout, done
        assert ask(tmp_path, "SELECT secrets FROM provider_accounts") != before
        assert node.restart().get(f"/api/accounts/{answer.body['id']}").body["status"] == "active"
        node.stop()
        node.environment["HONGYAN_MASTER_KEY"] = MASTER_KEY
        with pytest.raises(AssertionError, match="Set master_key"):
            node.start()


def test_migrations_of_two_processes_run_once_and_a_newer_schema_is_refused(tmp_path):
    url = store.postgres().database(tmp_path / "shared")
    done = all_at_once(lambda _: command("migrate", "--data", str(tmp_path), "--json", url=url), range(3))
    assert [one.returncode for one in done] == [0, 0, 0], done
    versions = ask(tmp_path, "SELECT version FROM schema_migrations ORDER BY version")
    assert versions == [(n + 1,) for n in range(len(versions))] and len(versions) >= 4
    again = command("migrate", "--data", str(tmp_path), "--dry-run", "--json", url=url)
    assert json.loads(again.stdout)["pending"] == [], again
    ask(tmp_path, "INSERT INTO schema_migrations (version, name, applied_ms) VALUES (9999, 'later', 0)")
    newer = command("migrate", "--data", str(tmp_path), url=url)
    assert newer.returncode == 1 and "9999" in newer.stderr, newer
    store.forget(tmp_path / "shared")


def test_backup_says_how_postgresql_copies_itself_and_the_command_works(tmp_path, server):
    url = store.postgres().database(server.data)
    file = tmp_path / "it's a copy.dump"
    done = command("backup", "--data", str(server.data), "--json", str(file), url=url.replace("hongyan@", "hongyan:secret@"))
    assert done.returncode == 1 and not file.exists(), done
    assert "secret" not in done.stdout + done.stderr
    copied = subprocess.run(json.loads(done.stdout)["command"], shell=True, capture_output=True, text=True, timeout=60, check=False)
    assert copied.returncode == 0 and file.read_bytes()[:5] == b"PGDMP", copied
    said = command("backup", "--data", str(server.data), str(file), url=url)
    assert said.returncode == 1 and "pg_dump --format=custom" in said.stderr and "master.key" in said.stderr, said


def test_doctor_looks_at_postgresql(tmp_path, server):
    url = store.postgres().database(server.data)
    done = command("doctor", "--data", str(server.data), "--json", "--listen", "127.0.0.1:0", url=url)
    checks = {one["name"]: one for one in json.loads(done.stdout)["checks"]}
    assert done.returncode == 0, done
    for name in ("PostgreSQL", "commits", "database", "latency", "clocks", "connections"):
        assert checks[name]["verdict"] == "ok", checks[name]
    assert "disk sync" not in checks and "schema" in checks["database"]["detail"]
    away = command("doctor", "--data", str(tmp_path), "--json", url="postgres://x:hidden@127.0.0.1:1/none")
    checks = {one["name"]: one for one in json.loads(away.stdout)["checks"]}
    assert away.returncode == 1 and checks["PostgreSQL"]["verdict"] == "failure" and checks["PostgreSQL"]["fix"], away
    assert "hidden" not in away.stdout
    (tmp_path / "hongyan.toml").write_text(f"[store]\nurl = '{url}'\n")
    (tmp_path / "hongyan.toml").chmod(0o600)
    by_file = command("doctor", "--config", str(tmp_path / "hongyan.toml"), "--data", str(server.data), "--json", "--listen", "127.0.0.1:0")
    assert by_file.returncode == 0 and '"PostgreSQL"' in by_file.stdout, by_file


def test_the_days_of_messages_have_partitions(fresh_server):
    fresh_server.wait_final(fresh_server.send()["message_id"])
    parts = [name for (name,) in fresh_server.sql(
        "SELECT tableoid::regclass::text FROM message_records")]
    assert re.fullmatch(r"message_records_\d{8}", parts[0]), parts
    ahead = fresh_server.sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'message_records'::regclass")
    assert ahead[0][0] == 4  # today, two days more, and what belongs to no day
    assert ADMIN_KEY not in fresh_server.log()
