"""What is no acceptable request is refused by name: JSON that harms later, bodies of the wrong kind or size, long headers."""

import json

import pytest

from support import ADMIN_KEY, parse_body

SEND = "/api/messages/send"
GOOD = '{"channel":"sms","recipient":"13800138000","content":"x"}'


def with_metadata(text: str) -> str:
    return GOOD[:-1] + ',"metadata":{"x":' + text + "}}"


@pytest.mark.parametrize("body, word", [
    ('{"channel":"sms","channel":"email","recipient":"13800138000","content":"x"}', "channel"),
    (with_metadata('{"a":1,"a":2}'), "duplicate"),
    (with_metadata('{"a":1,"\\u0061":2}'), "duplicate"),
    (b'{"channel":"sms","recipient":"13800138000","content":"\xff"}', "UTF-8"),
    (b'{"channel":"sms","recipient":"13800138000","content":"\xc0\xaf"}', "UTF-8"),
    (b'{"channel":"sms","recipient":"13800138000","content":"\xed\xa0\x80"}', "UTF-8"),
    (b'{"channel":"sms","recipient":"13800138000","content":"\xf4\x90\x80\x80"}', "UTF-8"),
    (b'{"channel":"sms","recipient":"13800138000","content":"\xe9"}', "UTF-8"),
    (with_metadata('"\\ud800"'), "surrogate"), (with_metadata('"\\udc00\\ud800"'), "surrogate"),
    (with_metadata('"a\\u0000b"'), None), (GOOD.replace("x", "a\\u0000b"), None), (GOOD.replace("x", "a\x00b"), None),
    (with_metadata("1e999"), None), (with_metadata("-1e999"), None), (with_metadata("NaN"), None), (with_metadata("Infinity"), None),
    (with_metadata("1" * 400), None), (with_metadata("01"), None), (with_metadata("+1"), None), (with_metadata("1."), None),
    (with_metadata(".5"), None), (with_metadata("0x10"), None), (with_metadata("1e"), None), (with_metadata("-"), None),
    (with_metadata("tru"), None), (with_metadata("True"), None), (with_metadata("'x'"), None), (with_metadata("[1,]"), None),
    (with_metadata('{"a":1,}'), None), (with_metadata("{a:1}"), None), (with_metadata('"\t"'), None),
    (with_metadata('"\\x41"'), None), (with_metadata('"\\u12"'), None), (with_metadata("undefined"), None),
    ("\ufeff" + GOOD, "byte order mark"), (GOOD + "x", "after"), (GOOD + GOOD, "after"), (GOOD + "\x00", "after"),
    ("/* c */" + GOOD, None), (GOOD + "// c", "comment"), (GOOD[:-1], None), ("", None), (" ", None), ("{", None),
    ("\x00", None), ('{"a"', None), (GOOD.encode("utf-16"), None), (GOOD.encode("utf-16-le"), None),
])
def test_what_is_no_good_json_is_refused_by_name(server, body, word):
    answer = server.call("POST", SEND, body=body)
    assert answer.status == 400 and answer.body["type"] == "/problems/invalid-json", answer.raw
    assert word is None or word.lower() in json.dumps(answer.body, ensure_ascii=False).lower(), answer.body


@pytest.mark.parametrize("body", ["[]", "[" + GOOD + "]", '"x"', "1", "true", "null"])
def test_a_body_that_is_no_object_is_refused(server, body):
    answer = server.call("POST", SEND, body=body)
    assert answer.status in (400, 422), answer.raw
    if answer.status == 422:
        assert answer.body["errors"][0]["path"] == "$"


def nested(depth: int, opening="[", closing="]") -> str:
    return with_metadata(opening * depth + "1" + closing * depth)


def test_a_document_may_be_32_deep_and_no_deeper(server):
    # The request itself and metadata are two levels.
    assert server.call("POST", SEND, body=nested(30)).status == 202
    for text in (nested(31), nested(1000), nested(100_000), nested(31, '{"a":', "}"), "[" * 500_000):
        answer = server.call("POST", SEND, body=text)
        assert answer.status == 400 and answer.body["errors"][0]["code"] == "too_deep", answer.raw


@pytest.mark.parametrize("text", ['"\\u4f60\\ud83e\\udda2\\n\\/\\b"', "1e308", "-0", "9223372036854775807", "1.5e-300",
                                  "18446744073709551615", "[]", '""', '"' + "é" * 1000 + '"'])
def test_unusual_but_good_json_is_kept(server, text):
    answer = server.call("POST", SEND, body=" \r\n\t" + with_metadata(text) + "\n ")
    assert answer.status == 202, answer.raw
    kept = server.message(answer.body["message_id"])["metadata"]
    assert kept == {"x": json.loads(text)}


