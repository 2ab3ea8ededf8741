"""What every system test needs: a real server process on a free loopback port, and a small HTTP client for it.

The server is the program named by HONGYAN_BINARY (else build/release/hongyan), with a data folder and a log of its own, and with
HONGYAN_TEST_STORE=postgres a database of its own (store.py).
Nothing here knows more of the server than its command line, its tables and its HTTP API.
"""

import http.client
import json as json_module
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import store

REPOSITORY = Path(__file__).resolve().parents[2]
ADMIN_KEY = "system-test-admin-key-0123456789abcdef"
FINAL_STATES = {"success", "failed", "cancelled", "expired"}


def binary() -> Path:
    """The program under test."""
    return Path(os.environ.get("HONGYAN_BINARY", REPOSITORY / "build" / "release" / "hongyan")).resolve()


def wait_until(check, seconds: float = 15.0, what: str = "the condition"):
    """Calls `check` until it returns something true, which is returned; fails the test when the time is over."""
    end = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {seconds} s; last answer: {result!r}")
        time.sleep(0.02)


class Answer(NamedTuple):
    """One HTTP answer; `body` is the parsed JSON, or the text if it is not JSON, or None if there is none."""

    status: int
    headers: http.client.HTTPMessage
    body: Any
    raw: bytes


def parse_body(headers, raw: bytes) -> Any:
    if not raw:
        return None
    if "json" in (headers.get("Content-Type") or ""):
        return json_module.loads(raw)
    return raw.decode("utf-8", "replace")


