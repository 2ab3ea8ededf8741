"""A live connection for tests, spoken by the independent client of python3-websockets; and raw handshakes."""

import asyncio
import base64
import json
import os
import socket
import threading

try:
    import websockets
except ImportError as missing:
    raise ImportError("python3-websockets is missing: run tools/setup, or apt-get install python3-websockets") from missing


class Screen:
    """One monitoring screen: collects what the server sends, in a thread of its own. Use as a context manager."""

    def __init__(self, server, ticket: str | None = None, **headers):
        self.server = server
        self.ticket = ticket or new_ticket(server)
        self.headers = headers
        self.messages: list[dict] = []
        self.closed: tuple | None = None
        self.failure: Exception | None = None
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._socket = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._socket or self.failure, 10)
        if self.failure:
            raise self.failure
        return self

    def __exit__(self, *_):
        if self._socket and self.closed is None:
            asyncio.run_coroutine_threadsafe(self._socket.close(), self._loop).result(10)
        self._thread.join(10)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._listen())
        except Exception as failure:  # shown by the waiting test
            self._note(lambda: setattr(self, "failure", failure))

    def _note(self, change):
        with self._changed:
            change()
            self._changed.notify_all()

    async def _listen(self):
        url = f"ws://127.0.0.1:{self.server.port}/api/live?ticket={self.ticket}"
        async with websockets.connect(url, compression=None, max_size=None, extra_headers=self.headers) as opened:
            self._note(lambda: setattr(self, "_socket", opened))
            try:
                async for text in opened:
                    self._note(lambda: self.messages.append(json.loads(text)))
            except websockets.ConnectionClosed:
                pass
            self._note(lambda: setattr(self, "closed", (opened.close_code, opened.close_reason)))

    def say(self, value) -> None:
        text = value if isinstance(value, (str, bytes)) else json.dumps(value)
        asyncio.run_coroutine_threadsafe(self._socket.send(text), self._loop).result(10)

    def wait(self, check, seconds: float = 10.0):
        """The first true answer of check(messages)."""
        with self._changed:
            found = self._changed.wait_for(lambda: self.closed or self.failure or check(self.messages), seconds)
            assert not self.failure, self.failure
            answer = check(self.messages)
            assert found and answer, (self.closed, self.messages[-2:])
            return answer

    def wait_closed(self, seconds: float = 20.0) -> tuple:
        with self._changed:
            assert self._changed.wait_for(lambda: self.closed, seconds), "it stays open"
            return self.closed

    def state(self) -> dict:
        """The state as a screen would have it: the last snapshot with all deltas behind it."""
        state: dict = {}
        with self._changed:
            for one in self.messages:
                if one["type"] == "snapshot":
                    state = dict(one["state"])
                elif one["type"] == "delta":
                    messages = {m["message_id"]: m for m in reversed(state["messages"])}
                    state |= one["state"]
                    messages |= {m["message_id"]: m for m in one["messages"]}
                    state["messages"] = [messages[id] for id in sorted(messages, key=int, reverse=True)][:50]
        return state


def new_ticket(server, **options) -> str:
    answer = server.post("/api/live/tickets", **options)
    assert answer.status == 200, answer
    return answer.body["ticket"]


def handshake(server, path: str, **fields) -> tuple[int, bytes, socket.socket]:
    """A raw handshake: status, all bytes of the head, and the socket."""
    sent = {"Host": f"127.0.0.1:{server.port}", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()} | {k.replace("_", "-"): v for k, v in fields.items()}
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items() if value is not None)
    connection.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(65536)
        if not part:
            break
        head += part
    return int(head[9:12] or b"0"), head, connection
