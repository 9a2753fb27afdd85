"""Opens one profile: its lock, its key, its store and the engine in it, and closes them in the other order."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Self

from inmost.core import Core
from inmost.errors import NoProfile, ProfileExists
from inmost.host import Host
from inmost.places import Place, place_of
from inmost.server import Address
from inmost.store import Custody, Database, Lock, find_key, make_key
from inmost.store.keys import forget_key

Passphrase = str | Callable[[], str] | None

SERVER = "server"
CA = "ca"
TRUST = "trust"


class Profile:
    """An open profile. host is started; connect() connects it."""

    def __init__(self, place: Place, lock: Lock, key: bytes) -> None:
        self.place = place
        self._lock = lock
        self.host = Host(lambda: Core(Database.open(place.store, key)))

    @classmethod
    async def open(
        cls, profile: str, home: Path | None, passphrase: Passphrase, what: str = "", wait_s: float = 2.0
    ) -> Self:
        """Raises NoProfile, ProfileInUse, KeyUnavailable and its kinds, StoreDamaged, StoreTooNew."""
        place = place_of(profile, home)
        place.must_be_there()
        lock = Lock.take(place, what, wait_s)
        try:
            opened = cls(place, lock, find_key(place, asking(passphrase)))
            await opened.host.start()
        except BaseException:
            lock.release()
            raise
        return opened

    @classmethod
    async def make(
        cls, profile: str, home: Path | None, custody: Custody, address: Address, what: str = ""
    ) -> Self:
        """A new, empty profile for a server. Raises ProfileExists, ProfileInUse, KeyUnavailable."""
        place = place_of(profile, home)
        place.make()
        lock = Lock.take(place, what)
        try:
            if place.is_there:
                raise ProfileExists(f"The profile “{profile}” is in use for an account already.")
            place.store.unlink(missing_ok=True)
            made = cls(place, lock, make_key(place, custody))
            await made.host.start()
            await made.remember(SERVER, address.origin)
            await made.remember(CA, address.ca)
        except BaseException:
            lock.release()
            raise
        return made

    async def remember(self, name: str, value: str | bytes | None) -> None:
        """Keep something in the encrypted store; None forgets it."""
        data = value.encode() if isinstance(value, str) else value
        await self.host.in_thread(self.host.core.database.set, name, data)

    async def remembered(self, name: str) -> bytes | None:
        return await self.host.in_thread(self.host.core.database.setting, name)

    async def address(self) -> Address:
        origin, ca = await self.remembered(SERVER), await self.remembered(CA)
        if origin is None:
            raise NoProfile(
                f"The profile “{self.place.profile}” was never finished; remove {self.place.folder} and join again."
            )
        return Address(origin.decode(), ca.decode() if ca else None)

    async def trust(self) -> str | None:
        kept = await self.remembered(TRUST)
        return kept.decode() if kept else None

    async def connect(self) -> None:
        self.host.connect(await self.address(), trust=await self.trust())

    async def close(self) -> None:
        await self.host.close()
        self._lock.release()

    async def discard(self) -> None:
        """Close and remove a profile that came to nothing, with its key."""
        await self.host.close()
        forget_key(self.place)
        for file in (self.place.key, self.place.store, *self.place.folder.glob("store.db-*")):
            file.unlink(missing_ok=True)
        self._lock.release()


def asking(passphrase: Passphrase) -> Callable[[], str] | None:
    """How to get the passphrase: as given, from INMOST_PASSPHRASE, or not at all."""
    if isinstance(passphrase, str):
        given = passphrase
        return lambda: given
    if passphrase is None and (from_environment := os.environ.get("INMOST_PASSPHRASE")):
        return lambda: from_environment
    return passphrase
