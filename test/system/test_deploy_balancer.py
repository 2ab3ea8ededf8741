"""deploy/haproxy.cfg before real nodes: sending is spread, the rest of a client stays with one node, screens connect, a node that
stops loses nobody a request, and what is not for the public does not pass."""
import collections
import http.client
import json
import os
import subprocess
import threading

import pytest

from deployment import DEPLOY, read_metrics, tool
from live import Screen
from providers import free_port
from support import ADMIN_KEY, HongyanServer, wait_until

CONFIGURATION = DEPLOY / "haproxy.cfg"
QUIET = {"sandbox.providers": "false"}


class Balancer:
    """HAProxy with the repository's configuration before three addresses."""

    def __init__(self, folder, addresses):
        self.port, self.metrics_port = free_port(), free_port()
        environment = {"PATH": os.environ["PATH"], "BALANCER_BIND": f"127.0.0.1:{self.port}",
                       "BALANCER_METRICS_BIND": f"127.0.0.1:{self.metrics_port}"}
        environment |= {f"NODE_{number}": address for number, address in enumerate(addresses, 1)}
        self.log = open(folder / "haproxy.log", "wb")
        self.process = subprocess.Popen([tool("haproxy", "tools/setup"), "-db", "-f", str(CONFIGURATION)], env=environment,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self._local = threading.local()

    def stop(self):
        self.process.kill()
        self.process.wait(10)
        self.log.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def call(self, method, path, json_body=None, port=None):
        """(status, body) of one request on a connection of its own, as a client that has just come."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20)
        try:
            body = None if json_body is None else json.dumps(json_body)
            connection.request(method, path, body, {"Authorization": f"Bearer {ADMIN_KEY}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def post(self, path, json=None, **_):
        """As HongyanServer.post(), for Screen."""
        status, body = self.call("POST", path, json)
        return collections.namedtuple("Answer", "status body")(status, parsed(body))

    def send(self):
        return self.call("POST", "/api/messages/send", {"channel": "sms", "recipient": "+8613800000001", "content": "hello"})[0]

    def up(self):
        """Names of nodes that are up, by Prometheus' page of the balancer."""
        status, text = self.call("GET", "/metrics", port=self.metrics_port)
        assert status == 200
        return {line.split('server="')[1].split('"')[0] for line in text.splitlines()
                if line.startswith('haproxy_server_status{proxy="by_load"') and 'state="UP"' in line and line.endswith(" 1")}


def parsed(body):
    return json.loads(body) if body else None


def accepted(server):
    channels = server.get("/metrics", key=None).body.splitlines()
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in channels if line.startswith("hongyan_messages_accepted_total{"))


@pytest.fixture
def two(tmp_path):
    """Two nodes behind the balancer; its third place is empty."""
    with HongyanServer(settings=QUIET) as first, HongyanServer(settings=QUIET) as second:
        for server in (first, second):
            server.raise_limits()
        balancer = Balancer(tmp_path, [f"127.0.0.1:{first.port}", f"127.0.0.1:{second.port}", f"127.0.0.1:{free_port()}"])
        try:
            wait_until(lambda: _ready(balancer), 15, "the balancer's view of its nodes")
            yield balancer, first, second
        finally:
            balancer.stop()


def _ready(balancer):
    try:
        return balancer.up() == {"node-1", "node-2"}
    except OSError:
        return False


def test_sending_is_spread_and_a_client_s_other_requests_stay_with_one_node(two):
    balancer, first, second = two
    assert [balancer.send() for _ in range(40)] == [202] * 40
    # The counter follows the answer by a moment.
    wait_until(lambda: accepted(first) + accepted(second) == 40, what="40 accepted on both nodes together")
    assert min(accepted(first), accepted(second)) >= 10, "one node got nearly all"
    # Templates are rows of each node's own database here, so the names tell which node answered.
    for name, server in (("first", first), ("second", second)):
        assert server.post("/api/keys", {"name": name, "scopes": ["read"]}).status == 201
    seen = set()
    for _ in range(20):
        status, body = balancer.call("GET", "/api/keys")
        assert status == 200
        seen |= {item["name"] for item in parsed(body)["items"]} & {"first", "second"}
    assert len(seen) == 1, "requests of one address went to several nodes"


def test_a_screen_connects_through_the_balancer_and_hears_of_changes(two):
    balancer, _, _ = two
    status, body = balancer.call("POST", "/api/live/tickets")
    assert status in (200, 201), body
    with Screen(balancer, parsed(body)["ticket"]) as screen:
        wait_until(lambda: [one for one in screen.messages if one["type"] == "snapshot"], what="the first snapshot")


def test_a_node_that_stops_and_comes_back_loses_nobody_a_request(two):
    balancer, first, second = two
    statuses, done = collections.Counter(), threading.Event()

    def send_all_the_time():
        while not done.is_set():
            statuses[balancer.send()] += 1

    senders = [threading.Thread(target=send_all_the_time) for _ in range(4)]
    for sender in senders:
        sender.start()
    try:
        assert first.stop() == 0
        wait_until(lambda: balancer.up() == {"node-2"}, 15, "the balancer's notice that a node is gone")
        before = accepted(second)
        wait_until(lambda: accepted(second) > before + 20, what="sends to the node that is left")
        first.start()
        wait_until(lambda: balancer.up() == {"node-1", "node-2"}, 15, "the balancer's notice that it is back")
        wait_until(lambda: accepted(first) > 5, what="sends to the node that came back")
    finally:
        done.set()
        for sender in senders:
            sender.join(30)
    assert set(statuses) == {202} and statuses[202] > 40, statuses


def test_metrics_are_not_for_the_public(two):
    balancer, first, _ = two
    assert balancer.call("GET", "/metrics")[0] == 404
    assert read_metrics(first.get("/metrics", key=None).body)
    assert balancer.call("GET", "/readyz")[0] == 200
