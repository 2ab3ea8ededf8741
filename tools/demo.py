#!/usr/bin/env python3
"""Starts the built server, sends one message on each channel through the sandbox, shows their traces, and stays until Ctrl-C.

    tools/demo.py              the whole of it; exits with 0 after a clean stop
    tools/demo.py check-port   only say whether the port is free

PORT (8000) and DATA (./data) may be given in the environment. Only the standard library is used.
"""
import ctypes
import http.client
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import time
import unicodedata
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / "build" / "release" / "hongyan"
HOST = "127.0.0.1"
WHAT = os.environ.get("MAKE_TARGET", "run")  # of make, for advice
READY_SECONDS = 20
FINAL_SECONDS = 10
STOP_SECONDS = 30
SETTLED = {"success", "delivered", "failed", "expired", "cancelled", "unknown"}
COLUMNS = ("channel", "recipient", "message_id", "status", "queue ms", "process ms", "send ms", "total ms")
# One message a channel. Those that name a template get the sample values that its variables declare.
MESSAGES = (
    {"channel": "sms", "recipient": "13800138000", "template": "order_shipped", "priority": 8},
    {"channel": "email", "recipient": "li.si@example.com", "template": "promotion"},
    {"channel": "app", "recipient": "device-7f3a9c21", "template": "equipment_maintenance"},
    {"channel": "wechat", "recipient": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "subject": "订单提醒",
     "content": "您的订单 SO20261123001 已签收，感谢您的信任。"},
    {"channel": "feishu", "recipient": "ou_7d8a6e6df7621556ce0d21922b676706", "template": "system_notice",
     "priority": 10},
)


class Trouble(Exception):
    """What stops the demo, as a sentence for the person who started it."""


class Stopped(Exception):
    """Somebody pressed Ctrl-C or asked us to end."""


def say(text=""):
    print(text, flush=True)


def read_port():
    text = os.environ.get("PORT", "8000")
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Trouble(f"PORT is {text!r}; it must be a number from 1 to 65535")
    return int(text)


