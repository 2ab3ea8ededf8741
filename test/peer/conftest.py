"""Fixtures of the peer tests; see README.md."""

import os
import pathlib
import sys

import pytest

# Test folders have no packages of their own: the shared module is found here.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support import ROOT, Receiver, Universe  # noqa: E402

# Programs that tools/setup --peers unpacked instead of installing them: Postfix's and OpenDKIM.
os.environ["PATH"] = f"{ROOT / 'build/deps/peer/bin'}:{os.environ['PATH']}"


@pytest.fixture(scope="session")
def shared_universe(tmp_path_factory):
    with Universe(tmp_path_factory.mktemp("universe")) as running:
        yield running


@pytest.fixture
def universe(shared_universe):
    """The provider universe, emptied, without chaos and with its first settings. What services remember
    (frequency limits, tokens) stays, so use recipients of your own."""
    shared_universe.reset()
    return shared_universe


@pytest.fixture
def make_universe(tmp_path):
    """Starts further universes: make_universe(toml="...", arguments=[...])."""
    running = []

    def make(toml="", arguments=(), folder=None):
        running.append(Universe(folder or tmp_path / str(len(running)), toml, arguments))
        return running[-1]

    yield make
    for one in running:
        one.stop()


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.shutdown()
    server.server_close()
