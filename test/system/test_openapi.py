"""The OpenAPI document: whole, honest, and the same wherever it is shown. Each example in it is tried on the server."""

import json
import re
import subprocess
from collections import Counter

import pytest
from jsonschema import Draft202012Validator

from openapi import Document, Operation
from support import REPOSITORY, HongyanServer, binary


def printed() -> str:
    return subprocess.run([str(binary()), "openapi"], capture_output=True, text=True, check=True, timeout=20).stdout


DOCUMENT = Document(json.loads(printed()))
OPERATIONS = DOCUMENT.operations
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)


def all_objects(value, place="#"):
    """Every object of the document with its place."""
    if isinstance(value, dict):
        yield place, value
        for name, inner in value.items():
            yield from all_objects(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from all_objects(inner, f"{place}/{i}")


def test_the_command_the_server_and_the_repository_have_the_same_document(server):
    text = printed()
    assert server.get("/openapi.json", key=None).raw.decode() == text
    stored = REPOSITORY / "docs" / "openapi.json"
    remedy = "docs/openapi.json is out of date; write it again with: build/release/hongyan openapi > docs/openapi.json"
    assert stored.exists() and stored.read_text("utf-8") == text, remedy


def test_the_document_says_what_it_is():
    doc = DOCUMENT.doc
    assert re.fullmatch(r"3\.1\.\d+", doc["openapi"])
    assert doc["info"]["title"] == "Hongyan" and doc["info"]["description"]
    assert doc["info"]["version"] == (REPOSITORY / "VERSION").read_text().strip()
    assert doc["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert doc["security"] == [{"key": []}]


def test_operation_ids_are_unique_and_tags_are_declared():
    ids = Counter(one.id for one in OPERATIONS)
    assert [name for name, count in ids.items() if count > 1] == []
    declared = [tag["name"] for tag in DOCUMENT.doc["tags"]]
    used = {tag for one in OPERATIONS for tag in one.doc["tags"]}
    assert used == set(declared), "a tag is used but not declared, or declared but not used"
    assert len(declared) == len(set(declared))


def test_every_reference_leads_somewhere_and_every_component_is_used():
    references = [value["$ref"] for _, value in all_objects(DOCUMENT.doc) if isinstance(value.get("$ref"), str)]
    for reference in references:
        assert DOCUMENT.resolve({"$ref": reference}) is not None, reference
    schemas = {f"#/components/schemas/{name}" for name in DOCUMENT.doc["components"]["schemas"]}
    assert schemas - set(references) == set()


def test_every_schema_is_a_valid_one_and_its_examples_fit_it():
    for name, schema in DOCUMENT.doc["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        for place, inner in all_objects(schema, name):
            for example in inner.get("examples", []) if isinstance(inner.get("examples"), list) else []:
                assert DOCUMENT.problems({k: v for k, v in inner.items() if k != "examples"}, example) == [], place
            if "default" in inner and "type" in inner:
                assert DOCUMENT.problems(inner, inner["default"]) == [], place


def test_every_property_has_a_description():
    for name, schema in DOCUMENT.doc["components"]["schemas"].items():
        for place, inner in all_objects(schema, name):
            for field, rules in inner.get("properties", {}).items() if place != f"{name}/properties" else ():
                assert rules.get("description"), f"{place}.{field}"


@every_operation
def test_an_operation_is_described_with_its_parameters_examples_and_errors(operation: Operation):
    doc = operation.doc
    assert len(doc["summary"]) > 5 and len(doc["description"]) > 20
    named = {one["name"] for one in doc.get("parameters", []) if one["in"] == "path"}
    assert named == set(re.findall(r"\{(\w+)\}", operation.path))
    for one in doc.get("parameters", []):
        assert one["description"] and one["schema"].keys() & {"type", "$ref", "oneOf", "anyOf"}, one
        assert one["in"] != "path" or one["required"] is True
        if "example" in one:
            assert DOCUMENT.problems(one["schema"], one["example"]) == []
    if operation.body_schema:
        example = doc["requestBody"]["content"]["application/json"]["example"]
        assert DOCUMENT.problems(operation.body_schema, example) == []
    for status, reference in doc["responses"].items():
        response = DOCUMENT.resolve(reference)
        assert response["description"], status
        for media, content in response.get("content", {}).items():
            if media == "text/plain":
                continue
            assert "example" in content, f"{status} has no example"
            assert DOCUMENT.problems(content["schema"], content["example"]) == [], status
            if media == "application/problem+json":
                assert content["example"]["status"] == int(status)


@every_operation
def test_an_operation_has_the_answers_that_every_one_of_its_kind_can_give(operation: Operation):
    statuses = set(operation.doc["responses"])
    assert any(status.startswith("2") for status in statuses) or is_socket(operation)
    if not operation.path.startswith("/api") or is_callback(operation) or is_socket(operation):
        assert operation.doc["security"] == []
        return
    expected = {"400", "401", "403", "414", "429", "431", "503"}
    if operation.body_schema:
        expected |= {"413", "415", "422"}
    if "{" in operation.path and operation.id != "save_view":  # which makes what is not there
        expected |= {"404"}
    if any(one["in"] == "query" for one in operation.doc.get("parameters", [])):
        expected |= {"422"}
    assert expected - statuses == set()
    assert operation.scope in ("send", "read", "manage", "admin", "any")


def is_callback(operation: Operation) -> bool:
    """Open routes that only a provider's account can answer; test_policy_receipts.py calls them."""
    return operation.path.startswith("/api/callbacks")


def is_socket(operation: Operation) -> bool:
    """The route that becomes a WebSocket; test_console_live.py calls it."""
    return operation.id == "connect_live"


ORIGINAL_ROUTES = [
    ("GET", "/api/messages/templates"), ("POST", "/api/messages/templates"), ("POST", "/api/messages/send"),
    ("POST", "/api/messages/send-batch"), ("GET", "/api/messages/traces/{trace_id}"),
    ("GET", "/api/messages/tasks/{task_id}"), ("GET", "/api/messages/statistics/overview"),
    ("GET", "/api/messages/statistics/realtime"),
]


def test_the_eight_routes_of_the_original_are_there():
    assert set(ORIGINAL_ROUTES) <= {(one.method, one.path) for one in OPERATIONS}


# --- every example is tried on a server of its own, which holds what the examples speak of ---


class Stage:
    """A server with a message, a task, a template ... of every kind, each with its id."""

    def __init__(self, server: HongyanServer):
        self.server = server
        server.raise_limits()
        ok = server.send()
        failed = server.send(recipient="fail-permanent")
        later = server.send(delay_seconds=3600)
        batch = server.post("/api/messages/send-batch", {"channel": "sms", "content": "x", "delay_seconds": 3600,
                                                         "recipients": ["+8613800000001", "+8613800000002"]}).body
        template = server.post("/api/messages/templates", {"name": "stage", "channel": "sms", "content": "x"}).body
        limit = server.post("/api/limits", {"resource": "channel:app", "limit_type": "qps", "max_value": 1e6}).body
        for pool in (2, 3):  # each has a change to keep or to take back
            server.call("PATCH", f"/api/pools/{pool}", {"queue_capacity": 777, "revert_after_seconds": 3600})
        for_a_while = [server.post("/api/limits", {"resource": f"domain:{name}.example", "limit_type": "qps", "max_value": 9,
                                                   "revert_after_seconds": 3600}).body["id"] for name in ("keep", "revert")]
        key = server.post("/api/keys", {"name": "stage", "scopes": ["read"]}).body
        # Of a channel that nothing else here sends on, for from now on the sandbox gets none of its messages.
        account = server.post("/api/accounts", {"channel": "slack", "provider": "slack", "name": "stage",
                                                "settings": {"webhook_url": "http://127.0.0.1:9/services/x"}}).body
        webhook = server.post("/api/webhooks", {"url": "https://example.com/stage"}).body
        rotated = server.post("/api/keys", {"name": "to rotate", "scopes": ["read"]}).body
        run = server.post("/api/messages/dead-letters/retry", {"background": True, "filter": {"template_id": 77}}).body
        server.post("/api/suppressions", {"channel": "email", "recipient": "gone@example.com"})
        server.wait_final(ok["message_id"])
        server.wait_final(failed["message_id"])
        self.ids = {
            "get_trace": ok["trace_id"], "get_message": ok["message_id"], "cancel_message": later["message_id"],
            "retry_message": failed["message_id"], "get_task": batch["task_id"], "cancel_task": batch["task_id"],
            "get_template": 1, "list_template_versions": 1, "preview_template": 1, "change_template": 1,
            "delete_template": template["id"], "change_pool": 1, "change_limit": limit["id"],
            "keep_pool": 2, "revert_pool": 3, "keep_limit": for_a_while[0], "revert_limit": for_a_while[1],
            "delete_limit": limit["id"], "revoke_key": key["id"], "get_why": ok["message_id"],
            "get_account": account["id"], "change_account": account["id"], "test_account": account["id"],
            "reset_account": account["id"], "delete_account": account["id"], "change_outcome_rule": "transient",
            "change_webhook": webhook["id"], "rotate_webhook_secret": webhook["id"], "replay_webhook": webhook["id"],
            "list_webhook_events": webhook["id"], "get_template_version": 1, "rotate_key": rotated["id"],
            "cancel_redrive_run": run["id"], "save_view": "stage", "delete_view": "stage",
        }

    def path(self, operation: Operation) -> str:
        return re.sub(r"\{\w+\}", lambda _: str(self.ids[operation.id]), operation.path)

    def example(self, operation: Operation):
        if not operation.body_schema:
            return None
        example = dict(operation.doc["requestBody"]["content"]["application/json"]["example"])
        if operation.id == "create_template":
            example["name"] = "example_shipped"  # the example's own name is seeded
        if operation.id == "change_account":
            example = {"weight": 7}  # the example's settings are another provider's
        return example


@pytest.fixture(scope="module")
def stage():
    from conftest import Observed
    with Observed() as running:
        yield Stage(running)


def in_a_good_order(operations):
    """What destroys comes last; a limit is changed before it is deleted."""
    return sorted((one for one in operations if not is_callback(one) and not is_socket(one)),
                  key=lambda one: (one.method == "DELETE", one.id.startswith(("cancel", "remove"))))


@pytest.mark.parametrize("operation", in_a_good_order(OPERATIONS), ids=lambda one: one.id)
def test_an_example_gets_the_status_that_the_document_promises(stage, operation: Operation):
    answer = stage.server.call(operation.method, stage.path(operation), stage.example(operation))
    promised = [status for status in operation.doc["responses"] if status.startswith("2")]
    assert str(answer.status) in promised, answer.raw
    DOCUMENT.check_answer(operation, answer)
    if answer.status == 201:
        collection = "/api/keys" if operation.id == "rotate_key" else operation.path
        assert re.fullmatch(re.escape(collection) + r"/\d+", answer.headers["Location"])


@every_operation
def test_a_query_parameter_is_taken_with_its_example_and_refused_with_nonsense(stage, operation: Operation):
    if is_socket(operation):
        return
    for one in [one for one in operation.doc.get("parameters", []) if one["in"] == "query"]:
        values = one["schema"].get("examples", []) + ([one["schema"]["default"]] if "default" in one["schema"] else [])
        for value in values:
            answer = stage.server.get(stage.path(operation), query={one["name"]: value})
            assert answer.status == 200, (one["name"], answer.raw)
        kind = one["schema"]
        nonsense = "x" if kind["type"] in ("integer", "number") or "enum" in kind or "format" in kind else "y" * 400
        answer = stage.server.get(stage.path(operation), query={one["name"]: nonsense})
        assert answer.status == 422, (one["name"], answer.raw)
        assert answer.body["errors"][0]["path"] == f"$query.{one['name']}"
    if operation.method == "GET" and operation.scope:
        answer = stage.server.get(stage.path(operation), query={"surely_unknown": "1"})
        assert answer.status in (200, 404, 422)  # 404: the test before has deleted it


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if "{" in one.path and "{name}" not in one.path], ids=lambda one: one.id)
@pytest.mark.parametrize("id", ["999999999", "0", "-1", "abc", "1.5", "msg_zzz", "msg_ffffffffffffffff", "%20", "%C3%28",
                                "9223372036854775807", "9223372036854775808", "1" * 300, "..%2f..%2fkeys"])
def test_an_id_that_is_nobodys_is_not_found(stage, operation: Operation, id):
    answer = stage.server.call(operation.method, re.sub(r"\{\w+\}", id, operation.path), stage.example(operation))
    assert answer.status == 404, answer
    DOCUMENT.check_answer(operation, answer)


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/messages/", "/api/messages/1/2/3", "/api/pools/",
                                  "/problems/nothing", "/nothing", "//", "/api//messages", "/%00", "/.git/config",
                                  "/../etc/passwd", "/%2e%2e/etc/passwd", "/api/messages/send/", "/API/messages"])
