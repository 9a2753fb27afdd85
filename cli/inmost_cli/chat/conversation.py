"""The conversation one is in: its history as far as it is loaded, what is shown beside it, and speaking in it."""

import asyncio
import re
from typing import Final

from inmost import Client, Conversation, Message, Sent
from inmost.errors import Offline, Refused
from inmost.models import People
from inmost_cli.chat.composer import About
from inmost_cli.chat.history import History, root_of
from inmost_cli.chat.message import key_of

NAMED: Final = re.compile(r"(?:^|(?<=[\s(]))@([\w.-]*\w)")

Marks = dict[tuple[str, str], str]


class OpenConversation:
    """conversation is replaced when it changes; unread_after is the number up to which it was read when it was opened."""

    def __init__(self, client: Client, conversation: Conversation) -> None:
        self._client = client
        self.conversation = conversation
        self.history = History(client, conversation.id)
        read, last = conversation.read_n, conversation.last_n
        self.unread_after = read if read is not None and last is not None and read < last else None
        self._turn = asyncio.Lock()

    @property
    def messages(self) -> list[Message]:
        return self.history.messages

    async def load(self, at: int | None = None) -> None:
        """The newest page, or what surrounds a number."""
        async with self._turn:
            await (self.history.open() if at is None else self.history.open_at(at))

    async def refresh(self, is_reading_newest: bool) -> None:
        async with self._turn:
            await self.history.refresh()
            if is_reading_newest:
                self.history.trim()

    async def extend(self, end: str) -> bool:
        """One page more at "beginning" or "end". False: there is none, or one is being loaded."""
        is_wanted = self.history.has_older if end == "beginning" else not self.history.is_at_end
        if self._turn.locked() or not is_wanted:
            return False
        async with self._turn:
            await (self.history.older() if end == "beginning" else self.history.newer())
        return True

    def root_of(self, message: Message) -> Message:
        """Where its thread begins."""
        return root_of(message, self.messages)

    def marks(self) -> Marks:
        """How far one's own messages got: what waits, and the newest that did not."""
        waits = "◌ sending" if self._client.is_online else "◌ waits until you are connected"
        marks = {key_of(each): waits for each in self.messages if each.n is None}
        newest = next((each for each in reversed(self.messages) if each.type == "text"), None)
        if newest is not None and newest.is_own and newest.n is not None:
            marks[key_of(newest)] = "✓ sent"
        return marks

    def top(self) -> str:
        """What stands above the first message."""
        if self.history.has_older:
            return "⋯ older messages"
        if self.conversation.state == "waiting":
            return "Older messages appear when a colleague's device has been online."
        if not self._client.is_online:
            return "Older messages are loaded when you are connected."
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

    async def say(self, text: str, about: About, people: People, kept: asyncio.Event) -> Sent:
        """Send, answer or change. Raises as Client.send."""
        if about.action == "edit" and about.message is not None:
            return await self._client.edit(about.message, text, kept)
        by_account = {person.account.casefold(): person for person in people.by_id.values()}
        named = dict.fromkeys(found.casefold() for found in NAMED.findall(text))
        mentions = [by_account[account] for account in named if account in by_account]
        return await self._client.send(
            self.conversation, text, reply_to=about.message, mentions=mentions, kept=kept
        )

    async def react(self, message: Message, emoji: str, me: str, kept: asyncio.Event) -> Sent:
        """React, or take the same reaction back."""
        has_it = any(each.emoji == emoji and each.person == me for each in message.reactions)
        return await self._client.react(message, emoji, not has_it, kept)
