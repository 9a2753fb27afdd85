"""What the store asks of a database: connections that write and read, each used by one thread at a time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Table

from inmost_server.store.statement import Statement

Row = tuple[Any, ...]
Values = Mapping[str, Any]


class StoreFailed(Exception):
    """The database could not commit. Nothing of this unit is stored; it may be tried again."""


class StoreAway(StoreFailed):
    """The database cannot be reached now. Nothing of this unit is stored; it may be tried again."""


class CannotUse(Exception):
    """The database is there and must not be used like this; the text tells the operator what to do."""


class NoAnswer(Exception):
    """The connection was lost while it committed: what was asked may be durable or not, and `transaction` names it."""

    def __init__(self, transaction: int) -> None:
        self.transaction = transaction
        super().__init__(f"COMMIT of transaction {transaction} was not answered")


class ReadConnection(Protocol):
    """Statements in a transaction that sees one moment. What the database refuses is an error of `Database.errors`."""

    def all(self, statement: Statement, values: Values) -> list[Row]: ...

    def one(self, statement: Statement, values: Values) -> Row | None: ...

    def each(self, statement: Statement, values: Values) -> Iterator[Row]:
        """Rows one by one, for who stops before the end."""

    def matching(self, select: str, keys: Sequence[tuple[Any, Any]]) -> list[Row]:
        """Rows of `select ... FROM asked CROSS JOIN ... WHERE ...` for pairs of bytes asked(a, b)."""

    def begin(self) -> None: ...

    def rollback(self) -> None: ...

    @property
    def is_lost(self) -> bool:
        """Nothing can be asked over this connection any more."""

    def close(self) -> None: ...


class WriteConnection(ReadConnection, Protocol):
    """The writer's: its transactions write, in parts that can be undone."""

    def run(self, statement: Statement, values: Values) -> int:
        """Execute and say how many rows it touched."""

    def insert_rows(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None: ...

    def commit(self) -> None:
        """Return when the disk has it. Raises NoAnswer when nobody knows whether it has."""

    def savepoint(self) -> None: ...

    def release(self) -> None: ...

    def undo(self) -> None:
        """Back to the savepoint, and release it."""

    @property
    def in_transaction(self) -> bool:
        """False also when the database gave the transaction up by itself."""

    def was_committed(self, transaction: int) -> bool:
        """Whether a transaction that got NoAnswer is durable, asked of the connection that follows."""


class Database(Protocol):
    """Where the store is. Only one writer is open at any time, over all processes."""

    errors: tuple[type[Exception], ...]

    def upgrade(self) -> None:
        """Bring the schema to the newest revision. Raises StoreAway, CannotUse."""

    def writer(self) -> WriteConnection:
        """Raises StoreAway, CannotUse."""

    def reader(self) -> ReadConnection:
        """Its transactions cannot write, and see one moment. Raises StoreAway."""