def check_port(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise Trouble(f"port {port} may only be used by root; choose another: PORT=8001 make {WHAT}") from None
        except OSError:
            other = port + 1 if port < 65535 else port - 1
            raise Trouble(f"port {port} is taken by another program; choose another: PORT={other} make {WHAT}") from None


def read_key(folder):
    """The admin key of this data folder, made at the first run and readable by its owner only."""
    path = folder / "demo.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(24) + "\n")
    except FileExistsError:
        pass
    key = path.read_text().strip()
    if len(key) < 32:
        raise Trouble(f"{path} does not hold a key; delete it and start again")
    return path, key


def die_with_parent():
    """In the server: even if this program is killed outright, the server is asked to stop."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Server:
    """The server process: in a group of its own, so that Ctrl-C reaches it only through us, as SIGTERM."""

    def __init__(self, port, folder, key):
        self.port = port
        self.key = key
        self.log_path = folder / "hongyan.log"
        # Whoever tries the demo has not set up a server: what the shell happens to hold must not change it.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HONGYAN_")}
        environment["HONGYAN_ADMIN_KEY"] = key
        with open(self.log_path, "ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                [BINARY, "serve", "--data", folder, "--listen", f"{HOST}:{port}"], cwd=ROOT, env=environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=die_with_parent)

    def last_lines(self):
        with open(self.log_path, "rb") as log:
            log.seek(self.log_start)
            lines = log.read().decode(errors="replace").splitlines()[-20:]
        return "\n".join(f"  | {line}" for line in lines) or "  | (it printed nothing)"

    def check_alive(self):
        if self.process.poll() is not None:
            code = self.process.returncode
            how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
            raise Trouble(f"the server ended {how}. Its last lines, from {self.log_path}:\n{self.last_lines()}")

    def stop(self):
        """True if it ended by itself, in time and with exit code 0."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                say(f"The server did not stop within {STOP_SECONDS} seconds and is killed; nothing accepted is lost.")
                self.process.kill()
                self.process.wait()
        return self.process.returncode == 0

    def call(self, method, path, body=None):
        """The status and JSON of one answer; (0, None) if there was none."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text.decode(errors="replace")
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()

    def need(self, method, path, body=None):
        """The JSON of an answer that must be a good one."""
        status, answer = self.call(method, path, body)
        if status == 0:
            self.check_alive()
            raise Trouble(f"no answer to {method} {path}. The server's last lines:\n{self.last_lines()}")
        if not 200 <= status < 300:
            raise Trouble(f"{method} {path} was answered with {status}:\n{json.dumps(answer, ensure_ascii=False, indent=2)}")
        return answer

    def wait_ready(self):
        started = time.monotonic()
        while time.monotonic() - started < READY_SECONDS:
            self.check_alive()
            if self.call("GET", "/readyz")[0] == 200:
                return time.monotonic() - started
            time.sleep(0.02)
        raise Trouble(f"the server was not ready after {READY_SECONDS} seconds. Its last lines:\n{self.last_lines()}")


def sample_value(variable):
    text = variable.get("sample")
    if variable.get("type") in ("integer", "number", "boolean") and isinstance(text, str):
        return json.loads(text)
    return text


def template_samples(server):
    """By the name of each template, values for its variables."""
    templates = server.need("GET", "/api/messages/templates")["items"]
    return {template["name"]: {variable["name"]: sample_value(variable) for variable in template["variables"]}
            for template in templates}


def send_all(server):
    samples = template_samples(server)
    sent = []
    for message in MESSAGES:
        body = dict(message)
        if "template" in message:
            if message["template"] not in samples:
                raise Trouble(f"the template {message['template']} is gone; start with an empty folder: DATA=./fresh make run")
            body["variables"] = samples[message["template"]]
        answer = server.need("POST", "/api/messages/send", body)
        sent.append((message, answer))
    return sent


def wait_final(server, sent):
    """The trace of each message once all are settled, or as they stand when the time is up."""
    end = time.monotonic() + FINAL_SECONDS
    while True:
        traces = [server.need("GET", "/api/messages/traces/" + urllib.parse.quote(answer["trace_id"]))
                  for _, answer in sent]
        if all(trace["status"] in SETTLED for trace in traces) or time.monotonic() > end:
            return traces
        time.sleep(0.05)


def node_ms(trace, name):
    """Milliseconds of all visits to a node; "-" if it was not visited or is not over."""
    times = [node["duration_ms"] for node in trace["nodes"]
             if node["name"] == name and isinstance(node.get("duration_ms"), (int, float))]
    return f"{sum(times):g}" if times else "-"


def width_of(text):
    """Columns of a terminal that the text takes; Chinese takes two a letter."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def print_table(rows):
    table = [COLUMNS, *rows]
    widths = [max(width_of(row[column]) for row in table) for column in range(len(COLUMNS))]

    def line(row):
        cells = []
        for column, (text, width) in enumerate(zip(row, widths)):
            pad = " " * (width - width_of(text))
            cells.append(pad + text if column >= 4 else text + pad)
        return "  " + "  ".join(cells).rstrip()

    say(line(table[0]))
    say("  " + "  ".join("-" * width for width in widths))
    for row in rows:
        say(line(row))


def show_messages(server):
    sent = send_all(server)
    traces = wait_final(server, sent)
    rows = [(message["channel"], message["recipient"], str(answer["message_id"]), trace["status"],
             node_ms(trace, "queue"), node_ms(trace, "process"), node_ms(trace, "send"),
             f"{trace['statistics']['total_duration_ms']:g}")
            for (message, answer), trace in zip(sent, traces)]
    say("\nOne message on each channel, delivered through the built-in sandbox:\n")
    print_table(rows)
    failed = [row[0] for row in rows if row[3] not in ("success", "delivered")]
    if failed:
        raise Trouble(f"not delivered within {FINAL_SECONDS} seconds: {', '.join(failed)}")
    return sent[0][1]["trace_id"]


def show_places(server, key_path, trace_id):
    address = f"http://{HOST}:{server.port}"
    say(f"""
  API docs     {address}/docs
  Monitor      {address}/monitor
  Admin key    {show_path(key_path)} (for both pages, and for the command line)
  Server log   {show_path(server.log_path)}

  One of the traces:
    HONGYAN_API_KEY_FILE={show_path(key_path)} build/release/hongyan trace {trace_id} --server {address}

Running until Ctrl-C.""")


def show_path(path):
    try:
        return path.relative_to(pathlib.Path.cwd())
    except ValueError:
        return path


def take_terminal():
    """Makes us the terminal's foreground group, so that Ctrl-C stops the demo cleanly and "make" above us ends with 0.

    Returns the group that had it, or None where there is no terminal.
    """
    try:
        before = os.tcgetpgrp(0)
        if before != os.getpgrp():
            return None
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # the shell does not know our group and could not wake it
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpgrp())
        return before
    except OSError:
        return None


def give_terminal(before):
    if before is not None:
        try:
            os.tcsetpgrp(0, before)
        except OSError:
            pass


def stop_signals():
    def stop(number, frame):
        # Asked once is enough: a second Ctrl-C must not cut the clean stop short.
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        raise Stopped

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, stop)


def run(port, folder):
    folder.mkdir(parents=True, exist_ok=True)
    key_path, key = read_key(folder)
    check_port(port)
    server = Server(port, folder, key)
    try:
        seconds = server.wait_ready()
        say(f"\nHongyan is ready at http://{HOST}:{port} after {seconds:.2f} s.")
        show_places(server, key_path, show_messages(server))
        while True:
            server.check_alive()
            time.sleep(0.2)
    except Stopped:
        say("\nStopping…")
        if not server.stop():
            raise Trouble(f"the server did not stop cleanly. Its last lines:\n{server.last_lines()}") from None
        say("stopped cleanly")
    finally:
        server.stop()


def main():
    terminal = None
    try:
        port = read_port()
        if sys.argv[1:] == ["check-port"]:
            check_port(port)
            return 0
        if not BINARY.exists():
            raise Trouble("build/release/hongyan is missing; run: make build")
        terminal = take_terminal()
        stop_signals()
        run(port, pathlib.Path(os.environ.get("DATA", ROOT / "data")).absolute())
        return 0
    except Stopped:
        return 0  # before there was a server to stop
    except Trouble as trouble:
        print(f"\nrun: {trouble}", file=sys.stderr)
        return 1
    finally:
        give_terminal(terminal)


if __name__ == "__main__":
    sys.exit(main())
