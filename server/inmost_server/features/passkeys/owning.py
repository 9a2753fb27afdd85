"""A person's passkeys: registering, listing, naming, and signing with one of them. Nothing here knows of passwords."""

import unicodedata
from dataclasses import dataclass
from typing import Any

import structlog

from inmost_server import metrics
from inmost_server.clock import Clock
from inmost_server.features.directory.service import DirectoryService
from inmost_server.features.passkeys import store
from inmost_server.features.passkeys.ceremonies import Ceremonies, Purpose, read_id, read_user
from inmost_server.features.passkeys.refusals import PasskeyNotTaken, PasskeyRefused, TooManyPasskeys
from inmost_server.features.passkeys.store import Passkey
from inmost_server.refusals import Malformed, NotFound
from inmost_server.store import Reader, Store, Tx

MAX_PASSKEYS = 20
MAX_NAME_CHARS = 64

log = structlog.get_logger("inmost.passkeys")


@dataclass(frozen=True, slots=True)
class Passkeys:
    """What passkeys work with."""

    store: Store
    directory: DirectoryService
    ceremonies: Ceremonies
    clock: Clock


async def present(passkeys: Passkeys, user: bytes) -> list[Passkey]:
    """The user's passkeys, oldest first."""

    def read(reader: Reader) -> list[Passkey]:
        return store.of_user(reader, user)

    return await passkeys.store.read(read)


async def new(
    passkeys: Passkeys, purpose: Purpose, user: bytes, name: str, response: dict[str, Any]
) -> Passkey:
    """The passkey that a registration made, not stored yet. Refused with PasskeyNotTaken."""
    await passkeys.ceremonies.ready()
    made = passkeys.ceremonies.registered(purpose, response)
    return Passkey(
        id=made.id,
        user=user,
        public_key=made.public_key,
        sign_count=made.sign_count,
        name=as_name(name),
        is_synced=made.is_synced,
        created_ms=passkeys.clock(),
    )


def keep(tx: Tx, passkey: Passkey) -> None:
    """Refused with TooManyPasskeys, and PasskeyNotTaken when somebody has that credential id."""
    if len(store.of_user(tx, passkey.user)) >= MAX_PASSKEYS:
        raise TooManyPasskeys
    if not store.add(tx, passkey):
        raise PasskeyNotTaken


async def add(
    passkeys: Passkeys, purpose: Purpose, user: bytes, name: str, response: dict[str, Any]
) -> Passkey:
    """Register one more. The same response again, of the same person, gives the same passkey."""
    id_ = read_id(response)
    before = await passkeys.store.read(lambda reader: store.find(reader, id_))
    if before is not None and before.user == user:
        return before
    made = await new(passkeys, purpose, user, name, response)
    await passkeys.store.write(lambda tx: keep(tx, made))
    return made


async def rename(passkeys: Passkeys, user: bytes, id_: bytes, name: str) -> None:
    """Refused with NotFound."""
    name = as_name(name)
    if not await passkeys.store.write(lambda tx: store.rename(tx, id_, user, name)):
        raise NotFound


async def asserted(
    passkeys: Passkeys, purpose: Purpose, response: dict[str, Any], of: bytes | None = None
) -> bytes:
    """Whose passkey signed this. of: it must be this user's; None: the authenticator names the user.

    Refused with PasskeyRefused, the same for a passkey nobody has, one of somebody else, a suspended person's and a wrong signature.
    """
    id_, handle = read_id(response), read_user(response)
    await passkeys.ceremonies.ready()
    found = await passkeys.store.read(lambda reader: store.find(reader, id_))
    counts = (
        found is not None
        and _is_active(passkeys, found.user)
        and (handle == found.user or (handle is None and of is not None))
        and of in (None, found.user)
    )
    count = passkeys.ceremonies.asserted(purpose, response, found.public_key if found and counts else None)
    assert found is not None
    now_ms = passkeys.clock()
    if not await passkeys.store.write(lambda tx: store.use(tx, id_, count, now_ms)):
        await _alarm(passkeys, found, now_ms)
        raise PasskeyRefused
    return found.user


async def _alarm(passkeys: Passkeys, passkey: Passkey, now_ms: int) -> None:
    """The signature is right and the counter is not: the authenticator was copied, or is broken. Its owner sees it in the list."""
    metrics.PASSKEY_ALARMS.inc()
    log.warning("passkey_counter_went_back")
    await passkeys.store.write(lambda tx: store.alarm(tx, passkey.id, now_ms))


def _is_active(passkeys: Passkeys, user: bytes) -> bool:
    found = passkeys.directory.state.user(user)
    return found is not None and not found.suspended


def as_name(name: str) -> str:
    """How its owner calls it: 1 to 64 characters. Malformed otherwise."""
    ready = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(ready) <= MAX_NAME_CHARS or any(unicodedata.category(one) == "Cc" for one in ready):
        raise Malformed("A passkey's name has 1 to 64 characters.")
    return ready
