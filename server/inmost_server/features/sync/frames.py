"""The frame by which a device that was away catches up, page by page."""

from inmost_engine.public import general_conversation
from inmost_protocol.conversations import ConversationState, Sync, Synced
from inmost_protocol.limits import MAX_SYNC_CONVERSATIONS
from inmost_server.access import DEVICES
from inmost_server.clock import Clock
from inmost_server.features.conversations import log
from inmost_server.features.conversations import store as conversations
from inmost_server.features.conversations.telling import Teller
from inmost_server.features.devices import store as devices
from inmost_server.features.directory import store as directory_rows
from inmost_server.features.directory.service import DirectoryService
from inmost_server.peer import Handled, Peer
from inmost_server.store import Reader, Store, Tx

READING = "reading"
MAX_WELCOME_BYTES = 4 * 1024 * 1024


class SyncFrames:
    """Answers with states; live events follow."""

    def __init__(self, store: Store, directory: DirectoryService, teller: Teller, clock: Clock) -> None:
        self._store, self._directory, self._teller, self._clock = store, directory, teller, clock

    def handled(self) -> list[Handled]:
        return [Handled(Sync, DEVICES.where("what its person is in or may come into"), READING, self.sync)]

    async def sync(self, peer: Peer, frame: Sync) -> Synced:
        device, user = peer.device, peer.user
        if frame.after is None:
            await self._store.write(lambda tx: self._follow(tx, device))
        found = self._directory.state.user(user)
        with_general = found is not None and found.role != "guest"
        general = general_conversation(self._directory.state.org) if with_general else None
        now_ms = self._clock()

        def read(reader: Reader) -> Synced:
            after = frame.after or b""
            states = conversations.states(reader, device, user, after, MAX_SYNC_CONVERSATIONS + 1, general)
            more = len(states) > MAX_SYNC_CONVERSATIONS
            states = states[:MAX_SYNC_CONVERSATIONS]
            upto = states[-1][0] if more else b"\xff" * 17
            return Synced(
                frame.id,
                [_state(reader, *state) for state in states],
                conversations.waiting_welcomes(reader, device, after, upto),
                directory_rows.next_n(reader),
                devices.count(reader, device),
                more,
                now_ms,
            )

        return await self._store.read(read)

    def _follow(self, tx: Tx, device: bytes) -> None:
        """Read on the writer's thread, so that what is told before and after is exactly what was not and is in it."""
        followed = conversations.conversations_of(tx, device)
        tx.after_commit(lambda: self._teller.followers.follow(device, followed))


def _state(reader: Reader, conversation: bytes, group: bytes, epoch: int, leaf: bool) -> ConversationState:
    head = log.head(reader, conversation, group)
    return ConversationState(conversation, group, epoch, head.next_n, head.hash, leaf)
