"""PostgreSQL: one writer under a lock of the database, readers beside it, and what it must promise before it is written to."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper
from sqlalchemy import Table, bindparam, select, update

from inmost_server.loopback import is_loopback
from inmost_server.store import revisions
from inmost_server.store.connection import CannotUse, NoAnswer, Row, StoreAway, Values
from inmost_server.store.schema import writer
from inmost_server.store.statement import POSTGRESQL, Statement

OLDEST: Final = 140_000
# The advisory lock of whoever writes: "inmost" in ASCII.
WRITER_LOCK: Final = 0x696E6D6F7374
# A connection that was closed holds its lock until PostgreSQL has noticed: a server that starts again at once waits for itself.
WRITER_LEAVES_WITHIN_MS: Final = 5_000
ROWS_FETCHED_AT_ONCE: Final = 64
# A PostgreSQL that cannot be reached any more is noticed within half a minute, not when TCP gives up after a quarter of an hour.
CONNECTING: Final[dict[str, str | int]] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "application_name": "inmost",
}
# Every statement of ours is a look-up by an index. A plan kept from the time when a table was small must not read it whole.
PLANS: Final = (
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off"
)
# libpq's words where waiting does not help.
WRONG_SETTINGS: Final = (
    "authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "no password supplied",
    "certificate verify failed",
    "does not match host name",
    "does not support SSL",
    "permission denied for database",
)
_TURN = Statement(select(writer.c.turn, writer.c.batch))
_TAKE_TURN = Statement(update(writer).values(turn=bindparam("mine"), batch=0))


class Postgresql:
    """The database behind a URL. It remembers what its writer committed last, so that it knows after a loss where it is."""

    errors: tuple[type[Exception], ...] = (psycopg.Error,)

    def __init__(self, url: str) -> None:
        """Raises CannotUse when that is no URL of PostgreSQL. Nothing is asked of the database yet."""
        try:
            self._url = make_conninfo(url, **CONNECTING)
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            # The text of the error would have the password in it.
            raise CannotUse("the database's URL is not one that PostgreSQL understands") from None
        if "sslmode" not in given and "PGSSLMODE" not in os.environ and not _is_here(given):
            self._url = make_conninfo(self._url, sslmode="verify-full")
        self._turn: int | None = None
        self._batch = 0

    def upgrade(self) -> None:
        # Under the writer's lock: the schema changes under nobody's feet.
        with self._connect() as connection:
            _lock(connection)
            if _revision(connection) != revisions.newest():
                from sqlalchemy import create_engine

                revisions.upgrade(
                    create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(self._url))
                )

    def writer(self) -> "Writing":
        driver = self._connect()
        try:
            return self._writing(driver)
        except BaseException:
            driver.close()
            raise

    def reader(self) -> "PostgresqlConnection":
        return PostgresqlConnection(self._connect())

    def committed(self, batch: int) -> None:
        """The writer's transaction `batch` is durable."""
        self._batch = batch

    def _writing(self, driver: "psycopg.Connection[Row]") -> "Writing":
        """Checks what is promised in its name, and that nobody has written since this process did."""
        if _shown(driver, "fsync") != "on":
            raise CannotUse(
                "PostgreSQL runs with fsync = off: what it says it has could be lost. Turn fsync on"
            )
        driver.execute("SET synchronous_commit = on")
        _lock(driver)
        row = PostgresqlConnection(driver).one(_TURN, {})
        assert row is not None
        turn, stored = row
        if self._turn is None:
            driver.execute(
                _TAKE_TURN.text(POSTGRESQL).encode(), _TAKE_TURN.values(POSTGRESQL, {"mine": turn + 1})
            )
            self._turn, stored = turn + 1, 0
        elif turn != self._turn:
            raise CannotUse(
                "another server has written to this database since: stop one, and start this one again"
            )
        elif stored not in (self._batch, self._batch + 1):
            raise CannotUse(
                "this database is not as it was left, as if it came from a backup: start the server again"
            )
        return Writing(driver, self, stored)

    def _connect(self) -> "psycopg.Connection[Row]":
        try:
            driver = psycopg.connect(self._url, autocommit=True, prepare_threshold=2)
        except psycopg.OperationalError as error:
            raise _why_not(error) from None
        # One type for every number, so that a statement is prepared once and not for each size of its values.
        driver.adapters.register_dumper(int, Int8BinaryDumper)
        if driver.info.server_version < OLDEST:
            driver.close()
            raise CannotUse("PostgreSQL 14 or newer is needed")
        driver.execute(PLANS)
        return driver


