"""The embedded database: one writer that commits everything waiting together, and readers beside it.

A unit of work is a plain function of a transaction. It runs on the writer's thread inside a savepoint, so a unit that
raises spoils no other. Its caller goes on only after COMMIT has returned, which is after the disk has it.
"""

import asyncio
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import structlog

from inmost_server import metrics
from inmost_server.store import revisions
from inmost_server.store.statement import Statement

T = TypeVar("T")
Row = tuple[Any, ...]
Unit = Callable[["Tx"], Any]
Gathered = Callable[["Tx", Sequence[Any]], Sequence[Any]]
Done = Callable[[Any, BaseException | None], None]

MAX_WAITING = 50_000
MAX_BATCH = 2_000
READERS = 2
MAX_ROWS_AT_ONCE = 128
BUSY_TIMEOUT_MS = 10_000
CACHE_KIB = 16_384
WAL_BYTES_KEPT = 64 * 1024 * 1024

log = structlog.get_logger("inmost.store")


class StoreFailed(Exception):
    """The database could not commit. Nothing of this unit is stored; it may be tried again."""


class StoreOverloaded(Exception):
    """More units wait than the writer may have waiting. Try again in a moment."""


class Reader:
    """Statements that only read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, statement: Statement, /, **values: Any) -> list[Row]:
        return self._connection.execute(statement.text, statement.values(values)).fetchall()

    def one(self, statement: Statement, /, **values: Any) -> Row | None:
        row: Row | None = self._connection.execute(statement.text, statement.values(values)).fetchone()
        return row

    def each(self, statement: Statement, /, **values: Any) -> Iterator[Row]:
        """Rows one by one, for who stops before the end. Use it up inside the unit."""
        yield from self._connection.execute(statement.text, statement.values(values))

    def matching(self, select: str, keys: Sequence[tuple[Any, Any]]) -> list[Row]:
        """Rows of `select ... FROM asked CROSS JOIN ...` for pairs asked(a, b); a statement for MAX_ROWS_AT_ONCE pairs.

        A join, because SQLite scans the whole index for `(a, b) IN (VALUES ...)`.
        """
        found: list[Row] = []
        for start in range(0, len(keys), MAX_ROWS_AT_ONCE):
            part = keys[start : start + MAX_ROWS_AT_ONCE]
            text = f"WITH asked(a, b) AS (VALUES {','.join(['(?,?)'] * len(part))}) {select}"
            found += self._connection.execute(text, [value for key in part for value in key]).fetchall()
        return found


class Tx(Reader):
    """A transaction on the writer's thread: also writes, and remembers what to tell once it is committed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._after_commit: list[Callable[[], None]] = []
        self._on_rollback: list[Callable[[], None]] = []

    def run(self, statement: Statement, /, **values: Any) -> int:
        """Execute and say how many rows it touched."""
        return self._connection.execute(statement.text, statement.values(values)).rowcount

    def insert_rows(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert many rows by few statements: each statement gives up the interpreter's lock once, not once a row."""
        start = 0
        one = "(" + ",".join("?" * len(columns)) + ")"
        while start < len(rows):
            # Powers of two, so that few different statements are prepared.
            count = min(MAX_ROWS_AT_ONCE, 1 << ((len(rows) - start).bit_length() - 1))
            text = f"INSERT INTO {table} ({','.join(columns)}) VALUES {','.join([one] * count)}"  # noqa: S608
            self._connection.execute(text, [value for row in rows[start : start + count] for value in row])
            start += count

    def after_commit(self, tell: Callable[[], None]) -> None:
        """Call `tell` on the event loop once this is durable, before the unit's caller goes on."""
        self._after_commit.append(tell)

    def on_rollback(self, forget: Callable[[], None]) -> None:
        """Call `forget` on the writer's thread if this unit, or the whole transaction, is undone."""
        self._on_rollback.append(forget)

    def _savepoint(self, work: Callable[[], T]) -> T:
        told, forgets = len(self._after_commit), len(self._on_rollback)
        self._connection.execute("SAVEPOINT unit")
        try:
            result = work()
        except BaseException:
            undone = self._on_rollback[forgets:]
            del self._after_commit[told:], self._on_rollback[forgets:]
            for forget in undone:
                forget()
            self._connection.execute("ROLLBACK TO unit")
            self._connection.execute("RELEASE unit")
            raise
        self._connection.execute("RELEASE unit")
        return result


@dataclass(slots=True)
class _Work:
    unit: Unit | None
    gathered: Gathered | None
    item: Any
    done: Done
    result: Any = None
    error: BaseException | None = None
    told: list[Callable[[], None]] = field(default_factory=list)


class Store:
    """The server's database. Open it once; `start` it on the event loop that will use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            path.touch(mode=0o600)
        os.chmod(path, 0o600)  # noqa: PTH101
        revisions.upgrade(path)
        self._writer = connect(path)
        self._local = threading.local()
        self._read_connections: list[sqlite3.Connection] = []
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="inmost-reader")
        self._waiting: deque[_Work] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._busy = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._write_for_ever, name="inmost-writer", daemon=True)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def write(self, unit: Callable[[Tx], T]) -> T:
        """Run `unit` in a transaction and return its result once that is durable; what it raises is raised here."""
        assert self._loop is not None, "start() comes first"
        future: asyncio.Future[T] = self._loop.create_future()

        def done(result: T, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self._enqueue(_Work(unit, None, None, done))
        return await future

    def gather(self, gathered: Gathered, item: Any, done: Done) -> None:
        """Write `item` together with its neighbours in the queue: `gathered` gets them all and returns as many results.

        `done(result, error)` is called on the event loop after the commit, in the order of the queue.
        """
        self._enqueue(_Work(None, gathered, item, done))

    async def read(self, unit: Callable[[Reader], T]) -> T:
        """Run `unit` on a reader's thread; it sees everything committed so far, as one moment."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, unit)

    async def drained(self) -> None:
        """Return when everything that waits now is durable or refused."""
        while self._waiting or self._busy:
            await asyncio.sleep(0.005)

    def close(self) -> None:
        """Finish the queue and close. Called once, after the last write."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()
        self._readers.shutdown()
        for connection in self._read_connections:
            connection.close()
        self._writer.close()

    def waiting(self) -> int:
        return len(self._waiting)

    def _read(self, unit: Callable[[Reader], T]) -> T:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self.path)
            connection.execute("PRAGMA query_only = ON")
            self._read_connections.append(connection)
        connection.execute("BEGIN")
        try:
            return unit(Reader(connection))
        finally:
            connection.execute("ROLLBACK")

    def _enqueue(self, work: _Work) -> None:
        if len(self._waiting) >= MAX_WAITING:
            raise StoreOverloaded
        with self._wake:
            if self._closing:
                raise StoreFailed("the store is closing")
            self._waiting.append(work)
            self._wake.notify()

    def _write_for_ever(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._closing:
                    self._wake.wait()
                if not self._waiting:
                    return
                self._busy = True
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
            self._commit(batch)
            assert self._loop is not None
            if self._loop.is_closed():
                return
            self._loop.call_soon_threadsafe(self._deliver, batch)

    def _commit(self, batch: list[_Work]) -> None:
        tx = Tx(self._writer)
        began = time.perf_counter()
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            start = 0
            while start < len(batch):
                start = self._run_next(tx, batch, start)
            written = time.perf_counter()
            self._writer.execute("COMMIT")
            done = time.perf_counter()
            metrics.WRITE_SECONDS.inc(written - began)
            metrics.COMMIT_SECONDS.observe(done - written)
            metrics.COMMITTED.inc(len(batch))
        except BaseException as error:
            log.error("commit_failed", error=type(error).__name__, units=len(batch))
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            for forget in tx._on_rollback:
                forget()
            for work in batch:
                work.error = StoreFailed(str(error))
                work.told = []

    def _run_next(self, tx: Tx, batch: list[_Work], start: int) -> int:
        first = batch[start]
        if first.gathered is None:
            assert first.unit is not None
            unit = first.unit
            self._attempt(tx, lambda: unit(tx), [first])
            return start + 1
        end = start
        while end < len(batch) and batch[end].gathered == first.gathered:
            end += 1
        run, gathered = batch[start:end], first.gathered
        if (
            not self._attempt(tx, lambda: gathered(tx, [work.item for work in run]), run, each=True)
            and len(run) > 1
        ):
            for work in run:
                item = work.item
                work.error = None
                self._attempt(tx, lambda item=item: gathered(tx, [item]), [work], each=True)  # type: ignore[misc]
        return end

    def _attempt(self, tx: Tx, work: Callable[[], Any], of: list[_Work], *, each: bool = False) -> bool:
        try:
            result = tx._savepoint(work)
        except Exception as error:
            if not self._writer.in_transaction:
                raise  # SQLite gave up the whole transaction (a full disk): nobody's work is in it any more.
            for one in of:
                one.error = StoreFailed(str(error)) if isinstance(error, sqlite3.Error) else error
            return False
        for index, one in enumerate(of):
            one.result = result[index] if each else result
        of[-1].told, tx._after_commit = tx._after_commit, []
        return True

    def _deliver(self, batch: list[_Work]) -> None:
        self._busy = False
        for work in batch:
            for tell in work.told:
                _guarded(tell)
            _guarded(work.done, work.result, work.error)


def _guarded(call: Callable[..., None], *arguments: Any) -> None:
    try:
        call(*arguments)
    except Exception:
        log.exception("telling_failed")


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
