#!/usr/bin/env python3
"""Starts and stops a RabbitMQ of its own for tests, in a folder of its own, on free loopback ports.

    test/cluster/rabbitmq.py start FOLDER     start (a broker that still runs there is stopped first); wait until it serves
    test/cluster/rabbitmq.py stop FOLDER      stop broker and port mapper, remove the folder
    test/cluster/rabbitmq.py kill FOLDER      SIGKILL to the broker, its data stay
    test/cluster/rabbitmq.py again FOLDER     start it again on the same ports and data
    test/cluster/rabbitmq.py ctl FOLDER ...   rabbitmqctl with the rest of the arguments

FOLDER/broker.env then holds NAME=value lines: PORT, TLS_PORT, CA (certificate file), PID. As a module: Broker(folder).
Only Python 3, Debian's rabbitmq-server and openssl are needed; nothing of the machine's own broker is touched.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

PROGRAMS = pathlib.Path("/usr/lib/rabbitmq/bin")
START_SECONDS = 90
STOP_SECONDS = 30
CONFIG = """\
listeners.tcp.1 = 127.0.0.1:{port}
listeners.ssl.1 = 127.0.0.1:{tls_port}
ssl_options.cacertfile = {folder}/ca.pem
ssl_options.certfile = {folder}/server.pem
ssl_options.keyfile = {folder}/server.key
ssl_options.verify = verify_none
loopback_users = none
log.console = false
log.file.level = warning
disk_free_limit.absolute = 50MB
raft.wal_max_size_bytes = 33554432
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def answers(port):
    """True if something on the port speaks AMQP 0-9-1: it begins its handshake with a method frame."""
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as line:
            line.settimeout(2)
            line.sendall(b"AMQP\x00\x00\x09\x01")
            return line.recv(1) == b"\x01"
    except OSError:
        return False


class Broker:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.note = self.folder / "broker.env"

    def values(self):
        lines = self.note.read_text().splitlines() if self.note.exists() else []
        return dict(line.split("=", 1) for line in lines)

    def start(self):
        if not (PROGRAMS / "rabbitmq-server").exists():
            sys.exit("rabbitmq-server is missing; install it with: apt-get install -y rabbitmq-server")
        if self.note.exists():
            self.stop()
        self.folder.mkdir(parents=True, exist_ok=True)
        port, tls_port, dist, epmd = free_ports(4)
        self.write({"PORT": port, "TLS_PORT": tls_port, "DIST_PORT": dist, "EPMD_PORT": epmd,
                    "NODE": f"hongyan-{os.getpid()}@localhost", "CA": self.folder / "ca.pem"})
        self.make_certificates()
        (self.folder / "rabbitmq.conf").write_text(
            CONFIG.format(port=port, tls_port=tls_port, folder=self.folder))
        (self.folder / "plugins").write_text("[].\n")
        self.again()

    def again(self):
        values = self.values()
        with open(self.folder / "output.log", "ab") as output:
            process = subprocess.Popen([PROGRAMS / "rabbitmq-server"], env=self.environment(), cwd=self.folder,
                                       stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        self.write(values | {"PID": process.pid})
        until = time.monotonic() + START_SECONDS
        while not answers(int(values["PORT"])):
            if process.poll() is not None or time.monotonic() > until:
                self.stop_processes()
                sys.exit("rabbitmq-server did not start:\n" + (self.folder / "output.log").read_text()[-3000:])
            time.sleep(0.1)

    def ctl(self, *arguments):
        return subprocess.run([PROGRAMS / "rabbitmqctl", "-q", *arguments], env=self.environment(), cwd=self.folder,
                              stdin=subprocess.DEVNULL, timeout=120).returncode

    def kill(self):
        """The broker and what it started, at once; the port mapper stays."""
        pid = int(self.values().get("PID", 0))
        if pid and self.is_ours(pid):
            os.killpg(pid, signal.SIGKILL)
        until = time.monotonic() + STOP_SECONDS
        while pid and self.is_ours(pid) and time.monotonic() < until:
            time.sleep(0.05)

    def stop(self):
        self.stop_processes()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop_processes(self):
        self.kill()
        # The port mapper detaches itself; it is asked to end by its own program, on the port that only we use.
        epmd = shutil.which("epmd")
        if epmd and self.note.exists():
            subprocess.run([epmd, "-kill"], env=self.environment(), stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=30)

    def is_ours(self, pid):
        """True while a process of that group runs whose environment names our folder; pids are used again."""
        for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rsplit(")", 1)[1].split()
                if int(fields[2]) == pid and fields[0] != "Z" and \
                        str(self.folder).encode() in (status.parent / "environ").read_bytes():
                    return True
            except (OSError, IndexError):
                continue
        return False

    def write(self, values):
        self.note.write_text("".join(f"{name}={value}\n" for name, value in values.items()))

    def environment(self):
        values = self.values()
        own = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        return own | {
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": values["NODE"],
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_DIST_PORT": values["DIST_PORT"],
            "RABBITMQ_PID_FILE": str(self.folder / "broker.pid"),
            "ERL_EPMD_PORT": values["EPMD_PORT"],
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_SECONDS": "0",
            # Two cores are shared with the tests: no spinning while idle.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
            "RABBITMQ_CTL_ERL_ARGS": "+S 1:1 +sbwt none",
        }

    def make_certificates(self):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=60)

        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Hongyan test CA",
                "-keyout", "ca.key", "-out", "ca.pem")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "server.key",
                "-out", "server.csr")
        (self.folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", "names", "-out", "server.pem")


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("start", "stop", "kill", "again", "ctl"):
        sys.exit(__doc__)
    broker = Broker(sys.argv[2])
    result = getattr(broker, sys.argv[1])(*sys.argv[3:])
    sys.exit(result or 0)


if __name__ == "__main__":
    main()
