"""Rows of receipts: one sealed read position for each device in each conversation."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table, bindparam, select

from inmost_server.store import Reader, Statement, Tx, metadata, upsert

receipts = Table(
    "receipts",
    metadata,
    Column("conversation", LargeBinary, primary_key=True),
    Column("device", LargeBinary, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

_PUT = upsert(receipts, "conversation", "device")
_OF = Statement(
    select(receipts.c.device, receipts.c.sealed).where(receipts.c.conversation == bindparam("conversation"))
)


def put_receipt(tx: Tx, conversation: bytes, device: bytes, sealed: bytes, at_ms: int) -> None:
    tx.run(_PUT, conversation=conversation, device=device, sealed=sealed, at_ms=at_ms)


def receipts_of(reader: Reader, conversation: bytes) -> list[tuple[bytes, bytes]]:
    return [(device, sealed) for device, sealed in reader.all(_OF, conversation=conversation)]
