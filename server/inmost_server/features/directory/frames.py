"""Frames of the directory: append an entry, fetch a page."""

from typing import cast

from inmost_engine.public import Applied
from inmost_protocol.acts import Act
from inmost_protocol.directory import Appended, AppendEntry, DirectoryPage, FetchDirectory
from inmost_protocol.limits import MAX_ENTRY_BYTES, MAX_PAGE_ITEMS
from inmost_server.access import SESSIONS
from inmost_server.features.directory import policy
from inmost_server.features.directory import store as rows
from inmost_server.features.directory.service import DirectoryService
from inmost_server.features.step_ups.step_ups import StepUps
from inmost_server.peer import Handled, Peer
from inmost_server.refusals import TooLarge
from inmost_server.sessions import NO_DEVICE
from inmost_server.store import Reader, Store, Tx

CHANGES, READING = "changes", "reading"


class DirectoryFrames:
    """What devices and returning persons do with the directory."""

    def __init__(self, store: Store, directory: DirectoryService, step_ups: StepUps) -> None:
        self._store, self._directory, self._step_ups = store, directory, step_ups

    def handled(self) -> list[Handled]:
        return [
            Handled(
                AppendEntry,
                SESSIONS.where(
                    "its own user's entries, as signed, dangerous ones after a step-up; recovering: chain entries"
                ),
                CHANGES,
                self.append,
            ),
            Handled(FetchDirectory, SESSIONS, READING, self.page),
        ]

    async def append(self, peer: Peer, frame: AppendEntry) -> None:
        if len(frame.entry) > MAX_ENTRY_BYTES:
            raise TooLarge
        is_recovering, user, session = peer.device == NO_DEVICE, peer.user, peer.session
        act = self._directory.state.dangerous_act(frame.entry)

        def allow(tx: Tx, applied: Applied) -> None:
            policy.may_append(applied.kind, applied.author, user, is_recovering=is_recovering)
            if act is not None and session is not None:
                self._step_ups.require(session, cast(Act, act))

        # A returning person has no device yet; its requests are remembered by the person.
        asker = user[:16] if is_recovering else peer.device
        await self._directory.append_once(
            frame.entry, asker, frame.id, lambda n: peer.send(Appended(frame.id, n)), allow
        )

    async def page(self, peer: Peer, frame: FetchDirectory) -> DirectoryPage:
        limit = min(frame.limit, MAX_PAGE_ITEMS)

        def read(reader: Reader) -> DirectoryPage:
            entries = rows.page(reader, frame.first, limit)
            return DirectoryPage(frame.id, frame.first, entries, rows.next_n(reader))

        return await self._store.read(read)