def test_an_unknown_path_is_not_found(server, path):
    for method in ("GET", "POST", "DELETE"):
        answer = server.call(method, path)
        assert answer.status in (404, 405), (path, answer)


def test_a_wrong_method_is_refused_and_told_the_right_ones(server, document):
    by_path = {}
    for one in document.operations:
        by_path.setdefault(one.path, set()).add(one.method)
    for path, methods in by_path.items():
        target = re.sub(r"\{\w+\}", "1", path)
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - methods:
            if document.find(method, target):
                continue  # /api/messages/send fits GET /api/messages/{id}
            answer = server.call(method, target)
            assert answer.status == 405, (method, target, answer)
            allowed = {one.strip() for one in answer.headers["Allow"].split(",")}
            assert methods <= allowed and method not in allowed, (method, target, allowed)


def test_head_is_get_without_a_body(server, document):
    for one in document.operations:
        if one.method != "GET" or "{" in one.path or is_socket(one):
            continue
        answer = server.call("HEAD", one.path)
        got = server.get(one.path)
        assert answer.status == got.status == 200 and answer.raw == b"", one.path
        assert answer.headers["Content-Type"] == got.headers["Content-Type"]
    assert server.call("HEAD", "/api/messages", key=None).status == 401
    assert server.call("HEAD", "/api/messages/0").status == 404


