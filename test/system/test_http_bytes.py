"""HTTP below the requests: what is none is refused and ends its connection, so that nothing can be hidden behind it; what is
unusual but good is understood; spoilt bytes, slow and cut-off connections do no harm."""

import json
import os
import re
import socket
import time

import pytest

from conftest import Observed
from generate import Maker
from support import ADMIN_KEY, HongyanServer

SEED = os.environ.get("HONGYAN_FUZZ_SEED", "20261124")
ROUNDS = int(os.environ.get("HONGYAN_FUZZ_ROUNDS", "1"))
BODY = b'{"channel":"sms","recipient":"13800138000","content":"x"}'
AUTH = b"Authorization: Bearer " + ADMIN_KEY.encode() + b"\r\n"
LIVE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
GET = b"GET /api/messages?limit=1 HTTP/1.1\r\nHost: x\r\n" + AUTH + b"\r\n"
SEND = b"POST /api/messages/send HTTP/1.1\r\nHost: x\r\n" + AUTH + b"Content-Type: application/json\r\n"
POST = SEND + b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
CHUNKED_HEAD = SEND + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKED = CHUNKED_HEAD + b"%x;a=b\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(BODY), BODY)
KNOWN = {200, 202, 204, 304, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 422, 429, 431, 503}


@pytest.fixture(scope="module")
def target():
    """A server with short times."""
    with Observed(settings={"http.header_timeout_seconds": 1, "http.request_timeout_seconds": 2}) as running:
        running.raise_limits()
        yield running
        assert running.is_alive() and running.stop() == 0


def answers_in(data: bytes) -> list[tuple[int, bytes]]:
    """The answers in a stream, each with its body; fails where the stream is no well-formed HTTP."""
    found = []
    while data:
        head, end, rest = data.partition(b"\r\n\r\n")
        assert end and re.match(rb"HTTP/1\.[01] \d{3} ", head), data[:200]
        status = int(head[9:12])
        if status == 100:
            data = rest
            continue
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        size = int(length.group(1)) if length and not rest.startswith(b"HTTP/1.") else 0  # an answer to HEAD has no body
        body, data = rest[:size], rest[size:]
        if status >= 400 and body:
            problem = json.loads(body)
            assert problem["status"] == status and problem["type"].startswith("/problems/"), problem
        found.append((status, body))
    return found


def statuses(target: HongyanServer, data: bytes, half_close: bool = True) -> list[int]:
    begin = time.monotonic()
    found = [status for status, _ in answers_in(target.raw(data, 8.0, half_close))]
    assert time.monotonic() - begin < 7.5, f"the connection was left open after {data[:200]!r}"
    assert set(found) <= KNOWN, (found, data[:500])
    return found


def live(*lines: bytes, body: bytes = b"", method: bytes = b"GET", target: bytes = b"/livez") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\nHost: x\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def numbered(cases):
    return pytest.mark.parametrize("data", cases, ids=range(len(cases)))


