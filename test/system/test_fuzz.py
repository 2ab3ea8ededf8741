"""Random requests, from a seed: made from the OpenAPI document, right and wrong, and bytes that are hardly HTTP at all.

Whatever comes, the server answers with a status that its document has for the operation, each error is a problem document
(the fixture's server checks both), no answer is a 5xx but the documented 503, and the server lives. HONGYAN_FUZZ_SEED takes
another seed, HONGYAN_FUZZ_SECONDS another length.
"""

import json
import os
import random
import re
import time
from urllib.parse import quote

import pytest

from conftest import Observed
from support import ADMIN_KEY

SEED = int(os.environ.get("HONGYAN_FUZZ_SEED", "20261123"))
SECONDS = float(os.environ.get("HONGYAN_FUZZ_SECONDS", "12"))

TEXTS = ["", " ", "x", "鸿雁🦢", "\u0000", "\ud800", "a\nb", "%s%n", "' OR 1=1 --", "{{ x }}", "{% for a in b %}", "../../etc", "\u202e", "é" * 300,
         "x" * 5000, "13800138000", "a@example.com", "msg_1", "null", "-1", "2026-11-23T08:00:00Z", "https://example.com/", "fail-permanent",
         "sms", "success", "default", "\\", "\"", "0", "1e999", "\x7f", "\ufeff", "<script>"]
NUMBERS = [0, 1, -1, 5, 10, 11, 255, 2**31 - 1, 2**31, -2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**30, 0.5, -0.0, 1e308, 1e-320, 3.0]


@pytest.fixture(scope="module")
def target():
    with Observed() as running:
        running.raise_limits()
        yield running


