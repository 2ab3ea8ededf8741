"""What the peer tests share: the provider universe as a running program, its own API, receipts' receiver,
and the packages of vendors. See README.md."""

import hashlib
import http.server
import importlib.util
import json
import os
import pathlib
import queue
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def built(name: str) -> pathlib.Path:
    """A program of the build: in HONGYAN_BUILD, else in the newest of the folders below build/ that has it."""
    folders = [os.environ["HONGYAN_BUILD"]] if "HONGYAN_BUILD" in os.environ else (ROOT / "build").glob("*")
    found = [path for path in (pathlib.Path(folder) / name for folder in folders) if path.exists()]
    if not found:
        pytest.fail(f"{name} is not built; run: tools/build {name}")
    return max(found, key=lambda path: path.stat().st_mtime).resolve()


def binary() -> pathlib.Path:
    """The program under test: HONGYAN_BINARY, else the release build."""
    path = pathlib.Path(os.environ.get("HONGYAN_BINARY", ROOT / "build/release/hongyan"))
    if not path.exists():
        pytest.fail(f"{path} is missing; run: tools/build hongyan")
    return path


def system_support():
    """The module test/system/support.py, for tests that need a whole server."""
    name = "system_support"
    if name not in sys.modules:
        sys.path.append(str(ROOT / "test/system"))  # for what it imports; behind our own names
        spec = importlib.util.spec_from_file_location(name, ROOT / "test/system/support.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def need(program: str, install: str) -> str:
    """The program's path; the test fails with the way to install it if there is none."""
    found = shutil.which(program)
    if found is None:
        pytest.fail(f"{program} is missing; run: {install}")
    return found


def npm_ci(folder: pathlib.Path) -> pathlib.Path:
    """Installs a folder's locked packages, once for each state of its lock file."""
    need("npm", "apt-get install nodejs npm")
    stamp = folder / "node_modules/.installed"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"],
                              cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            pytest.fail(f"npm ci in {folder} failed:\n{done.stderr[-2000:]}")
        stamp.write_text(wanted)
    return folder / "node_modules"


def node(script: pathlib.Path, task=None, timeout=60, **environment):
    """Runs a node program with the task as JSON on its standard input; its standard output as text."""
    need("node", "apt-get install nodejs npm")
    done = subprocess.run(["node", script], input=json.dumps(task), capture_output=True, text=True,
                          timeout=timeout, env={**os.environ, "NO_PROXY": "*", **environment}, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


class Universe:
    """`hongyan sandbox` on free ports, in a folder of its own."""

    def __init__(self, folder: pathlib.Path, toml: str = "", arguments=()):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        command = [binary(), "sandbox", "--http-port", "0", "--data", folder / "data", "--print-json", *arguments]
        if toml:
            (folder / "universe.toml").write_text(toml)
            command += ["--file", folder / "universe.toml"]
        self.log = open(folder / "sandbox.log", "ab")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(timeout=10)
            pytest.fail("hongyan sandbox did not start: " + (folder / "sandbox.log").read_text()[-2000:])
        self.info = json.loads(line)
        self.http = self.info["http"]
        self.https = self.info["https"]
        self.ca_file = self.info["ca_file"]
        self.services = self.info["services"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def port(self) -> int:
        return urllib.parse.urlsplit(self.http).port

    @property
    def tls_port(self) -> int:
        return urllib.parse.urlsplit(self.https).port

    def address(self, service: str) -> tuple[str, int]:
        """Host and port of a service that listens by itself."""
        host, port = self.services[service]["address"].rsplit(":", 1)
        return host, int(port)

    def call(self, method: str, path: str, body=None, headers=None, tls=False):
        """Status, headers and body (bytes) of one request."""
        data = body if body is None or isinstance(body, bytes) else \
            body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request = urllib.request.Request((self.https if tls else self.http) + path, data=data, method=method,
                                         headers=headers or {})
        context = ssl.create_default_context(cafile=self.ca_file) if tls else None
        handlers = [urllib.request.ProxyHandler({})]
        if context:
            handlers.append(urllib.request.HTTPSHandler(context=context))
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=20) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def own(self, method: str, name: str, body=None):
        """The universe's own API; anything but 200 fails the test."""
        status, _, text = self.call(method, f"/_universe/{name}", body)
        assert status == 200, text.decode()
        return json.loads(text)

    def inbox(self, **filters) -> list[dict]:
        """What arrived, oldest first; filters: service, channel, recipient, limit, after."""
        return self.own("GET", "inbox?" + urllib.parse.urlencode(filters))["messages"]

    def last(self, service: str) -> dict:
        return self.inbox(service=service, limit=1)[0]

    def ledger(self, service: str) -> dict:
        none = {"arrived": 0, "distinct_tokens": 0, "duplicates": 0, "exact": True}
        return self.own("GET", "ledger")["services"].get(service, none)

    def account(self, service: str) -> dict:
        """The settings of an account that reaches the service."""
        found = next(one for one in self.own("GET", "services")["services"] if one["name"] == service)
        return found["sample_account"]["settings"]

    def set(self, service: str, **settings: str):
        """Changes settings of a service until the next reset()."""
        self.own("PUT", "settings", {service: settings})

    def chaos(self, toml: str = ""):
        """Replaces the chaos script; without one there is none."""
        return self.own("PUT", "chaos", toml)

    def reset(self):
        self.own("POST", "reset")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        self.log.close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=20)


class Receiver(http.server.ThreadingHTTPServer):
    """Takes receipts. answers holds the statuses of the next ones; then, and else, 200."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.came = queue.Queue()
        self.answers = queue.Queue()
        self.reply = b'{"code":0,"msg":"ok"}'
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.came.put({"path": self.path, "headers": headers, "body": body})
            self.send_response(200 if self.server.answers.empty() else self.server.answers.get())
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(self.server.reply)))
            self.end_headers()
            self.wfile.write(self.server.reply)

        def log_message(self, *arguments):
            pass

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, count=1, timeout=20) -> list[dict]:
        return [self.came.get(timeout=timeout) for _ in range(count)]
