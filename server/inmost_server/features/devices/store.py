"""Rows of key packages and vaults."""

from collections.abc import Iterable, Sequence

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    LargeBinary,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from inmost_server.store import Reader, RowNumber, Statement, Tx, metadata, upsert

key_packages = Table(
    "key_packages",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("device", LargeBinary, nullable=False),
    Column("last_resort", Boolean, nullable=False),
    Column("package", LargeBinary, nullable=False),
    Index("ix_key_packages_device", "device", "last_resort"),
)

vaults = Table(
    "vaults",
    metadata,
    Column("user", LargeBinary, primary_key=True),
    Column("vault", LargeBinary, nullable=False),
)

vault_rows = Table(
    "vault_rows",
    metadata,
    Column("user", LargeBinary, primary_key=True),
    Column("conversation", LargeBinary, primary_key=True),
    Column("row", LargeBinary, nullable=False),
)

_K = key_packages.c
_COUNT = Statement(select(func.count()).where(_K.device == bindparam("device"), _K.last_resort.is_(False)))
_ADD = Statement(insert(key_packages), ("device", "last_resort", "package"))
_DROP_LAST = Statement(delete(key_packages).where(_K.device == bindparam("device"), _K.last_resort.is_(True)))
_DROP_ALL = Statement(delete(key_packages).where(_K.device == bindparam("device")))
_NEXT = Statement(
    select(_K.id, _K.package, _K.last_resort)
    .where(_K.device == bindparam("device"))
    .order_by(_K.last_resort, _K.id)
    .limit(1)
)
_DROP = Statement(delete(key_packages).where(_K.id == bindparam("id")))
_PUT_VAULT = upsert(vaults, "user")
_VAULT = Statement(select(vaults.c.vault).where(vaults.c.user == bindparam("user")))
_PUT_ROW = upsert(vault_rows, "user", "conversation")
_ROWS = Statement(
    select(vault_rows.c.conversation, vault_rows.c.row)
    .where(vault_rows.c.user == bindparam("user"), vault_rows.c.conversation > bindparam("after"))
    .order_by(vault_rows.c.conversation)
    .limit(bindparam("limit"))
)


def count(reader: Reader, device: bytes) -> int:
    """One-time key packages left of a device."""
    row = reader.one(_COUNT, device=device)
    assert row is not None
    return int(row[0])


def publish(tx: Tx, device: bytes, packages: Iterable[bytes], last_resort: bytes | None, most: int) -> int:
    """Add one-time packages up to `most`, replace the last-resort one; how many there are then."""
    have = count(tx, device)
    for package in list(packages)[: max(0, most - have)]:
        tx.run(_ADD, device=device, last_resort=False, package=package)
        have += 1
    if last_resort is not None:
        tx.run(_DROP_LAST, device=device)
        tx.run(_ADD, device=device, last_resort=True, package=last_resort)
    return have


def take(tx: Tx, devices: Sequence[bytes]) -> list[tuple[bytes, bytes, int]]:
    """One package of each device that has any, used up unless it is the last resort; (device, package, left)."""
    taken = []
    for device in devices:
        row = tx.one(_NEXT, device=device)
        if row is None:
            continue
        if not row[2]:
            tx.run(_DROP, id=row[0])
        taken.append((device, bytes(row[1]), count(tx, device)))
    return taken


def forget(tx: Tx, device: bytes) -> None:
    """A revoked device is added to nothing any more."""
    tx.run(_DROP_ALL, device=device)


def put_vault(tx: Tx, user: bytes, vault: bytes) -> None:
    tx.run(_PUT_VAULT, user=user, vault=vault)


def vault_of(reader: Reader, user: bytes) -> bytes | None:
    row = reader.one(_VAULT, user=user)
    return bytes(row[0]) if row else None


def put_rows(tx: Tx, user: bytes, rows: Iterable[tuple[bytes, bytes]]) -> None:
    for conversation, row in rows:
        tx.run(_PUT_ROW, user=user, conversation=conversation, row=row)


def rows_of(reader: Reader, user: bytes, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
    return [
        (conversation, row) for conversation, row in reader.all(_ROWS, user=user, after=after, limit=limit)
    ]
