"""Following messages: what was missed first, then what comes, each once and in order; what opens later comes when it opens."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

import msgspec

from inmost.errors import InmostError, Refused
from inmost.models import Message

if TYPE_CHECKING:
    from inmost.client import Client

PAGE: Final = 200
# Stretches of one conversation that were passed unopened; of more than this the oldest are given up.
MOST_STRETCHES: Final = 64

Stretch = tuple[int, int]


class Positions:
    """How far each conversation was followed, and what was passed because it could not be opened yet; kept in the store under a name, or in memory.

    passed   stretches of numbers, first and last, by conversation, in order
    """

    def __init__(self, client: "Client", name: str | None) -> None:
        self._client = client
        self._setting = f"followed {name}" if name is not None else None
        self.by_conversation: dict[bytes, int] = {}
        self.passed: dict[bytes, list[Stretch]] = {}
        self.is_new = True

    async def load(self) -> None:
        if self._setting is None:
            return
        kept = await self._client.profile.remembered(self._setting)
        if kept is not None:
            self.by_conversation = msgspec.msgpack.decode(kept, type=dict[bytes, int])
            self.is_new = False
        passed = await self._client.profile.remembered(f"{self._setting}, passed")
        if passed is not None:
            self.passed = msgspec.msgpack.decode(passed, type=dict[bytes, list[Stretch]])

    async def keep(self) -> None:
        if self._setting is not None:
            await self._client.profile.remember(self._setting, msgspec.msgpack.encode(self.by_conversation))

    async def pass_over(self, conversation: bytes, stretch: Stretch) -> None:
        """This may open later."""
        await self._keep_passed(conversation, [*self.passed.get(conversation, ()), stretch])

    async def reach(self, conversation: bytes, stretch: Stretch, still: list[Stretch]) -> None:
        """What could be opened of a stretch was delivered; still: what is left of it."""
        others = [each for each in self.passed.get(conversation, ()) if each != stretch]
        if still != [stretch]:
            await self._keep_passed(conversation, sorted(others + still))

    async def _keep_passed(self, conversation: bytes, stretches: list[Stretch]) -> None:
        self.passed.pop(conversation, None)
        if stretches:
            self.passed[conversation] = stretches[-MOST_STRETCHES:]
        if self._setting is not None:
            kept = msgspec.msgpack.encode(self.passed) if self.passed else None
            await self._client.profile.remember(f"{self._setting}, passed", kept)

    async def of(self, conversation: bytes) -> int:
        """The position in a conversation; in one that is new, right before one came into it."""
        if conversation not in self.by_conversation:
            seen = await self._client.host.view("conversation", conversation=conversation)
            self.by_conversation[conversation] = seen["joined_n"] - 1
        return self.by_conversation[conversation]


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
                async for message in _came(client, positions, details["conversation"], details["n"]):
                    yield message
            elif name == "history" and is_synced:
                conversation = details["conversation"]
                seen = await client.host.view("conversation", conversation=conversation)
                async for message in _all(client, positions, conversation, seen["last_n"]):
                    yield message
    finally:
        stop()


async def _catch_up(client: "Client", positions: Positions) -> AsyncIterator[Message]:
    """After a sync: what came meanwhile in each conversation; one that is new begins where one came into it."""
    for seen in await client.host.view("conversations"):
        conversation, last = seen["conversation"], seen["last_n"]
        if seen["state"] == "joining":
            continue
        if positions.is_new:
            positions.by_conversation[conversation] = -1 if last is None else last
            continue
        async for message in _all(client, positions, conversation, last):
            yield message
    positions.is_new = False
    await positions.keep()


async def _came(
    client: "Client", positions: Positions, conversation: bytes, n: int
) -> AsyncIterator[Message]:
    """A message is here: a new one, or one that was passed and is open now."""
    is_new = n > await positions.of(conversation)
    found = (
        _deliver(client, positions, conversation, n)
        if is_new
        else _deliver_passed(client, positions, conversation)
    )
    async for message in found:
        yield message


async def _all(
    client: "Client", positions: Positions, conversation: bytes, last: int | None
) -> AsyncIterator[Message]:
    """What was passed and is open now, then what is new, up to the conversation's last number."""
    async for message in _deliver_passed(client, positions, conversation):
        yield message
    async for message in _deliver(client, positions, conversation, -1 if last is None else last):
        yield message


async def _deliver(
    client: "Client", positions: Positions, conversation: bytes, upto: int
) -> AsyncIterator[Message]:
    """Everything after the position, up to a number; the position moves on when the receiver comes back for more."""
    position = await positions.of(conversation)
    here = await _numbers(client, conversation, position + 1, upto)
    is_whole = len(here) == upto - position
    if not is_whole:
        is_whole = await _load_back(client, conversation, position, upto)
        here = await _numbers(client, conversation, position + 1, upto)
    for n in here:
        message = await client.written(conversation, n)
        if message is not None:
            yield message
        if not is_whole and n > position + 1:
            await positions.pass_over(conversation, (position + 1, n - 1))
        positions.by_conversation[conversation] = position = n
        await positions.keep()


async def _deliver_passed(
    client: "Client", positions: Positions, conversation: bytes
) -> AsyncIterator[Message]:
    """What has opened of what was passed, in its order."""
    for first, last in list(positions.passed.get(conversation, ())):
        is_whole = await _load_back(client, conversation, first - 1, last)
        here = await _numbers(client, conversation, first, last)
        for n in here:
            message = await client.written(conversation, n)
            if message is not None:
                yield message
        await positions.reach(conversation, (first, last), [] if is_whole else _between(here, first, last))


def _between(here: list[int], first: int, last: int) -> list[Stretch]:
    """The stretches of first to last without the numbers that are here, which ascend."""
    stretches = []
    for n in [*here, last + 1]:
        if first < n:
            stretches.append((first, n - 1))
        first = n + 1
    return stretches


async def _numbers(client: "Client", conversation: bytes, first: int, last: int) -> list[int]:
    """Those that are here, in order."""
    found = await client.host.in_thread(client.host.core.database.numbers_after, conversation, first - 1)
    return [n for n in found if n <= last]


async def _load_back(client: "Client", conversation: bytes, position: int, upto: int) -> bool:
    """Have every message after a position up to a number here, as far as it can be opened. False: some may open later."""
    before: int | None = upto + 1
    while before is not None and before > position + 1:
        try:
            page = await client.host.command(
                "page", conversation=conversation, before=before, limit=min(PAGE, before - position - 1)
            )
        except Refused:
            return False  # Offline again, or no member any more: what is here is what there is.
        if page["waiting"]:
            return False
        if page["first"] is None or page["first"] >= before:
            return True
        before = page["first"]
    return True