@numbered([
    b"GARBAGE\r\n\r\n", b"GET\r\n\r\n", b"GET /livez\r\n\r\n", b"GET /livez HTTP/1.1\r\n\r\n", b"GET  /livez HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /livez HTTP/2.0\r\nHost: x\r\n\r\n", b"GET /livez HTTP/1.1 x\r\nHost: x\r\n\r\n", b"GET /li vez HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /livez\x00 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET livez HTTP/1.1\r\nHost: x\r\n\r\n", b"G(T /livez HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n", b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    live(b"Bad Name: x"), live(b"Bad\x00: x"), live(b"X : x"), live(b"X: a\x00b"), live(b": x"), live(b"no colon"),
    live(b"X: a\r b"), live(b"\xff\xfe: x"), live(target=b"/livez?x=%zz"), live(target=b"/%", ), live(target=b"/livez?\xff"),
    live(b"Content-Length: -1"), live(b"Content-Length: +5"), live(b"Content-Length: 5, 5"), live(b"Content-Length: 0x5"),
    live(b"Content-Length: 5", b"Content-Length: 6"), live(b"Content-Length: 99999999999999999999999"),
    live(b"Content-Length: 5", b"Content-Length: 5", body=b"12345"), live(b"Content-Length: 5 6"), live(b"Content-Length:"),
    live(b"Transfer-Encoding: gzip"), live(b"Transfer-Encoding: chunked, gzip"), live(b"Transfer-Encoding: xchunked"),
    live(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), live(b"Transfer-Encoding: gzip, chunked"),
    live(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), live(b"Expect: something-else"),
    b"GET /livez HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
def test_what_is_no_http_is_400_and_ends_the_connection(target, data):
    # The good request behind the bad one must never be answered.
    assert statuses(target, data + LIVE, half_close=False) == [400]


@numbered([b"zz\r\n", b"-1\r\n", b"5\r\nabcdefgh\r\n0\r\n\r\n", b"ffffffffffffffffffffff\r\nx", b" 5\r\nabcde\r\n0\r\n\r\n", b"\r\n",
           b"5\nabcde\n0\n\n", b"0x5\r\nabcde\r\n0\r\n\r\n", b"5\r\nabcde0\r\n\r\n", b"1" * 5000, b"5;" + b"a" * 100_000 + b"\r\nabcde\r\n0\r\n\r\n"])
def test_chunks_that_are_none_are_refused_and_end_the_connection(target, data):
    found = statuses(target, CHUNKED_HEAD + data + LIVE)
    assert found in ([400], [413], []), found


@pytest.mark.parametrize("data, expected", [
    (GET * 20, [200] * 20), (POST * 20, [202] * 20), (CHUNKED * 5, [202] * 5),
    ((GET + POST + LIVE + CHUNKED) * 5, [200, 202, 200, 202] * 5), (b"\r\n" + LIVE, [200]), (live(b"X: \t a \t"), [200]),
    (live(target=b"http://x/livez"), [200]), (b"GET /livez HTTP/1.0\r\n\r\n", [200]), (live(method=b"OPTIONS", target=b"*"), [204]),
    (live(b"Connection: close") + LIVE, [200]), (live(b"Content-Length: 5", body=b"12345") + LIVE, [200, 200]),
    (live(b"Expect: 100-continue"), [200]), (POST.replace(b"Content-Type", b"Expect: 100-continue\r\nContent-Type"), [202]),
    (live(method=b"TRACE"), [405]), (live(method=b"BREW"), [405]), (live(method=b"get"), [405])], ids=range(16))
def test_good_but_unusual_http_is_understood(target, data, expected):
    assert statuses(target, data) == expected


@numbered([LIVE[:-2], LIVE[:5], POST[:-5], CHUNKED[:-10]])
def test_a_request_that_stops_in_the_middle_is_not_done(target, data):
    assert statuses(target, data) in ([], [400], [408])


@numbered([b"GET /livez HTTP/1.1\r\nHost: x\r\nX: ", POST[:-5], CHUNKED[:-10]])
def test_a_request_that_never_ends_is_given_up(target, data):
    assert statuses(target, data, half_close=False) == [408]


def test_a_large_body_is_refused_before_it_is_sent(target):
    head = SEND + b"Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"
    assert target.raw(head, 2).startswith(b"HTTP/1.1 413 ")
    assert target.raw(head.replace(ADMIN_KEY.encode(), b"wrong"), 2).startswith(b"HTTP/1.1 401 ")


def test_a_request_in_single_bytes_is_understood(target):
    with socket.create_connection(("127.0.0.1", target.port), timeout=5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in POST:
            connection.sendall(bytes([byte]))
        assert connection.recv(65536).startswith(b"HTTP/1.1 202 ")


def test_spoilt_bytes_never_do_harm(target):
    maker = Maker(target.document, f"{SEED} bytes")
    good = [GET, POST, CHUNKED, LIVE, GET + POST, POST + GET + CHUNKED + LIVE]
    for i in range(1500 * ROUNDS):
        data = maker.spoilt(maker.random.choice(good))
        try:
            statuses(target, data)
        except AssertionError as error:
            raise AssertionError(f"seed {SEED}, round {i}: {data!r}: {error}") from error
    assert target.get("/livez", key=None).status == 200


def test_connections_that_are_cut_off_leave_nothing_behind(target):
    def connections():
        return len(os.listdir(f"/proc/{target.process.pid}/fd"))

    before = connections()
    for i in range(300):
        with socket.create_connection(("127.0.0.1", target.port)) as connection:
            connection.sendall(POST[:i % len(POST)])
            # Closed with a reset, which is what a crashed client does.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert target.get("/readyz", key=None).status == 200
    end = time.monotonic() + 5
    while connections() > before + 5 and time.monotonic() < end:
        time.sleep(0.05)
    assert connections() <= before + 5
