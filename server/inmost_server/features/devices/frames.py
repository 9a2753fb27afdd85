"""Frames of key packages and vaults."""

import asyncio
import hashlib

from inmost_engine.public import Applied, Directory, check_key_package
from inmost_protocol.devices import (
    ClaimKeyPackages,
    FetchVault,
    KeyPackages,
    KeyPackagesLow,
    Published,
    PublishKeyPackages,
    PutVault,
    PutVaultRows,
    Vault,
)
from inmost_protocol.directory import Appended
from inmost_protocol.frames import Done
from inmost_protocol.limits import (
    MAX_CLAIM_USERS,
    MAX_ENTRY_BYTES,
    MAX_KEY_PACKAGE_BYTES,
    MAX_KEY_PACKAGES,
    MAX_VAULT_BYTES,
    MAX_VAULT_ROWS,
)
from inmost_server.access import DEVICES, SESSIONS
from inmost_server.clock import Clock
from inmost_server.features.conversations.telling import Teller
from inmost_server.features.devices import policy
from inmost_server.features.devices import store as rows
from inmost_server.features.directory.policy import vault_is_pinned
from inmost_server.features.directory.service import DirectoryService
from inmost_server.peer import Handled, Peer
from inmost_server.refusals import Malformed, TooLarge
from inmost_server.store import Reader, Store, Tx

CHANGES, READING = "changes", "reading"
LOW = MAX_KEY_PACKAGES // 5
ID_BYTES = 16


class DeviceFrames:
    """What a device leaves with the server for others to add it, and for its person to come back."""

    def __init__(self, store: Store, directory: DirectoryService, teller: Teller, clock: Clock) -> None:
        self._store, self._directory, self._teller, self._clock = store, directory, teller, clock

    def handled(self) -> list[Handled]:
        return [
            Handled(PublishKeyPackages, DEVICES.where("its own packages"), CHANGES, self.publish),
            Handled(ClaimKeyPackages, DEVICES.where("guests: their own devices'"), CHANGES, self.claim),
            Handled(PutVault, DEVICES.where("its own person's vault"), CHANGES, self.put_vault),
            Handled(PutVaultRows, DEVICES.where("its own person's rows"), CHANGES, self.put_rows),
            Handled(FetchVault, SESSIONS.where("its own person's vault"), READING, self.fetch_vault),
        ]

    async def publish(self, peer: Peer, frame: PublishKeyPackages) -> Published:
        given = [*frame.packages, *([frame.last_resort] if frame.last_resort is not None else [])]
        if len(frame.packages) > MAX_KEY_PACKAGES or any(len(one) > MAX_KEY_PACKAGE_BYTES for one in given):
            raise TooLarge
        device, now_ms = peer.device, self._clock()

        def check(directory: Directory) -> None:
            for package in given:
                _, is_last_resort = check_key_package(package, device, directory, now_ms)
                if is_last_resort != (package is frame.last_resort):
                    raise Malformed("A last-resort package among the others, or the other way round.")

        async with self._directory.reading() as directory:
            await asyncio.to_thread(check, directory)
        count = await self._store.write(
            lambda tx: rows.publish(tx, device, frame.packages, frame.last_resort, MAX_KEY_PACKAGES)
        )
        return Published(frame.id, count)

    async def claim(self, peer: Peer, frame: ClaimKeyPackages) -> KeyPackages:
        policy.must_be_few(len(frame.users), MAX_CLAIM_USERS)
        directory = self._directory.state
        asking = directory.user(peer.user)
        policy.may_claim(asking.role if asking else "guest", peer.user, frame.users)
        user_of = {
            device: user
            for user in dict.fromkeys(frame.users)
            for device in directory.active_devices_of(user)
            if device != peer.device
        }
        taken = await self._store.write(lambda tx: rows.take(tx, list(user_of)))
        for device, _, left in taken:
            if left < LOW:
                self._teller.device(device, KeyPackagesLow(left))
        return KeyPackages(frame.id, [(user_of[device], device, package) for device, package, _ in taken])

    async def put_vault(self, peer: Peer, frame: PutVault) -> None:
        if len(frame.vault) > MAX_VAULT_BYTES or len(frame.entry) > MAX_ENTRY_BYTES:
            raise TooLarge
        user, hashed = peer.user, hashlib.sha256(frame.vault).digest()

        def store_it(tx: Tx, applied: Applied) -> None:
            vault_is_pinned(applied.kind, applied.author, user, frame.entry, hashed)
            rows.put_vault(tx, user, frame.vault)

        await self._directory.append_once(
            frame.entry, peer.device, frame.id, lambda n: peer.send(Appended(frame.id, n)), store_it
        )

    async def put_rows(self, peer: Peer, frame: PutVaultRows) -> Done:
        policy.must_be_few(len(frame.rows), MAX_VAULT_ROWS)
        if any(len(row) > policy.MAX_VAULT_ROW_BYTES for _, row in frame.rows):
            raise TooLarge
        if any(len(conversation) != ID_BYTES for conversation, _ in frame.rows):
            raise Malformed
        user = peer.user
        await self._store.write(lambda tx: rows.put_rows(tx, user, frame.rows))
        return Done(frame.id)

    async def fetch_vault(self, peer: Peer, frame: FetchVault) -> Vault:
        user, after = peer.user, frame.after or b""

        def read(reader: Reader) -> Vault:
            found = rows.rows_of(reader, user, after, MAX_VAULT_ROWS + 1)
            more = len(found) > MAX_VAULT_ROWS
            return Vault(frame.id, rows.vault_of(reader, user), found[:MAX_VAULT_ROWS], more)

        return await self._store.read(read)
