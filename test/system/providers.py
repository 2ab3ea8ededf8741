"""Providers in the hands of a test: small HTTP servers that do whatever they are told, a server with simulated providers
beside it, and short cuts for accounts. What a Provider received is the truth that the tests count against."""
import base64
import collections
import hashlib
import hmac
import http.client
import http.server
import itertools
import json
import re
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from openapi import Document, check_problem
from support import HongyanServer, wait_until

SETTINGS = {"sandbox.http_port": 0, "sandbox.https_port": 0, "outbound.allow_networks": "127.0.0.0/8",
            "delivery.retry_base_ms": 40, "delivery.retry_max_ms": 400}
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
_names = itertools.count(1)


class Arrival:
    """One request as it came in."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body, self.at = path, headers, body, time.monotonic()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        """What the message says, for webhook and slack alike."""
        data = self.json
        return data["data"]["content"] if "data" in data else data["text"]


class Answer(Exception):
    """What a Provider answers. hang: reads and stays silent; cut: reads, then closes without a word."""

    def __init__(self, status=200, body=b"ok", headers=(), hang=False, cut=False, delay=0.0):
        super().__init__(status)
        self.status, self.body, self.headers, self.hang, self.cut, self.delay = status, body, headers, hang, cut, delay


class Provider:
    """An HTTP server on a port of its own. `next` answers go first, one request each; then `answer` for all.

    `answer` is an Answer or a function of the Arrival. taken() are those that got a 2xx, all() every request.
    """

    def __init__(self, answer=None, port=0):
        self.answer = answer or Answer()
        self.next = collections.deque()
        self._arrivals, self._taken = [], []
        self._lock = threading.Lock()
        self._released = threading.Event()
        self.port = port
        self._server = None
        self.start()

    def start(self):
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                owner._handle(self)

            do_HEAD = do_GET = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512
            block_on_close = False

            def handle_error(self, *_):
                pass

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        """Refuses connections from now on. Those that are open stay."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        self._server = None

    def release(self):
        """Ends all hanging requests, unanswered."""
        self._released.set()

    def _handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        came = Arrival(handler.path, {k.lower(): v for k, v in handler.headers.items()}, body)
        with self._lock:
            answer = self.next.popleft() if self.next and handler.command == "POST" else self.answer
            if not isinstance(answer, Answer):
                answer = answer(came)
            if handler.command == "POST":
                self._arrivals.append(came)
                if answer.status < 300 and not answer.hang and not answer.cut:
                    self._taken.append(came)
        if answer.delay:
            time.sleep(answer.delay)
        if answer.hang:
            self._released.wait(60)
        if answer.hang or answer.cut:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        reply = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        handler.send_response(answer.status)
        for name, value in dict(answer.headers).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(reply)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(reply)

    def all(self):
        with self._lock:
            return list(self._arrivals)

    def taken(self):
        with self._lock:
            return list(self._taken)

    def texts(self):
        """How often each text came, whatever was answered."""
        return collections.Counter(one.text for one in self.all())

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()
        self.stop()


class Provided(HongyanServer):
    """A server with simulated providers beside it; each answer is held against the server's OpenAPI document."""

    document = None

    def __init__(self, **options):
        options["settings"] = SETTINGS | options.get("settings", {})
        super().__init__(**options)

    def start(self, *arguments, **options):
        self.document = None
        super().start(*arguments, **options)
        self.document = Document(json.loads(self.call("GET", "/openapi.json", key=None).raw))
        return self

    def call(self, method, path, *arguments, **options):
        answer = super().call(method, path, *arguments, **options)
        if self.document is not None and not path.startswith("/api/callbacks"):
            operation = self.document.find(method, path)
            if operation:
                self.document.check_answer(operation, answer)
            elif answer.status >= 400:
                check_problem(answer)
        return answer

    @property
    def universe(self):
        """Address of the simulated providers of the latest start."""
        return re.findall(r"providers_simulated http=(\S+)", self.log())[-1]

    def own(self, name, body=None, method=None):
        """The simulated providers' own API."""
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(f"{self.universe}/_universe/{name}", data=data,
                                         method=method or ("GET" if data is None else "PUT"))
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            return json.loads(answer.read())

    def inbox(self, service, **filters):
        return self.own("inbox?" + urllib.parse.urlencode({"service": service, "limit": 1000} | filters))["messages"]

    def sample(self, service):
        """Settings of an account that reaches a simulated provider."""
        found = next(one for one in self.own("services")["services"] if one["name"] == service)
        return found["sample_account"]["settings"]


