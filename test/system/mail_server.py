"""A real SMTP server inside the test's process, which keeps every mail as it came."""
import collections
import socket
import ssl
import subprocess

from aiosmtpd.controller import Controller


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(folder):
    """A self-signed certificate for 127.0.0.1: the paths of certificate and key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return certificate, key


class MailServer:
    """`replies` gives, for an address, the answers to its next mails; then 250. With a certificate mails need STARTTLS."""

    def __init__(self, certificate=None):
        self.port = free_port()
        self.mails = collections.defaultdict(list)  # raw mails by envelope recipient
        self.replies = collections.defaultdict(collections.deque)
        self.encrypted = set()  # envelope recipients of mails that came over TLS
        self._options = {}
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._options = {"tls_context": context, "require_starttls": True}
        self._controller = None

    async def handle_DATA(self, _server, session, envelope):
        address = envelope.rcpt_tos[0]
        if session.ssl is not None:
            self.encrypted.add(address)
        if self.replies[address]:
            return self.replies[address].popleft()
        self.mails[address].append(envelope.content)
        return f"250 2.0.0 Ok: queued as Q{len(self.mails)}"

    def start(self):
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._options)
        self._controller.start()

    def stop(self):
        if self._controller:
            self._controller.stop()
        self._controller = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
