"""`make cluster` as a person sees it, without the build before it."""
import os
import pathlib
import subprocess
import sys

from redis_server import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "tools" / "cluster_demo.py"
SECONDS = 180


def demo(*words, **settings):
    environment = dict(os.environ, PORT=str(free_port()), MAKE_TARGET="cluster") | settings
    return subprocess.Popen([sys.executable, DEMO, *words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def refusal(**settings):
    one = demo("--check", **settings)
    _, said = one.communicate(timeout=SECONDS)
    assert one.returncode != 0
    return said


def test_it_delivers_through_three_nodes_and_stops_everything():
    with demo("--check", NODES="3") as running:
        first = running.stdout.readline()
        assert first.startswith("Starting PostgreSQL"), first + running.stderr.read()
        assert "runs already in this checkout" in refusal(), "it would empty the folder of the first"
        out, err = running.communicate(timeout=SECONDS)
    assert running.returncode == 0, out + err
    assert "3 nodes are ready" in out and "3,000 delivered" in out, out
    for channel in ("sms", "email", "app", "wechat", "feishu"):
        assert any(line.split()[:1] == [channel] and " success " in line for line in out.splitlines()), out
    assert all(f"{engine}" in out for engine in ("postgres  ok", "rabbitmq  ok", "redis     ok")), out
    assert out.rstrip().endswith("stopped cleanly"), out
    left = subprocess.run(["pgrep", "-f", str(ROOT / "build" / "cluster")], capture_output=True, text=True, check=False).stdout
    assert left == "", left


def test_wrong_numbers_are_named():
    assert "NODES is '4'; it must be 1, 2 or 3" in refusal(NODES="4")
    assert "PORT is 'x'" in refusal(PORT="x")
