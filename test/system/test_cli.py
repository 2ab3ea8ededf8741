"""Every command of the program once against a real server: what goes to stdout, and the exit code."""
import json
import subprocess

import pytest

import store
from support import ADMIN_KEY, HongyanServer

DONE, FAILED, WRONG, NOT_FOUND, DENIED, NO_SERVER = range(6)


@pytest.fixture(scope="module")
def shop():
    with HongyanServer() as running:
        yield running


def run(server, *arguments, code=DONE, **options):
    """Runs a command that must end with this code; gives its stdout."""
    done = server.cli(*arguments, **options)
    assert done.returncode == code, f"{arguments}: {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def run_json(server, *arguments, **options):
    """The same with --json: one document on one line."""
    out = run(server, *arguments, "--json", **options)
    assert out.count("\n") == 1 and out.endswith("\n"), out
    return json.loads(out)


def write_csv(path, rows, head="recipient,order_no,customer_name,delivery_days"):
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return str(path)


def send_dead(server, name):
    return run_json(server, "send", "--channel", "app", "--to", f"device-fail-permanent-1-{name}", "--subject", "x",
                    "--content", "dead", "--wait", code=FAILED)


# --- messages ---


def test_send_with_a_template_and_wait_then_trace(shop):
    out = run(shop, "send", "--channel", "sms", "--to", "13800138000", "--template", "order_shipped", "--var", "order_no=A17",
              "--var", "customer_name=王小明", "--var", "delivery_days=3", "--wait")
    status, trace_id = out.split()[:2]
    assert status == "success" and trace_id.startswith("msg_")
    table = run(shop, "trace", trace_id)
    assert "success" in table and "queue" in table and "process" in table and "send" in table
    assert run_json(shop, "trace", trace_id)["trace_id"] == trace_id
    message = shop.message(trace_id)
    assert message["content"] == "【鸿雁】王小明您好，您的订单 A17 已发货，预计 3 天内送达。"


def test_send_prints_json_and_repeats_a_key_without_a_second_message(shop):
    arguments = ("send", "--channel", "sms", "--to", "13800138001", "--content", "Hello", "--idempotency-key", "cli-1")
    first, again = run_json(shop, *arguments), run_json(shop, *arguments)
    assert first["message_id"] == again["message_id"]


def test_send_fails_with_its_own_codes(shop):
    refused = shop.cli("send", "--channel", "sms", "--to", "123", "--content", "Hello")
    assert refused.returncode == FAILED and "$.recipient" in refused.stderr and refused.stdout == ""
    run(shop, "send", "--chanel", "sms", code=WRONG)
    run(shop, "sned", code=WRONG)
    run(shop, "trace", "msg_1", code=NOT_FOUND)
    run(shop, "task", "999999", code=NOT_FOUND)
    run(shop, "template", "get", "no_such_template", code=NOT_FOUND)
    run(shop, "key", "revoke", "999999", code=NOT_FOUND)
    run(shop, "template", "list", code=DENIED, key=None)
    run(shop, "template", "list", code=DENIED, key="wrong-key-wrong-key-wrong-key-wrong-key")
    run(shop, "template", "list", "--server", "http://127.0.0.1:9", code=NO_SERVER)


def test_batch_from_a_csv_file_waits_for_its_end(shop, tmp_path):
    rows = [f'138{n:08d},A{n},"王小明, ""{n}""",{n % 9 + 1}' for n in range(500)]
    file = write_csv(tmp_path / "customers.csv", rows)
    dry = shop.cli("batch", file, "--template", "order_shipped", "--dry-run")
    assert dry.returncode == DONE and '王小明, "0"您好，您的订单 A0 已发货，预计 1 天内送达。' in dry.stdout, dry
    done = shop.cli("batch", file, "--template", "order_shipped", "--wait")
    assert done.returncode == DONE, done
    assert "500 recipients accepted" in done.stdout + done.stderr and "500 of 500 sent" in done.stdout + done.stderr
    again = shop.cli("batch", file, "--template", "order_shipped", "--wait")
    assert again.returncode == DONE
    assert shop.sql("SELECT count(*) FROM message_records WHERE task_id IS NOT NULL AND content LIKE '%王小明, \"%'") == [(500,)]
    task = shop.get("/api/messages/tasks").body["items"][0]
    assert task["success_count"] == 500
    assert run_json(shop, "task", str(task["task_id"]), "--wait")["success_count"] == 500


def test_batch_with_wrong_rows_sends_nothing(shop, tmp_path):
    before = shop.sql("SELECT count(*) FROM message_records")
    file = write_csv(tmp_path / "broken.csv", ["13800138000,A1,Lin,3", ",A2,Lin,soon"])
    done = shop.cli("batch", file, "--template", "order_shipped")
    assert done.returncode == FAILED and "line 3" in done.stderr, done
    assert shop.sql("SELECT count(*) FROM message_records") == before


def test_batch_with_a_failing_recipient_ends_with_1(shop, tmp_path):
    file = write_csv(tmp_path / "devices.csv", ["device-good", "device-fail-permanent-1-batch"], head="recipient")
    done = shop.cli("batch", file, "--channel", "app", "--subject", "x", "--content", "y", "--wait")
    assert done.returncode == FAILED and "1 of 2 sent, 1 failed" in done.stdout + done.stderr, done


