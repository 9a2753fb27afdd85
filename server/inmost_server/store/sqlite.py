"""SQLite: one file in the data directory, where the standard library's driver executes the statements."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table

from inmost_server.store import revisions
from inmost_server.store.connection import Row, Values
from inmost_server.store.statement import SQLITE, Statement

MAX_ROWS_AT_ONCE = 128
BUSY_TIMEOUT_MS = 10_000
CACHE_KIB = 16_384
WAL_BYTES_KEPT = 64 * 1024 * 1024


class Sqlite:
    """The database in one file. Of several processes the lock on the data directory lets only one in."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path) -> None:
        self.path = path

    def upgrade(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.path.exists():
            self.path.touch(mode=0o600)
        os.chmod(self.path, 0o600)  # noqa: PTH101
        if self._revision() != revisions.newest():
            from sqlalchemy import create_engine

            revisions.upgrade(create_engine(f"sqlite:///{self.path}"))

    def writer(self) -> "SqliteConnection":
        return SqliteConnection(connect(self.path), "BEGIN IMMEDIATE")

    def reader(self) -> "SqliteConnection":
        connection = connect(self.path)
        connection.execute("PRAGMA query_only = ON")
        return SqliteConnection(connection, "BEGIN")

    def _revision(self) -> str | None:
        connection = sqlite3.connect(self.path)
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return None
        finally:
            connection.close()
        return str(row[0]) if row else None


class SqliteConnection:
    """A connection of its own for each thread."""

    def __init__(self, connection: sqlite3.Connection, begin: str) -> None:
        self.driver = connection
        self._begin = begin

    def all(self, statement: Statement, values: Values) -> list[Row]:
        return self.driver.execute(statement.text(SQLITE), statement.values(SQLITE, values)).fetchall()

    def one(self, statement: Statement, values: Values) -> Row | None:
        row: Row | None = self.driver.execute(
            statement.text(SQLITE), statement.values(SQLITE, values)
        ).fetchone()
        return row

    def each(self, statement: Statement, values: Values) -> Iterator[Row]:
        yield from self.driver.execute(statement.text(SQLITE), statement.values(SQLITE, values))

    def run(self, statement: Statement, values: Values) -> int:
        return self.driver.execute(statement.text(SQLITE), statement.values(SQLITE, values)).rowcount

    def matching(self, select: str, keys: Sequence[tuple[Any, Any]]) -> list[Row]:
        """A join, because SQLite scans the whole index for `(a, b) IN (VALUES ...)`."""
        found: list[Row] = []
        for start in range(0, len(keys), MAX_ROWS_AT_ONCE):
            part = keys[start : start + MAX_ROWS_AT_ONCE]
            text = f"WITH asked(a, b) AS (VALUES {','.join(['(?,?)'] * len(part))}) {select}"
            found += self.driver.execute(text, [value for key in part for value in key]).fetchall()
        return found

    def insert_rows(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        start = 0
        one = "(" + ",".join("?" * len(columns)) + ")"
        while start < len(rows):
            # Powers of two, so that few different statements are prepared.
            count = min(MAX_ROWS_AT_ONCE, 1 << ((len(rows) - start).bit_length() - 1))
            text = f"INSERT INTO {table.name} ({','.join(columns)}) VALUES {','.join([one] * count)}"  # noqa: S608
            self.driver.execute(text, [value for row in rows[start : start + count] for value in row])
            start += count

    def begin(self) -> None:
        self.driver.execute(self._begin)

    def commit(self) -> None:
        self.driver.execute("COMMIT")

    def rollback(self) -> None:
        self.driver.execute("ROLLBACK")

    def savepoint(self) -> None:
        self.driver.execute("SAVEPOINT unit")

    def release(self) -> None:
        self.driver.execute("RELEASE unit")

    def undo(self) -> None:
        self.driver.execute("ROLLBACK TO unit")
        self.driver.execute("RELEASE unit")

    @property
    def in_transaction(self) -> bool:
        return self.driver.in_transaction

    @property
    def is_lost(self) -> bool:
        return False

    def was_committed(self, transaction: int) -> bool:
        raise NotImplementedError("SQLite always answers")

    def close(self) -> None:
        self.driver.close()


def connect(path: Path) -> sqlite3.Connection:
    """A connection with the promises every part of the server counts on: WAL, FULL, foreign keys."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES_KEPT}")
    connection.execute("PRAGMA secure_delete = ON")
    return connection
