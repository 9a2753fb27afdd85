"""Conversations in memory: the facts posts are checked against, one lock each, a bounded number of groups loaded."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

from inmost_engine.public import Directory, Group, Settings
from inmost_server.features.conversations import store as rows
from inmost_server.features.conversations.policy import PostingFacts
from inmost_server.features.directory.service import DirectoryService
from inmost_server.refusals import NotAMember
from inmost_server.store import Reader, Store

MOST_CONVERSATIONS: Final = 20_000
# About 5 KB a leaf.
MOST_LEAVES_LOADED: Final = 4_000


class Conversation:
    """One conversation's facts. They change only under `lock`, after what they say is durable."""

    __slots__ = (
        "epoch",
        "exists",
        "group",
        "group_id",
        "id",
        "is_loaded",
        "kind",
        "lock",
        "open",
        "pending",
        "posts",
        "removal_epoch",
        "settings",
        "since_epoch",
        "user_of",
    )

    def __init__(self, id_: bytes) -> None:
        self.id = id_
        # The epoch a commit is checked in must still be the epoch it is written in.
        self.lock = asyncio.Lock()
        self.posts: deque[Callable[[], None]] = deque()
        self.group: Group | None = None
        self.forget()

    def forget(self) -> None:
        """Memory may be wrong; the store is right."""
        self.is_loaded = False
        self.exists = False
        self.group = None
        self.group_id = b""
        self.epoch = 0
        self.kind = ""
        self.open = False
        self.removal_epoch = 0
        self.settings: Settings | None = None
        self.since_epoch: dict[bytes, int] = {}
        self.user_of: dict[bytes, bytes] = {}
        self.pending: set[bytes] = set()

    def is_member(self, device: bytes) -> bool:
        return device in self.since_epoch

    def posting_facts(self, device: bytes, directory: Directory) -> PostingFacts:
        user = self.user_of.get(device)
        may_speak = user is not None and self.settings is not None and self.settings.may_post(user, directory)
        return PostingFacts(
            self.since_epoch.get(device), bool(self.pending), self.epoch, self.removal_epoch, may_speak
        )

    @property
    def is_idle(self) -> bool:
        return not self.lock.locked() and not self.posts


class LiveConversations:
    """The conversations this process has in memory."""

    def __init__(self, store: Store, directory: DirectoryService) -> None:
        self._store = store
        self._directory = directory
        self._known: OrderedDict[bytes, Conversation] = OrderedDict()
        self._groups: OrderedDict[bytes, int] = OrderedDict()
        self._leaves = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that no single request waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def get(self, id_: bytes) -> Conversation:
        """The conversation's place in memory, perhaps not loaded yet."""
        found = self._known.get(id_)
        if found is None:
            found = self._known[id_] = Conversation(id_)
            self._forget_idle()
        else:
            self._known.move_to_end(id_)
        return found

    def loaded(self) -> list[Conversation]:
        return [one for one in self._known.values() if one.is_loaded]

    @asynccontextmanager
    async def held(self, id_: bytes, *, may_be_new: bool = False) -> AsyncIterator[Conversation]:
        """Hold the lock of a loaded conversation. Refused with NotAMember when there is none: its absence is no news."""
        while True:
            conversation = self.get(id_)
            async with conversation.lock:
                if self._known.get(id_) is not conversation:
                    continue
                await self.load(conversation)
                if not conversation.exists and not may_be_new:
                    raise NotAMember
                yield conversation
                return

    async def load(self, conversation: Conversation) -> None:
        """Facts from the store, under the conversation's lock."""
        if conversation.is_loaded:
            return

        def read(reader: Reader) -> tuple[rows.Found | None, list[rows.Member]]:
            found = rows.find(reader, conversation.id)
            return found, rows.roster(reader, conversation.id) if found else []

        found, members = await self._store.read(read)
        conversation.is_loaded = True
        if found is None:
            return
        conversation.exists = True
        conversation.group_id, conversation.epoch = found.group, found.epoch
        conversation.kind, conversation.open = found.kind, found.open
        conversation.removal_epoch = found.removal_epoch
        if found.settings is not None:
            conversation.settings = Settings.decode(found.settings)
        else:
            conversation.settings = (await self.group(conversation)).settings
        conversation.since_epoch = {member.device: member.since_epoch for member in members}
        conversation.user_of = {member.device: member.user for member in members}
        # Whom the directory has shut out counts as being removed before the server has proposed it.
        conversation.pending = {
            member.device
            for member in members
            if member.removal_pending or not self._directory.state.is_active(member.device)
        }

    async def group(self, conversation: Conversation) -> Group:
        """The MLS group, under the conversation's lock."""
        if conversation.group is None:
            stored = await self._store.read(lambda reader: rows.group_rows_of(reader, conversation.id))
            conversation.group = Group.load(
                self._directory.state.org, conversation.id, conversation.group_id, stored
            )
        self.keep_group(conversation)
        return conversation.group

    def keep_group(self, conversation: Conversation) -> None:
        """Note that this group is loaded; drop those used longest ago when too many leaves are."""
        self._leaves -= self._groups.pop(conversation.id, 0)
        leaves = self._groups[conversation.id] = max(1, len(conversation.since_epoch))
        self._leaves += leaves
        for id_ in list(self._groups):
            if self._leaves <= MOST_LEAVES_LOADED or id_ == conversation.id:
                break
            other = self._known.get(id_)
            if other is None or other.is_idle:
                self._leaves -= self._groups.pop(id_)
                if other is not None:
                    other.group = None

    def _forget_idle(self) -> None:
        for id_ in list(self._known)[: max(0, len(self._known) - MOST_CONVERSATIONS)]:
            if self._known[id_].is_idle:
                del self._known[id_]
                self._leaves -= self._groups.pop(id_, 0)
