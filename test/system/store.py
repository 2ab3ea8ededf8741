"""The store of the servers under test: SQLite in their data folders, or PostgreSQL with HONGYAN_TEST_STORE=postgres.

PostgreSQL is one server of the test session (test/cluster/postgres.py), started at the first need and removed at the end;
each data folder gets a database of its own, the same one after a restart. Tests ask the tables by `connect(data)` whichever
store it is, with SQLite's marks for parameters (?), in words that both understand.
"""

import atexit
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from os import environ
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "cluster" / "postgres.py"
ON_POSTGRES = environ.get("HONGYAN_TEST_STORE", "sqlite") == "postgres"
SQLITE_NAME = "hongyan.db"

#: For tests of what only one of the stores has.
only_on_sqlite = pytest.mark.skipif(ON_POSTGRES, reason="of the database file")
only_on_postgres = pytest.mark.skipif(not ON_POSTGRES, reason="HONGYAN_TEST_STORE=postgres")

if environ.get("HONGYAN_TEST_STORE", "sqlite") not in ("sqlite", "postgres"):
    raise SystemExit("HONGYAN_TEST_STORE is sqlite or postgres")
if ON_POSTGRES:
    try:
        import psycopg2
        import psycopg2.extensions
        import psycopg2.extras
    except ImportError:
        raise SystemExit("HONGYAN_TEST_STORE=postgres needs: apt-get install -y --no-install-recommends python3-psycopg2") from None
    # As SQLite gives them: sums as whole numbers, no booleans, bytes.
    for name, oids, read in (("whole", (1700,), lambda text, _: None if text is None else float(text) if "." in text else int(text)),
                             ("flag", (16,), lambda text, _: None if text is None else int(text == "t")),
                             ("bytes", (17,), lambda text, _: None if text is None else bytes.fromhex(text[2:]))):
        psycopg2.extensions.register_type(psycopg2.extensions.new_type(oids, name, read))


class PostgresServer:
    """The server of this session and its databases."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="hongyan-test-pg-"))
        atexit.register(self.remove)
        self.url = self._script("start", "--set", "max_connections=300").strip()
        self._names: dict[Path, str] = {}
        self._made = 0
        self._lock = threading.Lock()

    def _script(self, command: str, *arguments: str) -> str:
        done = subprocess.run([sys.executable, SCRIPT, command, self.folder, *arguments], capture_output=True, text=True, check=False,
                              timeout=120)
        if done.returncode != 0:
            raise AssertionError(f"{SCRIPT} {command}: {done.stderr or done.stdout}")
        return done.stdout

    def remove(self) -> None:
        self._script("stop", "--mode", "immediate", "--remove")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, statement: str) -> None:
        connection = psycopg2.connect(self.url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    def database(self, data: Path) -> str:
        """URL of this data folder's database, made at the first call."""
        with self._lock:
            key = Path(data).resolve()
            if key not in self._names:
                self._made += 1
                name = f"test_{self._made}"
                self._run(f"CREATE DATABASE {name}")
                self._names[key] = name
            return self.url.rsplit("/", 1)[0] + "/" + self._names[key]

    def drop(self, data: Path) -> None:
        with self._lock:
            name = self._names.pop(Path(data).resolve(), None)
        if name:
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


_server: PostgresServer | None = None
_starting = threading.Lock()


def postgres() -> PostgresServer:
    global _server
    with _starting:
        if _server is None:
            _server = PostgresServer()
        return _server


def settings_of(data: Path) -> dict[str, str]:
    """Environment that leads a server, or a command of the program, with this data folder to its store."""
    return {"HONGYAN_STORE_URL": postgres().database(data)} if ON_POSTGRES else {}


def forget(data: Path) -> None:
    """The data folder is deleted: so is its database."""
    if ON_POSTGRES:
        postgres().drop(data)


class PostgresConnection:
    """A connection with what the tests use of sqlite3's."""

    def __init__(self, url: str):
        self._link = psycopg2.connect(url, cursor_factory=psycopg2.extras.DictCursor)
        self._link.autocommit = True

    def execute(self, statement: str, values=()):
        cursor = self._link.cursor()
        if values:
            cursor.execute(statement.replace("%", "%%").replace("?", "%s"), tuple(values))
        else:
            cursor.execute(statement)
        return cursor

    def executemany(self, statement: str, rows) -> None:
        psycopg2.extras.execute_batch(self._link.cursor(), statement.replace("?", "%s"), rows, 500)

    def cursor(self):
        return self._link.cursor()

    def close(self) -> None:
        self._link.close()


def connect(data: Path, read_only: bool = False):
    """A connection to the store of this data folder, beside a server that may run."""
    if ON_POSTGRES:
        return PostgresConnection(postgres().database(data))
    file = Path(data) / SQLITE_NAME
    if read_only:
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10, isolation_level=None)
    else:
        connection = sqlite3.connect(file, timeout=10, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def ask(data: Path, statement: str, values=()) -> list[tuple]:
    """One statement, as an operator's shell would run it."""
    connection = connect(data)
    try:
        cursor = connection.execute(statement, values)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
    finally:
        connection.close()


def shell(data: Path, statement: str) -> subprocess.CompletedProcess:
    """The same in the store's own shell."""
    if ON_POSTGRES:
        command = ["psql", "--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", postgres().database(data), "-c", statement]
    else:
        command = ["sqlite3", "-cmd", ".timeout 5000", str(Path(data) / SQLITE_NAME), statement]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
