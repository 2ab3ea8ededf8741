"""A line to a server on 127.0.0.1 that a test can damage: cut, refuse, black hole, slow, reset in the middle of a frame.

    with TcpProxy(server_port) as line: line.port, line.cut(), line.black_hole(), line.heal()

The same faults as src/contract/testing/tcp_proxy.hpp. One thread for each direction of each connection; only the
standard library.
"""
import socket
import struct
import threading
import time


class TcpProxy:
    def __init__(self, server_port):
        self.server_port = server_port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        self._lock = threading.Lock()
        self._pairs = set()
        self._stopping = False
        self.heal()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def heal(self):
        """Ends all faults; connections that lost bytes in a black hole are reset."""
        self._refusing = self._swallowing = False
        self._delay = 0.0
        self._reset_after = None
        self._mark = None
        with self._lock:
            lost = [pair for pair in self._pairs if getattr(pair, "lost", False)]
        for pair in lost:
            self._close(pair, True)

    def cut(self, by_reset=False):
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            self._close(pair, by_reset)

    def refuse(self):
        self._refusing = True
        self.cut()

    def black_hole(self):
        self._swallowing = True

    def slow(self, seconds):
        self._delay = seconds

    def reset_after(self, bytes_from_server):
        self._reset_after = bytes_from_server

    def lose_commit_of(self, mark):
        """When a connection has carried these bytes to PostgreSQL, the answer to its COMMIT is lost, and the line refuses from then on."""
        self._mark = mark

    def lead_to(self, server_port):
        self.server_port = server_port

    def stop(self):
        self._stopping = True
        self.listener.close()
        self.cut()
        self._thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _accept(self):
        self.listener.settimeout(0.2)
        while not self._stopping:
            try:
                client, _ = self.listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self.connections += 1
            client.setblocking(True)
            try:
                if self._refusing:
                    raise ConnectionRefusedError
                server = socket.create_connection(("127.0.0.1", self.server_port), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            pair = _Pair(client, server)
            with self._lock:
                self._pairs.add(pair)
            for ends in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._carry, args=(pair, *ends), daemon=True).start()

    def _carry(self, pair, source, target, from_server):
        try:
            while data := source.recv(65536):
                if self._swallowing:
                    pair.lost = True
                    continue
                if pair.lost:
                    break
                if self._mark and not from_server and self._mark in data:
                    pair.marked = True
                if from_server and pair.marked and b"COMMIT\0" in data:
                    self._mark = None
                    self.refuse()
                    return
                if self._delay:
                    time.sleep(self._delay)
                if from_server and self._reset_after is not None:
                    left = self._reset_after
                    self._reset_after = max(0, left - len(data))
                    if len(data) >= left:
                        self._reset_after = None
                        target.sendall(data[:left])
                        self._close(pair, True)
                        return
                target.sendall(data)
        except OSError:
            pass
        self._close(pair, pair.lost)

    def _close(self, pair, by_reset):
        with self._lock:
            if pair not in self._pairs:
                return
            self._pairs.discard(pair)
        for sock in (pair.client, pair.server):
            try:
                if by_reset:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # Wakes the thread that reads here; closing alone would wait for it.
                sock.shutdown(socket.SHUT_RD if by_reset else socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()


class _Pair:
    def __init__(self, client, server):
        self.client, self.server, self.lost, self.marked = client, server, False, False