class Tenant:
    """A tenant of its own with accounts, so that tests can share a server."""

    def __init__(self, server, tenant=None):
        self.server = server
        self.name = tenant or f"tenant-{next(_names)}"
        self.key = server.new_key(["admin"], tenant=self.name)

    def call(self, method, path, json=None, **options):
        return self.server.call(method, path, json, **({"key": self.key} | options))

    def get(self, path, **options):
        answer = self.call("GET", path, **options)
        assert answer.status == 200, answer
        return answer.body

    def account(self, provider, settings, **fields):
        """Makes an account; its answer's body."""
        channel = fields.pop("channel", provider)
        request = {"channel": channel, "provider": provider, "name": f"a{next(_names)}", "settings": settings} | fields
        answer = self.call("POST", "/api/accounts", request)
        assert answer.status == 201, answer
        return answer.body

    def webhook(self, provider, **fields):
        """An account of provider "webhook" whose messages go to a Provider."""
        settings = {"base_url": provider.url, "trusted": True, "secret": SECRET} | fields.pop("settings", {})
        return self.account("webhook", settings, **fields)

    def slack(self, provider, **fields):
        settings = {"webhook_url": provider.url + "/hook"} | fields.pop("settings", {})
        return self.account("slack", settings, **fields)

    def patch(self, account, **fields):
        answer = self.call("PATCH", f"/api/accounts/{account['id']}", fields)
        assert answer.status == 200, answer
        return answer.body

    def health(self, account):
        return self.get(f"/api/accounts/{account['id']}")["health"]

    def send(self, channel="webhook", **fields):
        """Sends one message that must be accepted; its id."""
        recipient = {"webhook": "in/1", "slack": "robot", "dingtalk": "robot"}.get(channel)
        fields = {"channel": channel, "recipient": recipient, "content": f"text {next(_names)}"} | fields
        answer = self.call("POST", "/api/messages/send", {k: v for k, v in fields.items() if v is not None})
        assert answer.status == 202, answer
        return answer.body["message_id"]

    def batch(self, count, channel="webhook", recipient=lambda n: f"in/{n}", content="bulk", **fields):
        """A batch of equal messages; its task id."""
        rows = [{"recipient": recipient(n)} for n in range(count)]
        answer = self.call("POST", "/api/messages/send-batch",
                           {"channel": channel, "content": content, "recipients": rows} | fields)
        assert answer.status == 202, answer
        return answer.body["task_id"]

    def message(self, identity):
        return self.get(f"/api/messages/{identity}")

    def wait_status(self, identity, *wanted, seconds=15):
        def check():
            message = self.message(identity)
            return message if message["status"] in wanted else None
        try:
            return wait_until(check, seconds, f"status {wanted} of {identity}")
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.message(identity)}; {self.why(identity)}") from None

    def attempts(self, identity):
        """(outcome class or "success", provider) of every attempt."""
        trace = self.get(f"/api/messages/traces/{self.message(identity)['trace_id']}")
        numbers = [one["attempt"] for one in trace["attempts"]]
        assert numbers == sorted(set(numbers)), trace
        return [one.get("error_class", one["outcome"]) for one in trace["attempts"]]

    def why(self, identity):
        return self.get(f"/api/messages/{identity}/why")["decisions"]


def free_port():
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def account_of(decision):
    """The account that a decision of step route chose."""
    return [one["name"] for one in decision["inputs"]["accounts"] if one["verdict"].startswith("chosen")]


def verify_webhook(headers, body, secrets, tolerance=300):
    """Standard Webhooks, written from its specification alone. The number of secrets whose signature is there."""
    identity, stamp = headers["webhook-id"], headers["webhook-timestamp"]
    assert abs(time.time() - int(stamp)) < tolerance, stamp
    given = [part.split(",", 1) for part in headers["webhook-signature"].split(" ")]
    assert all(version in ("v1", "v1a") for version, _ in given), given
    signatures = {value for version, value in given if version == "v1"}
    found = 0
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mine = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
        found += base64.b64encode(mine).decode() in signatures
    return found
