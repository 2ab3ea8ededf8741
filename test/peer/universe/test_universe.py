"""The universe's listener, judged by other people's HTTP clients: curl, nghttp, h2load, openssl, Python's h2."""

import json
import os
import re
import socket
import ssl
import stat
import subprocess
import threading

import pytest

from support import ROOT, binary, need

try:
    import h2.config
    import h2.connection
    import h2.errors
    import h2.events
except ImportError:
    pytest.fail("Python's h2 is missing; run: apt-get install python3-h2, or pip install h2", pytrace=False)


def run(*command, code=0, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, timeout=60, check=False, **options)
    assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


def curl(*arguments, code=0):
    need("curl", "apt-get install curl")
    return run("curl", "-sS", "--noproxy", "*", "--max-time", "20", *arguments, code=code).stdout.decode()


def fault(action, times=1, more=""):
    return f'[[chaos.rule]]\naction = "{action}"\ntimes = {times}\n{more}\n'


@pytest.fixture
def target(universe):
    """The URL of some HTTP service; what it answers does not matter here."""
    return next(one["url"] for _, one in sorted(universe.services.items()) if "url" in one) + "/nothing"


class Peer:
    """An HTTP/2 client of frames, by Python's h2."""

    def __init__(self, universe, tls=False):
        self.socket = socket.create_connection(("127.0.0.1", universe.tls_port if tls else universe.port), timeout=20)
        if tls:
            context = ssl.create_default_context(cafile=universe.ca_file)
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
            assert self.socket.selected_alpn_protocol() == "h2"
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.events = []
        self.closed = False
        self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def request(self, path, method="GET", body=b"", end=True):
        stream = self.h2.get_next_available_stream_id()
        headers = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "127.0.0.1")]
        self.h2.send_headers(stream, headers, end_stream=end and not body)
        if body:
            self.h2.send_data(stream, body, end_stream=end)
        self.flush()
        return stream

    def until(self, wanted, stream=None, timeout=20):
        """The first event of that kind (and stream) that has come or comes; None when the connection ends first."""
        self.socket.settimeout(timeout)
        while True:
            for event in self.events:
                if isinstance(event, wanted) and stream in (None, getattr(event, "stream_id", None)):
                    self.events.remove(event)
                    return event
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                self.closed = True
                return None
            came = self.h2.receive_data(data)
            for event in came:
                if isinstance(event, h2.events.DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.events += came
            self.flush()

    def status(self, stream):
        event = self.until(h2.events.ResponseReceived, stream)
        return None if event is None else int(dict(event.headers)[":status"])


# ---- versions and TLS


def test_curl_speaks_http1_and_http2_on_both_ports(universe):
    form = "%{http_version} %{http_code} %{size_download}"
    own = "/_universe/services"
    whole = str(len(universe.call("GET", own)[2]))
    trusted = ["--cacert", universe.ca_file]
    for arguments, version in [((universe.http,), "1.1"), (("--http2-prior-knowledge", universe.http), "2"),
                               ((*trusted, universe.https), "2"), ((*trusted, "--http1.1", universe.https), "1.1")]:
        *options, url = arguments
        assert curl(*options, "-o", os.devnull, "-w", form, url + own) == f"{version} 200 {whole}"


def test_the_certificate_holds_for_localhost_and_nobody_else_is_trusted(universe):
    url = f"https://localhost:{universe.tls_port}/_universe/ledger"
    assert json.loads(curl("--cacert", universe.ca_file, "--resolve", f"localhost:{universe.tls_port}:127.0.0.1", url))
    assert curl(url, code=60) == ""  # not by the system's authorities
    curl("--cacert", universe.ca_file, "--resolve", f"example.com:{universe.tls_port}:127.0.0.1",
         f"https://example.com:{universe.tls_port}/", code=60)
    key = os.path.join(os.path.dirname(universe.ca_file), "key.pem")
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600


def test_openssl_agrees_on_the_version_and_the_protocol(universe):
    need("openssl", "apt-get install openssl")
    place = f"127.0.0.1:{universe.tls_port}"
    base = ("openssl", "s_client", "-connect", place, "-CAfile", universe.ca_file, "-verify_return_error",
            "-verify_ip", "127.0.0.1")
    for offered, chosen in [("h2,http/1.1", "h2"), ("http/1.1", "http/1.1"), ("http/1.1,h2", "h2")]:
        text = run(*base, "-alpn", offered, input=b"").stdout.decode()
        assert f"ALPN protocol: {chosen}\n" in text
        assert "Verification: OK" in text
    assert "No ALPN negotiated" in run(*base, "-alpn", "spdy/3", input=b"").stdout.decode()
    assert "TLSv1.2" in run(*base, "-tls1_2", input=b"").stdout.decode()
    run(*base, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", input=b"", code=1)


def test_the_certificate_stays_over_a_restart(make_universe, tmp_path):
    first = make_universe(folder=tmp_path / "one")
    with open(first.ca_file, "rb") as file:
        before = file.read()
    assert first.stop() == 0
    again = make_universe(folder=tmp_path / "one")
    with open(again.ca_file, "rb") as file:
        assert file.read() == before


# ---- HTTP/2


def test_nghttp_gets_an_answer_and_many_streams_on_one_connection(universe, target):
    need("nghttp", "apt-get install nghttp2-client")
    text = run("nghttp", "-nv", universe.http + "/_universe/ledger", universe.http + "/_universe/chaos").stdout.decode()
    assert len(re.findall(r":status: 200", text)) == 2
    assert "SETTINGS_MAX_CONCURRENT_STREAMS(0x03):256" in text
    need("h2load", "apt-get install nghttp2-client")
    text = run("h2load", "-n", 5000, "-c", 4, "-m", 50, target).stdout.decode()
    assert "5000 done" in text and "0 failed, 0 errored" in text
    text = run("h2load", "--h1", "-n", 5000, "-c", 16, universe.http + "/_universe/ledger").stdout.decode()
    assert "5000 succeeded" in text


def test_a_large_answer_waits_for_the_window(universe):
    peer = Peer(universe)
    stream = peer.request("/_universe/services")
    assert peer.status(stream) == 200
    received = 0
    while True:
        event = peer.until((h2.events.DataReceived, h2.events.StreamEnded), stream)
        if isinstance(event, h2.events.StreamEnded):
            break
        received += len(event.data)
    assert received == len(universe.call("GET", "/_universe/services")[2])


def test_streams_beyond_the_limit_are_refused_and_the_others_answered(universe, target):
    path = target.removeprefix(universe.http)
    peer = Peer(universe)
    assert peer.until(h2.events.RemoteSettingsChanged)
    assert peer.h2.remote_settings.max_concurrent_streams == 256
    universe.chaos(fault("hang", 256))
    for _ in range(256):
        peer.request(path)
    peer.h2.ping(b"12345678")
    peer.flush()
    assert peer.until(h2.events.PingAckReceived)
    peer.h2.reset_stream(1)  # makes room for one
    peer.flush()
    assert peer.status(peer.request("/_universe/ledger")) == 200


def test_a_body_beyond_the_limit_is_refused_and_the_connection_lives(universe):
    peer = Peer(universe)
    stream = peer.request("/_universe/chaos", "PUT", end=False)
    left = 16 * 2**20 + 1
    while left > 0:
        room = min(left, peer.h2.local_flow_control_window(stream), peer.h2.max_outbound_frame_size)
        if room == 0:
            assert peer.until(h2.events.WindowUpdated)
            continue
        peer.h2.send_data(stream, b"x" * room)
        left -= room
        peer.flush()
    assert peer.status(stream) == 413
    assert peer.status(peer.request("/_universe/ledger")) == 200


def test_headers_beyond_the_limit_are_refused(universe):
    peer = Peer(universe)
    stream = peer.h2.get_next_available_stream_id()
    headers = [(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "a")]
    peer.h2.send_headers(stream, headers + [(f"x-{i}", "y" * 1000) for i in range(60)] + [("z", "z" * 6000)],
                         end_stream=True)
    peer.flush()
    event = peer.until((h2.events.ResponseReceived, h2.events.StreamReset), stream)
    assert event is None or isinstance(event, h2.events.StreamReset) or dict(event.headers)[":status"] == "431"


# ---- chaos


def test_goaway_announces_the_last_stream_that_will_be_answered(universe, target):
    path = target.removeprefix(universe.http)
    peer = Peer(universe)
    universe.chaos('[[chaos.rule]]\nlatency_ms = 300\naction = "ok"\ntimes = 1\n' + fault("goaway"))
    slow = peer.request(path)
    peer.request(path)
    event = peer.until(h2.events.ConnectionTerminated)
    assert event.error_code == h2.errors.ErrorCodes.NO_ERROR
    assert event.last_stream_id == slow


def test_goaway_lets_the_others_finish(universe, target):  # Python's h2 reads nothing after a GOAWAY
    universe.chaos('[[chaos.rule]]\nlatency_ms = 300\naction = "ok"\ntimes = 1\n' + fault("goaway"))
    done = run("nghttp", "-nv", target + "/1", target + "/2", code=None)
    text = done.stdout.decode()
    goaway = text.index("recv GOAWAY frame")
    assert b"Some requests were not processed. total=2, processed=1" in done.stderr
    assert len(re.findall(r"recv \(stream_id=\d+\) :status: \d+", text)) == 1
    assert text.index(":status: ") > goaway


@pytest.mark.parametrize("options, codes", [([], (52, 56)), (["--http2-prior-knowledge"], (16, 18, 52, 55, 56))])
def test_curl_sees_a_cut_connection(universe, target, options, codes):
    for action in ("cut_before", "cut_after"):
        universe.chaos(fault(action, 9))
        done = run("curl", "-sS", "--noproxy", "*", *options, "-d", "{}", target, code=None)
        assert done.returncode in codes, done.stderr
        assert done.stdout == b""


@pytest.mark.parametrize("options", [["--http1.1"], ["--http2-prior-knowledge"]])
def test_curl_sees_half_an_answer(universe, target, options):
    universe.chaos(fault("half_answer", 9))
    done = run("curl", "-sS", "--noproxy", "*", *options, target, code=None)
    assert done.returncode in (18, 92, 16, 56), done.stderr
    assert done.stdout


@pytest.mark.parametrize("options", [["--http1.1"], ["--http2-prior-knowledge"]])
def test_curl_waits_in_vain_for_a_hanging_answer(universe, target, options):
    universe.chaos(fault("hang", 9))
    run("curl", "-sS", "--noproxy", "*", *options, "--max-time", "0.3", target, code=28)


def test_a_plain_status_has_its_retry_after(universe, target):
    universe.chaos(fault("status", 9, "status = 503\nretry_after_seconds = 4"))
    for options in ["--http1.1"], ["--http2-prior-knowledge"]:
        text = curl(*options, "-i", target).lower()
        assert " 503" in text.splitlines()[0]
        assert "retry-after: 4" in text


def test_latency_delays_one_stream_only(universe, target):
    path = target.removeprefix(universe.http)
    universe.chaos('[[chaos.rule]]\nlatency_ms = 400\naction = "ok"\ntimes = 1\n')
    peer = Peer(universe)
    slow = peer.request(path)
    quick = peer.request(path)
    order = [peer.until(h2.events.ResponseReceived).stream_id for _ in range(2)]
    assert order == [quick, slow]


def test_a_mistake_in_the_script_is_told_and_changes_nothing(universe):
    status, _, text = universe.call("PUT", "/_universe/chaos", '[[chaos.rule]]\nacton = "hang"\n')
    assert status == 400
    assert "did you mean \"action\"" in json.loads(text)["error"]
    assert universe.own("GET", "chaos")["rules"] == []


# ---- the program


def test_it_says_what_is_wrong_with_its_arguments(tmp_path, universe):
    data = ["--data", tmp_path / "d", "--http-port", "0"]
    (tmp_path / "bad.toml").write_text("[services.aliyun]\nacess_key_id = 1\n")
    done = run(binary(), "sandbox", *data, "--file", tmp_path / "bad.toml", code=None)
    assert done.returncode == 1 and b"access_key_id" in done.stderr and b"bad.toml:2:1" in done.stderr
    done = run(binary(), "sandbox", *data, "--port", "smtpp=1", code=None)
    assert done.returncode != 0 and b"smtpp" in done.stderr
    done = run(binary(), "sandbox", "--data", tmp_path / "e", "--http-port", str(universe.port), code=None)
    assert done.returncode == 1 and b"another port" in done.stderr
    done = run(binary(), "sandbox", "--http-port", "0", "--data", universe.folder / "data", code=None)
    assert done.returncode == 1 and b"in use by another universe" in done.stderr


def test_the_example_of_the_manual_is_right(make_universe):
    one = make_universe(toml=(ROOT / "docs/sandbox.example.toml").read_text())
    script = one.own("GET", "chaos")
    assert (script["seed"], len(script["rules"]), len(script["receipts"])) == (42, 6, 4)
    assert one.account("aliyun")["access_key_id"] == "LTAI5tExample"
    for block in re.findall(r"```toml\n(.*?)```", (ROOT / "docs/sandbox.md").read_text(), re.DOTALL):
        make_universe(toml=block)


def test_the_ledger_survives_a_kill_and_goes_on(make_universe, tmp_path, target):
    first = make_universe(folder=tmp_path / "one")
    (tmp_path / "one/data/universe.ledger").write_text(
        '{"sequence":41,"at_ms":1,"service":"aliyun","token":"t","content_bytes":0}\n')
    first.kill()
    again = make_universe(folder=tmp_path / "one")
    assert again.own("GET", "ledger")["last_sequence"] == 41
    assert again.ledger("aliyun") == {"arrived": 1, "distinct_tokens": 1, "duplicates": 0, "exact": True}


def test_it_ends_in_order_with_connections_open(make_universe):
    one = make_universe()
    peers = [Peer(one), Peer(one, tls=True)]
    idle = socket.create_connection(("127.0.0.1", one.port))
    half = socket.create_connection(("127.0.0.1", one.tls_port))
    half.sendall(b"\x16\x03\x01")
    assert peers[1].status(peers[1].request("/_universe/ledger")) == 200
    assert one.stop() == 0
    assert idle.recv(1) == b""
    half.close()


def test_noise_does_not_stop_it(universe):
    seeds = [b"\x00" * 100, b"\xff" * 100, b"GET", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 200,
             b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"]

    def shout(seed):
        for port in (universe.port, universe.tls_port):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as noisy:
                try:
                    noisy.sendall(seed)
                    noisy.shutdown(socket.SHUT_WR)
                    while noisy.recv(65536):
                        pass
                except OSError:
                    pass

    threads = [threading.Thread(target=shout, args=(seed,)) for seed in seeds * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert universe.call("GET", "/_universe/ledger")[0] == 200
