"""Follows all conversations: what comes live, and after an absence what was missed, each message once and in order."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import msgspec

from inmost.errors import InmostError, Refused
from inmost.models import Message

if TYPE_CHECKING:
    from inmost.client import Client

PAGE = 200


class Positions:
    """How far each conversation was followed; kept in the store under a name, or only in memory."""

    def __init__(self, client: "Client", name: str | None) -> None:
        self._client = client
        self._setting = f"followed {name}" if name is not None else None
        self.by_conversation: dict[bytes, int] = {}
        self.is_new = True

    async def load(self) -> None:
        kept = await self._client.profile.remembered(self._setting) if self._setting else None
        if kept is not None:
            self.by_conversation = msgspec.msgpack.decode(kept, type=dict[bytes, int])
            self.is_new = False

    async def keep(self) -> None:
        if self._setting is not None:
            await self._client.profile.remember(self._setting, msgspec.msgpack.encode(self.by_conversation))


async def follow(client: "Client", missed: str | None) -> AsyncIterator[Message]:
    """See Client.messages."""
    events: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
    stop = client.host.subscribe(events.put_nowait)
    positions = Positions(client, missed)
    try:
        await positions.load()
        is_synced = client.is_online
        if is_synced:
            async for message in _catch_up(client, positions):
                yield message
        while True:
            name, details = await events.get()
            if name == "ended":
                why: InmostError = details["why"]
                raise why
            if name == "ready":
                is_synced = True
                async for message in _catch_up(client, positions):
                    yield message
            elif name == "message" and is_synced and details["n"] is not None:
                conversation = details["conversation"]
                async for message in _deliver(client, positions, conversation, upto=details["n"]):
                    yield message
    finally:
        stop()


async def _catch_up(client: "Client", positions: Positions) -> AsyncIterator[Message]:
    """After a sync: what came meanwhile in each conversation followed; one that is new begins with what comes next."""
    for seen in await client.host.view("conversations"):
        conversation, last = seen["conversation"], seen["last_n"]
        last = -1 if last is None else last
        if positions.is_new:
            positions.by_conversation[conversation] = last
        elif last > positions.by_conversation.setdefault(conversation, -1):
            await _load_back(client, conversation, positions.by_conversation[conversation])
            async for message in _deliver(client, positions, conversation, upto=last):
                yield message
    positions.is_new = False
    await positions.keep()


async def _deliver(
    client: "Client", positions: Positions, conversation: bytes, upto: int
) -> AsyncIterator[Message]:
    """Everything here after the position, up to a number; the position moves on when the receiver comes back for more."""
    position = positions.by_conversation.get(conversation, -1)
    for n in await client.host.in_thread(client.host.core.database.numbers_after, conversation, position):
        if n > upto:
            break
        message = await client.written(conversation, n)
        if message is not None:
            yield message
        positions.by_conversation[conversation] = n
        await positions.keep()


async def _load_back(client: "Client", conversation: bytes, position: int) -> None:
    """Have every message after a position here, as far as it can be opened."""
    before: int | None = None
    while True:
        try:
            page = await client.host.command("page", conversation=conversation, before=before, limit=PAGE)
        except Refused:
            return  # Offline again, or no member any more: what is here is what there is.
        before = page["first"]
        if before is None or before <= position + 1 or not page["more"] or page["waiting"]:
            return
