"""What a unit of work has in its hands: statements that read, and in a transaction of the writer's also write."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Table

from inmost_server.store.connection import ReadConnection, Row, WriteConnection
from inmost_server.store.statement import Statement

T = TypeVar("T")


class Reader:
    """Statements that only read."""

    def __init__(self, connection: ReadConnection) -> None:
        self._reading = connection

    def all(self, statement: Statement, /, **values: Any) -> list[Row]:
        return self._reading.all(statement, values)

    def one(self, statement: Statement, /, **values: Any) -> Row | None:
        return self._reading.one(statement, values)

    def each(self, statement: Statement, /, **values: Any) -> Iterator[Row]:
        """Rows one by one, for who stops before the end. Use it up inside the unit."""
        return self._reading.each(statement, values)

    def matching(self, select: str, keys: Sequence[tuple[Any, Any]]) -> list[Row]:
        """Rows of `select ... FROM asked CROSS JOIN ... WHERE ...` for pairs of bytes asked(a, b), all in few statements."""
        return self._reading.matching(select, keys)


class Tx(Reader):
    """A transaction on the writer's thread: also writes, and remembers what to tell once it is committed."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._connection = connection
        self._after_commit: list[Callable[[], None]] = []
        self._on_rollback: list[Callable[[], None]] = []

    def run(self, statement: Statement, /, **values: Any) -> int:
        """Execute and say how many rows it touched."""
        return self._connection.run(statement, values)

    def insert_rows(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert many rows by few statements: each statement gives up the interpreter's lock once, not once a row."""
        if rows:
            self._connection.insert_rows(table, columns, rows)

    def after_commit(self, tell: Callable[[], None]) -> None:
        """Call `tell` on the event loop once this is durable, before the unit's caller goes on."""
        self._after_commit.append(tell)

    def on_rollback(self, forget: Callable[[], None]) -> None:
        """Call `forget` on the writer's thread if this unit, or the whole transaction, is undone."""
        self._on_rollback.append(forget)

    def attempt(self, work: Callable[[], T]) -> T:
        """Run a part inside a savepoint: if it raises, all it did is undone, and nothing it wanted to tell is told."""
        told, forgets = len(self._after_commit), len(self._on_rollback)
        self._connection.savepoint()
        try:
            result = work()
        except BaseException:
            undone = self._on_rollback[forgets:]
            del self._after_commit[told:], self._on_rollback[forgets:]
            for forget in undone:
                forget()
            self._connection.undo()
            raise
        self._connection.release()
        return result

    def to_tell(self) -> list[Callable[[], None]]:
        """What is to be told of the parts so far; the next call gives what came after."""
        told, self._after_commit = self._after_commit, []
        return told

    def forget_all(self) -> None:
        """The whole transaction is undone."""
        forgets, self._on_rollback = self._on_rollback, []
        for forget in forgets:
            forget()
