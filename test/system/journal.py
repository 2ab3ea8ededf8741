"""Clients that ask a server for everything at random and write down what they asked and what was answered, so that after any
number of crashes the server's tables can be held against what it promised. Each client is one thread with one seed.

What became of a request is one of: accepted (202), refused (any other answer, or no connection at all), unknown (the
connection died before the answer). A request with an Idempotency-Key is repeated until it is answered, so it never stays
unknown.
"""
import dataclasses
import datetime
import http.client
import random
import threading
import time

DEAD_RECIPIENT = "device-fail-permanent-1-{}"  # fails at its first attempt; passes when it is sent again


@dataclasses.dataclass
class Ask:
    """One request to send; its token is the content of each of its messages."""

    token: str
    path: str
    body: dict = dataclasses.field(repr=False)
    key: str | None
    count: int
    outcome: str = "asking"
    identity: int = 0  # message or task id of the 202
    status: int = 0  # of the latest answer
    replayed: bool = False
    deliver_by_ms: int = 0


@dataclasses.dataclass
class Journal:
    asks: list[Ask] = dataclasses.field(default_factory=list)
    cancelled: set[int] = dataclasses.field(default_factory=set)      # messages whose cancel was answered 200
    cancelled_tasks: set[int] = dataclasses.field(default_factory=set)
    redriven: int = 0
    retried: set[int] = dataclasses.field(default_factory=set)