class HongyanServer:
    """A server process. One data folder and one port over all its restarts; stop() or kill() end it, start() resumes.

    `settings` are names and values of `hongyan config docs` ({"sandbox.latency_ms": 50}), passed with --set;
    `environment` is added to the server's environment. Safe to call() from many threads at once.
    """

    def __init__(self, data: Path | None = None, settings: dict | None = None, environment: dict | None = None,
                 admin_key: str | None = ADMIN_KEY):
        self._own_folder = data is None
        self.folder = Path(tempfile.mkdtemp(prefix="hongyan-test-"))
        self.data = Path(data) if data else self.folder / "data"
        self.settings = dict(settings or {})
        self.environment = dict(environment or {})
        self.admin_key = admin_key
        self.port = 0
        self.starts = 0
        self.process: subprocess.Popen | None = None
        self._local = threading.local()

    # --- the process ---

    @property
    def log_path(self) -> Path:
        """stderr of all starts, one after the other."""
        return self.folder / "log"

    @property
    def out_path(self) -> Path:
        """stdout of the latest start."""
        return self.folder / "out"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        return self.log_path.read_text("utf-8", "replace") if self.log_path.exists() else ""

    def out(self) -> str:
        return self.out_path.read_text("utf-8", "replace") if self.out_path.exists() else ""

    def start(self, ready_seconds: float = 20.0) -> "HongyanServer":
        """Starts the process and waits until /readyz says 200."""
        assert self.process is None, "the server runs already"
        command = [str(binary()), "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}"]
        for name, value in self.settings.items():
            command += ["--set", f"{name}={value}"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("HONGYAN_")}
        if self.admin_key:
            environment["HONGYAN_ADMIN_KEY"] = self.admin_key
        environment.update(store.settings_of(self.data))
        environment.update(self.environment)
        with open(self.out_path, "wb") as out, open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdout=out, stderr=log, stdin=subprocess.DEVNULL,
                                            env=environment, cwd=self.folder)
        self.starts += 1
        try:
            wait_until(self._is_ready, ready_seconds, "the server's readiness")
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}\n{self.log()[-4000:]}") from None
        return self

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}")
        if self.port == 0:
            found = re.search(r"http://localhost:(\d+)/", self.out())
            if not found:
                return False
            self.port = int(found.group(1))
        try:
            return self.call("GET", "/readyz", key=None).status == 200
        except OSError:
            return False

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL: as a power cut, as far as the process is concerned."""
        self._end(signal.SIGKILL, 10)

    def stop(self, seconds: float = 30.0) -> int:
        """SIGTERM and wait; returns the exit status."""
        return self._end(signal.SIGTERM, seconds)

    def _end(self, number: int, seconds: float) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the server did not stop within {seconds} s\n{self.log()[-4000:]}") from None

    def restart(self, kill: bool = False) -> "HongyanServer":
        self.kill() if kill else self.stop()
        return self.start()

    def remove(self) -> None:
        """Ends the server and deletes its folders; a data folder that was given stays."""
        self.kill()
        if self._own_folder:
            store.forget(self.data)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "HongyanServer":
        return self if self.process else self.start()

    def __exit__(self, *_) -> None:
        self.remove()

    def sql(self, statement: str, values=()) -> list[tuple]:
        """One statement on the server's database, as an operator's shell would run it."""
        return store.ask(self.data, statement, values)

    def cli(self, *arguments: str, key: str | None = ADMIN_KEY, **options) -> subprocess.CompletedProcess:
        """Runs a command of the program against this server."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("HONGYAN_")}
        environment |= {"HONGYAN_SERVER": self.url} | ({"HONGYAN_API_KEY": key} if key else {})
        # Commands that name a data folder work on its store.
        named = arguments[arguments.index("--data") + 1] if "--data" in arguments else self.data
        environment |= store.settings_of(Path(named))
        return subprocess.run([str(binary()), *arguments], env=environment, cwd=self.folder, capture_output=True,
                              text=True, timeout=60, **options)

    # --- HTTP ---

    def call(self, method: str, path: str, json: Any = None, *, body: bytes | str | None = None,
             headers: dict | None = None, key: str | None = ADMIN_KEY, query: dict | None = None,
             timeout: float = 30.0) -> Answer:
        """One request. `json` is written as JSON, `body` is sent as it is; `key` None sends no Authorization.

        Each thread keeps its connection. Nothing is repeated: a lost connection is an OSError or HTTPException.
        """
        if json is not None:
            body = json_module.dumps(json, ensure_ascii=False)
        if isinstance(body, str):
            body = body.encode("utf-8", "surrogatepass")
        if query:
            path += "?" + urlencode({k: v for k, v in query.items() if v is not None})
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        sent.update(headers or {})
        connection = self._connection(timeout)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            raw = response.read()
        except Exception:
            connection.close()
            self._local.connection = None
            raise
        if response.will_close:
            self._local.connection = None
        self._local.used = time.monotonic()
        return Answer(response.status, response.headers, parse_body(response.headers, raw), raw)

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        local = self._local
        connection = getattr(local, "connection", None)
        # A connection of an earlier start, or one that the server may be about to close, is not used again.
        if connection and local.start == self.starts and time.monotonic() - local.used < 30:
            connection.timeout = timeout
            if connection.sock:
                connection.sock.settimeout(timeout)
            return connection
        if connection:
            connection.close()
        local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        local.start, local.used = self.starts, time.monotonic()
        return local.connection

    def raw(self, data: bytes, seconds: float = 5.0, half_close: bool = False) -> bytes:
        """Sends bytes on a connection of their own and returns all that comes back until the end or the time."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            end = time.monotonic() + seconds
            try:
                connection.sendall(data)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
                while time.monotonic() < end:
                    connection.settimeout(max(0.01, end - time.monotonic()))
                    part = connection.recv(65536)
                    if not part:
                        break
                    received += part
            except (TimeoutError, ConnectionError):
                pass
        return received

    # --- short cuts of the API ---

    def get(self, path: str, **options) -> Answer:
        return self.call("GET", path, **options)

    def post(self, path: str, json: Any = None, **options) -> Answer:
        return self.call("POST", path, json, **options)

    def send(self, **fields) -> dict:
        """Sends a message (by default an SMS to +8613800000001) that must be accepted; returns the answer's body."""
        fields = {"channel": "sms", "recipient": "+8613800000001", "content": "hello"} | fields
        answer = self.post("/api/messages/send", {k: v for k, v in fields.items() if v is not None})
        assert answer.status == 202, answer
        return answer.body

    def message(self, message_id) -> dict:
        answer = self.get(f"/api/messages/{message_id}")
        assert answer.status == 200, answer
        return answer.body

    def wait_final(self, message_id, seconds: float = 15.0) -> dict:
        """The message once it is in a final state."""

        def final():
            message = self.message(message_id)
            return message if message["status"] in FINAL_STATES else None

        return wait_until(final, seconds, f"the end of message {message_id}")

    def wait_task(self, task_id, seconds: float = 30.0) -> dict:
        """The task once nothing of it is pending."""

        def done():
            task = self.get(f"/api/messages/tasks/{task_id}").body
            return task if task["pending_count"] == 0 else None

        return wait_until(done, seconds, f"the end of task {task_id}")

    def all_items(self, path: str, limit: int = 200, **query) -> list[dict]:
        """All items of a listing, page by page."""
        items, cursor = [], None
        for _ in range(10_000):
            answer = self.get(path, query=query | {"limit": limit, "cursor": cursor})
            assert answer.status == 200, answer
            items += answer.body["items"]
            cursor = answer.body.get("next_cursor")
            if not cursor:
                return items
        raise AssertionError(f"{path} never ends")

    def new_key(self, scopes, tenant=None, **fields) -> str:
        """Makes an API key and returns its secret."""
        request = {"name": "test", "scopes": list(scopes)} | fields
        if tenant is not None:
            request["tenant"] = tenant
        answer = self.post("/api/keys", request)
        assert answer.status == 201, answer
        return answer.body["key"]

    def raise_limits(self, value: int = 1_000_000) -> None:
        """Lifts every seeded limit, so that a test under load meets none of them."""
        for limit in self.get("/api/limits").body["items"]:
            answer = self.call("PATCH", f"/api/limits/{limit['id']}", {"max_value": value})
            assert answer.status == 200, answer
