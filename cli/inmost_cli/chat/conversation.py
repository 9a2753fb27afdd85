"""The conversation one is in: its history as far as it is loaded, what is shown beside it, and speaking in it."""

import asyncio
import contextlib
import re
from typing import Final

from inmost import Client, Conversation, Message, Sent
from inmost.errors import Offline, Refused
from inmost.models import People
from inmost_cli.chat.composer import About
from inmost_cli.chat.history import PAGE, History
from inmost_cli.chat.message import MOST_NAMES, is_spoken, key_of
from inmost_cli.chat.neutral import neutral_line

NAMED: Final = re.compile(r"(?:^|(?<=[\s(]))@([\w.-]*\w)")

MOST_ANSWERS: Final = 200

Marks = dict[tuple[str, str], str]


class OpenConversation:
    """conversation is replaced when it changes.

    unread_after   the number up to which it was read when it was opened, None if there was nothing new
    answers        how many there are in the thread of a message, by reference
    root, thread   the thread that is open: the message it hangs on, and the answers
    """

    def __init__(self, client: Client, conversation: Conversation) -> None:
        self._client = client
        self.conversation = conversation
        self.history = History(client, conversation.id)
        self.unread_after = conversation.unread_after if conversation.unread else None
        self.answers: dict[tuple[str, str], int] = {}
        self.root: Message | None = None
        self.thread: list[Message] = []
        self._turn = asyncio.Lock()

    @property
    def messages(self) -> list[Message]:
        """What is shown in the middle: all but what was said in threads."""
        return [each for each in self.history.messages if each.thread is None]

    async def begin(self) -> None:
        """The newest page; where more than that is new, what surrounds the first of it."""
        after = self.unread_after if self.conversation.unread >= PAGE else None
        await self.load(None if after is None else after + 1)

    async def load(self, at: int | None = None) -> None:
        """The newest page, or what surrounds a number."""
        async with self._turn:
            await (self.history.open() if at is None else self.history.open_at(at))
            await self._read_threads()

    async def refresh(self, is_reading_newest: bool) -> None:
        async with self._turn:
            await self.history.refresh()
            if is_reading_newest:
                self.history.trim()
            await self._read_threads()

    async def extend(self, end: str) -> bool:
        """One page more at "beginning" or "end". False: there is none, or one is being loaded."""
        is_wanted = self.history.has_older if end == "beginning" else not self.history.is_at_end
        if self._turn.locked() or not is_wanted:
            return False
        shown = len(self.messages)
        async with self._turn:
            while await (self.history.older() if end == "beginning" else self.history.newer()):
                if len(self.messages) > shown:  # A page of nothing but answers in threads shows nothing.
                    break
            await self._read_threads()
        return True

    async def open_thread(self, message: Message) -> Message:
        """Show the thread a message is in or begins; the message it hangs on, if that is here."""
        self.root = message
        if message.thread is not None:
            threads = await self._client.threads(self.conversation)
            roots = [each.root for each in threads if each.reference == message.thread]
            self.root = next((each for each in roots if each is not None), message)
        await self._read_threads()
        return self.root

    async def _read_threads(self) -> None:
        threads = await self._client.threads(self.conversation)
        self.answers = {each.reference: each.replies for each in threads}
        if self.root is not None:
            root = self.root
            self.root = next(
                (each for each in self.history.messages if each.reference == root.reference), root
            )
            self.thread = await self._client.thread(root, limit=MOST_ANSWERS)

    def marks(self, messages: list[Message], people: People) -> Marks:
        """How far one's own of these got: what waits, and who has read the newest."""
        waits = "◌ sending" if self._client.is_online else "◌ waits until you are connected"
        marks = {key_of(each): waits for each in messages if each.n is None}
        newest = next((each for each in reversed(messages) if is_spoken(each)), None)
        if newest is not None and newest.is_own and newest.n is not None:
            marks[key_of(newest)] = self._read_by(newest.n, people)
        return marks

    def _read_by(self, n: int, people: People) -> str:
        readers = [user for user, upto in self.conversation.read_by.items() if upto >= n]
        if not readers:
            return "✓ sent"
        if len(readers) > MOST_NAMES:
            return f"✓✓ read by {len(readers)}"
        return f"✓✓ read by {', '.join(neutral_line(people.name(user)) for user in readers)}"

    async def share_draft(self, text: str) -> None:
        """What was begun here is there on one's other devices too; what was sent or taken back is not."""
        if text != self.conversation.draft:
            with contextlib.suppress(Refused, Offline):  # It stays on this one.
                await self._client.set_draft(self.conversation, text)

    async def say_typing(self) -> None:
        """To whoever is there now; the client sees to it that this is not said with every key."""
        with contextlib.suppress(Refused, Offline):
            await self._client.typing(self.conversation)

    def typing(self, people: People) -> str:
        """Who writes now, in words."""
        names = [neutral_line(people.name(user)) for user in self.conversation.typing if user != people.me]
        if not names:
            return ""
        return f"{names[0]} is writing" if len(names) == 1 else f"{len(names)} people are writing"

    def top(self) -> str:
        """What stands above the first message."""
        if self.history.has_older:
            return "⋯ older messages"
        if self.conversation.state == "waiting":
            return "Older messages appear when a colleague's device has been online."
        if not self._client.is_online:
            return "Older messages are loaded when you are connected."
        if not self.messages:
            return "Nothing was said here yet. What you write is the beginning."
        return "This is the beginning."

    async def mark_read(self) -> None:
        """Everything here has been seen."""
        last, read = self.conversation.last_n, self.conversation.read_n
        if last is None or (read is not None and read >= last) or not self._client.is_online:
            return
        try:
            await self._client.mark_read(self.conversation, last)
        except (Offline, Refused):
            return  # The next message says it again.

    async def say(
        self, text: str, about: About, people: People, kept: asyncio.Event, thread: Message | None = None
    ) -> Sent:
        """Send, answer or change; thread: in the thread of this message. Raises as Client.send."""
        if about.action == "edit" and about.message is not None:
            return await self._client.edit(about.message, text, kept)
        by_account = {person.account.casefold(): person for person in people.by_id.values()}
        named = dict.fromkeys(found.casefold() for found in NAMED.findall(text))
        mentions = [by_account[account] for account in named if account in by_account]
        return await self._client.send(
            self.conversation, text, reply_to=about.message, mentions=mentions, thread=thread, kept=kept
        )

    async def react(self, message: Message, emoji: str, me: str, kept: asyncio.Event) -> Sent:
        """React, or take the same reaction back."""
        has_it = any(each.emoji == emoji and each.person == me for each in message.reactions)
        return await self._client.react(message, emoji, not has_it, kept)