def rfc3339(milliseconds):
    moment = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Client(threading.Thread):
    """Asks until stop() is called, then repeats what is unknown and has a key; join() waits for that.

    `channel` is what most messages go by, `recipient` makes the address number n of it; `weights` are the shares of the
    kinds of requests (see the methods do_...).
    """

    def __init__(self, server, name, seed, weights, channel="sms", recipient="13{:09d}".format, pause=0.004,
                 big_batch=2_500):
        super().__init__(name=name, daemon=True)
        self.server = server
        self.journal = Journal()
        self.error = None
        self.random = random.Random(seed)
        self.weights = weights
        self.channel = channel
        self.recipient = recipient
        self.pause = pause
        self.big_batch = big_batch
        self.numbers = 0
        self._ending = threading.Event()

    def stop(self):
        self._ending.set()

    def run(self):
        try:
            while not self._ending.is_set():
                kind = self.random.choices(list(self.weights), list(self.weights.values()))[0]
                getattr(self, "do_" + kind)()
                time.sleep(self.random.random() * self.pause)
            for ask in self.journal.asks:
                if ask.outcome == "unknown" and ask.key:
                    self.ask_until_answered(ask)
        except Exception as error:  # told by check_clients(), which fails the test
            self.error = error

    # --- kinds of requests ---

    def do_send(self, **fields):
        ask = self.new_ask("/api/messages/send", 1, fields)
        self.ask(ask)
        return ask

    def do_keyed_send(self):
        ask = self.new_ask("/api/messages/send", 1, {}, keyed=True)
        self.ask(ask)
        if ask.outcome == "unknown" or self.random.random() < 0.1:
            self.ask_until_answered(ask)

    def do_scheduled_send(self):
        due_ms = int(time.time() * 1000) + self.random.randint(100, 2_000)
        self.do_send(send_at=rfc3339(due_ms))

    def do_expiring_send(self):
        deliver_by_ms = int(time.time() * 1000) + self.random.randint(100, 600)
        ask = self.do_send(deliver_by=rfc3339(deliver_by_ms))
        ask.deliver_by_ms = deliver_by_ms

    def do_dead_send(self):
        self.do_send(channel="app", recipient=DEAD_RECIPIENT.format(self.number()), subject="test")

    def do_cancelled_send(self):
        ask = self.do_send(delay_seconds=2)
        if ask.outcome != "accepted":
            return
        answer = self.try_call(f"/api/messages/{ask.identity}/cancel")
        if answer and answer.status == 200:
            self.journal.cancelled.add(ask.identity)

    def do_batch(self):
        self.ask_batch(self.random.randint(1, 120), keyed=self.random.random() < 0.5)

    def do_big_batch(self):
        self.ask_batch(self.random.randint(self.big_batch * 4 // 5, self.big_batch), keyed=self.random.random() < 0.5)

    def do_cancelled_batch(self):
        ask = self.ask_batch(200, keyed=False)
        if ask.outcome != "accepted":
            return
        answer = self.try_call(f"/api/messages/tasks/{ask.identity}/cancel")
        if answer and answer.status == 200:
            self.journal.cancelled_tasks.add(ask.identity)

    def do_redrive(self):
        answer = self.try_call("/api/messages/dead-letters/retry", {"filter": {"channel": "app"}, "max_count": 20})
        if answer and answer.status == 200:
            self.journal.redriven += answer.body["retried"]

    def do_retry(self):
        answer = self.try_call("/api/messages?status=failed&limit=1", method="GET")
        for item in answer.body["items"] if answer and answer.status == 200 else []:
            retried = self.try_call(f"/api/messages/{item['message_id']}/retry")
            if retried and retried.status == 202:
                self.journal.retried.add(int(item["message_id"]))

    # --- asking ---

    def number(self):
        self.numbers += 1
        return self.numbers

    def new_ask(self, path, count, fields, keyed=False):
        token = f"{self.name}-{self.number()}"
        body = {"channel": self.channel, "content": token, "priority": self.random.randint(0, 10)}
        if path.endswith("batch"):
            body["recipients"] = [self.recipient(self.number()) for _ in range(count)]
        else:
            body["recipient"] = self.recipient(self.number())
        if self.channel == "email":
            body["subject"] = token
        ask = Ask(token, path, body | fields, token if keyed else None, count)
        self.journal.asks.append(ask)
        return ask

    def ask_batch(self, count, keyed):
        ask = self.new_ask("/api/messages/send-batch", count, {}, keyed)
        self.ask(ask)
        if keyed and ask.outcome == "unknown":
            self.ask_until_answered(ask)
        return ask

    def ask(self, ask):
        """One try; a request that had been accepted before must get the same answer again."""
        headers = {"Idempotency-Key": ask.key} if ask.key else {}
        try:
            answer = self.server.post(ask.path, ask.body, headers=headers, timeout=20)
        except ConnectionRefusedError:
            if ask.outcome == "asking":
                ask.outcome = "refused"
            time.sleep(0.01)
            return
        except (OSError, http.client.HTTPException):
            if ask.outcome != "accepted":
                ask.outcome = "unknown"
            time.sleep(0.01)
            return
        ask.status = answer.status
        if answer.status == 202:
            identity = int(answer.body["task_id" if ask.path.endswith("batch") else "message_id"])
            assert ask.outcome != "accepted" or identity == ask.identity, f"{ask.key} has two answers"
            ask.outcome, ask.identity = "accepted", identity
            ask.replayed = answer.headers.get("Idempotency-Replayed") == "true"
            return
        assert answer.status in (409, 429, 503), answer
        assert ask.outcome != "accepted" or answer.status != 409, answer
        if ask.outcome == "asking":
            ask.outcome = "refused"
        time.sleep(0.02)

    def ask_until_answered(self, ask):
        end = time.monotonic() + 60
        repeat = True
        while repeat:
            self.ask(ask)
            repeat = ask.outcome == "unknown"
            assert time.monotonic() < end, f"no answer to {ask.key} for 60 s"

    def try_call(self, path, body=None, method="POST"):
        """The answer, or None if the connection died."""
        try:
            return self.server.call(method, path, body, timeout=20)
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)
            return None


def check_clients(clients):
    """Waits for the end of all of them and fails if one met something that a server must never answer."""
    for client in clients:
        client.stop()
    for client in clients:
        client.join(90)
        assert not client.is_alive(), f"client {client.name} does not end"
        if client.error:
            raise AssertionError(f"client {client.name}: {client.error!r}") from client.error


def all_asks(clients):
    return [ask for client in clients for ask in client.journal.asks]
