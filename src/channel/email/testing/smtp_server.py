#!/usr/bin/python3
"""A real SMTP server for the e-mail channel's tests: aiosmtpd on a free loopback port.

Prints "port N" once it listens. Every mail it takes is parsed with Python's email package and
written as one JSON line to --log. The recipient's local part scripts what happens to a mail:

  rcpt-550-5.1.1.x@...   that reply to RCPT TO       data-451-4.3.0.x@...  that reply after it
  cut-rcpt.x@...         hang up at RCPT TO           cut-dot.x@...         hang up after the mail
  slow-500.x@...         wait 500 ms after the mail   die.x@...             end the process
  last.x@...             take it, then hang up while the connection is idle

With --raw NAME it plays a server that aiosmtpd would never be; see Raw.
"""
import argparse
import asyncio
import email
import email.policy
import email.utils
import json
import logging
import os
import re
import ssl
import sys
from email.header import decode_header, make_header

from aiosmtpd.smtp import SMTP, AuthResult


def lines_of(text):
    return None if text is None else text.replace("\r\n", "\n")


def name_in(raw, header):
    """The display name, by Python's older parser: its newer one keeps the space between two
    encoded words of a name, which RFC 2047 section 6.2 says to drop."""
    value = str(email.message_from_bytes(raw)[header])
    name = email.utils.parseaddr(value)[0]
    return str(make_header(decode_header(name))) if name else ""


def part_text(mail, kind):
    part = mail.get_body((kind,))
    return None if part is None else lines_of(part.get_content())


