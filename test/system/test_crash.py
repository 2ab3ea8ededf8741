"""SIGKILL under load, again and again: the tables are held against the clients' journals and the sandbox's ledger.

HONGYAN_KILLS sets the number of kills (12), HONGYAN_SEED the seed, which is printed.
"""
import email
import os
import random
import signal
import time

import invariants
from database import open_copy
from journal import Client, all_asks, check_clients
from ledger import Arrival, read_ledger
from mail_server import MailServer
from store import ON_POSTGRES
from support import HongyanServer

KILLS = int(os.environ.get("HONGYAN_KILLS", "12"))
SEED = int(os.environ.get("HONGYAN_SEED", "20261124"))
OUTCOMES = 100  # that wait for a commit on a slow disk, of the 2,048 at which sending pauses
POOL_SIZE = 20  # message_sender's core_pool_size; the queue never gets long enough to let it grow
SETTINGS = {
    "sandbox.latency_ms": os.environ.get("HONGYAN_SANDBOX_LATENCY_MS", "8"),
    "sandbox.failure_percent": os.environ.get("HONGYAN_SANDBOX_FAILURE_PERCENT", "15"),
    "delivery.retry_base_ms": "30",
}
SINGLES = {"send": 50, "keyed_send": 30, "scheduled_send": 8, "expiring_send": 3, "dead_send": 4, "cancelled_send": 3,
           "redrive": 1, "retry": 1}
BATCHES = {"batch": 20, "big_batch": 2, "cancelled_batch": 2, "send": 20}


def waiting_statuses(data, identities):
    """Of these messages, those that the tables of a killed server do not call ended."""
    with open_copy(data) as connection:
        connection.execute("CREATE TEMP TABLE asked (id BIGINT PRIMARY KEY)")
        connection.executemany("INSERT INTO asked VALUES (?)", [(identity,) for identity in identities])
        marks = ",".join(f"'{status}'" for status in invariants.WAITING)
        return {row["id"] for row in connection.execute(
            f"SELECT id FROM message_records JOIN asked USING (id) WHERE status IN ({marks})")}


class InFlight:
    """At each kill: what had arrived without the tables knowing, hence may arrive once more."""

    def __init__(self, server):
        self.server = server
        self.at_kills = []
        self._sequence = 0
        self._open = set()

    def note(self):
        arrivals = read_ledger(self.server.data)
        new = {arrival.message_id for arrival in arrivals if arrival.sequence > self._sequence}
        self._sequence = arrivals[-1].sequence if arrivals else 0
        self._open = waiting_statuses(self.server.data, new | self._open)
        self.at_kills.append(self._open)


class MailsInFlight:
    """The same for e-mail, where the tables say it themselves: the intent to send is on disk before the mail leaves."""

    def __init__(self, server):
        self.server = server
        self.at_kills = []

    def note(self):
        with open_copy(self.server.data) as connection:
            found = connection.execute("SELECT id FROM message_records WHERE status = 'processing'")
            self.at_kills.append({row["id"] for row in found})


def crash(server, clients, kills, seed, kill=HongyanServer.kill, least=0.3, most=1.6, watch=InFlight):
    """Lets the clients work and kills the server now and then; at the end it runs, is quiet, and all clients are done."""
    chance = random.Random(seed)
    in_flight = watch(server)
    for client in clients:
        client.start()
    for _ in range(kills):
        time.sleep(chance.uniform(least, most))
        kill(server)
        in_flight.note()
        server.start()
    time.sleep(least)
    check_clients(clients)
    invariants.wait_for_quiescence(server)
    return in_flight.at_kills


def report(kills, asks, duplicates, aftermath, at_kills):
    outcomes = {name: sum(ask.outcome == name for ask in asks) for name in ("accepted", "refused", "unknown")}
    under_way = [len(one) for one in at_kills]
    print(f"\nseed {SEED}, {kills} kills, requests {outcomes}, replays {sum(ask.replayed for ask in asks)}, messages"
          f" {len(aftermath.records)}, arrivals {len(aftermath.arrivals)}, duplicates {duplicates}; arrived without their"
          f" outcome on disk at the kills: {under_way}, together {sum(under_way)}")