class PostgresqlConnection:
    """Transactions that only read. What opens a transaction goes out with its first statement: each message costs a round trip."""

    def __init__(self, driver: "psycopg.Connection[Row]") -> None:
        self.driver = driver
        self._cursor = driver.cursor(binary=True)
        self._later: list[str] = []

    def all(self, statement: Statement, values: Values) -> list[Row]:
        return self._execute(statement, values).fetchall()

    def one(self, statement: Statement, values: Values) -> Row | None:
        return self._execute(statement, values).fetchone()

    def each(self, statement: Statement, values: Values) -> Iterator[Row]:
        """A cursor of the database's: what is never asked for is never sent."""
        self._flush()
        with self.driver.cursor("each", binary=True) as cursor:
            cursor.itersize = ROWS_FETCHED_AT_ONCE
            yield from cursor.execute(
                statement.text(POSTGRESQL).encode(), statement.values(POSTGRESQL, values)
            )

    def matching(self, select: str, keys: Sequence[tuple[Any, Any]]) -> list[Row]:
        text = f"WITH asked(a, b) AS (SELECT * FROM unnest(%b::bytea[], %b::bytea[])) {select}"  # noqa: S608
        self._flush()
        arrays = [list(values) for values in zip(*keys, strict=True)]
        return self._cursor.execute(text.encode(), arrays).fetchall()

    def begin(self) -> None:
        self._later.append("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def rollback(self) -> None:
        self._later.clear()
        if not self.driver.broken:
            self.driver.execute("ROLLBACK")

    @property
    def is_lost(self) -> bool:
        return self.driver.closed

    def close(self) -> None:
        self.driver.close()

    def _execute(self, statement: Statement, values: Values) -> "psycopg.Cursor[Row]":
        self._flush()
        text = statement.text(POSTGRESQL).encode()
        return self._cursor.execute(text, statement.values(POSTGRESQL, values))

    def _flush(self) -> None:
        if self._later:
            text = "; ".join(self._later)
            self._later.clear()
            self.driver.execute(text.encode())


class Writing(PostgresqlConnection):
    """The writer's connection. Each of its transactions writes its number, so that a COMMIT without an answer can be looked up."""

    def __init__(self, driver: "psycopg.Connection[Row]", database: Postgresql, stored: int) -> None:
        super().__init__(driver)
        self._database = database
        self._batch = stored
        database.committed(stored)

    def run(self, statement: Statement, values: Values) -> int:
        return self._execute(statement, values).rowcount

    def insert_rows(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """One statement for all, whatever their number: each column is an array."""
        types = [str(table.c[name].type.compile(POSTGRESQL)) for name in columns]
        quoted = [POSTGRESQL.identifier_preparer.quote(name) for name in (table.name, *columns)]
        arrays = ", ".join(f"%b::{type_}[]" for type_ in types)
        text = f"INSERT INTO {quoted[0]} ({', '.join(quoted[1:])}) SELECT * FROM unnest({arrays})"  # noqa: S608
        self._flush()
        self._cursor.execute(text.encode(), [list(column) for column in zip(*rows, strict=True)])

    def begin(self) -> None:
        self._later += [
            "BEGIN ISOLATION LEVEL READ COMMITTED",
            f"UPDATE writer SET batch = {self._batch + 1}",  # noqa: S608
        ]

    def commit(self) -> None:
        self._later.append("COMMIT")
        try:
            self._flush()
        except psycopg.Error:
            if self.is_lost:
                raise NoAnswer(self._batch + 1) from None
            raise
        self._batch += 1
        self._database.committed(self._batch)

    def savepoint(self) -> None:
        self._later.append("SAVEPOINT unit")

    def release(self) -> None:
        self._later.append("RELEASE unit")

    def undo(self) -> None:
        self._flush()
        self._later += ["ROLLBACK TO unit", "RELEASE unit"]

    @property
    def in_transaction(self) -> bool:
        if self.driver.broken:
            return False
        return bool(self._later) or self.driver.info.transaction_status in (
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        )

    def was_committed(self, transaction: int) -> bool:
        """The database's own number says it: it has that of the transaction in question, or of the one before."""
        return self._batch == transaction


def _shown(driver: "psycopg.Connection[Row]", setting: str) -> str:
    row = driver.execute(f"SHOW {setting}".encode()).fetchone()
    assert row is not None
    return str(row[0])


def _lock(driver: "psycopg.Connection[Row]") -> None:
    """Until this connection ends. Raises StoreAway when somebody else keeps it."""
    driver.execute(f"SET lock_timeout = {WRITER_LEAVES_WITHIN_MS}".encode())
    try:
        driver.execute("SELECT pg_advisory_lock(%s)", (WRITER_LOCK,))
    except psycopg.errors.LockNotAvailable:
        raise StoreAway("another server is using this database") from None
    driver.execute("RESET lock_timeout")


def _revision(driver: "psycopg.Connection[Row]") -> str | None:
    try:
        row = driver.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    return str(row[0]) if row else None


def _is_here(given: Mapping[str, Any]) -> bool:
    """Nothing between this process and that PostgreSQL but this machine."""
    hosts = str(given.get("hostaddr") or given.get("host") or os.environ.get("PGHOST") or "").split(",")
    return all(host == "" or host.startswith(("/", "@")) or is_loopback(host) for host in hosts)


def _why_not(error: psycopg.OperationalError) -> Exception:
    """What helps: to wait, or to change the settings. libpq gives nothing but its words (there is no SQLSTATE yet)."""
    words = " ".join(str(error).split())
    if any(sign in words for sign in WRONG_SETTINGS):
        return CannotUse(f"PostgreSQL does not let this server in ({words})")
    return StoreAway(words)
