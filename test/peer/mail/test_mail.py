"""Hongyan's mail sender against mail servers that are not ours (aiosmtpd, npm smtp-server with mailparser, Postfix's
smtp-sink), and its simulated mail server against clients that are not ours (swaks, npm nodemailer, Python's smtplib).

Both are driven through the program peer_mail. Needs node, python3-aiosmtpd, postfix (its programs; it need not run), swaks
and openssl: tools/setup --peers.
"""

import base64
import email
import email.policy
import json
import os
import pathlib
import queue
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

import support

HERE = pathlib.Path(__file__).resolve().parent
TEXT = "Guten Tag, 您好\n.a line with a dot\n..two\n.\n" + "long " * 300 + "\nend ✓"
HTML = "<p>Guten Tag, <b>您好</b></p>"
SUBJECT = "Bestellung Nr. 5 – 您的订单已发货 ✓ " + ("und mehr " * 12).strip()


def tool(name, package):
    return support.need(name, f"tools/setup --peers, or apt-get install --no-install-recommends {package}")


def program():
    return str(support.built("peer_mail"))


def python_with_aiosmtpd():
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import aiosmtpd"], capture_output=True).returncode == 0:
            return python
    pytest.fail("aiosmtpd is missing; run: tools/setup --peers, or apt-get install python3-aiosmtpd")


def node():
    support.npm_ci(HERE)
    return tool("node", "nodejs npm")


