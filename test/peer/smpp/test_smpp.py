"""SMPP: npm smpp, which knows nothing of Hongyan, at the other end: its client against the simulated
centre, and Hongyan's sender against its server.

Driven through the program peer_smpp; the last tests need hongyan itself. Needs the npm packages of this folder:
tools/setup --peers.
"""

import collections
import json
import pathlib
import queue
import subprocess
import threading
import time

import pytest

import support

HERE = pathlib.Path(__file__).resolve().parent
PHONE = "8613800138000"


class Process:
    """A program that speaks JSON lines; everything it said is kept."""

    def __init__(self, *command):
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, cwd=HERE)
        self.lines = []
        self.waiting = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.waiting.put(json.loads(line))
        self.waiting.put(None)

    def say(self, line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def wait(self, event, count=1, seconds=30):
        """The first count lines of that event."""
        end = time.monotonic() + seconds
        while len(self.of(event)) < count:
            try:
                line = self.waiting.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                pytest.fail(f"only {len(self.of(event))} of {count} {event}: {self.lines[-5:]}")
            if line is None:
                pytest.fail(f"ended with {len(self.of(event))} of {count} {event}: {self.lines[-5:]}")
            self.lines.append(line)
        return self.of(event)[:count]

    def of(self, event):
        return [line for line in self.lines if line["event"] == event]

    def end(self):
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        while (line := self.waiting.get(timeout=5)) is not None:
            self.lines.append(line)
        return self


@pytest.fixture
def run():
    started = []

    def start(*command):
        started.append(Process(*command))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()


@pytest.fixture
def node(run):
    def start(script, argument):
        support.npm_ci(HERE)
        support.need("node", "apt-get install nodejs npm")
        return run("node", HERE / script, json.dumps(argument))
    return start


@pytest.fixture
def certificate(tmp_path):
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return str(key), str(cert)


def sender(run, server, **more):
    settings = {"host": "127.0.0.1", "port": server.wait("listening")[0]["port"], "system_id": "hongyan",
                "password": "secret", "source_addr": "ACME", "window": 10, "reconnect_min_seconds": 0.1, **more}
    return run(support.built("peer_smpp"), "send", json.dumps(settings))


def joined(submits):
    """The texts of messages, their parts put together by the reference in their headers."""
    parts = collections.defaultdict(dict)
    for number, one in enumerate(submits):
        headers = [h for h in one["udh"] if h.startswith(("0003", "0804"))]
        if headers:
            reference, total, place = headers[0][4:-4], int(headers[0][-4:-2], 16), int(headers[0][-2:], 16)
        elif one["sar"]:
            reference, total, place = one["sar"]
        else:
            reference, total, place = f"alone{number}", 1, 1
        parts[(one["to"], reference, total)][place] = one["text"]
    return ["".join(some[i] for i in range(1, key[2] + 1)) for key, some in parts.items()]


TEXTS = ["hello", "GSM {[~]} \\ ^ | € @ $ _ äöü Δ", "验证码 1234", "emoji 😀👍 alone",
         "a" * 152 + "€" + "b" * 220, "码" * 66 + "😀" + "中" * 80, "long " * 80]


@pytest.mark.parametrize("how", ["udh8", "udh16", "sar", "payload"])
def test_texts_of_the_sender_are_read_by_a_foreign_centre(run, node, how):
    server = node("server.js", {})
    account = sender(run, server, concatenation=how, registered_delivery="none", window=1)
    for text in TEXTS:
        account.say({"recipient": "+" + PHONE, "content": text})
    outcomes = account.wait("outcome", len(TEXTS))
    assert {one["kind"] for one in outcomes} == {"accepted"}
    server.end()
    assert joined(server.of("submit")) == TEXTS
    first = server.of("submit")[0]
    assert (first["from"], first["ton"], first["to"], first["registered"]) == ("ACME", 5, PHONE, 0)
    bind = server.of("bind")[0]
    assert bind["good"] and bind["command"] == "bind_transceiver" and bind["version"] == 0x34


@pytest.mark.parametrize("dialect,mode", [("text", "as_is"), ("tlv", "as_is"),
                                          ("hex_answer", "resp_hex_dlr_dec")])
@pytest.mark.parametrize("when", ["after", "before"])
def test_receipts_of_a_foreign_centre_find_their_message(run, node, dialect, mode, when):
    server = node("server.js", {"receipts": when, "dialect": dialect})
    account = sender(run, server, id_mode=mode, receipt_time_zone="+08:00")
    for number in range(20):
        account.say({"recipient": f"+861380013{8000 + number}", "content": f"receipt {number}"})
    ids = {one["id"] for one in account.wait("outcome", 20)}
    receipts = account.wait("receipt", 20)
    assert {one["id"] for one in receipts} == ids
    assert {one["status"] for one in receipts} == {"delivered"}
    if dialect != "tlv":
        assert {one["at_ms"] for one in receipts} == {1787279460000}  # 2026-08-21T10:31+08:00
    assert {one["status"] for one in server.wait("receipt_answer", 20)} == {0}


@pytest.mark.parametrize("when", ["after", "before"])
def test_two_accounts_of_one_login_share_the_receipts_of_a_foreign_centre(node, when):
    """The centre sends every receipt to another session than the one that submitted."""
    centre_ = node("server.js", {"receipts": when, "elsewhere": True})
    port = centre_.wait("listening")[0]["port"]
    system = support.system_support()
    with system.HongyanServer(settings={"sandbox.http_port": 0, "sandbox.https_port": 0}) as server:
        settings = {"host": "127.0.0.1", "port": port, "system_id": "hongyan", "password": "secret",
                    "source_addr": "ACME", "reconnect_min_seconds": 0.1}
        for name in ("one", "other"):
            answer = server.post("/api/accounts", {"channel": "sms", "provider": "smpp", "name": name, "settings": settings})
            assert answer.status == 201, answer
        centre_.wait("bind", 2)
        sent = [server.send(channel="sms", recipient=f"+86138001380{n:02}", template_id=None, variables=None,
                            content="two parts " * 20 if n % 3 == 0 else "short")["message_id"] for n in range(30)]
        for identity in sent:
            system.wait_until(lambda: server.message(identity)["status"] == "delivered", 15, f"delivery of {identity}")
        by = collections.Counter(row[0] for row in server.sql("SELECT account_id FROM message_records"))
        assert len(by) == 2 and min(by.values()) > 3, by
        assert server.sql("SELECT count(*) FROM message_receipts WHERE message_id = 0") == [(0,)]


def test_a_long_message_is_delivered_when_its_three_parts_are(run, node):
    server = node("server.js", {"receipts": "after"})
    account = sender(run, server)
    account.say({"recipient": PHONE, "content": "x" * 400})
    account.wait("outcome")
    receipts = account.wait("receipt", 3)
    assert [one["status"] for one in receipts] == ["success", "success", "delivered"]
    assert {one["id"] for one in receipts} == {account.of("outcome")[0]["id"]}


def test_a_refused_part_ends_the_message_as_billed(run, node):
    server = node("server.js", {"refuse_segment": 2})
    account = sender(run, server)
    account.say({"recipient": PHONE, "content": "x" * 200})
    outcome = account.wait("outcome")[0]
    assert outcome["kind"] == "message_permanent" and "billed: 1 of 2" in outcome["detail"]


def test_throttled_messages_come_back_as_rate_limited_and_pass_when_sent_again(run, node):
    server = node("server.js", {"throttle_every": 5})
    account = sender(run, server, registered_delivery="none", throttle_pause_seconds=0.05)
    for number in range(30):
        account.say({"recipient": PHONE, "content": f"message {number}"})
    accepted, seen = 0, 0
    while accepted < 30:
        seen += 1
        outcome = account.wait("outcome", seen)[-1]
        accepted += outcome["kind"] == "accepted"
        if outcome["kind"] == "rate_limited":
            assert outcome["retry_after_ms"] > 0 and "RTHROTTLED" in outcome["code"]
            account.say({"recipient": PHONE, "content": "again"})
    assert seen > 30


def test_a_cut_in_the_window_leaves_unknown_messages_and_the_others_pass(run, node):
    server = node("server.js", {"cut_after": 25})
    account = sender(run, server, registered_delivery="none")
    for number in range(100):
        account.say({"recipient": PHONE, "content": f"message {number}"})
    outcomes = account.wait("outcome", 100)
    kinds = collections.Counter(one["kind"] for one in outcomes)
    assert kinds["accepted"] + kinds["unknown"] == 100
    assert 1 <= kinds["unknown"] <= 10
    server.end()
    texts = collections.Counter(one["text"] for one in server.of("submit"))
    assert max(texts.values()) == 1, "nothing is sent twice"
    assert len(server.of("bind")) == 2


def test_a_thousand_messages_arrive_once_each(run, node):
    server = node("server.js", {"receipts": "after"})
    account = sender(run, server, window=50, binds=2)
    for number in range(1000):
        account.say({"recipient": f"+86138{10000000 + number}", "content": f"message {number} €"})
    assert {one["kind"] for one in account.wait("outcome", 1000)} == {"accepted"}
    receipts = account.wait("receipt", 1000)
    assert len({one["id"] for one in receipts}) == 1000
    account.end()
    server.wait("unbind", 2)
    server.end()
    texts = [one["text"] for one in server.of("submit")]
    assert sorted(texts) == sorted(f"message {number} €" for number in range(1000))


def test_tls_is_spoken_with_a_foreign_centre_and_its_name_is_checked(run, node, certificate):
    key, cert = certificate
    server = node("server.js", {"key": key, "cert": cert})
    account = sender(run, server, host="localhost", tls=True, ca_file=cert)
    account.say({"recipient": PHONE, "content": "over TLS"})
    assert account.wait("outcome")[0]["kind"] == "accepted"
    # The certificate bears no address.
    stranger = sender(run, server, host="127.0.0.1", tls=True, ca_file=cert)
    stranger.say({"recipient": PHONE, "content": "no"})
    outcome = stranger.wait("outcome")[0]
    assert outcome["kind"] == "transient" and "TLS" in outcome["detail"]


def test_a_wrong_password_is_a_matter_of_configuration(run, node):
    server = node("server.js", {"password": "other"})
    account = sender(run, server)
    account.say({"recipient": PHONE, "content": "x"})
    assert account.wait("outcome")[0]["kind"] == "configuration"
    time.sleep(1)
    server.end()
    assert len(server.of("bind")) == 1, "no fast repeats"


def test_the_link_is_kept_alive(run, node):
    server = node("server.js", {})
    sender(run, server, enquire_link_seconds=0.2)
    server.wait("enquire_link", 3)
    assert len(server.of("bind")) == 1


def centre(run, *pairs):
    process = run(support.built("peer_smpp"), "smsc", *pairs)
    return process, process.wait("listening")[0]["port"]


def submit(text, **more):
    return {"source_addr": "ACME", "source_addr_ton": 5, "destination_addr": PHONE, "short_message": text, **more}


def test_a_foreign_client_sends_through_the_simulated_centre(run, node):
    smsc, port = centre(run)
    # npm smpp would call its GSM octets ASCII (data_coding 1), which is not what they are.
    codings = {"hello": 0, "€ {x} ^ ~ | \\": 0, "验证码": 8, "emoji 😀": 8}
    texts = list(codings)
    client = node("client.js", {"port": port, "enquire": True, "query": True, "receipts": len(texts),
                                "messages": [submit(text, registered_delivery=1, data_coding=coding)
                                             for text, coding in codings.items()]})
    client.wait("done")
    assert client.of("bound")[0] == {"event": "bound", "status": 0, "centre": "HONGYAN", "version": 0x34}
    assert client.of("alive")[0]["status"] == 0
    assert client.of("query")[0]["status"] == 0
    assert client.of("unbound")[0]["status"] == 0
    ids = [one["id"] for one in client.of("answer")]
    assert len(set(ids)) == 4 and {one["status"] for one in client.of("answer")} == {0}
    assert {one["id"] for one in client.of("receipt")} == set(ids)
    assert all(one["state"] == 2 and "stat:DELIVRD" in one["text"] for one in client.of("receipt"))
    assert [one["content"] for one in smsc.wait("arrival", 4)] == texts
    assert [one["id"] for one in smsc.of("arrival")] == ids


def test_a_foreign_clients_parts_become_one_message(run, node):
    smsc, port = centre(run)
    parts = [submit(f"part {i} ", udh_hex=f"0500032a03{i:02x}") for i in (1, 3, 2)]
    sar = [submit(f"sar {i} ", sar_msg_ref_num=7, sar_total_segments=2, sar_segment_seqnum=i) for i in (1, 2)]
    payload = submit("", message_payload={"message": "payload " * 40})
    client = node("client.js", {"port": port, "messages": [*parts, *sar, payload]})
    client.wait("done")
    assert {one["status"] for one in client.of("answer")} == {0}
    arrivals = smsc.wait("arrival", 3)
    assert [one["content"] for one in arrivals] == ["part 1 part 2 part 3 ", "sar 1 sar 2 ", "payload " * 40]
    assert [one["detail"]["concatenation"] for one in arrivals] == ["udh8", "sar", "payload"]


@pytest.mark.parametrize("login,status", [({"password": "wrong"}, 0x0E), ({}, 0)])
def test_a_foreign_client_is_judged_at_login(run, node, login, status):
    _, port = centre(run)
    client = node("client.js", {"port": port, "messages": [], **login})
    assert client.wait("bound")[0]["status"] == status


def test_a_foreign_client_is_refused_as_real_centres_do(run, node):
    _, port = centre(run)
    bad = [submit("x", destination_addr="+8613800138000"), submit("x", destination_addr="nobody"),
           submit("x" * 170), submit("x", source_addr="MUCHTOOLONGNAME"), submit("x", registered_delivery=3),
           submit("x", raw_hex="09000301", esm_class=0x40)]
    client = node("client.js", {"port": port, "messages": bad})
    client.wait("done")
    assert [one["status"] for one in client.of("answer")] == [0x0B, 0x0B, 0x01, 0x0A, 0x07, 0x43]


def test_a_foreign_client_that_is_only_a_receiver_may_not_send(run, node):
    _, port = centre(run)
    client = node("client.js", {"port": port, "mode": "bind_receiver", "messages": [submit("x")]})
    assert client.wait("answer")[0]["status"] == 0x04


def test_a_foreign_client_meets_throttling_and_faults(run, node):
    _, port = centre(run, "throttle_per_second=5")
    client = node("client.js", {"port": port, "messages": [submit("x")] * 10})
    client.wait("done")
    assert sorted(one["status"] for one in client.of("answer")) == [0] * 5 + [0x58] * 5
    _, port = centre(run, "fault=2/server_error")
    client = node("client.js", {"port": port, "messages": [submit("x")] * 4})
    client.wait("done")
    assert [one["status"] for one in client.of("answer")] == [0, 8, 0, 8]


def test_a_foreign_client_speaks_tls_with_the_simulated_centre(run, node, certificate):
    key, cert = certificate
    smsc, port = centre(run, f"certificate={cert}", f"key={key}")
    for tls in (True, False):  # the same port
        client = node("client.js", {"port": port, "tls": tls, "messages": [submit(f"tls {tls}")]})
        client.wait("done")
    assert [one["content"] for one in smsc.wait("arrival", 2)] == ["tls True", "tls False"]


def test_a_foreign_client_sends_through_the_sandbox(universe, node):
    _, port = universe.address("smpp")
    messages = [submit(f"sandbox {number}", registered_delivery=1, data_coding=0) for number in range(50)]
    client = node("client.js", {"port": port, "receipts": 50, "messages": messages})
    client.wait("done")
    assert {one["status"] for one in client.of("answer")} == {0}
    assert len(universe.inbox(service="smpp")) == 50
    assert universe.ledger("smpp")["arrived"] == 50


def test_our_sender_sends_through_the_sandbox_under_chaos(universe, run):
    universe.chaos('''
[[chaos.rule]]
service = "smpp"
percent = 3
action = "cut_after"
''')
    settings = {**universe.account("smpp"), "reconnect_min_seconds": 0.1}
    account = run(support.built("peer_smpp"), "send", json.dumps(settings))
    for number in range(200):
        account.say({"recipient": f"+86138{10000000 + number}", "content": f"message {number}"})
    kinds = collections.Counter(one["kind"] for one in account.wait("outcome", 200, seconds=60))
    arrived = universe.ledger("smpp")["arrived"]
    assert kinds["accepted"] <= arrived <= kinds["accepted"] + kinds["unknown"]
    assert kinds["unknown"] > 0
