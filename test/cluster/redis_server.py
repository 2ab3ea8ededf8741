"""A redis-server of a test's own: free port of 127.0.0.1, temporary folder, nothing kept on disk.

    with RedisServer() as redis: redis.port, redis.kill(), redis.start(), redis.command("PING")

Only the standard library; a server that is not installed fails with the command that installs it.
"""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class RedisServer:
    def __init__(self, *options, port=None):
        self.port = port or free_port()
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="hongyan-redis-")
        self.process = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("redis-server is missing; run: apt-get install redis-server")
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.process = subprocess.Popen(
                [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                 "--dir", self.folder, *self.options], stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                if self.command("PING") == "PONG":
                    return self
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(os.path.join(self.folder, "output")) as output:
                    raise RuntimeError("redis-server did not start:\n" + output.read())
            time.sleep(0.01)

    def command(self, *words):
        """Sends one command on a connection of its own; gives the answer, raises on an error reply."""
        request = b"*%d\r\n" % len(words)
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            request += b"$%d\r\n%s\r\n" % (len(word), word)
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
            sock.sendall(request)
            with sock.makefile("rb") as stream:
                return self._read(stream)

    def _read(self, stream):
        line = stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the answer ends in the middle")
        kind, text = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise RuntimeError(text)
        if kind == b":":
            return int(text)
        if kind == b"$":
            return None if text == "-1" else stream.read(int(text) + 2)[:-2].decode("utf-8", "surrogateescape")
        if kind == b"*":
            return [self._read(stream) for _ in range(int(text))]
        return text

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(20)
        self.process = None

    def stop(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
