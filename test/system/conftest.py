"""Fixtures of the system tests; see support.py."""

import json

import pytest

from openapi import Document, check_problem
from support import HongyanServer


class Observed(HongyanServer):
    """A server each of whose answers is held against its own OpenAPI document, whatever the test looks for."""

    document: Document | None = None

    def call(self, method, path, *arguments, **options):
        answer = super().call(method, path, *arguments, **options)
        if self.document is None or method in ("HEAD", "OPTIONS"):
            return answer
        operation = self.document.find(method, path)
        if operation:
            self.document.check_answer(operation, answer)
        elif answer.status >= 400:
            check_problem(answer)
        return answer

    def start(self, *arguments, **options):
        self.document = None  # until it is ready, a connection may be refused
        super().start(*arguments, **options)
        self.document = Document(json.loads(self.call("GET", "/openapi.json", key=None).raw))
        return self


@pytest.fixture(scope="session")
def server():
    """A server that all tests share: they must not count on an empty database, nor change what others rely on."""
    with Observed() as running:
        running.raise_limits()
        yield running


@pytest.fixture
def fresh_server():
    """A server of the test's own, with an empty database and the seeded limits."""
    with Observed() as running:
        yield running


@pytest.fixture(scope="session")
def document(server) -> Document:
    """The OpenAPI document of the shared server."""
    return server.document
