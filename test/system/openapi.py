"""The server's OpenAPI document as a judge: it holds each answer against what the document promises."""

import re
from functools import cached_property
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, RefResolver

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
PROBLEM_TYPE = "application/problem+json"


class Operation(NamedTuple):
    method: str  # upper case
    path: str  # as in the document, with {names}
    doc: dict

    @property
    def id(self) -> str:
        return self.doc["operationId"]

    @property
    def body_schema(self) -> dict | None:
        return self.doc.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")

    @property
    def scope(self) -> str | None:
        """The scope that the description asks for, "any" if every key will do; None if everybody may call it."""
        if "Any valid key will do." in self.doc["description"]:
            return "any"
        found = re.search(r"Needs the scope `(\w+)`", self.doc["description"])
        return found.group(1) if found else None


class Document:
    def __init__(self, doc: dict):
        self.doc = doc
        self._resolver = RefResolver("", doc)

    @cached_property
    def operations(self) -> list[Operation]:
        return [Operation(method.upper(), path, operation) for path, item in self.doc["paths"].items()
                for method, operation in item.items() if method in METHODS]

    def operation(self, operation_id: str) -> Operation:
        return next(one for one in self.operations if one.id == operation_id)

    def resolve(self, value: dict) -> dict:
        """The value itself, or what its $ref leads to."""
        for _ in range(10):
            if "$ref" not in value:
                return value
            value = self._resolver.resolve(value["$ref"])[1]
        raise AssertionError(f"a chain of $ref without an end at {value}")

    def problems(self, schema: dict, value: Any) -> list[str]:
        """How the value breaks the schema; formats are only notes, as the standard has it."""
        found = Draft202012Validator(schema, resolver=self._resolver).iter_errors(value)
        return [f"{error.json_path}: {error.message[:300]}" for error in found]

    def find(self, method: str, path: str) -> Operation | None:
        """The operation that takes this method and path; literal paths go before those with parameters."""
        path = path.split("?", 1)[0]
        found = [one for one in self._patterns if one[0] == method.upper() and one[1].fullmatch(path)]
        return min(found, key=lambda one: one[2].path.count("{"))[2] if found else None

    @cached_property
    def _patterns(self) -> list[tuple]:
        return [(one.method, re.compile(re.sub(r"\{[^/]+\}", "[^/]+", one.path)), one) for one in self.operations]

    def check_answer(self, operation: Operation, answer) -> None:
        """Fails unless the document has the answer's status, media type and form."""
        name = f"{operation.method} {operation.path} -> {answer.status}"
        responses = operation.doc["responses"]
        assert str(answer.status) in responses, f"{name} is not documented: {answer.raw[:500]!r}"
        content = self.resolve(responses[str(answer.status)]).get("content")
        if content is None:
            assert answer.raw == b"", f"{name} should have no body: {answer.raw[:200]!r}"
            return
        media = (answer.headers.get("Content-Type") or "").split(";")[0].strip()
        assert media in content, f"{name} is {media!r}, documented are {list(content)}"
        problems = self.problems(content[media]["schema"], answer.body)
        assert not problems, f"{name} breaks its schema: {problems[:3]}\n{answer.raw[:800]!r}"
        if media == PROBLEM_TYPE:
            check_problem(answer)


def check_problem(answer) -> None:
    """Fails unless the answer is a problem document (RFC 9457) of ours that agrees with its own status line."""
    assert (answer.headers.get("Content-Type") or "").startswith(PROBLEM_TYPE), answer
    body = answer.body
    assert body["status"] == answer.status, body
    assert body["type"].startswith("/problems/") and body["title"] and body["request_id"], body
    assert body["code"] // 100 == answer.status, body
    for error in body.get("errors", []):
        assert error["path"].startswith("$") and error["code"] and error["detail"], body
        if "pointer" in error:
            assert error["pointer"].startswith("#"), body
    if answer.status in (429, 503):
        assert int(answer.headers["Retry-After"]) >= 1, answer.headers


def error_paths(answer) -> set[str]:
    """The paths of all fields that a problem document names."""
    return {error["path"] for error in answer.body.get("errors", [])}


def error_codes(answer) -> dict[str, str]:
    """path -> code of all fields that a problem document names."""
    return {error["path"]: error["code"] for error in answer.body.get("errors", [])}