def test_nothing_accepted_is_lost_over_many_kills():
    with HongyanServer(settings=SETTINGS) as server:
        server.raise_limits()
        clients = [Client(server, f"single{n}", SEED + n, SINGLES) for n in range(5)]
        clients += [Client(server, f"batch{n}", SEED + 50 + n, BATCHES, pause=0.1) for n in range(2)]
        at_kills = crash(server, clients, KILLS, SEED)
        asks = all_asks(clients)
        duplicates, aftermath = invariants.check_all(server, clients, asks, at_kills)
        report(KILLS, asks, duplicates, aftermath, at_kills)
        # In flight, and besides what came back and waited for the transaction before: the longer, the slower the disk and the farther
        # the store; at most 2,048 (docs/guarantees.md).
        assert duplicates <= (POOL_SIZE + (2_048 if ON_POSTGRES else OUTCOMES)) * KILLS
        assert sum(ask.outcome == "accepted" for ask in asks) > 50 * KILLS, "hardly any load"


def test_a_batch_is_all_or_nothing_when_killed_while_it_is_accepted():
    with HongyanServer(settings={"delivery.retry_base_ms": 30}) as server:
        server.raise_limits()
        clients = [Client(server, f"big{n}", SEED + n, {"big_batch": 1}, pause=0.001, big_batch=9_000) for n in range(3)]
        kills = max(5, KILLS // 3)
        at_kills = crash(server, clients, kills, SEED, least=0.1, most=0.5)
        asks = all_asks(clients)
        duplicates, aftermath = invariants.check_all(server, clients, asks, at_kills)
        report(kills, asks, duplicates, aftermath, at_kills)
        assert any(ask.outcome != "accepted" for ask in asks), "no kill met a batch"


def stop_then_kill(server):
    """A stop that is not given its time."""
    server.process.send_signal(signal.SIGTERM)
    time.sleep(random.Random(server.starts).uniform(0.001, 0.1))
    server.kill()


def test_a_kill_during_the_graceful_stop_loses_nothing():
    settings = SETTINGS | {"sandbox.latency_ms": 40}
    with HongyanServer(settings=settings) as server:
        server.raise_limits()
        clients = [Client(server, f"stop{n}", SEED + n, SINGLES | {"batch": 2}) for n in range(4)]
        kills = max(4, KILLS // 3)
        at_kills = crash(server, clients, kills, SEED, kill=stop_then_kill, most=0.8)
        asks = all_asks(clients)
        duplicates, aftermath = invariants.check_all(server, clients, asks, at_kills)
        report(kills, asks, duplicates, aftermath, at_kills)


def mail_arrivals(mails):
    """What the mail server got, as arrivals: the Message-ID names the message, and is the same each time."""
    raw_mails = [raw for same in mails.values() for raw in same]
    arrivals = []
    for number, raw in enumerate(raw_mails):
        mail = email.message_from_bytes(raw)
        identity = mail["Message-ID"].strip("<>").split("@")[0]
        assert identity.startswith("msg_"), identity
        arrivals.append((Arrival(number, int(identity.removeprefix("msg_")), 0, 0, 1), mail))
    return arrivals


def test_a_mail_sent_again_after_a_kill_has_the_same_message_id():
    with MailServer() as mail_server:
        settings = {"email.smtp_url": f"smtp://127.0.0.1:{mail_server.port}", "email.tls": "off",
                    "email.from": "Test <test@shop.example>", "delivery.retry_base_ms": 30}
        with HongyanServer(settings=settings) as server:
            server.raise_limits()
            weights = {"send": 5, "keyed_send": 5, "batch": 1}
            clients = [Client(server, f"mail{n}", SEED + n, weights, channel="email", pause=0.01,
                              recipient=f"c{n}-{{}}@example.com".format) for n in range(3)]
            kills = max(4, KILLS // 3)
            at_kills = crash(server, clients, kills, SEED, most=1.0, watch=MailsInFlight)
            asks = all_asks(clients)
            arrived = mail_arrivals(mail_server.mails)
            duplicates, aftermath = invariants.check_all(server, clients, asks, at_kills, [one for one, _ in arrived])
            report(kills, asks, duplicates, aftermath, at_kills)
            contents = {record["id"]: record["content"] for record in aftermath.records}
            for arrival, mail in arrived:
                assert mail["Subject"] == contents[arrival.message_id]
