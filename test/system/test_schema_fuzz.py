"""Random requests made from the OpenAPI document, held against it as a judge: what breaks a schema is never taken, what fits
one is never refused as if it did not, and what is wholly good is taken and read back as it was.

HONGYAN_FUZZ_SEED repeats a run, HONGYAN_FUZZ_ROUNDS makes it longer.
"""

import json
import os
import re
from urllib.parse import quote, urlencode

import pytest

from conftest import Observed
from generate import Maker
from openapi import Operation
from support import FINAL_STATES, HongyanServer, wait_until
from test_openapi import OPERATIONS, is_callback

SEED = os.environ.get("HONGYAN_FUZZ_SEED", "20261124")
ROUNDS = int(os.environ.get("HONGYAN_FUZZ_ROUNDS", "1"))
API_OPERATIONS = [one for one in OPERATIONS if one.path.startswith("/api") and not is_callback(one)]
#: What only a body that breaks the schema is called; a schema cannot say everything else (times, names, sizes in bytes).
SCHEMA_CODES = {"type", "unknown_field", "not_one_of", "too_few", "too_many", "too_short"}


@pytest.fixture(scope="module")
def target():
    """A server that the fuzz may change as it likes."""
    with Observed() as running:
        running.raise_limits()
        yield running
        assert running.is_alive() and running.stop() == 0
        assert not re.search(r" error ", running.log()), running.log()[-2000:]


class Ids:
    """Ids that exist, by what the path speaks of, so that not every request ends at 404."""

    def __init__(self, server: HongyanServer):
        send = [server.send(recipient=r)["message_id"] for r in ("13800138000", "fail-permanent", "fail-permanent")]
        send += [server.send(delay_seconds=90000)["message_id"] for _ in range(20)]
        batch = {"channel": "sms", "content": "x", "delay_seconds": 90000, "recipients": ["13800138000"]}
        tasks = [str(server.post("/api/messages/send-batch", batch).body["task_id"]) for _ in range(5)]
        account = server.post("/api/accounts", {"channel": "slack", "provider": "slack", "name": "fuzz",
                                                "settings": {"webhook_url": "http://127.0.0.1:9/services/x"}}).body
        webhook = server.post("/api/webhooks", {"url": "https://example.com/fuzz"}).body
        self.by_word = {"messages": send + ["msg_" + one for one in send], "traces": ["msg_" + one for one in send],
                        "tasks": tasks, "templates": ["1", "2", "3", "4"], "pools": ["1", "2", "3"],
                        "limits": ["1", "2", "3"], "keys": ["1", "2"],
                        "accounts": [str(account["id"])], "webhooks": [str(webhook["id"])],
                        "outcomes": ["quota", "token"], "views": ["one", "two%20words"], "runs": ["1", "2"]}

    def path(self, operation: Operation, maker: Maker) -> str:
        word = re.search(r"/(\w+)/\{", operation.path)
        if not word:
            return operation.path
        is_real = maker.random.random() < 0.7
        id = maker.random.choice(self.by_word[word.group(1)]) if is_real else quote(maker.text(1, 30), safe="")
        return re.sub(r"\{\w+\}", lambda _: id, operation.path)


@pytest.fixture(scope="module")
def ids(target):
    return Ids(target)


def tamed(operation: Operation, body):
    """Without what would end the run though the server does right: limits that stop all, pools of ten thousand threads."""
    if not isinstance(body, dict):
        return body
    value = body.get("max_value")
    if "limit" in operation.id and type(value) in (int, float) and 0 <= value <= 1e9:
        body["max_value"] = 1_000_000
    if operation.id == "create_account" and isinstance(body.get("channel"), str):
        body["channel"] = "slack" if body["channel"] in RECIPIENTS else body["channel"]  # the sandbox keeps the others
    if operation.id == "add_suppression" and body.get("recipient") in sum(RECIPIENTS.values(), []):
        body["recipient"] += ".suppressed"
    for name in ("core_pool_size", "max_pool_size"):
        if type(body.get(name)) is int and 50 < body[name] <= 10_000:
            body[name] = 50
    return body


def query_of(operation: Operation, maker: Maker) -> str:
    parameters = [one for one in operation.doc.get("parameters", []) if one["in"] == "query"]
    pairs = []
    for one in parameters:
        if len(parameters) > 2 and maker.random.random() < 0.7:
            continue
        value = maker.fitting(one["schema"])
        if one["name"] == "cursor" or maker.random.random() < 0.3:
            value = maker.changed(value)
        pairs.append((one["name"], value if isinstance(value, str) else json.dumps(value)))
    return "?" + urlencode(pairs, errors="surrogatepass") if pairs else ""


def judge(target: HongyanServer, value, answer, told: str) -> None:
    """Holds what became of a body against whether the body fits its schema."""
    operation = target.document.operation(told.split()[0])
    if target.document.problems(operation.body_schema, value):
        assert answer.status >= 400, "broke the schema and was taken: " + told
    elif answer.status in (400, 422) and "\\u0000" not in json.dumps(value):
        # What a template wants of its variables, or a draft of its texts, is beyond the schema.
        codes = {error["code"] for error in answer.body.get("errors", [])
                 if not re.search(r"\.(variables|template|settings|options)\b", error["path"])}
        assert answer.status == 422 and not codes & SCHEMA_CODES, "fits the schema and was refused as if not: " + told


