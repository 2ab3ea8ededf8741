"""Mails composed by Hongyan, read and verified by programs that know nothing of it: Python's email
package, npm mailparser (fields, files), and dkimpy, npm mailauth and OpenDKIM (signatures).

The mails are written by the unit test peer.mails_for_other_programs_are_written of test_channel_mail.
Needs python3-dkim, python3-nacl, opendkim and the npm packages of this folder: tools/setup --peers.
"""

import email
import email.policy
import hashlib
import json
import os
import pathlib
import re
import subprocess

import pytest

import support

HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("mails")
    subprocess.run([support.built("test_channel_mail"), "--gtest_filter=peer.mails_for_other_programs_are_written"],
                   env={**os.environ, "HONGYAN_MAIL_OUT": str(out)}, check=True,
                   stdout=subprocess.DEVNULL, timeout=300)
    return out


@pytest.fixture(scope="session")
def expected(folder):
    return {one["name"]: one for one in json.loads((folder / "expected.json").read_text())}


@pytest.fixture(scope="session")
def dns(folder):
    return json.loads((folder / "dns.json").read_text())


@pytest.fixture(scope="session")
def by_node(folder):
    support.npm_ci(HERE)
    done = subprocess.run(["node", HERE / "read.mjs", folder], capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def lines(text):
    """Line ends and the empty lines at the end are not part of what is compared."""
    return re.sub(r"\r\n|\r", "\n", text or "").rstrip("\n")


def test_every_line_is_legal(folder, expected):
    for name in expected:
        raw = (folder / f"{name}.eml").read_bytes()
        assert raw.endswith(b"\r\n"), name
        assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n"), name
        head = raw.split(b"\r\n\r\n", 1)[0]
        for line in raw.split(b"\r\n"):
            assert len(line) <= 998, name
        # A URL in List-Unsubscribe cannot be folded; all else keeps to 78.
        assert all(len(line) <= 78 for line in head.split(b"\r\n") if b":" not in line or line.lstrip()[:1] != b"<"
                   and b"<http" not in line), name
        if name != "eight_bit":
            assert raw.isascii(), name


def test_python_reads_the_same_fields(folder, expected):
    for name, want in expected.items():
        mail = email.message_from_bytes((folder / f"{name}.eml").read_bytes(),
                                        policy=email.policy.default)
        assert not mail.defects, (name, mail.defects)
        assert mail["Subject"] == want["subject"], name
        assert mail["From"].addresses[0].display_name == "鸿雁", name
        assert mail["From"].addresses[0].addr_spec == "no-reply@example.com", name
        assert mail["To"].addresses[0].display_name == "收件人, Ann", name
        assert mail["To"].addresses[0].addr_spec == "ann@example.org", name
        assert mail["Message-ID"] == f"<{want['message_id']}>", name
        assert mail["Date"].datetime.timestamp() == 1790000000, name
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", name
        text = mail.get_body(("plain",)).get_content()
        if want["text"]:
            assert lines(text) == lines(want["text"]), name
        else:
            assert text.strip() == "Only HTML", name
        if want["html"]:
            assert lines(mail.get_body(("html",)).get_content()) == want["html"], name
        for part in mail.walk():
            assert not part.defects, (name, part.defects)


def test_python_reads_the_same_files(folder, expected):
    for name, want in expected.items():
        mail = email.message_from_bytes((folder / f"{name}.eml").read_bytes(),
                                        policy=email.policy.default)
        files = {}
        for part in mail.walk():
            if part.get_content_disposition() in ("attachment", "inline"):
                body = part.get_payload(decode=True)
                files[part.get_filename()] = (
                    part.get_content_type(), (part["Content-ID"] or "").strip("<>"), len(body),
                    hashlib.sha256(body).hexdigest())
        assert files == {one["filename"]: (one["type"].split(";")[0], one["content_id"],
                                           one["size"], one["sha256"])
                         for one in want["files"]}, name


def test_mailparser_reads_the_same_fields(by_node, expected):
    assert set(by_node) == set(expected)
    for name, want in expected.items():
        got = by_node[name]
        # mailparser trims what surrounds a subject.
        assert got["subject"].strip() == want["subject"].strip(), name
        assert got["from"] == {"address": "no-reply@example.com", "name": "鸿雁"}, name
        assert got["to"] == {"address": "ann@example.org", "name": "收件人, Ann"}, name
        assert got["message_id"] == f"<{want['message_id']}>", name
        assert got["date"] == "2026-09-21T14:13:20.000Z", name
        if want["text"]:
            assert lines(got["text"]) == lines(want["text"]), name
        assert lines(got["html"]) == want["html"], name
        unsubscribe = got["list"]["unsubscribe"]
        assert unsubscribe["url"].startswith("https://u.example.com/u?t="), name
        assert got["list"]["unsubscribe-post"]["name"] == "List-Unsubscribe=One-Click", name
    assert by_node["headers"]["reply_to"] == {"address": "help@example.com",
                                              "name": "Hilfe für Sie"}


def test_mailparser_reads_the_same_files(by_node, expected):
    for name, want in expected.items():
        got = {one["filename"]: one for one in by_node[name]["files"]}
        assert set(got) == {one["filename"] for one in want["files"]}, name
        for one in want["files"]:
            other = got[one["filename"]]
            assert other["type"] == one["type"].split(";")[0], name
            assert other["content_id"].strip("<>") == one["content_id"], name
            assert (other["size"], other["sha256"]) == (one["size"], one["sha256"]), name


def test_mailauth_verifies_every_signature(by_node):
    for name, got in by_node.items():
        wanted = {("e1", "ed25519-sha256")}
        if name != "one_key":
            wanted.add(("r1", "rsa-sha256"))
        assert {(d["selector"], d["algorithm"]) for d in got["dkim"]} == wanted, name
        for one in got["dkim"]:
            assert one["result"] == "pass" and one["aligned"], (name, one)


def signature_count(raw):
    return raw.split(b"\r\n\r\n", 1)[0].count(b"DKIM-Signature:")


def test_dkimpy_verifies_every_signature(folder, expected, dns):
    try:
        import dkim
        import nacl  # noqa: F401, which dkimpy needs for Ed25519
    except ImportError:
        pytest.fail("dkim or nacl is missing; run: tools/setup --peers, or apt-get install python3-dkim python3-nacl")

    def answer(name, timeout=5):
        return dns[name.decode().rstrip(".")].encode()

    for name in expected:
        raw = (folder / f"{name}.eml").read_bytes()
        count = signature_count(raw)
        assert count == (1 if name == "one_key" else 2), name
        for index in range(count):
            assert dkim.DKIM(raw).verify(idx=index, dnsfunc=answer), (name, index)


@pytest.mark.parametrize("change", [
    (b"\r\nSubject: ", b"\r\nSubject: x"),
    (b"\r\n\r\n", b"\r\n\r\nx"),
    (b"\r\nFrom: ", b"\r\nFrom: evil@example.net\r\nFrom: "),
    (b"\r\nTo: ", b"\r\nCc: evil@example.net\r\nTo: "),
    (b"\r\nList-Unsubscribe-Post: ", b"\r\nX-Other: "),
    (b"\r\nMIME-Version: ", b"\r\nReply-To: evil@example.net\r\nMIME-Version: "),
    (b"charset=utf-8", b"charset=utf-7"),
])
def test_dkimpy_notices_changes(folder, dns, change):
    import dkim
    raw = (folder / "plain.eml").read_bytes()
    changed = raw.replace(*change, 1)
    assert changed != raw
    for index in range(2):
        try:
            good = dkim.DKIM(changed).verify(
                idx=index, dnsfunc=lambda name, timeout=5: dns[name.decode().rstrip(".")].encode())
        except dkim.DKIMException:
            good = False
        assert not good, index


def test_opendkim_verifies_rsa(folder, expected, dns, tmp_path):
    opendkim = support.need("opendkim", "tools/setup --peers, or apt-get install opendkim")
    keys = tmp_path / "keys"
    keys.write_text(f"r1._domainkey.example.com {dns['r1._domainkey.example.com']}\n")
    config = tmp_path / "opendkim.conf"
    config.write_text(f"Mode v\nTestPublicKeys {keys}\nSyslog no\nLogWhy yes\n"
                      "Socket inet:0@localhost\n")
    for name in expected:
        raw = (folder / f"{name}.eml").read_bytes()
        if name == "one_key":
            continue
        # This OpenDKIM knows no Ed25519; it is given the RSA signature alone.
        mail = tmp_path / f"{name}.eml"
        first, rest = raw.split(b"\r\nDKIM-Signature:", 1)
        mail.write_bytes(first + rest[rest.index(b"\r\nFrom:"):])
        done = subprocess.run([opendkim, "-x", config, "-t", mail, "-v"], capture_output=True,
                              text=True, timeout=120)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
        assert "verification (s=r1" in done.stdout and "succeeded" in done.stdout, \
            (name, done.stdout, done.stderr)