class Process:
    """A program that prints JSON lines and ends when its input does."""

    def __init__(self, *command):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def say(self, **line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def take(self, event, seconds=30):
        line = self.lines.get(timeout=seconds)
        assert line["event"] == event, line
        return line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """(certificate, key): of 127.0.0.1, its own authority."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(["openssl", "req", "-x509", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    return str(folder / "cert.pem"), str(folder / "key.pem")


def sender(port, **changes):
    settings = {"host": "127.0.0.1", "port": port, "tls": "off", "helo": "client.example",
                "mail": {"from": "鸿雁 <sender@example.com>"}}
    return Process(program(), "send", json.dumps(settings | changes))


def send(process, recipient="ann@example.org", **changes):
    process.say(**({"recipient": recipient, "subject": SUBJECT, "content": TEXT, "html": HTML} | changes))
    return process.take("outcome")


def parsed(raw):
    return email.message_from_bytes(base64.b64decode(raw), policy=email.policy.default)


def same_text(text):
    return text.replace("\r\n", "\n").strip() == TEXT.strip()


def check_wire(raw):
    """What every mail must keep to, judged on its bytes."""
    lines = base64.b64decode(raw).split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line or b"\0" in line for line in lines)
    assert max(map(len, lines)) <= 998


# ---- our sender, foreign servers

TLS = ["off", "starttls", "implicit"]
MODE = {"off": "off", "starttls": "required", "implicit": "implicit"}


@pytest.mark.parametrize("tls", TLS)
def test_aiosmtpd_takes_our_mails(tls, certificate):
    cert, key = certificate
    options = {"tls": tls, "cert": cert, "key": key}
    if tls != "implicit":
        options |= {"user": "u@example.com", "password": "päss wörd"}
    login = {"username": "u@example.com", "password": "päss wörd"} if tls != "implicit" else {}
    with Process(python_with_aiosmtpd(), HERE / "aio_server.py", json.dumps(options)) as server:
        port = server.take("listening")["port"]
        with sender(port, tls=MODE[tls], ca_file=cert, max_connections=2, **login) as ours:
            for number in range(20):
                outcome = send(ours, f"user{number}@example.org")
                assert outcome["kind"] == "accepted", outcome
                mail = server.take("mail")
                assert mail["recipients"] == [f"user{number}@example.org"]
                assert mail["tls"] == (tls == "starttls")  # aiosmtpd knows only of this one
                check_wire(mail["raw"])
                read = parsed(mail["raw"])
                assert read["subject"] == SUBJECT
                assert same_text(read.get_body(("plain",)).get_content())
                assert read.get_body(("html",)).get_content().strip() == HTML


@pytest.mark.parametrize("tls", TLS)
@pytest.mark.parametrize("auth", ["plain", "login", "cram_md5", "xoauth2"])
def test_npm_smtp_server_takes_our_logins_and_mailparser_reads_our_mails(tls, auth, certificate):
    cert, key = certificate
    options = {"tls": tls, "cert": cert, "key": key, "auth": True, "user": "u@example.com", "pass": "p:ä ß",
               "token": "ya29.token"}
    login = {"oauth_access_token": "ya29.token"} if auth == "xoauth2" else {"password": "p:ä ß"}
    with Process(node(), HERE / "server.mjs", json.dumps(options)) as server:
        port = server.take("listening")["port"]
        with sender(port, tls=MODE[tls], ca_file=cert, auth=auth, username="u@example.com", **login) as ours:
            outcome = send(ours)
            assert outcome["kind"] == "accepted", outcome
            mail = server.take("mail")
            assert mail["subject"].strip() == SUBJECT and same_text(mail["text"])
            assert mail["html"].strip() == HTML and "鸿雁" in mail["from"]
            assert mail["user"] == "u@example.com" and mail["secure"] == (tls != "off")
            check_wire(mail["raw"])
            ours.say(test=True)
            assert ours.take("test")["ok"]
        wrong = {"oauth_access_token": "old"} if auth == "xoauth2" else {"password": "wrong"}
        with sender(port, tls=MODE[tls], ca_file=cert, auth=auth, username="u@example.com", **wrong) as ours:
            outcome = send(ours)
            assert outcome["kind"] == "configuration" and outcome["code"].startswith("535"), outcome
            assert "wrong" not in outcome["detail"]


def test_refusals_of_npm_smtp_server_have_their_class():
    with Process(node(), HERE / "server.mjs", json.dumps({"refuse": "gone@example.org", "size": 20_000})) as server:
        port = server.take("listening")["port"]
        with sender(port, max_connections=1) as ours:
            gone = send(ours, "gone@example.org")
            assert (gone["kind"], gone["suppress"]) == ("recipient_permanent", "hard bounce"), gone
            assert send(ours)["kind"] == "accepted"
            assert send(ours, content="x y z\n" * 10_000)["kind"] == "message_permanent"
            assert send(ours)["kind"] == "accepted"


def test_smtp_sink_counts_what_we_send(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = ["-u", "root"] if os.geteuid() == 0 else []
    dump = tmp_path / "mails"
    sink = subprocess.Popen([tool("smtp-sink", "postfix"), *user, "-D", str(dump), f"127.0.0.1:{port}", "100"])
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        with sender(port, max_connections=4, messages_per_connection=20) as ours:
            for number in range(200):
                ours.say(recipient=f"user{number}@example.org", subject=f"number {number}", content=TEXT)
            kinds = [ours.take("outcome")["kind"] for _ in range(200)]
        assert kinds == ["accepted"] * 200
        text = dump.read_text(errors="replace")
        for number in range(200):
            assert text.count(f"Subject: number {number}\n") == 1
    finally:
        sink.terminate()
        sink.wait()


@pytest.mark.parametrize("fault", ["451", "550", "421"])
def test_smtp_sink_refuses_at_each_stage(fault):
    """-r and -f make Postfix's sink refuse commands with 4xx and 5xx."""
    for stage in ("mail", "rcpt", "data", "."):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        user = ["-u", "root"] if os.geteuid() == 0 else []
        how = {"451": ["-r", stage], "550": ["-f", stage], "421": ["-Q", stage]}[fault]
        sink = subprocess.Popen([tool("smtp-sink", "postfix"), *user, *how, f"127.0.0.1:{port}", "100"])
        try:
            for _ in range(100):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            with sender(port, max_connections=1) as ours:
                kinds = {send(ours)["kind"] for _ in range(3)}
            hard = {"mail": "configuration", "rcpt": "recipient_permanent"}.get(stage, "message_permanent")
            assert kinds == {hard if fault == "550" else "transient"}, (stage, kinds)
        finally:
            sink.terminate()
            sink.wait()


class InjectingServer(threading.Thread):
    """Says more than it should in the same packet as the answer to STARTTLS, as somebody on the way could."""

    def __init__(self, certificate):
        super().__init__(daemon=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heard = []
        self.start()

    def run(self):
        line, _ = self.listener.accept()
        line.sendall(b"220 test ESMTP\r\n")
        line.recv(1000)
        line.sendall(b"250-test\r\n250-AUTH LOGIN\r\n250 STARTTLS\r\n")
        line.recv(1000)
        line.sendall(b"220 go\r\n250-evil\r\n250-PIPELINING\r\n250 AUTH LOGIN\r\n235 2.7.0 in\r\n")
        safe = self.context.wrap_socket(line, server_side=True)
        for reply in (b"250-test\r\n250 AUTH PLAIN\r\n", b"235 2.7.0 in\r\n", b"250 Ok\r\n", b"250 Ok\r\n", b"354 go\r\n"):
            self.heard.append(safe.recv(10_000))
            safe.sendall(reply)
        mail = b""
        while not mail.endswith(b"\r\n.\r\n"):
            mail += safe.recv(10_000)
        safe.sendall(b"250 2.0.0 Ok\r\n")
        safe.recv(100)


def test_what_was_said_in_clear_behind_starttls_is_forgotten(certificate):
    server = InjectingServer(certificate)
    with sender(server.port, tls="required", ca_file=certificate[0], username="u", password="p") as ours:
        outcome = send(ours)
        assert outcome["kind"] == "accepted", outcome
    assert server.heard[0].startswith(b"EHLO ")
    assert server.heard[1].startswith(b"AUTH PLAIN ")  # the offer that came encrypted
    assert server.heard[3].startswith(b"RCPT ")  # one by one: PIPELINING was not offered encrypted


# ---- foreign clients, our simulated server


@pytest.fixture
def simulator():
    with Process(program(), "server") as server:
        server.listening = server.take("listening")
        yield server


def strict(toml=""):
    return Process(program(), "server", "[services.smtp]\n" + toml)


USER, PASSWORD = "sandbox", "sandbox-password"


def message():
    made = email.message.EmailMessage()
    made["From"] = "Ann <ann@example.com>"
    made["To"] = "bob@example.org"
    made["Subject"] = SUBJECT
    made.set_content(TEXT)
    made.add_alternative(HTML, subtype="html")
    made.add_attachment(b"\x00\x01\xff" * 1000, maintype="image", subtype="png", filename="画.png")
    return made


def check_arrival(server):
    arrival = server.take("arrival")
    assert arrival["subject"] == SUBJECT and same_text(arrival["content"])
    assert arrival["html"].strip() == HTML
    return arrival


def test_smtplib_talks_to_the_simulator(simulator):
    port, ca = simulator.listening["port"], simulator.listening["ca_file"]
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.starttls(context=ssl.create_default_context(cafile=ca))
        for login in (client.auth_plain, client.auth_login, client.auth_cram_md5):
            client.ehlo()
            client.user, client.password = USER, PASSWORD
            client.auth({"auth_plain": "PLAIN", "auth_login": "LOGIN", "auth_cram_md5": "CRAM-MD5"}[login.__name__],
                        login, initial_response_ok=login.__name__ != "auth_cram_md5")
            assert client.send_message(message()) == {}
            arrival = check_arrival(simulator)
            assert arrival["detail"]["user"] == USER and arrival["detail"]["tls"]
            assert arrival["detail"]["attachments"][0] | {"name": "画.png", "type": "image/png", "bytes": 3000} == \
                arrival["detail"]["attachments"][0]
            client.quit()
            client.connect("127.0.0.1", port)
            client.ehlo()
            client.starttls(context=ssl.create_default_context(cafile=ca))
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(USER, "wrong")
        assert client.docmd("DATA")[0] == 503
        refused = {}
        try:
            client.sendmail("a@b.org", ["fail-invalid-recipient@x.org"], "Subject: x\r\n\r\nx\r\n")
        except smtplib.SMTPRecipientsRefused as problem:
            refused = problem.recipients
        assert list(refused.values())[0][0] == 550
        # Many recipients, one of them refused: the others get it.
        client.sendmail("a@b.org", ["one@x.org", "fail-quota@x.org", "two@x.org"], "Subject: x\r\n\r\nx\r\n")
        assert [simulator.take("arrival")["recipient"] for _ in range(2)] == ["one@x.org", "two@x.org"]


def test_international_addresses_need_smtputf8(simulator):
    made = email.message.EmailMessage(email.policy.SMTPUTF8)
    made["From"], made["To"], made["Subject"] = "ann@example.com", "用户@例子.广告", "国际"
    made.set_content("x")
    with smtplib.SMTP("127.0.0.1", simulator.listening["port"], timeout=20) as client:
        client.send_message(made)
        arrival = simulator.take("arrival")
        assert arrival["recipient"] == "用户@例子.广告" and arrival["detail"]["smtputf8"]
        client.ehlo()
        client.docmd("MAIL FROM:<a@b.org>")
        client.sock.sendall("RCPT TO:<用户@例子.广告>\r\n".encode())
        assert client.getreply()[0] == 553


def test_smtplib_over_implicit_tls():
    with strict('tls = "implicit"\nauth_required = "yes"\n') as server:
        listening = server.take("listening")
        context = ssl.create_default_context(cafile=listening["ca_file"])
        with smtplib.SMTP_SSL("127.0.0.1", listening["port"], context=context, timeout=20) as client:
            with pytest.raises(smtplib.SMTPSenderRefused):
                client.send_message(message())
            client.login(USER, PASSWORD)
            client.send_message(message())
            check_arrival(server)


def test_swaks_talks_to_the_simulator(simulator):
    if subprocess.run(["perl", "-MNet::SSLeay", "-e1"], capture_output=True).returncode != 0:
        pytest.fail("swaks has no TLS; run: tools/setup --peers, or apt-get install libnet-ssleay-perl")
    listening = simulator.listening
    for auth in ("PLAIN", "LOGIN", "CRAM-MD5"):
        done = subprocess.run([tool("swaks", "swaks"), "--server", "127.0.0.1", "--port", str(listening["port"]), "--tls",
                               "--tls-verify", "--tls-ca-path", listening["ca_file"], "--auth", auth, "--auth-user", USER,
                               "--auth-password", PASSWORD, "--from", "ann@example.com", "--to", "bob@example.org",
                               "--header", "Subject: swaks " + auth, "--body", "one\n.two\n"], capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        arrival = simulator.take("arrival")
        assert arrival["subject"] == "swaks " + auth and arrival["detail"]["tls"]
        assert arrival["content"].replace("\r", "").strip() == "one\n.two"


def test_swaks_pipelines_and_sees_refusals(simulator):
    base = [tool("swaks", "swaks"), "--server", "127.0.0.1", "--port", str(simulator.listening["port"]), "--from",
            "ann@example.com", "--pipeline", "--to"]
    assert subprocess.run([*base, "bob@example.org"], capture_output=True, timeout=60).returncode == 0
    assert simulator.take("arrival")["recipient"] == "bob@example.org"
    refused = subprocess.run([*base, "fail-invalid-recipient@example.org"], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 24 and "550 5.1.1" in refused.stdout, refused.stdout


def test_nodemailer_talks_to_the_simulator(simulator):
    mail = {"from": "Ann <ann@example.com>", "to": "bob@example.org", "subject": SUBJECT, "text": TEXT,
            "html": HTML, "attachments": [{"filename": "报表.txt", "content": "a,b"}]}
    base = {"host": "127.0.0.1", "port": simulator.listening["port"], "requireTLS": True,
            "ca": simulator.listening["ca_file"]}
    logins = [{"user": USER, "pass": PASSWORD}, {"type": "OAuth2", "user": USER, "accessToken": "sandbox-oauth-token"}]
    for auth in logins:
        task = {"transport": base | {"auth": auth, "pool": True}, "mails": [mail, mail | {"to": "fail-quota@example.org"}, mail]}
        done = subprocess.run([node(), str(HERE / "client.mjs")], input=json.dumps(task), capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, done.stderr
        first, quota, last = json.loads(done.stdout)
        assert first["ok"] and last["ok"] and quota["code"] == 452, done.stdout
        for _ in range(2):
            assert check_arrival(simulator)["detail"]["attachments"][0]["name"] == "报表.txt"
    wrong = {"transport": base | {"auth": {"user": USER, "pass": "wrong"}}, "mails": [mail]}
    done = subprocess.run([node(), str(HERE / "client.mjs")], input=json.dumps(wrong), capture_output=True, text=True)
    assert json.loads(done.stdout)[0]["code"] == 535


def test_smtp_source_fills_the_simulator(simulator):
    command = [tool("smtp-source", "postfix"), "-m", "300", "-s", "10", "-f", "ann@example.com", "-t", "bob@example.org",
               f"127.0.0.1:{simulator.listening['port']}"]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    ids = {simulator.take("arrival")["id"] for _ in range(300)}
    assert len(ids) == 300


def raw_session(port, *pieces):
    """Sends pieces, one after the answer to the one before; all that was answered."""
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        heard = line.recv(1000)
        for piece in pieces:
            line.sendall(piece)
            time.sleep(0.15)
            heard += line.recv(10_000)
        return heard.decode()


ENVELOPE = b"EHLO x\r\nMAIL FROM:<a@b.org>\r\nRCPT TO:<c@d.org>\r\nDATA\r\n"


@pytest.mark.parametrize("body, answer", [
    (b"Subject: x\r\n\r\nhello\n.\nMAIL FROM:<evil@x.org>\r\n.\r\n", "550 5.6.11"),
    (b"Subject: x\r\n\r\nhello\n.\r\nmore\r\n.\r\n", "550 5.6.11"),
    (b"Subject: x\r\n\r\nhello\r\n.\nmore\r\n.\r\n", "550 5.6.11"),
    (b"Subject: x\r\n\r\na\rb\r\n.\r\n", "550 5.6.11"),
    (b"Subject: x\r\n\r\n" + b"x" * 999 + b"\r\n.\r\n", "550 5.6.0"),
    (b"Subject: x\r\n\r\n" + b"x" * 998 + b"\r\n.\r\n", "250 2.0.0"),
    (b"Subject: x\r\n\r\na\0b\r\n.\r\n", "554 5.6.0"),
])
def test_the_simulator_takes_no_smuggled_mail(simulator, body, answer):
    heard = raw_session(simulator.listening["port"], ENVELOPE, body)
    assert answer in heard.splitlines()[-1], heard
    if answer.startswith("250"):
        simulator.take("arrival")
    assert simulator.lines.empty()


@pytest.mark.parametrize("line, answer", [
    (b"MAIL FROM:<a@b.org>\r\n", "503"), (b"EHLO x\nNOOP\r\n", "521"), (b"NONSENSE\r\n", "502"),
    (b"EHLO x\r\nMAIL FROM:a@b.org\r\n", "501"), (b"EHLO x\r\nMAIL FROM:<a@b.org> FOO=1\r\n", "555"),
    (b"EHLO x\r\nMAIL FROM:<a@b.org> SIZE=99999999\r\n", "552"), (b"EHLO x\r\nMAIL FROM:<a@b.org>\r\nDATA\r\n", "554"),
    (b"EHLO x\r\nMAIL FROM:<a@b.org>\r\nMAIL FROM:<a@b.org>\r\n", "503"), (b"EHLO x\r\nRCPT TO:<a@b.org>\r\n", "503"),
    (b"EHLO " + b"x" * 20_000 + b"\r\n", "500"), (b"AUTH PLAIN AAAA\r\n", "503"), (b"BDAT 5 LAST\r\n", "502"),
])
def test_the_simulator_is_strict_with_commands(simulator, line, answer):
    heard = raw_session(simulator.listening["port"], line)
    assert heard.splitlines()[-1].startswith(answer), heard
