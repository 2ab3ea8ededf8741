"""Folders and disks that cannot be written: clear words at the start, 503 and no loss while running."""
import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import store
import invariants
from journal import Client, all_asks, check_clients
from support import ADMIN_KEY, HongyanServer, binary, wait_until

IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="mounts a small file system")
TEXT = "x" * 900


@contextlib.contextmanager
def small_disk(mebibytes):
    """A file system of this size that any user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="hongyan-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=777", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


@contextlib.contextmanager
def ordinary_folder():
    """A folder with a copy of the program that a user without rights can reach."""
    folder = Path(tempfile.mkdtemp(prefix="hongyan-rights-"))
    folder.chmod(0o755)
    try:
        shutil.copy(binary(), folder / "hongyan")
        yield folder
    finally:
        shutil.rmtree(folder)


def start_refused(folder, data):
    """A start without root's rights that must fail; gives what it said."""
    options = {"user": "nobody", "group": "nogroup", "extra_groups": []} if IS_ROOT else {}
    done = subprocess.run([folder / "hongyan", "serve", "--data", data, "--listen", "127.0.0.1:0"], capture_output=True,
                          text=True, timeout=20, cwd=folder, env={"HONGYAN_ADMIN_KEY": ADMIN_KEY}, **options)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert "terminate" not in done.stderr and len(done.stderr.splitlines()) <= 5, done.stderr
    return done.stderr


def test_a_folder_that_cannot_be_made_is_named():
    with ordinary_folder() as folder:
        (folder / "closed").mkdir(mode=0o555)
        said = start_refused(folder, "closed/data")
        assert "closed/data" in said and "Permission denied" in said, said


def test_a_folder_that_cannot_be_written_is_named():
    with ordinary_folder() as folder:
        (folder / "data").mkdir(mode=0o555)
        said = start_refused(folder, "data")
        assert "data/" in said and "Permission denied" in said, said


@store.only_on_sqlite
def test_a_database_that_cannot_be_written_is_named():
    with ordinary_folder() as folder:
        with HongyanServer(data=folder / "data") as server:
            server.wait_final(server.send()["message_id"])
            assert server.stop() == 0
        (folder / "data").chmod(0o777)
        for path in (folder / "data").iterdir():
            path.chmod(0o444 if path.name.startswith("hongyan.db") else 0o666)
        said = start_refused(folder, "data")
        assert "hongyan.db" in said, said


@store.only_on_sqlite
def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    content = b"these are my notes, no database\n" * 200
    (data / "hongyan.db").write_bytes(content)
    done = subprocess.run([binary(), "serve", "--data", data, "--listen", "127.0.0.1:0"], capture_output=True, text=True,
                          timeout=20, env={"HONGYAN_ADMIN_KEY": ADMIN_KEY})
    assert done.returncode == 1 and "hongyan.db" in done.stderr, done
    assert (data / "hongyan.db").read_bytes() == content


def fill(server):
    """Sends until the disk is full; gives the tokens that were accepted."""
    accepted = []
    for number in range(40_000):
        answer = server.post("/api/messages/send", {"channel": "sms", "recipient": "13800000000",
                                                    "content": f"{number}-{TEXT}"[:500]})
        if answer.status == 503:
            assert answer.body["type"] == "/problems/storage-failed", answer
            return accepted
        assert answer.status == 202, answer
        accepted.append(int(answer.body["message_id"]))
    raise AssertionError("the disk never got full")


@needs_root
@store.only_on_sqlite
def test_a_full_disk_refuses_new_messages_keeps_the_accepted_ones_and_recovers():
    with small_disk(12) as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(5 << 20))
        with HongyanServer(data=disk / "data") as server:
            server.raise_limits()
            accepted = fill(server)
            assert len(accepted) > 100
            assert server.get("/livez").status == 200
            assert server.get(f"/api/messages/{accepted[0]}").status == 200, "reading goes on"
            assert server.is_alive()
            ballast.unlink()
            wait_until(lambda: server.post("/api/messages/send", {
                "channel": "sms", "recipient": "13800000000", "content": "again"}).status == 202, 10, "the recovery")
            invariants.wait_for_quiescence(server)
            aftermath = invariants.Aftermath(server)
            ended = {record["id"]: record["status"] for record in aftermath.records}
            assert {ended.get(identity) for identity in accepted} == {"success"}
            assert not aftermath.duplicates()
            invariants.check_statistics(aftermath)
            invariants.check_traces(aftermath)
            assert server.stop() == 0
            invariants.check_file(server)


@needs_root
@store.only_on_sqlite
def test_a_server_on_a_full_disk_still_stops_and_the_next_start_goes_on():
    with small_disk(9) as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(5 << 20))
        with HongyanServer(data=disk / "data", settings={"http.stop_grace_seconds": 2, "sandbox.ledger_mib": 0,
                                                         "sandbox.latency_ms": 30}) as server:
            server.raise_limits()
            weights = {"send": 5, "keyed_send": 5, "batch": 5}
            clients = [Client(server, f"full{n}", n, weights, pause=0.001) for n in range(3)]
            for client in clients:
                client.start()
            wait_until(lambda: any(ask.status == 503 for client in clients for ask in client.journal.asks), 60, "a full disk")
            server.stop(seconds=15)
            ballast.unlink()
            server.start()
            check_clients(clients)
            invariants.wait_for_quiescence(server)
            aftermath = invariants.Aftermath(server)
            asks = all_asks(clients)
            invariants.check_accepted_is_final(aftermath, asks)
            invariants.check_one_per_request(aftermath, asks)
            invariants.check_statistics(aftermath)
            invariants.check_traces(aftermath)
