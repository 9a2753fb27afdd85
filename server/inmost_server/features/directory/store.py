"""Rows of the directory: every entry as it was signed, by number."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, bindparam, func, insert, select

from inmost_server.store import Reader, Statement, Tx, metadata

directory_entries = Table(
    "directory_entries",
    metadata,
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("device", LargeBinary),
    Column("request", LargeBinary),
    Index("ix_directory_entries_request", "device", "request", unique=True),
)

_E = directory_entries.c
_INSERT = Statement(insert(directory_entries))
_PAGE = Statement(select(_E.entry).where(_E.n >= bindparam("first")).order_by(_E.n).limit(bindparam("limit")))
_NEXT = Statement(select(func.coalesce(func.max(_E.n) + 1, 0)))
_ANSWERED = Statement(
    select(_E.n).where(_E.device == bindparam("device"), _E.request == bindparam("request"))
)


def append(tx: Tx, n: int, entry: bytes, at_ms: int, device: bytes | None, request: bytes | None) -> None:
    tx.run(_INSERT, n=n, entry=entry, at_ms=at_ms, device=device, request=request)


def answered(reader: Reader, device: bytes, request: bytes) -> int | None:
    """Where the entry stands that this request appended, if it did."""
    row = reader.one(_ANSWERED, device=device, request=request)
    return int(row[0]) if row else None


def page(reader: Reader, first: int, limit: int) -> list[bytes]:
    return [bytes(row[0]) for row in reader.all(_PAGE, first=first, limit=limit)]


def next_n(reader: Reader) -> int:
    row = reader.one(_NEXT)
    assert row is not None
    return int(row[0])