class Maker:
    """Values for schemas: mostly fitting, sometimes on the edge, sometimes nothing of the kind."""

    def __init__(self, document, seed, wrong):
        self.document, self.random, self.wrong = document, random.Random(seed), wrong

    def anything(self, depth=0):
        kind = self.random.randrange(8 if depth < 4 else 5)
        if kind == 0:
            return self.random.choice([None, True, False])
        if kind <= 2:
            return self.random.choice(NUMBERS)
        if kind <= 4:
            return self.random.choice(TEXTS)
        if kind == 5:
            return [self.anything(depth + 1) for _ in range(self.random.randrange(4))]
        return {self.random.choice(TEXTS): self.anything(depth + 1) for _ in range(self.random.randrange(4))}

    def value(self, schema, depth=0):
        pick = self.random
        schema = self.document.resolve(schema)
        if pick.random() < self.wrong:
            return self.anything()
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                return self.value(pick.choice(schema[choice]), depth)
        if "enum" in schema:
            return pick.choice(schema["enum"])
        if schema.get("examples") and pick.random() < 0.6:
            return pick.choice(schema["examples"])
        kinds = schema.get("type", "any")
        kind = pick.choice(kinds) if isinstance(kinds, list) else kinds
        if kind == "object":
            return self.object(schema, depth)
        if kind == "array":
            low = schema.get("minItems", 0)
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(pick.randint(low, low + 3))] if depth < 6 else []
        if kind == "integer":
            return pick.randint(schema.get("minimum", -100), min(schema.get("maximum", 1000), schema.get("minimum", 0) + 10_000))
        if kind == "number":
            return pick.uniform(schema.get("minimum", -100), schema.get("maximum", 1000))
        if kind == "string":
            return self.text(schema)
        return {"boolean": pick.random() < 0.5, "null": None}.get(kind, self.anything())

    def text(self, schema):
        if schema.get("format") == "date-time":
            return self.random.choice(["2026-11-23T08:00:00Z", "2099-01-01T00:00:00+08:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
        fitting = [text for text in TEXTS if schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", 10**9)]
        return self.random.choice(fitting or ["x"])

    def object(self, schema, depth):
        known = schema.get("properties", {})
        made = {name: self.value(inner, depth + 1) for name, inner in known.items()
                if name in schema.get("required", []) or self.random.random() < 0.4}
        if not known:
            made = {name: self.anything(3) for name in self.random.sample(["name", "order_no", "x", "a b", ""], self.random.randrange(3))}
        if self.random.random() < self.wrong:
            made[self.random.choice(TEXTS)] = self.anything()
        if made and self.random.random() < self.wrong:
            made.pop(self.random.choice(list(made)))
        return made

    def body(self, schema) -> bytes:
        text = json.dumps(self.value(schema), ensure_ascii=self.random.random() < 0.5)
        data = text.encode("utf-8", "surrogatepass")
        return self.broken(data) if self.random.random() < self.wrong else data

    def broken(self, data: bytes) -> bytes:
        pick, data = self.random, bytearray(data)
        for _ in range(pick.randint(1, 4)):
            place = pick.randrange(len(data) + 1)
            what = pick.randrange(4)
            if what == 0:
                data[place:place] = pick.choice([b"{", b"}", b"[", b"\"", b",", b":", b"\\", b"\x00", b"\xff", b"\xc3", b"-", b"1e", b"nul"])
            elif what == 1:
                del data[place:place + pick.randint(1, 8)]
            elif what == 2 and place < len(data):
                data[place] = pick.randrange(256)
            else:
                data[place:place] = data[:pick.randrange(len(data) + 1)][-40:]
        return bytes(data)

    def path(self, operation) -> str:
        pick = self.random
        ids = ["1", "2", "4", "999999", "0", "-1", "msg_1", "x" * 60, "%00", "%ff", "9223372036854775808", "1;2", "a%2Fb", "鸿"]
        path = re.sub(r"\{\w+\}", lambda _: quote(pick.choice(ids), safe="%"), operation.path)
        pairs = []
        for one in operation.doc.get("parameters", []):
            if one["in"] == "query" and pick.random() < 0.4:
                pairs.append(one["name"] + "=" + quote(str(self.value(one["schema"])), safe="", errors="surrogatepass"))
        if pick.random() < self.wrong:
            pairs.append(pick.choice(["limit=1&limit=2", "=", "&&", "%", "a=%zz", "x", "cursor=%ff", "x=" + "y" * 300]))
        return path + ("?" + "&".join(pairs) if pairs else "")

    def headers(self) -> dict:
        if self.random.random() > self.wrong:
            return {}
        return self.random.choice([{"Content-Type": "text/plain"}, {"Content-Type": ""}, {"Idempotency-Key": "x" * 300}, {"Accept": "x/y"},
                                   {"Idempotency-Key": "one"}, {"Content-Encoding": "gzip"}, {"Authorization": "Bearer x"}, {"Expect": "x"},
                                   {"Authorization": ""}, {"X-" + "a" * 200: "b" * 2000}, {"If-Match": "*"}, {"Range": "bytes=0-1"}])


def skipped(operation) -> bool:
    """What would end the test itself: a limit that refuses everything, made or kept."""
    return operation.id in ("create_limit", "change_limit", "revoke_key", "change_pool")


@pytest.mark.parametrize("wrong", [0.02, 0.12, 0.5])
def test_random_requests_get_documented_answers(target, wrong):
    maker = Maker(target.document, f"{SEED}/{wrong}", wrong)
    operations = [one for one in target.document.operations if not skipped(one)]
    statuses, end = {}, time.monotonic() + SECONDS / 4
    for i in range(20_000):
        if time.monotonic() > end:
            break
        one = maker.random.choice(operations)
        path, headers = maker.path(one), maker.headers()
        body = maker.body(one.body_schema) if one.body_schema else None
        try:
            answer = target.call(one.method, path, body=body, headers=headers)
        except Exception as error:
            pytest.fail(f"seed {SEED}/{wrong}, request {i}: {one.method} {path} {headers} {body!r}: {error}")
        note = f"seed {SEED}/{wrong}, request {i}: {one.method} {path} {headers} {body!r}: {answer.raw!r}"
        assert answer.status < 500 or answer.status == 503, note
        assert target.is_alive(), note
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
    assert i > 200, "too few requests to say anything"
    assert statuses.get(422, 0) > 10 and sum(n for status, n in statuses.items() if status < 300) > 10, statuses
    check_at_rest(target)


@pytest.mark.parametrize("name", ["create_limit", "change_limit", "change_pool", "create_key", "revoke_key"])
def test_random_changes_of_rules_get_documented_answers(target, name):
    """With a limit on a route that nobody calls, and without what would change the server's own limits."""
    one, maker = target.document.operation(name), Maker(target.document, f"{SEED}/{name}", 0.2)
    for i in range(60):
        body = maker.value(one.body_schema) if one.body_schema else None
        if name.endswith("limit") and isinstance(body, dict):
            body["resource"] = f"api:/nobody/{i % 5}"
        path = re.sub(r"\{\w+\}", maker.random.choice(["4", "5", "999999", "x"]), one.path)
        data = None if body is None else json.dumps(body).encode()
        answer = target.call(one.method, path, body=data)
        assert answer.status < 500, (SEED, i, path, data, answer)
    check_at_rest(target)


def check_at_rest(target):
    assert target.is_alive()
    assert target.get("/readyz", key=None).status == 200
    for account in target.get("/api/accounts").body["items"]:  # one made by chance may lead nowhere
        assert target.call("DELETE", f"/api/accounts/{account['id']}").status in (200, 204)
    assert target.wait_final(target.send()["message_id"])["status"] == "success"


# --- bytes ---

GOOD_BODY = b'{"channel":"sms","recipient":"13800138000","content":"x"}'
GOOD = (b"POST /api/messages/send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + ADMIN_KEY.encode() +
        b"\r\nContent-Type: application/json\r\nContent-Length: " + str(len(GOOD_BODY)).encode() + b"\r\n\r\n" + GOOD_BODY)
SEEDS = [
    GOOD, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /api/messages?limit=5 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /api/messages/send HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    b"GET /livez HTTP/1.0\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://x/livez HTTP/1.1\r\nHost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    GOOD.replace(b"Content-Length: ", b"Content-Length: 9"), GOOD.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n", 1),
    GOOD.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n", 1), GOOD.replace(b"\r\n", b"\n"), GOOD.replace(b"Host: x\r\n", b""),
    GOOD.replace(b"Content-Length: ", b"Content-Length: -"), GOOD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n", 1),
    b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 20, b"\r\n\r\n\r\n" + GOOD, b"\x00" * 300, b"GET " + b"/" * 20_000 + b" HTTP/1.1\r\n\r\n",
    b"POST /api/messages/send HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 3000 + b"\r\n", b"GET /livez HTTP/9.9\r\nHost: x\r\n\r\n"]
TOKENS = [b"\r\n", b"\n", b"\r", b"\x00", b" ", b":", b"\t", b"\xff", b"HTTP/1.1", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n",
          b"Transfer-Encoding: gzip\r\n", b"Connection: close\r\n", b"Expect: 100-continue\r\n", b"Host: y\r\n", b"GET ", b"0\r\n\r\n", b"%00", b"/../",
          b"a" * 300, b"Upgrade: h2c\r\nConnection: Upgrade\r\n"]


def mutated(pick: random.Random) -> bytes:
    data = bytearray(pick.choice(SEEDS))
    for _ in range(pick.randrange(5)):
        place, what = pick.randrange(len(data) + 1), pick.randrange(5)
        if what == 0:
            data[place:place] = pick.choice(TOKENS)
        elif what == 1:
            del data[place:place + pick.choice([1, 2, 10, 100])]
        elif what == 2 and place < len(data):
            data[place] = pick.randrange(256)
        elif what == 3:
            data[place:] = pick.choice(SEEDS)[-200:]
        else:
            del data[place:]
    return bytes(data)


def answers_of(received: bytes) -> list[tuple[int, bytes, bytes]]:
    """Status, header and body of each whole answer; fails if the bytes are no answers."""
    found = []
    while received:
        head, separator, rest = received.partition(b"\r\n\r\n")
        line = re.match(rb"HTTP/1\.[01] (\d{3}) ", head)
        assert separator and line, received[:300]
        status = int(line.group(1))
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        size = int(length.group(1)) if length and status not in (100, 204, 304) else 0
        body = rest[:size]
        found.append((status, head, body))
        received = rest[size:]
    return found


def test_bytes_that_are_hardly_http_never_do_harm(target):
    pick, end = random.Random(f"{SEED}/bytes"), time.monotonic() + SECONDS / 2
    answered = 0
    for i in range(5000):
        if time.monotonic() > end:
            break
        data = SEEDS[i] if i < len(SEEDS) else mutated(pick)
        received = target.raw(data, seconds=2.0, half_close=True)
        note = (SEED, i, data[:600], received[:600])
        for status, head, body in answers_of(received):
            answered += 1
            assert 100 <= status < 500 or status in (501, 503, 505), note
            if status >= 400 and body:
                assert b"application/problem+json" in head and json.loads(body)["status"] == status, note
        assert target.is_alive(), note
    assert i > 100 and answered > 50
    check_at_rest(target)
