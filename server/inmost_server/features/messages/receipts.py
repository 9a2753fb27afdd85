"""Receipts, signals and deletions: what goes with messages and has no number of its own."""

from inmost_engine.public import check_sealed, sealed_epoch
from inmost_protocol.frames import Done
from inmost_protocol.limits import MAX_EPHEMERAL_BYTES
from inmost_protocol.messages import (
    Delete,
    Deleted,
    FetchReceipts,
    PutReceipt,
    Receipt,
    Receipts,
    Signal,
    Signalled,
)
from inmost_server.clock import Clock
from inmost_server.features.conversations import log, policy
from inmost_server.features.conversations.live import Conversation, LiveConversations
from inmost_server.features.conversations.telling import Teller
from inmost_server.features.directory.service import DirectoryService
from inmost_server.features.messages import store as rows
from inmost_server.peer import Peer
from inmost_server.refusals import NotAMember, NotFound, TooLarge
from inmost_server.store import Store, Tx

SEALED_RECEIPT = 2
SEALED_EPHEMERAL = 3


class Aside:
    """Small sealed things beside the log."""

    def __init__(
        self,
        store: Store,
        live: LiveConversations,
        directory: DirectoryService,
        teller: Teller,
        clock: Clock,
    ) -> None:
        self._store, self._live, self._directory = store, live, directory
        self._teller, self._clock = teller, clock

    async def put_receipt(self, peer: Peer, frame: PutReceipt) -> Done:
        async with self._live.held(frame.conversation) as conversation:
            self._check(conversation, peer, frame.sealed, SEALED_RECEIPT)
        device, at_ms = peer.device, self._clock()

        def write(tx: Tx) -> None:
            rows.put_receipt(tx, frame.conversation, device, frame.sealed, at_ms)
            event = Receipt(frame.conversation, device, frame.sealed)
            tx.after_commit(lambda: self._teller.event(frame.conversation, event, but=device))

        await self._store.write(write)
        return Done(frame.id)

    async def receipts(self, peer: Peer, frame: FetchReceipts) -> Receipts:
        async with self._live.held(frame.conversation) as conversation:
            if not conversation.is_member(peer.device):
                raise NotAMember
            members = frozenset(conversation.since_epoch)
        found = await self._store.read(lambda reader: rows.receipts_of(reader, frame.conversation))
        return Receipts(frame.id, frame.conversation, [one for one in found if one[0] in members])

    async def signal(self, peer: Peer, frame: Signal) -> None:
        async with self._live.held(frame.conversation) as conversation:
            self._check(conversation, peer, frame.sealed, SEALED_EPHEMERAL)
        event = Signalled(frame.conversation, peer.device, frame.sealed)
        self._teller.event(frame.conversation, event, but=peer.device)

    async def delete(self, peer: Peer, frame: Delete) -> Done:
        async with self._live.held(frame.conversation) as conversation:
            if not conversation.is_member(peer.device):
                raise NotAMember
            stored = await self._store.read(lambda reader: log.one(reader, frame.conversation, frame.n))
            if stored is None:
                raise NotFound
            group = await self._live.group(conversation)
            author = self._directory.state.device(stored.device) if stored.device else None
            policy.may_delete(
                peer.user,
                author.user if author else None,
                group.settings.role(peer.user, self._directory.state),
                stored.kind == log.KIND_MESSAGE,
            )

        def write(tx: Tx) -> None:
            if stored.entry is not None and log.drop_entry(tx, frame.conversation, frame.n):
                event = Deleted(frame.conversation, frame.n)
                tx.after_commit(lambda: self._teller.event(frame.conversation, event))

        await self._store.write(write)
        return Done(frame.id)

    def _check(self, conversation: Conversation, peer: Peer, sealed: bytes, kind: int) -> None:
        """Sealed by this device in an epoch that is still good for posting."""
        if not conversation.is_member(peer.device):
            raise NotAMember
        if len(sealed) > MAX_EPHEMERAL_BYTES:
            raise TooLarge
        epoch = sealed_epoch(sealed)
        policy.may_post(conversation.posting_facts(peer.device, self._directory.state), epoch)
        check_sealed(sealed, conversation.id, conversation.group_id, epoch, peer.device, kind)
