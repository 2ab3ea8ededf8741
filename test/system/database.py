"""Looks into a server's database: beside a running server, or into a copy of what a kill left behind."""
import contextlib
import pathlib
import shutil
import sqlite3
import tempfile

from store import ON_POSTGRES, SQLITE_NAME, connect


@contextlib.contextmanager
def open_database(data_dir):
    """A read-only connection; the server may run."""
    connection = connect(data_dir, read_only=True)
    try:
        yield connection
    finally:
        connection.close()


@contextlib.contextmanager
def open_copy(data_dir):
    """What a killed server left, opened as a copy: the original stays for the server itself to recover. PostgreSQL has its own
    copy of everything: it was not killed."""
    if ON_POSTGRES:
        with open_database(data_dir) as connection:
            yield connection
        return
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            path = pathlib.Path(data_dir) / (SQLITE_NAME + suffix)
            if path.exists():
                shutil.copy(path, pathlib.Path(folder) / path.name)
        connection = sqlite3.connect(pathlib.Path(folder) / SQLITE_NAME)
        connection.row_factory = sqlite3.Row
        try:
            yield connection
        finally:
            connection.close()


def rows(data_dir, sql, *values):
    with open_database(data_dir) as connection:
        return connection.execute(sql, values).fetchall()


def value(data_dir, sql, *values):
    """The first column of the first row."""
    found = rows(data_dir, sql, *values)
    return found[0][0] if found else None
