"""The few calls of Hongyan's HTTP API that the driver itself makes, and a reader of its metrics."""

import http.client
import json
import re

_sample = re.compile(r"^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)")
_label = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class ApiError(Exception):
    """An answer that was not 2xx, or none at all."""


class Metrics:
    """One reading of /metrics."""

    def __init__(self, text):
        self.samples = []
        for line in text.splitlines():
            match = _sample.match(line)
            if match:
                self.samples.append(
                    (match[1], dict(_label.findall(match[2] or "")), float(match[3]))
                )

    def total(self, name, **labels):
        """The sum over all label values; 0 when nothing was counted yet."""
        return sum(
            value
            for sample, given, value in self.samples
            if sample == name and labels.items() <= given.items()
        )

    def required(self, name):
        if not any(sample == name for sample, _, _ in self.samples):
            raise ApiError(f"the server's /metrics has no {name}")
        return self.total(name)


class Api:
    """Not for several threads. Connects again after a failure."""

    def __init__(self, port, key):
        self.port = port
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.connection = None

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def request(self, method, path, body=None):
        """(status, bytes). Raises OSError or HTTPException when there is no answer."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            self.connection.request(
                method, path, None if body is None else json.dumps(body), self.headers
            )
            response = self.connection.getresponse()
            return response.status, response.read()
        except BaseException:
            self.close()
            raise

    def request_again(self, method, path, body=None):
        """request(), on a new connection if the server had closed the idle one."""
        try:
            return self.request(method, path, body)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            return self.request(method, path, body)

    def call(self, method, path, body=None):
        status, text = self.request_again(method, path, body)
        if not 200 <= status < 300:
            raise ApiError(
                f"{method} {path} was answered {status}: {text[:500].decode(errors='replace')}"
            )
        return json.loads(text) if text else None

    def items(self, path):
        answer = self.call("GET", path)
        return answer["items"] if isinstance(answer, dict) else answer

    def is_ready(self):
        try:
            return self.request("GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def metrics(self):
        status, text = self.request_again("GET", "/metrics")
        if status != 200:
            raise ApiError(f"GET /metrics was answered {status}")
        return Metrics(text.decode())