def describe(raw):
    """What a receiver sees of the mail, and what is wrong with its form."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    to = mail["to"].addresses[0] if mail["to"] and mail["to"].addresses else None
    sender = mail["from"].addresses[0]
    defects = [str(d) for part in mail.walk() for d in part.defects]
    defects += [str(d) for name in mail.keys() for d in getattr(mail[name], "defects", [])]
    return {
        "subject": str(mail["subject"]),
        "from_name": name_in(raw, "from"),
        "from_address": sender.addr_spec,
        "to_name": name_in(raw, "to"),
        "to_address": to.addr_spec if to else None,
        "to_count": len(mail["to"].addresses) if mail["to"] else 0,
        "date": int(mail["date"].datetime.timestamp()),
        "message_id": mail["message-id"],
        "mime_version": str(mail["mime-version"]),
        "type": mail.get_content_type(),
        "headers": [name.lower() for name in mail.keys()],
        "text": part_text(mail, "plain"),
        "html": part_text(mail, "html"),
        "encodings": [str(p["content-transfer-encoding"]) for p in mail.walk()
                      if not p.is_multipart()],
        "defects": defects,
        "longest_line": max(len(line) for line in raw.split(b"\r\n")),
        "bare_line_ends": len(re.findall(rb"(?<!\r)\n|\r(?!\n)", raw)),
        "is_ascii": all(byte < 128 for byte in raw),
    }


def scripted(prefix, address):
    """The reply "550 5.1.1 scripted" for the address "<prefix>-550-5.1.1.anything@example.com"."""
    found = re.match(prefix + r"-(\d{3})(?:-(\d\.\d+\.\d+))?(?:-([a-z]+))?[.@]", address)
    if not found:
        return None
    return " ".join(part for part in [found[1], found[2], found[3] or "scripted"] if part)


class Handler:
    def __init__(self, options):
        self.options = options
        self.taken = 0
        self.log = open(options.log, "a", encoding="utf-8")

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        if self.options.pipelining:
            responses.insert(1, "250-PIPELINING")
        return responses

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        server.mails += 1
        if self.options.max_mails and server.mails > self.options.max_mails:
            asyncio.get_running_loop().call_later(0.02, server.transport.close)
            return "421 4.7.0 enough for this connection"
        if self.options.mail_reply:
            return self.options.mail_reply
        envelope.mail_from = address
        return "250 2.1.0 sender ok"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("cut-rcpt."):
            server.transport.abort()
        reply = scripted("rcpt", address)
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 recipient ok"

    async def handle_DATA(self, server, session, envelope):
        address = envelope.rcpt_tos[0]
        if address.startswith("die."):
            os._exit(1)
        slow = re.match(r"slow-(\d+)\.", address)
        if slow:
            await asyncio.sleep(int(slow[1]) / 1000)
        reply = scripted("data", address)
        if reply:
            return reply
        record = describe(envelope.content)
        record.update(connection=server.number, envelope_from=envelope.mail_from,
                      recipients=envelope.rcpt_tos, helo=session.host_name,
                      tls=session.ssl is not None or self.options.tls == "implicit",
                      login=bool(session.authenticated))
        self.log.write(json.dumps(record) + "\n")
        self.log.flush()
        if address.startswith("cut-dot."):
            server.transport.abort()
        if address.startswith("last."):
            asyncio.get_running_loop().call_later(0.02, server.transport.close)
        self.taken += 1
        return "250 2.0.0 Ok: queued as Q%08d" % self.taken


class Server(SMTP):
    count = 0

    def connection_made(self, transport):
        if self.transport is None:  # not again after STARTTLS
            Server.count += 1
            self.number = Server.count
            self.mails = 0
        super().connection_made(transport)


class Raw:
    """A small SMTP server that misbehaves in one named way."""

    def __init__(self, name):
        self.name = name
        self.connections = 0

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            await self.dialogue(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def dialogue(self, reader, writer):
        greeting = {"greet421": "421 4.3.2 too busy", "greet554": "554 5.7.1 go away",
                    "garbage": "HTTP/1.1 400 Bad Request",
                    "one": "220 hi" if self.connections == 1 else "421 4.7.0 too many connections"}
        if self.name == "silent":
            await asyncio.sleep(3600)
        await self.say(writer, greeting.get(self.name, "220 raw ready"))
        if not greeting.get(self.name, "220").startswith("220"):
            return
        while True:
            line = (await reader.readuntil(b"\n")).decode().strip().upper()
            if line.startswith("EHLO"):
                await self.say(writer, "250-raw\r\n250-SIZE 20000\r\n250 PIPELINING")
            elif line.startswith("RCPT") and self.name == "grants" and "<BAD" in line:
                await self.say(writer, "550 5.1.1 nobody here")
            elif line == "DATA":
                await self.take_mail(reader, writer)
            elif line == "QUIT":
                return await self.say(writer, "221 bye")
            else:
                await self.say(writer, "250 fine")

    async def take_mail(self, reader, writer):
        await self.say(writer, "354 go ahead")
        if self.name == "early":
            await reader.readuntil(b"\n")
            await self.say(writer, "552 5.3.4 too large for me")
            return writer.close()
        mail = b""
        while not mail.endswith(b"\r\n.\r\n") and mail != b".\r\n":
            mail += await reader.readuntil(b"\n")
        if mail == b".\r\n":
            return await self.say(writer, "554 5.5.1 no valid recipients")
        if self.name == "drip":
            for byte in b"250-first line\r\n250 2.0.0 queued as DRIP\r\n":
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.001)
            return None
        if self.name == "nonsense":
            return await self.say(writer, "hello?")
        await self.say(writer, "250 2.0.0 Ok: queued as RAW")

    async def say(self, writer, text):
        writer.write(text.encode() + b"\r\n")
        await writer.drain()


def make_factory(options, context):
    user, _, password = options.auth.partition(":")

    def check_login(server, session, envelope, mechanism, data):
        good = data.login == user.encode() and data.password == password.encode()
        return AuthResult(success=good, handled=False, auth_data=data)

    handler = Handler(options)
    starttls = context if options.tls == "starttls" else None
    return lambda: Server(
        handler, tls_context=starttls, require_starttls=options.require_tls,
        auth_required=bool(options.auth), auth_require_tls=False,
        auth_exclude_mechanism=options.no_auth.split(",") if options.no_auth else None,
        authenticator=check_login if options.auth else None,
        data_size_limit=options.size, hostname="test.example")


async def main(options):
    loop = asyncio.get_running_loop()
    context = None
    if options.tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
    if options.raw:
        server = await asyncio.start_server(Raw(options.raw).serve, "127.0.0.1", 0)
    else:
        server = await loop.create_server(make_factory(options, context), "127.0.0.1", 0,
                                          ssl=context if options.tls == "implicit" else None)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # ends with the test that started it
    os._exit(0)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", default="/dev/null")
    parser.add_argument("--tls", default="none", choices=["none", "starttls", "implicit"])
    parser.add_argument("--require-tls", action="store_true")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--auth", default="", help="user:password")
    parser.add_argument("--no-auth", default="", help="mechanisms not offered, e.g. PLAIN")
    parser.add_argument("--pipelining", action="store_true")
    parser.add_argument("--size", type=int, default=33554432)
    parser.add_argument("--max-mails", type=int, default=0, help="per connection, then 421")
    parser.add_argument("--mail-reply", default="", help="reply to every MAIL FROM")
    parser.add_argument("--raw", default="")
    return parser.parse_args()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # broken connections are what the tests are about
    asyncio.run(main(arguments()))
