"""What members, joiners and removed devices may fetch of a conversation."""

from inmost_engine import public
from inmost_protocol.conversations import (
    Accepted,
    Complain,
    FetchGroup,
    FetchLinks,
    FetchLog,
    FetchOnline,
    FetchTree,
    Links,
    LogPage,
    Online,
    PutLink,
    TakeWelcome,
    Tree,
)
from inmost_protocol.conversations import Group as GroupAnswer
from inmost_protocol.frames import Done
from inmost_protocol.limits import MAX_LINK_BYTES, MAX_PAGE_ITEMS
from inmost_server.features.conversations import log, policy
from inmost_server.features.conversations import store as rows
from inmost_server.features.conversations.commits import Commits
from inmost_server.features.conversations.live import Conversation, LiveConversations
from inmost_server.features.conversations.log import LogBook, NewItem, Placed
from inmost_server.features.conversations.policy import ReadingFacts
from inmost_server.features.conversations.telling import Teller
from inmost_server.features.directory.service import DirectoryService
from inmost_server.peer import Peer
from inmost_server.refusals import NotAMember, NotFound, TooLarge
from inmost_server.store import Reader, Store, Tx


class Reading:
    """Pages of logs and links, groups for joiners; and the two small writes of who reads: links and complaints."""

    def __init__(
        self,
        store: Store,
        live: LiveConversations,
        book: LogBook,
        directory: DirectoryService,
        commits: Commits,
        teller: Teller,
    ) -> None:
        self._store, self._live, self._book = store, live, book
        self._directory, self._commits, self._teller = directory, commits, teller

    async def _facts(self, conversation: Conversation, device: bytes) -> ReadingFacts:
        """Under the conversation's lock."""
        if conversation.is_member(device):
            return ReadingFacts(has_leaf=True, until_n=None, may_join=False)
        until_n = await self._store.read(lambda reader: rows.until_n(reader, conversation.id, device))
        group = await self._live.group(conversation)
        async with self._directory.reading() as directory:
            may_join = group.may_join(device, directory)
        return ReadingFacts(has_leaf=False, until_n=until_n, may_join=may_join)

    async def _facts_of(self, id_: bytes, device: bytes) -> tuple[ReadingFacts, bytes]:
        """The facts and the group's id; the lock only when the group itself is asked."""
        conversation = self._live.get(id_)
        if conversation.is_loaded and conversation.is_member(device):
            return ReadingFacts(has_leaf=True, until_n=None, may_join=False), conversation.group_id
        async with self._live.held(id_) as conversation:
            return await self._facts(conversation, device), conversation.group_id

    async def log_page(self, peer: Peer, frame: FetchLog) -> LogPage:
        facts, group = await self._facts_of(frame.conversation, peer.device)

        def read(reader: Reader) -> LogPage:
            next_n = log.head(reader, frame.conversation, group).next_n
            last = policy.last_readable(facts, next_n)
            before = log.hash_before(reader, frame.conversation, group, frame.first)
            if before is None or frame.first > last + 1:
                raise NotFound("That log does not reach so far.")
            items = log.page(
                reader,
                frame.conversation,
                frame.first,
                last,
                frame.limit,
                without_messages=frame.without_messages,
            )
            return LogPage(frame.id, frame.conversation, frame.first, before, items, last + 1)

        return await self._store.read(read)

    async def links(self, peer: Peer, frame: FetchLinks) -> Links:
        policy.must_be_range(frame.first_epoch, frame.last_epoch, MAX_PAGE_ITEMS)
        facts, group = await self._facts_of(frame.conversation, peer.device)

        def read(reader: Reader) -> Links:
            next_n = log.head(reader, frame.conversation, group).next_n
            last = policy.last_readable(facts, next_n)
            found = log.links(reader, frame.conversation, frame.first_epoch, frame.last_epoch)
            return Links(frame.id, frame.conversation, [link for link in found if link[1] <= last])

        return await self._store.read(read)

    async def group(self, peer: Peer, frame: FetchGroup) -> GroupAnswer:
        """GroupInfo, tree and log head of one moment: the lock keeps commits out, posts move only the head."""
        async with self._live.held(frame.conversation) as conversation:
            policy.may_see_group(await self._facts(conversation, peer.device))
            group = await self._live.group(conversation)
            tree = group.tree()

            def read(reader: Reader) -> tuple[bytes | None, log.Head]:
                return (
                    rows.group_info(reader, frame.conversation),
                    log.head(reader, frame.conversation, conversation.group_id),
                )

            info, head = await self._store.read(read)
            assert info is not None
            return GroupAnswer(
                frame.id,
                frame.conversation,
                conversation.group_id,
                conversation.epoch,
                info,
                tree,
                head.next_n - 1,
                head.hash,
            )

    async def tree(self, peer: Peer, frame: FetchTree) -> Tree:
        device = peer.device
        has_leaf = (await self._facts_of(frame.conversation, device))[0].has_leaf

        def read(reader: Reader) -> Tree:
            waiting = rows.welcome_epoch(reader, frame.conversation, device)
            policy.may_see_tree(has_leaf, waiting, frame.epoch)
            found = rows.tree_at(reader, frame.conversation, frame.epoch)
            if found is None:
                raise NotFound("Nobody's Welcome of that epoch waits any more.")
            return Tree(frame.id, frame.conversation, frame.epoch, *found)

        return await self._store.read(read)

    async def take_welcome(self, peer: Peer, frame: TakeWelcome) -> Done:
        device = peer.device
        await self._store.write(lambda tx: rows.drop_welcome(tx, frame.conversation, device))
        return Done(frame.id)

    async def online(self, peer: Peer, frame: FetchOnline) -> Online:
        async with self._live.held(frame.conversation) as conversation:
            if not conversation.is_member(peer.device):
                raise NotAMember
            devices = sorted(filter(self._teller.followers.is_online, conversation.since_epoch))
        return Online(frame.id, frame.conversation, devices)

    async def put_link(self, peer: Peer, frame: PutLink) -> Accepted | None:
        if len(frame.link) > MAX_LINK_BYTES:
            raise TooLarge
        async with self._live.held(frame.conversation) as conversation:
            self._must_be_member(conversation, peer)
            before = await self._commits.answered(peer, frame.id)
            if before is not None:
                return before
            async with self._directory.reading() as directory:
                public.check_link(
                    frame.link,
                    frame.conversation,
                    conversation.group_id,
                    frame.epoch,
                    peer.device,
                    directory,
                )
            if not 1 <= frame.epoch <= conversation.epoch:
                raise NotFound("There is no such epoch.")
            there = await self._store.read(
                lambda reader: log.links(reader, frame.conversation, frame.epoch, frame.epoch)
            )
            # Only the newest counts: a right link is put again over a wrong one that was put over it.
            for _, n, entry in there[:1]:
                if entry == frame.link:
                    stored = await self._store.read(lambda reader: log.one(reader, frame.conversation, n))  # noqa: B023
                    assert stored is not None
                    return Accepted(frame.id, frame.conversation, n, stored.at_ms)
            await self._append(conversation, peer, log.KIND_LINK, frame.link, frame.epoch, frame.id)
        return None

    async def complain(self, peer: Peer, frame: Complain) -> Accepted | None:
        async with self._live.held(frame.conversation) as conversation:
            self._must_be_member(conversation, peer)
            before = await self._commits.answered(peer, frame.id)
            if before is not None:
                return before
            async with self._directory.reading() as directory:
                epoch, _, _ = public.check_complaint(
                    frame.complaint, frame.conversation, conversation.group_id, peer.device, directory
                )
            await self._append(conversation, peer, log.KIND_COMPLAINT, frame.complaint, epoch, frame.id)
        return None

    def _must_be_member(self, conversation: Conversation, peer: Peer) -> None:
        if not conversation.is_member(peer.device):
            raise NotAMember

    async def _append(
        self, conversation: Conversation, peer: Peer, kind: int, entry: bytes, epoch: int, request: bytes
    ) -> None:
        item = NewItem(conversation.id, conversation.group_id, kind, entry, epoch, peer.device, request)

        def write(tx: Tx) -> None:
            (placed,) = self._book.append(tx, [item])
            tx.after_commit(lambda: told(placed))

        def told(placed: Placed) -> None:
            peer.send(Accepted(request, placed.conversation, placed.n, placed.at_ms))
            self._teller.item(placed)

        await self._store.write(write)
