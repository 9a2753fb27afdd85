"""The directory in memory, and the one way to append to it: check, write, apply, tell."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from inmost_engine.public import Applied, Directory, Refused
from inmost_server.clock import Clock
from inmost_server.features.directory import store as rows
from inmost_server.features.organisation import store as organisation
from inmost_server.refusals import FromEngine
from inmost_server.sessions import Sessions
from inmost_server.store import Store, Tx

SNAPSHOT = "directory_snapshot"
ENTRIES_BETWEEN_SNAPSHOTS = 256
REPLAYED_AT_ONCE = 1_000

SideWrites = Callable[[Tx, Applied], None]
Told = Callable[[Applied, bytes], None]


class DirectoryService:
    """The organisation's one directory. `state` may be read on the event loop at any time; it changes only in `append`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._appending = asyncio.Lock()
        self._readers = 0
        self._no_readers = asyncio.Event()
        self._no_readers.set()
        self._since_snapshot = 0
        self.state: Directory
        self.sessions: Sessions | None = None
        self.told: list[Told] = []

    async def load(self, org: bytes, owner_seed_public: bytes | None) -> None:
        """From the newest snapshot and the entries after it. Entry 0 must be signed by the owner's seed."""
        snapshot = await self._store.read(lambda reader: organisation.get(reader, SNAPSHOT))
        self.state = Directory.load(snapshot) if snapshot else Directory(org, owner_seed_public)
        while True:
            first = self.state.next_n
            entries = await self._store.read(lambda reader, n=first: rows.page(reader, n, REPLAYED_AT_ONCE))  # type: ignore[misc]
            for entry in entries:
                self.state.apply(entry)
                self._since_snapshot += 1
            if len(entries) < REPLAYED_AT_ONCE:
                return

    async def append(
        self,
        entry: bytes,
        now_ms: int | None = None,
        side_writes: SideWrites | None = None,
        device: bytes | None = None,
        request: bytes | None = None,
    ) -> Applied:
        """Append one entry; durable when this returns. What `side_writes` writes, or refuses, shares its transaction.

        Refused as docs/protocol/directory.md says.
        """
        async with self._writing():
            return await self._append(entry, now_ms, side_writes, device, request, None)

    async def append_once(
        self,
        entry: bytes,
        device: bytes,
        request: bytes,
        answer: Callable[[int], None],
        side_writes: SideWrites | None = None,
    ) -> None:
        """Append one entry for a request and answer with its number, before anybody is told of it.

        A request that comes again gets the first answer.
        """
        async with self._writing():
            before = await self._store.read(lambda reader: rows.answered(reader, device, request))
            if before is not None:
                answer(before)
            else:
                await self._append(entry, None, side_writes, device, request, answer)

    async def _append(
        self,
        entry: bytes,
        now_ms: int | None,
        side_writes: SideWrites | None,
        device: bytes | None,
        request: bytes | None,
        answer: Callable[[int], None] | None,
    ) -> Applied:
        at_ms = self._clock() if now_ms is None else now_ms
        applied = self._check(entry, at_ms)

        def write(tx: Tx) -> None:
            rows.append(tx, applied.n, entry, at_ms, device, request)
            if answer is not None:
                tx.after_commit(lambda: answer(applied.n))
            # First of what is told: whom it shuts out hears why, before the end of the session closes the connection.
            tx.after_commit(lambda: self._apply(entry, at_ms))
            if self.sessions is not None:
                self.sessions.end_devices(tx, applied.inactive_devices)
                self.sessions.end_users(tx, applied.suspended_users)
            if side_writes is not None:
                side_writes(tx, applied)

        await self._store.write(write)
        await self._snapshot_sometimes()
        return applied

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Directory]:
        """Hold the state still while another thread looks at it."""
        async with self._appending:
            self._readers += 1
            self._no_readers.clear()
        try:
            yield self.state
        finally:
            self._readers -= 1
            if self._readers == 0:
                self._no_readers.set()

    async def save_snapshot(self) -> None:
        snapshot = self.state.snapshot()
        await self._store.write(lambda tx: organisation.put(tx, SNAPSHOT, snapshot))
        self._since_snapshot = 0

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        async with self._appending:
            await self._no_readers.wait()
            yield

    def _check(self, entry: bytes, at_ms: int) -> Applied:
        try:
            return self.state.check(entry, at_ms)
        except Refused as refused:
            raise FromEngine(refused.code, refused.words) from None

    def _apply(self, entry: bytes, at_ms: int) -> None:
        applied = self.state.apply(entry, at_ms)
        self._since_snapshot += 1
        for told in self.told:
            told(applied, entry)

    async def _snapshot_sometimes(self) -> None:
        if self._since_snapshot >= ENTRIES_BETWEEN_SNAPSHOTS:
            await self.save_snapshot()
