"""Rows of passkeys: public keys and how often each was used, by credential id, which no two people share."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from inmost_server.store import Reader, Statement, Tx, metadata

DAY_MS = 86_400_000

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("user", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_synced", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("last_used_day", BigInteger),
    Column("alarm_ms", BigInteger),
    Index(None, "user"),
)

_P = passkeys.c
_FIND = Statement(select(passkeys).where(_P.id == bindparam("id")))
_OF_USER = Statement(select(passkeys).where(_P.user == bindparam("user")).order_by(_P.created_ms, _P.id))
_ADD = Statement(insert(passkeys))
_RENAME = Statement(
    update(passkeys)
    .where(_P.id == bindparam("of"), _P.user == bindparam("by"))
    .values(name=bindparam("new_name"))
)
_REMOVE = Statement(delete(passkeys).where(_P.id == bindparam("of"), _P.user == bindparam("by")))
# An authenticator that counts must go up; one that does not count says 0 for ever.
_USE = Statement(
    update(passkeys)
    .where(
        _P.id == bindparam("of"),
        or_(_P.sign_count < bindparam("count"), and_(_P.sign_count == 0, bindparam("count") == 0)),
    )
    .values(sign_count=bindparam("count"), last_used_day=bindparam("day"))
)
_ALARM = Statement(update(passkeys).where(_P.id == bindparam("of")).values(alarm_ms=bindparam("at_ms")))
_USERS = Statement(select(_P.user).distinct())


@dataclass(frozen=True, slots=True)
class Passkey:
    """One credential. is_synced: its maker keeps copies on other devices. alarm_ms: when a copy of it showed itself."""

    id: bytes
    user: bytes
    public_key: bytes
    sign_count: int
    name: str
    is_synced: bool
    created_ms: int
    last_used_day: int | None = None
    alarm_ms: int | None = None


def find(reader: Reader, id_: bytes) -> Passkey | None:
    row = reader.one(_FIND, id=id_)
    return _passkey(row) if row else None


def of_user(reader: Reader, user: bytes) -> list[Passkey]:
    """Oldest first."""
    return [_passkey(row) for row in reader.all(_OF_USER, user=user)]


def add(tx: Tx, passkey: Passkey) -> bool:
    """False when somebody, whoever it is, has that credential id already."""
    if find(tx, passkey.id) is not None:
        return False
    tx.run(_ADD, **asdict(passkey))
    return True


def rename(tx: Tx, id_: bytes, user: bytes, name: str) -> bool:
    """False when the user has no such passkey."""
    return tx.run(_RENAME, of=id_, by=user, new_name=name) == 1


def remove(tx: Tx, id_: bytes, user: bytes) -> bool:
    """False when the user has no such passkey."""
    return tx.run(_REMOVE, of=id_, by=user) == 1


def use(tx: Tx, id_: bytes, sign_count: int, now_ms: int) -> bool:
    """False when the counter did not go up: two authenticators have this passkey's key."""
    return tx.run(_USE, of=id_, count=sign_count, day=now_ms // DAY_MS) == 1


def alarm(tx: Tx, id_: bytes, now_ms: int) -> None:
    tx.run(_ALARM, of=id_, at_ms=now_ms)


def users_with_passkey(reader: Reader) -> set[bytes]:
    return {bytes(row[0]) for row in reader.all(_USERS)}


def _passkey(row: Sequence[Any]) -> Passkey:
    id_, user, public_key, sign_count, name, is_synced, created_ms, last_used_day, alarm_ms = row
    return Passkey(
        id=bytes(id_),
        user=bytes(user),
        public_key=bytes(public_key),
        sign_count=sign_count,
        name=name,
        is_synced=bool(is_synced),
        created_ms=created_ms,
        last_used_day=last_used_day,
        alarm_ms=alarm_ms,
    )
