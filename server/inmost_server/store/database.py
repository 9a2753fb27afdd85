"""The store: one writer that commits everything waiting together, readers beside it, and what happens while the database is away.

A unit of work is a plain function of a transaction. It runs on the writer's thread inside a savepoint, so a unit that
raises spoils no other. Its caller goes on only after COMMIT has returned, which is after the disk has it.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from inmost_server import metrics
from inmost_server.store.connection import (
    CannotUse,
    Database,
    NoAnswer,
    ReadConnection,
    StoreAway,
    StoreFailed,
)
from inmost_server.store.transaction import Reader, Tx

T = TypeVar("T")
Unit = Callable[[Tx], Any]
Gathered = Callable[[Tx, Sequence[Any]], Sequence[Any]]
Done = Callable[[Any, BaseException | None], None]

MAX_WAITING = 50_000
MAX_BATCH = 2_000
READERS = 2
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 3.0

log = structlog.get_logger("inmost.store")


class StoreOverloaded(Exception):
    """More units wait than the writer may have waiting. Try again in a moment."""


@dataclass(slots=True)
class _Work:
    unit: Unit | None
    gathered: Gathered | None
    item: Any
    done: Done
    result: Any = None
    error: BaseException | None = None
    told: list[Callable[[], None]] = field(default_factory=list)

    def refuse(self, error: BaseException) -> None:
        self.error = error
        self.told = []


@dataclass(slots=True)
class _Loss:
    """The writer's connection is gone. unsettled: what its last COMMIT, without an answer, was about."""

    unsettled: list[_Work]
    transaction: int
    try_at: float
    pause_s: float = FIRST_PAUSE_S
    is_told: bool = False


