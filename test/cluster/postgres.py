#!/usr/bin/env python3
"""Starts and stops a PostgreSQL server of its own for tests and trials: temporary folder, 127.0.0.1, free port.

    test/cluster/postgres.py start DIR [--tls] [--set NAME=VALUE ...]   makes the server if DIR has none, starts it, prints its URL
    test/cluster/postgres.py stop DIR [--mode fast|immediate] [--remove]
    test/cluster/postgres.py restart DIR [--mode fast|immediate]
    test/cluster/postgres.py kill DIR                           SIGKILL to all its processes, as a crash
    test/cluster/postgres.py standby DIR --of PRIMARY           makes and starts a replica of the server in PRIMARY
    test/cluster/postgres.py promote DIR                        makes the replica the primary
    test/cluster/postgres.py url DIR

PostgreSQL refuses to run as root, so root runs it as the user "postgres". DIR/url holds the URL while it runs; the port
stays the same over restarts. Exit code 3: PostgreSQL is not installed; the message says how to install it.
"""
import argparse
import glob
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

INSTALL = "apt-get install -y --no-install-recommends postgresql-15 postgresql-client-15"
WAIT_SECONDS = 60
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "logging_collector": "off",
    "log_destination": "stderr",
}


class Failed(Exception):
    """Cannot be done; the text says why."""


def programs():
    """The folder of initdb and pg_ctl: the newest server of Debian's layout, or the PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    if found:
        return pathlib.Path(found[-1]).parent
    on_path = shutil.which("initdb")
    if on_path:
        return pathlib.Path(on_path).resolve().parent
    print(f"PostgreSQL's server is not installed. Run: {INSTALL}", file=sys.stderr)
    sys.exit(3)


def run(command, folder):
    """Runs a program of the server as a user that PostgreSQL accepts; gives what it printed."""
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=WAIT_SECONDS, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make(folder, settings, tls):
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    run([str(programs() / "initdb"), "-D", str(folder / "data"), "-U", "hongyan", "-A", "trust", "-E", "UTF8",
         "--locale=C.UTF-8", "--no-sync"], folder)
    if tls:
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "data" / "server.key"), "-out",
             str(folder / "data" / "server.crt")], folder)
        (folder / "data" / "server.key").chmod(0o600)
        shutil.copy(folder / "data" / "server.crt", folder / "root.crt")
        settings = {**settings, "ssl": "on"}
    lines = {**SETTINGS, "port": str(free_port()), **settings}
    with open(folder / "data" / "postgresql.conf", "a", encoding="utf-8") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in lines.items())


def make_standby(folder, primary):
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    run([str(programs() / "pg_basebackup"), "-D", str(folder / "data"), "-d", url_of(primary), "-R", "-c", "fast", "--no-sync"],
        folder)
    with open(folder / "data" / "postgresql.conf", "a", encoding="utf-8") as conf:
        conf.write(f"port = '{free_port()}'\n")


def port_of(folder):
    ports = re.findall(r"^port = '(\d+)'", (folder / "data" / "postgresql.conf").read_text(encoding="utf-8"), re.M)
    return int(ports[-1])


def url_of(folder):
    return f"postgres://hongyan@127.0.0.1:{port_of(folder)}/postgres"


def start(folder, settings, tls=False):
    if not (folder / "data" / "PG_VERSION").exists():
        make(folder, settings, tls)
    if not is_running(folder):
        # pg_ctl hands its descriptors on to the server, so the log must not be our pipe.
        run([str(programs() / "pg_ctl"), "start", "-w", "-s", "-t", str(WAIT_SECONDS - 10), "-D", str(folder / "data"),
             "-l", str(folder / "log")], folder)
    (folder / "url").write_text(url_of(folder) + "\n", encoding="utf-8")
    print(url_of(folder))


def first_process(folder):
    try:
        lines = (folder / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return int(lines[0])
    except (OSError, IndexError, ValueError):
        return None


def is_running(folder):
    pid = first_process(folder)
    if pid is None:
        return False
    try:
        return "postgres" in pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8")
    except OSError:
        return False


def stop(folder, mode):
    (folder / "url").unlink(missing_ok=True)
    if is_running(folder):
        run([str(programs() / "pg_ctl"), "stop", "-w", "-s", "-m", mode, "-t", str(WAIT_SECONDS - 10), "-D",
             str(folder / "data")], folder)


def children_of(pid):
    for entry in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = pathlib.Path(entry).read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            yield int(entry.split("/")[2])


def kill(folder):
    """A crash of the whole server: the first process goes first, so that it cannot clean up."""
    pid = first_process(folder)
    if pid is None or not is_running(folder):
        return
    victims = [pid, *children_of(pid)]
    for victim in victims:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass
    until = time.monotonic() + WAIT_SECONDS
    while any(os.path.exists(f"/proc/{victim}") for victim in victims) and time.monotonic() < until:
        time.sleep(0.01)
    (folder / "data" / "postmaster.pid").unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["start", "stop", "restart", "kill", "standby", "promote", "url"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings")
    parser.add_argument("--tls", action="store_true", help="with a certificate for 127.0.0.1, its own root in DIR/root.crt")
    parser.add_argument("--of", type=pathlib.Path, help="folder of the primary, for standby")
    parser.add_argument("--mode", choices=["fast", "immediate"], default="fast")
    parser.add_argument("--remove", action="store_true", help="delete the folder after the stop")
    asked = parser.parse_args()
    folder = asked.folder.absolute()
    programs()
    try:
        if asked.command in ("stop", "restart"):
            stop(folder, asked.mode)
        if asked.command == "standby":
            make_standby(folder, asked.of.absolute())
        if asked.command == "promote":
            run([str(programs() / "pg_ctl"), "promote", "-w", "-s", "-D", str(folder / "data")], folder)
        if asked.command in ("start", "restart", "standby"):
            start(folder, dict(one.split("=", 1) for one in asked.settings), asked.tls)
        if asked.command == "kill":
            kill(folder)
        if asked.command == "url":
            print(url_of(folder))
        if asked.command == "stop" and asked.remove:
            shutil.rmtree(folder, ignore_errors=True)
    except (Failed, OSError, subprocess.TimeoutExpired) as failure:
        print(f"postgres.py: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
