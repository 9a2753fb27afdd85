"""Statements written once in SQLAlchemy Core and compiled once to text for the driver.

Why not execute through SQLAlchemy: docs/decisions says what it measured.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import ClauseElement, Table
from sqlalchemy.dialects import sqlite


class Statement:
    """One SQL statement. Values are given by name when it runs: `tx.one(FIND, device=device)`."""

    def __init__(self, clause: ClauseElement, columns: Sequence[str] | None = None) -> None:
        """columns: those an insert gives; None: all of the table's."""
        self._clause = clause
        self._columns = columns

    @cached_property
    def _compiled(self) -> tuple[str, dict[str, Any]]:
        compiled = self._clause.compile(dialect=sqlite.dialect(paramstyle="named"), column_keys=self._columns)
        fixed = {name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required}  # type: ignore[attr-defined]
        return str(compiled), fixed

    @property
    def text(self) -> str:
        return self._compiled[0]

    def values(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        fixed = self._compiled[1]
        return {**fixed, **given} if fixed else given


def upsert(table: Table, *keys: str) -> Statement:
    """Insert a row, or replace the other columns of the one with the same keys."""
    statement = sqlite.insert(table)
    changed = {
        column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys
    }
    return Statement(statement.on_conflict_do_update(index_elements=list(keys), set_=changed))