@pytest.mark.parametrize("kind, status", [
    ("application/json", 202), ("application/json; charset=utf-8", 202), ("APPLICATION/JSON", 202), ("application/json ;charset=UTF-8", 202),
    ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("application/xml", 415), ("multipart/form-data", 415),
    ("application/jsonx", 415), ("text/json", 415), ("", 415)])
def test_only_json_is_taken(server, kind, status):
    answer = server.call("POST", SEND, body=GOOD, headers={"Content-Type": kind})
    assert answer.status == status, answer.raw


def test_a_missing_content_type_is_refused(server):
    request = f"POST {SEND} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_KEY}\r\nContent-Length: {len(GOOD)}\r\nConnection: close\r\n\r\n{GOOD}"
    assert server.raw(request.encode()).startswith(b"HTTP/1.1 415 ")


def body_of(size: int) -> str:
    """A good request of exactly so many bytes, by white space."""
    return GOOD[:-1] + " " * (size - len(GOOD)) + "}"


@pytest.mark.parametrize("path, limit", [(SEND, 16 << 20), ("/api/messages/send-batch", 16 << 20),
                                         ("/api/messages/templates", 1 << 20), ("/api/keys", 1 << 20)])
def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_read(server, path, limit):
    assert server.call("POST", path, body=body_of(limit)).status in (202, 422)
    answer = server.call("POST", path, body=body_of(limit + 1))
    assert answer.status == 413 and answer.body["type"] == "/problems/body-too-large"


def test_a_batch_of_16_mib_is_taken(server):
    recipients = [{"recipient": f"138{i:08}", "content": "y" * 1600} for i in range(10_000)]
    text = json.dumps({"channel": "sms", "recipients": recipients, "delay_seconds": 86400})
    answer = server.call("POST", "/api/messages/send-batch", body=text + " " * ((16 << 20) - len(text)))
    assert answer.status == 202 and answer.body["total_count"] == 10_000
    assert server.post(f"/api/messages/tasks/{answer.body['task_id']}/cancel").status == 200


def chunked(server, path: str, chunks: list[bytes]) -> tuple[int, bytes]:
    head = (f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_KEY}\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
    data = b"".join(f"{len(c):x}\r\n".encode() + c + b"\r\n" for c in chunks) + b"0\r\n\r\n"
    reply = server.raw(head.encode() + data)
    return int(reply.split(b" ", 2)[1]), reply


def test_a_body_in_chunks_is_read_and_limited_like_any_other(server):
    status, _ = chunked(server, SEND, [GOOD[:10].encode(), GOOD[10:11].encode(), GOOD[11:].encode()])
    assert status == 202
    status, _ = chunked(server, SEND, [b"x" * 65536] * 257)
    assert status == 413


def test_long_headers_and_targets_are_refused(server):
    answer = server.get("/api/messages", headers={"X-Long": "a" * 17_000})
    assert answer.status == 431 and answer.body["type"] == "/problems/header-too-large"
    answer = server.get("/api/messages", headers={f"X-{i}": "a" for i in range(120)})
    assert answer.status == 431
    answer = server.get("/api/messages?recipient=" + "a" * 9000)
    assert answer.status == 414 and answer.body["type"] == "/problems/uri-too-long"
    assert server.get("/livez", key=None).status == 200


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=abc", "limit=1&limit=2", "limit=5.5", "limit=", "cursor=zzz",
                                   "cursor=YzE6LTU", "cursor=%00", "status=nonsense", "channel=fax", "created_after=yesterday",
                                   "template_id=x", "task_id=0", "recipient=", "recipient=%ff", "recipient=%zz", "limit=+5",
                                   "limit=5%00", "unknown=1", "LIMIT=5", "created_after=2026-01-01T00:00:00+08:00"])
def test_a_wrong_query_is_named(server, query):
    answer = server.get("/api/messages?" + query)
    assert answer.status in (400, 422), answer.raw
    if answer.status == 422:
        name = query.split("=")[0]
        assert answer.body["errors"][0]["path"] == f"$query.{name}", answer.raw


def test_an_answer_says_that_it_is_json_and_not_to_be_guessed_at(server):
    for path in ("/api/messages", "/api/nothing", "/openapi.json", "/livez"):
        answer = server.get(path)
        assert "json" in answer.headers["Content-Type"]
        assert answer.headers.get("X-Content-Type-Options") == "nosniff", path
    assert server.get("/api/messages").headers["Cache-Control"] == "no-store"


def test_what_was_asked_is_never_echoed_as_a_page(server):
    answer = server.get("/%3Cscript%3Ealert(1)%3C/script%3E")
    assert answer.status == 404 and "html" not in answer.headers["Content-Type"]
    assert parse_body(answer.headers, answer.raw)["instance"].startswith("/%3C")