def test_options_names_the_methods_without_a_key(server, document):
    for path in {one.path for one in document.operations}:
        answer = server.call("OPTIONS", re.sub(r"\{\w+\}", "1", path), key=None)
        assert answer.status == 204, (path, answer)
        allowed = {one.strip() for one in answer.headers["Allow"].split(",")}
        assert {one.method for one in document.operations if one.path == path} <= allowed


def test_every_kind_of_problem_has_its_page(server, document):
    types = {content["example"]["type"] for one in document.operations
             for response in one.doc["responses"].values()
             for media, content in document.resolve(response).get("content", {}).items() if "problem" in media}
    assert len(types) > 10
    for type in types:
        answer = server.get(type, key=None)
        assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/html"), type


@pytest.mark.parametrize("path", ["/", "/docs", "/monitor", "/openapi.json", "/livez", "/readyz", "/metrics"])
def test_the_open_pages_need_no_key(server, path):
    answer = server.get(path, key=None)
    assert answer.status == 200 and answer.raw, path


def test_the_docs_page_loads_nothing_from_another_host(server):
    page = server.get("/docs", key=None).body
    links = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert any(link.endswith(".js") for link in links)
    for link in links:
        assert link.startswith("/") and not link.startswith("//"), link
        assert server.get(link, key=None).status == 200, link
