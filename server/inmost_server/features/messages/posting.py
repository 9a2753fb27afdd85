"""Sending: check against facts in memory, number and store with whatever else waits, then tell.

The way of one message through this file is synchronous up to the store's queue and after its commit: a coroutine for
each would cost more than everything else together.
"""

import structlog

from inmost_engine.public import check_sealed
from inmost_protocol.conversations import Accepted
from inmost_protocol.limits import MAX_SEALED_BYTES, MIN_SEALED_BYTES
from inmost_protocol.messages import Send
from inmost_server.features.conversations import log, policy
from inmost_server.features.conversations.live import Conversation, LiveConversations
from inmost_server.features.conversations.log import LogBook, NewItem, Placed
from inmost_server.features.conversations.telling import Teller
from inmost_server.features.directory.service import DirectoryService
from inmost_server.peer import Peer
from inmost_server.refusals import Malformed, NotAMember, TooLarge, Unavailable
from inmost_server.store import Store

SEALED_MESSAGE = 1

log_ = structlog.get_logger("inmost.posting")


class Posting:
    """Posts of one device keep their order: they go straight on, or all wait in their conversation's queue."""

    def __init__(
        self,
        store: Store,
        live: LiveConversations,
        book: LogBook,
        directory: DirectoryService,
        teller: Teller,
    ) -> None:
        self._store, self._live, self._directory, self._teller = store, live, directory, teller
        self._append = book.append

    def send(self, peer: Peer, frame: Send) -> None:
        if len(frame.sealed) > MAX_SEALED_BYTES:
            raise TooLarge
        if len(frame.sealed) < MIN_SEALED_BYTES:
            raise Malformed
        conversation = self._live.get(frame.conversation)
        peer.begin()
        if conversation.is_loaded and conversation.is_idle:
            self._attempt(conversation, peer, frame)
            return
        # A commit is being decided: whether this post is in time is known after it.
        conversation.posts.append(lambda: self._attempt(conversation, peer, frame))
        if len(conversation.posts) == 1:
            self._live.run(self._when_free(conversation))

    async def _when_free(self, conversation: Conversation) -> None:
        async with conversation.lock:
            try:
                await self._live.load(conversation)
            except Exception:
                # Not loaded means refused below: nobody waits for ever.
                log_.exception("loading_failed")
            while conversation.posts:
                conversation.posts[0]()
                conversation.posts.popleft()

    def _attempt(self, conversation: Conversation, peer: Peer, frame: Send) -> None:
        try:
            self._post(conversation, peer, frame)
        except Exception as error:
            peer.refuse(frame.id, error)
            peer.end()

    def _post(self, conversation: Conversation, peer: Peer, frame: Send) -> None:
        if not conversation.is_loaded:
            raise Unavailable
        if not conversation.exists:
            raise NotAMember
        device = peer.device
        facts = conversation.posting_facts(device, self._directory.state)
        policy.may_post(facts, frame.epoch)
        policy.may_speak(facts)
        message = check_sealed(
            frame.sealed, frame.conversation, conversation.group_id, frame.epoch, device, SEALED_MESSAGE
        )
        if message != frame.id:
            raise Malformed("The request's id is not the message's.")
        item = NewItem(
            frame.conversation,
            conversation.group_id,
            log.KIND_MESSAGE,
            frame.sealed,
            frame.epoch,
            device,
            frame.id,
        )

        def done(placed: Placed, error: BaseException | None) -> None:
            peer.end()
            if error is not None:
                peer.refuse(frame.id, error)
                return
            peer.send(Accepted(frame.id, placed.conversation, placed.n, placed.at_ms))
            if not placed.again:
                self._teller.item(placed)

        self._store.gather(self._append, item, done)