class Store:
    """The server's database. Open it once; `start` it on the event loop that will use it."""

    def __init__(self, database: Database) -> None:
        """Raises StoreAway, CannotUse."""
        database.upgrade()
        self.database = database
        self._writer = database.writer()
        self._local = threading.local()
        self._read_connections: set[ReadConnection] = set()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="inmost-reader")
        self._waiting: deque[_Work] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._busy = False
        self._loss: _Loss | None = None
        self._on_away: Callable[[], None] = _nothing
        self._on_back: Callable[[], None] = _nothing
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._write_for_ever, name="inmost-writer", daemon=True)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def watch(self, on_away: Callable[[], None], on_back: Callable[[], None]) -> None:
        """Hear on the event loop that the database is lost, before anything more is written, and that it is there again.

        What is refused between the two may be asked again in another order: whoever counts on an order begins anew.
        """
        self._on_away, self._on_back = on_away, on_back

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
        """Run `unit` on a reader's thread; it sees everything committed so far, as one moment. Raises StoreFailed.

        It may be run again, when its connection turns out to be lost.
        """
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, unit)

    async def drained(self) -> None:
        """Return when everything that waits now is durable or refused, or the database is away."""
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

    # Reading

    def _read(self, unit: Callable[[Reader], T]) -> T:
        connection: ReadConnection = getattr(self._local, "connection", None) or self._new_reader()
        try:
            try:
                return _as_one_moment(connection, unit)
            except self.database.errors:
                if not connection.is_lost:
                    raise
            # Lost since it was used last: the database was started again. Reading twice does no harm.
            self._read_connections.discard(connection)
            self._local.connection = None
            return _as_one_moment(self._new_reader(), unit)
        except self.database.errors as error:
            raise StoreFailed(str(error)) from error

    def _new_reader(self) -> ReadConnection:
        connection = self._local.connection = self.database.reader()
        self._read_connections.add(connection)
        return connection

    # Writing

    def _enqueue(self, work: _Work) -> None:
        if len(self._waiting) >= MAX_WAITING:
            raise StoreOverloaded
        with self._wake:
            if self._closing:
                raise StoreFailed("the store is closing")
            self._waiting.append(work)
            self._wake.notify()

    def _write_for_ever(self) -> None:
        assert self._loop is not None
        while (batch := self._next_batch()) is not None:
            if self._loss is not None:
                self._try_again(self._loss)
            if not batch:
                continue
            if self._loss is not None:
                self._refuse(batch, StoreAway("the database is away"))
            elif not self._commit(batch):
                continue
            if self._loop.is_closed():
                return
            self._loop.call_soon_threadsafe(self._deliver, batch)
        if self._loss is not None and self._loss.unsettled and not self._loop.is_closed():
            # The process ends: whoever asks again after its next start gets the true answer.
            self._refuse(self._loss.unsettled, StoreAway("the database is away"))
            self._loop.call_soon_threadsafe(self._deliver, self._loss.unsettled)

    def _next_batch(self) -> list[_Work] | None:
        """All that waits; nothing when it is time to try the database again; None when everything is over."""
        with self._wake:
            while not self._waiting and not self._closing:
                pause_s = None if self._loss is None else max(0.01, self._loss.try_at - time.monotonic())
                if not self._wake.wait(pause_s):
                    return []
            if not self._waiting:
                return None
            self._busy = True
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]

    def _commit(self, batch: list[_Work]) -> bool:
        """False when nobody knows whether it is durable: then it is settled, and delivered, once the database is back."""
        tx = Tx(self._writer)
        began = time.perf_counter()
        try:
            self._writer.begin()
            start = 0
            while start < len(batch):
                start = self._run_next(tx, batch, start)
            written = time.perf_counter()
            self._writer.commit()
            done = time.perf_counter()
            metrics.WRITE_SECONDS.inc(written - began)
            metrics.COMMIT_SECONDS.observe(done - written)
            metrics.COMMITTED.inc(len(batch))
        except NoAnswer as lost:
            tx.forget_all()
            self._lost(batch, lost.transaction)
            return False
        except BaseException as error:
            log.error("commit_failed", error=type(error).__name__, units=len(batch))
            tx.forget_all()
            if self._writer.is_lost:
                self._lost([], 0)
            elif self._writer.in_transaction:
                self._writer.rollback()
            self._refuse(batch, StoreFailed(str(error)))
        return True

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
            result = tx.attempt(work)
        except Exception as error:
            if not self._writer.in_transaction:
                raise  # The database gave up the whole transaction (a full disk): nobody's work is in it any more.
            for one in of:
                one.error = StoreFailed(str(error)) if isinstance(error, self.database.errors) else error
            return False
        for index, one in enumerate(of):
            one.result = result[index] if each else result
        of[-1].told = tx.to_tell()
        return True

    @staticmethod
    def _refuse(batch: list[_Work], error: BaseException) -> None:
        for work in batch:
            work.refuse(error)

    def _deliver(self, batch: list[_Work]) -> None:
        self._busy = False
        for work in batch:
            for tell in work.told:
                _guarded(tell)
            _guarded(work.done, work.result, work.error)

    # While the database is away

    def _lost(self, unsettled: list[_Work], transaction: int) -> None:
        loss = self._loss = _Loss(unsettled, transaction, time.monotonic() + FIRST_PAUSE_S)
        self._writer.close()
        log.error("database_lost", unsettled=len(unsettled))

        def tell() -> None:
            self._busy = False
            _guarded(self._on_away)
            loss.is_told = True

        assert self._loop is not None
        self._loop.call_soon_threadsafe(tell)

    def _try_again(self, loss: _Loss) -> None:
        """Once the time has come. Not before the event loop knows: what it still sends must not overtake what was refused."""
        assert self._loop is not None
        if not loss.is_told or time.monotonic() < loss.try_at:
            return
        reasons: tuple[type[Exception], ...] = (StoreAway, CannotUse, *self.database.errors)
        try:
            self._writer = self.database.writer()
            committed = bool(loss.unsettled) and self._writer.was_committed(loss.transaction)
        except reasons as reason:
            log.warning("database_away", reason=str(reason))
            loss.pause_s = min(LONGEST_PAUSE_S, loss.pause_s * 2)
            loss.try_at = time.monotonic() + loss.pause_s
            return
        log.info("database_back", unsettled=len(loss.unsettled), committed=committed)
        if not committed:
            self._refuse(loss.unsettled, StoreFailed("the database was lost before it committed"))
        self._loss = None
        self._loop.call_soon_threadsafe(self._deliver, loss.unsettled)
        self._loop.call_soon_threadsafe(_guarded, self._on_back)


def _as_one_moment(connection: ReadConnection, unit: Callable[[Reader], T]) -> T:
    connection.begin()
    try:
        return unit(Reader(connection))
    finally:
        connection.rollback()


def _guarded(call: Callable[..., None], *arguments: Any) -> None:
    try:
        call(*arguments)
    except Exception:
        log.exception("telling_failed")


def _nothing() -> None:
    pass