def test_tail_shows_the_newest_messages_and_stops_at_its_limit(shop):
    trace_ids = [shop.send(recipient="13800138099")["trace_id"] for _ in range(3)]
    for trace_id in trace_ids:
        shop.wait_final(trace_id)
    out = run(shop, "tail", "--recipient", "13800138099", "--lines", "3", "--limit", "3", "--json")
    assert [json.loads(line)["trace_id"] for line in out.splitlines()] == trace_ids


def test_dead_letters_are_listed_grouped_and_sent_again(shop):
    trace_id = send_dead(shop, "dlq")["trace_id"]
    assert trace_id in run(shop, "dlq", "list", "--channel", "app")
    groups = run_json(shop, "dlq", "list", "--groups")["items"]
    reason = next(group["reason"] for group in groups if group["channel"] == "app")
    dry = run_json(shop, "dlq", "retry", "--reason", reason, "--dry-run")
    assert dry["matched"] >= 1 and dry["retried"] == 0
    run(shop, "dlq", "retry", code=WRONG)
    assert run_json(shop, "dlq", "retry", "--all")["retried"] >= 1
    assert shop.wait_final(trace_id)["status"] == "success"


# --- set-up ---


def test_templates_go_round_through_a_file(shop, tmp_path):
    assert "order_shipped" in run(shop, "template", "list")
    file = tmp_path / "notice.json"
    template = json.loads(run(shop, "template", "get", "system_notice"))
    template["content"] = "通知：{{ content }}"
    file.write_text(json.dumps(template, ensure_ascii=False), encoding="utf-8")
    assert "version 2" in run(shop, "template", "push", str(file))
    assert "通知：停电" in run(shop, "template", "render", "system_notice", "--var", "content=停电")
    assert json.loads(run(shop, "template", "get", "system_notice"))["content"] == template["content"]


def test_a_key_is_made_used_listed_and_revoked(shop):
    key = run(shop, "key", "create", "--name", "cli-test", "--scope", "read").strip()
    assert run(shop, "template", "list", key=key)
    run(shop, "send", "--channel", "sms", "--to", "13800138000", "--content", "x", key=key, code=DENIED)
    table = run(shop, "key", "list")
    assert table.splitlines()[0].split() == ["ID", "NAME", "TENANT", "PREFIX", "SCOPES", "CREATED", "STATE"]
    line = next(line for line in table.splitlines() if "cli-test" in line)
    assert key not in table
    run(shop, "key", "revoke", line.split()[0])
    run(shop, "template", "list", key=key, code=DENIED)


def test_the_key_may_come_from_a_file(shop, tmp_path):
    file = tmp_path / "key"
    file.write_text(ADMIN_KEY + "\n")
    assert run(shop, "template", "list", "--key-file", str(file), key=None)


# --- the server's own commands ---


def test_config_commands(shop, tmp_path):
    sample = run(shop, "config", "sample")
    file = tmp_path / "hongyan.toml"
    file.write_text(sample)
    run(shop, "config", "check", str(file))
    file.write_text("[email]\nsmtp_urll = 'x'\n")
    wrong = shop.cli("config", "check", str(file))
    assert wrong.returncode == FAILED and "email.smtp_url" in wrong.stderr + wrong.stdout
    assert 'listen = "127.0.0.1:7777"' in run(shop, "config", "show", "--listen", "127.0.0.1:7777")
    assert run(shop, "config", "docs").startswith("# Configuration")


def test_migrate_makes_a_database_that_the_next_start_takes(shop, tmp_path):
    data = tmp_path / "new"
    run(shop, "migrate", "--data", str(data))
    assert run_json(shop, "migrate", "--data", str(data))["pending"] == []
    if not store.ON_POSTGRES:  # there, nodes may run meanwhile
        busy = shop.cli("migrate", "--data", str(shop.data))
        assert busy.returncode == FAILED and "in use" in busy.stderr, busy
    with HongyanServer(data=data) as server:
        assert server.wait_final(server.send()["message_id"])["status"] == "success"


@store.only_on_sqlite
def test_backup_copies_the_running_server(shop, tmp_path):
    out = run(shop, "backup", "--data", str(shop.data), str(tmp_path / "copy.db"))
    assert "checked" in out and (tmp_path / "copy.db").stat().st_size > 0


def test_doctor_finds_the_server_well(shop):
    out = run(shop, "doctor", "--data", str(shop.data), "--listen", "127.0.0.1:0")
    assert "database" in out and "failure" not in out, out


def test_openapi_is_what_the_server_serves(shop):
    assert json.loads(run(shop, "openapi")) == json.loads(shop.get("/openapi.json", key=None).raw)


def test_version_help_and_completion(shop):
    version = run(shop, "version")
    assert version == run(shop, "--version") and version.startswith("hongyan ")
    assert "Exit codes" in run(shop, "--help")
    for command in ("serve", "send", "batch", "task", "trace", "tail", "dlq", "template", "key", "doctor", "backup"):
        assert f"hongyan {command}" in run(shop, command, "--help")
    script = run(shop, "completion", "bash")
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0 and "hongyan" in script