def one_request(target: HongyanServer, ids: Ids, operation: Operation, maker: Maker) -> None:
    path = ids.path(operation, maker) + query_of(operation, maker)
    body, schema = None, operation.body_schema
    kind = maker.random.choice(["fitting", "breaking", "breaking", "mangled"]) if schema else "none"
    if schema:
        value = tamed(operation, maker.fitting(schema) if kind == "fitting" else maker.breaking(schema))
        body = maker.mangled(value) if kind == "mangled" else json.dumps(value)
    answer = target.call(operation.method, path, body=body)  # holds status and form of the answer against the document
    told = f"{operation.id} (seed {SEED}) {path} {body!r:.1500} -> {answer.status} {answer.raw!r:.800}"
    assert answer.status < 500, told
    if kind in ("fitting", "breaking"):
        judge(target, value, answer, told)


@pytest.mark.parametrize("operation", sorted(API_OPERATIONS, key=lambda one: one.method == "DELETE"), ids=lambda one: one.id)
def test_random_requests_are_taken_or_refused_as_documented(target, ids, operation):
    maker = Maker(target.document, f"{SEED} {operation.id}")
    rounds = 150 if operation.body_schema else 40 if operation.doc.get("parameters") else 3
    for _ in range(rounds * ROUNDS):
        one_request(target, ids, operation, maker)
    assert target.is_alive()


RECIPIENTS = {"sms": ["13800138000", "+8613800138000", "12345", "+12345678901234567890"], "app": ["token", "a b", "令牌"],
              "email": ["a@example.com", "x.y+z@sub.example.org", "A_1@b-c.de"], "wechat": ["oABC-_1", "x"],
              "feishu": ["ou_1", "群", "a@example.com"]}


def good_message(maker: Maker) -> dict:
    r = maker.random
    channel = r.choice(list(RECIPIENTS))
    body = {"channel": channel, "recipient": r.choice(RECIPIENTS[channel]), "content": maker.text(1, 500)}
    if channel == "email" and r.random() < 0.5:
        body["html"] = "<p>" + maker.text(0, 100)
    optional = {"subject": re.sub(r"[\x00-\x1f\x7f]", " ", maker.text(1, 60)), "priority": r.randint(0, 10),
                "metadata": {maker.text(1, 8): maker.any_json()}, "deliver_by": "2099-01-01T00:00:00Z",
                "callback_url": f"https://example.com/{r.randrange(9)}", "delay_seconds": r.choice([0, 0, 3600]),
                "send_at": r.choice(["2020-01-01T00:00:00Z", "2020-02-29T23:59:59.999+08:00"])}
    for name, value in optional.items():
        if r.random() < 0.3 and not (name == "send_at" and "delay_seconds" in body):
            body[name] = value
    return body


def test_every_good_message_is_accepted_and_read_back_as_it_was(target):
    maker, sent = Maker(target.document, f"{SEED} good"), {}
    for _ in range(250 * ROUNDS):
        body = good_message(maker)
        answer = target.post("/api/messages/send", body)
        assert answer.status == 202, (SEED, body, answer.raw)
        sent[answer.body["message_id"]] = body
    for id, body in sent.items():
        message = target.message(id)
        for name in ("channel", "recipient", "content", "subject", "html", "metadata", "callback_url"):
            assert message.get(name) == body.get(name), (SEED, id, name)
        assert message["priority"] == body.get("priority", 5)
        if message["status"] != "scheduled":
            assert target.wait_final(id)["status"] == "success"


def test_every_good_batch_is_accepted_whole(target):
    maker = Maker(target.document, f"{SEED} batch")
    for _ in range(30 * ROUNDS):
        body = good_message(maker)
        body.pop("delay_seconds", None)
        own = {"recipient": body["recipient"], "content": maker.text(1, 50), "metadata": {"i": 1}}
        body["recipients"] = [maker.random.choice([body["recipient"], own]) for _ in range(maker.random.randint(1, 40))]
        del body["recipient"]
        answer = target.post("/api/messages/send-batch", body)
        assert answer.status == 202 and answer.body["total_count"] == len(body["recipients"]), (SEED, body, answer.raw)
        assert target.wait_task(answer.body["task_id"])["success_count"] == len(body["recipients"])


def test_after_all_that_every_message_is_accounted_for(target):
    def moving():
        return [one for one in target.all_items("/api/messages") if one["status"] in ("pending", "processing", "retrying")]

    for message in moving():
        target.post(f"/api/messages/{message['message_id']}/cancel")  # or those that fail on purpose retry for hours
    wait_until(lambda: not moving(), 30, "an end of all that can end")
    messages = target.all_items("/api/messages")
    assert len(messages) > 500 and {one["status"] for one in messages} <= FINAL_STATES | {"delivered", "scheduled"}
    totals = target.get("/api/messages/statistics/overview").body["totals"]
    assert totals["success_count"] == sum(one["status"] in ("success", "delivered") for one in messages)
    assert totals["failed_count"] == sum(one["status"] == "failed" for one in messages)
    target.restart(kill=True)
    assert target.all_items("/api/messages") == messages
