"""Statements written once in SQLAlchemy Core and compiled once for each database to text for its driver.

Why not execute through SQLAlchemy: docs/decisions says what it measured.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ClauseElement, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg

SQLITE: Final[Dialect] = sqlite.dialect(paramstyle="named")
POSTGRESQL: Final[Dialect] = psycopg.dialect()  # type: ignore[no-untyped-call]


class Statement:
    """One SQL statement. Values are given by name when it runs: `tx.one(FIND, device=device)`."""

    def __init__(
        self, clause: ClauseElement | Callable[[Dialect], ClauseElement], columns: Sequence[str] | None = None
    ) -> None:
        """clause: or what makes it, where databases differ. columns: those an insert gives; None: all of the table's."""
        self._clause = clause
        self._columns = columns
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}

    def _for(self, dialect: Dialect) -> tuple[str, dict[str, Any]]:
        known = self._compiled.get(dialect.name)
        if known is None:
            clause = self._clause if isinstance(self._clause, ClauseElement) else self._clause(dialect)
            compiled = clause.compile(dialect=dialect, column_keys=self._columns)
            binds = compiled.binds  # type: ignore[attr-defined]
            fixed = {name: bind.effective_value for name, bind in binds.items() if not bind.required}
            known = self._compiled[dialect.name] = str(compiled), fixed
        return known

    def text(self, dialect: Dialect) -> str:
        return self._for(dialect)[0]

    def values(self, dialect: Dialect, given: Mapping[str, Any]) -> Mapping[str, Any]:
        fixed = self._for(dialect)[1]
        return {**fixed, **given} if fixed else given


def upsert(table: Table, *keys: str) -> Statement:
    """Insert a row, or replace the other columns of the one with the same keys."""

    def clause_for(dialect: Dialect) -> ClauseElement:
        statement = (postgresql if dialect is POSTGRESQL else sqlite).insert(table)
        changed = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if column.name not in keys
        }
        clause: ClauseElement = statement.on_conflict_do_update(index_elements=list(keys), set_=changed)
        return clause

    return Statement(clause_for)
