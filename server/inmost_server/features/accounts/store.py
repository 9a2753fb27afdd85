"""Rows of accounts: what proves a person without a device, and where each was seen last."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    LargeBinary,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from inmost_server.features.accounts.second_factor import BackupCode, TotpStep
from inmost_server.store import Reader, Statement, Tx, metadata, upsert

MAX_KNOWN_NETWORKS = 20  # per person; the one longest unused goes
KNOWN_NETWORK_MS = 90 * 86_400_000
DAY_MS = 86_400_000

credentials = Table(
    "credentials",
    metadata,
    Column("user", LargeBinary, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("totp_sealed", LargeBinary, nullable=False),
    Column("totp_last_step", BigInteger, nullable=False),
    Column("reset_hash", LargeBinary),
    Column("reset_expires_ms", BigInteger),
)

claims = Table(
    "claims",
    metadata,
    Column("entry_digest", LargeBinary, primary_key=True),
    Column("user", LargeBinary, nullable=False),
    Column("device", LargeBinary, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("is_second", Boolean, nullable=False),
)

backup_codes = Table(
    "backup_codes",
    metadata,
    Column("user", LargeBinary, primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
)

known_networks = Table(
    "known_networks",
    metadata,
    Column("user", LargeBinary, primary_key=True),
    Column("network", LargeBinary, primary_key=True),
    Column("last_ms", BigInteger, nullable=False),
)

last_seen = Table(
    "last_seen",
    metadata,
    Column("user", LargeBinary, primary_key=True),
    Column("day", BigInteger, nullable=False),
)

_C, _B, _N, _L = credentials.c, backup_codes.c, known_networks.c, last_seen.c
_OF_USER = Statement(select(credentials).where(_C.user == bindparam("user")))
_INSERT = Statement(insert(credentials))
_SET_PASSWORD = Statement(
    update(credentials)
    .where(_C.user == bindparam("of"), _C.password_hash == bindparam("before"))
    .values(password_hash=bindparam("new_hash"))
)
_SET_FACTOR = Statement(
    update(credentials)
    .where(_C.user == bindparam("of"), _C.reset_hash == bindparam("before"))
    .values(
        totp_sealed=bindparam("sealed"),
        totp_last_step=bindparam("step"),
        reset_hash=None,
        reset_expires_ms=None,
    )
)
_SET_RESET = Statement(
    update(credentials)
    .where(_C.user == bindparam("of"))
    .values(reset_hash=bindparam("new_hash"), reset_expires_ms=bindparam("expires"))
)
_USE_STEP = Statement(
    update(credentials)
    .where(_C.user == bindparam("of"), _C.totp_last_step < bindparam("step"))
    .values(totp_last_step=bindparam("step"))
)
_CODES = Statement(select(_B.hash).where(_B.user == bindparam("user")))
_ADD_CODE = Statement(insert(backup_codes))
_USE_CODE = Statement(delete(backup_codes).where(_B.user == bindparam("user"), _B.hash == bindparam("hash")))
_DROP_CODES = Statement(delete(backup_codes).where(_B.user == bindparam("user")))
_NETWORK = Statement(
    select(_N.last_ms).where(_N.user == bindparam("user"), _N.network == bindparam("network"))
)
_PUT_NETWORK = upsert(known_networks, "user", "network")
_NEWEST_NETWORKS = Statement(
    select(_N.last_ms)
    .where(_N.user == bindparam("user"))
    .order_by(_N.last_ms.desc())
    .limit(1)
    .offset(MAX_KNOWN_NETWORKS)
)
_DROP_NETWORKS = Statement(
    delete(known_networks).where(_N.user == bindparam("user"), _N.last_ms <= bindparam("until"))
)
_SEEN = upsert(last_seen, "user")
_ALL_SEEN = Statement(select(_L.user, _L.day))
_WITH_FACTOR = Statement(select(_C.user))
_CLAIM = Statement(
    select(claims.c.user, claims.c.device, claims.c.n, claims.c.is_second).where(
        claims.c.entry_digest == bindparam("digest")
    )
)
_ADD_CLAIM = Statement(insert(claims))
_REMOVE = Statement(delete(credentials).where(_C.user == bindparam("user")))
_COUNT = Statement(select(func.count()).select_from(credentials))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves one person. reset_*: an administrator's one-time code that lets a new second factor be set."""

    user: bytes
    password_hash: str
    totp_sealed: bytes
    totp_last_step: int
    reset_hash: bytes | None
    reset_expires_ms: int | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that stands in the directory at n. is_second: somebody else had claimed the invitation before."""

    user: bytes
    device: bytes
    n: int
    is_second: bool


def claim_of(reader: Reader, entry_digest: bytes) -> Claim | None:
    row = reader.one(_CLAIM, digest=entry_digest)
    return Claim(bytes(row[0]), bytes(row[1]), int(row[2]), bool(row[3])) if row else None


def add_claim(tx: Tx, entry_digest: bytes, claim: Claim) -> None:
    tx.run(_ADD_CLAIM, entry_digest=entry_digest, **asdict(claim))


def of_user(reader: Reader, user: bytes) -> Credentials | None:
    """None for bots, and for persons who have passkeys only."""
    row = reader.one(_OF_USER, user=user)
    return Credentials(*row) if row else None


def count(reader: Reader) -> int:
    row = reader.one(_COUNT)
    assert row is not None
    return int(row[0])


def add(tx: Tx, found: Credentials, backup_hashes: Iterable[bytes]) -> None:
    tx.run(_INSERT, **asdict(found))
    replace_backup_codes(tx, found.user, backup_hashes)


def put(tx: Tx, found: Credentials, backup_hashes: Iterable[bytes]) -> None:
    """Password and second factor in place of those before, if there were any."""
    tx.run(_REMOVE, user=found.user)
    add(tx, found, backup_hashes)


def remove(tx: Tx, user: bytes) -> None:
    """Neither password nor second factor nor backup codes are left."""
    tx.run(_REMOVE, user=user)
    replace_backup_codes(tx, user, ())


def use_code(tx: Tx, user: bytes, used: TotpStep | BackupCode) -> bool:
    """Mark a code as used; False when somebody used it in between."""
    if isinstance(used, TotpStep):
        return tx.run(_USE_STEP, of=user, step=used.step) == 1
    return tx.run(_USE_CODE, user=user, hash=used.hash) == 1


def set_password(tx: Tx, user: bytes, before: str, password_hash: str) -> bool:
    """False when the password changed in between."""
    return tx.run(_SET_PASSWORD, of=user, before=before, new_hash=password_hash) == 1


def set_reset(tx: Tx, user: bytes, reset_hash: bytes, expires_ms: int) -> bool:
    """False when the person has no credentials (a bot)."""
    return tx.run(_SET_RESET, of=user, new_hash=reset_hash, expires=expires_ms) == 1


def set_second_factor(tx: Tx, user: bytes, reset_hash: bytes, totp_sealed: bytes, step: int) -> bool:
    """Uses up the reset code; False when it was used or replaced in between."""
    return tx.run(_SET_FACTOR, of=user, before=reset_hash, sealed=totp_sealed, step=step) == 1


def backup_hashes(reader: Reader, user: bytes) -> list[bytes]:
    return [bytes(row[0]) for row in reader.all(_CODES, user=user)]


def replace_backup_codes(tx: Tx, user: bytes, hashes: Iterable[bytes]) -> None:
    tx.run(_DROP_CODES, user=user)
    for hashed in hashes:
        tx.run(_ADD_CODE, user=user, hash=hashed)


def is_known_network(reader: Reader, user: bytes, network: bytes, now_ms: int) -> bool:
    row = reader.one(_NETWORK, user=user, network=network)
    return row is not None and now_ms - int(row[0]) < KNOWN_NETWORK_MS


def remember_network(tx: Tx, user: bytes, network: bytes, now_ms: int) -> None:
    tx.run(_PUT_NETWORK, user=user, network=network, last_ms=now_ms)
    surplus = tx.one(_NEWEST_NETWORKS, user=user)
    until = max(now_ms - KNOWN_NETWORK_MS, int(surplus[0]) if surplus else 0)
    tx.run(_DROP_NETWORKS, user=user, until=until)


def saw(tx: Tx, user: bytes, now_ms: int) -> None:
    """Remember the day, not the time: enough to find who is long gone."""
    tx.run(_SEEN, user=user, day=now_ms // DAY_MS)


def all_last_seen(reader: Reader) -> dict[bytes, int]:
    """The day (since 1970) on which each user was seen last."""
    return {bytes(user): int(day) for user, day in reader.all(_ALL_SEEN)}


def users_with_second_factor(reader: Reader) -> set[bytes]:
    return {bytes(row[0]) for row in reader.all(_WITH_FACTOR)}
