"""inmost send --jsonl: many messages and changes from standard input, in order, each answered by a JSON line."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal

import msgspec

from inmost import Client, Conversation, Sent
from inmost.errors import InmostError, NotFound, Refused
from inmost_cli import exits
from inmost_cli.output import json_line
from inmost_cli.words import explain

MOST_AT_ONCE = 256

Find = Callable[[Client, str], Awaitable[Conversation]]


class Line(msgspec.Struct):
    """One line of the stream (docs/use/terminal.md). ref comes back with its answer; target and reply_to are numbers."""

    type: Literal["text", "edit", "delete", "react", "title", "topic"] = "text"
    text: str = ""
    conversation: str | None = None
    ref: Any = None
    reply_to: int | None = None
    mentions: list[str] = []
    target: int | None = None
    emoji: str = ""
    on: bool = True


async def send_stream(client: Client, default: str | None, find: Find) -> int:
    """Send line after line, in order, without waiting for each answer. default: for lines that name no conversation."""
    room = asyncio.Semaphore(MOST_AT_ONCE)
    known: dict[str, Conversation] = {}
    failures: list[int] = []

    async def one(
        number: int, ref: Any, conversation: Conversation, say: Callable[[], Awaitable[Sent]]
    ) -> None:
        try:
            sent = await say()
            _answer(number, ref, conversation=conversation.id, id=sent.id, n=sent.n, at_ms=sent.at_ms)
        except InmostError as error:
            failures.append(number)
            _answer(number, ref, **_said(error))
        finally:
            room.release()

    tasks: set[asyncio.Task[None]] = set()
    number = 0
    async for raw in standard_input():
        number += 1
        if not raw.strip():
            continue
        try:
            line = msgspec.json.decode(raw, type=Line)
            where = line.conversation or default
            if where is None:
                raise NotFound("This line names no conversation.")
            if where not in known:
                known[where] = await find(client, where)
            say = await prepare(client, known[where], line)
        except (msgspec.DecodeError, InmostError) as error:
            failures.append(number)
            _answer(number, None, **_said(error))
            continue
        await room.acquire()
        task = asyncio.create_task(one(number, line.ref, known[where], say))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return exits.FAILED if failures else exits.DONE


async def prepare(client: Client, conversation: Conversation, line: Line) -> Callable[[], Awaitable[Sent]]:
    """Look up what a line refers to. What is returned gives its command without a pause, so that lines stay in order.

    Raises NotFound for a number that is not there.
    """
    if line.type == "text":
        answered = await client.message(conversation, line.reply_to) if line.reply_to is not None else None
        people = [await client.person(who) for who in line.mentions]
        return lambda: client.send(conversation, line.text, reply_to=answered, mentions=people)
    if line.type == "title":
        return lambda: client.set_title(conversation, line.text)
    if line.type == "topic":
        return lambda: client.set_topic(conversation, line.text)
    if line.target is None:
        raise NotFound("This line names no message: target is its number.")
    target = await client.message(conversation, line.target)
    if line.type == "edit":
        return lambda: client.edit(target, line.text)
    if line.type == "delete":
        return lambda: client.delete(target)
    return lambda: client.react(target, line.emoji, line.on)


def _answer(number: int, ref: Any, **fields: Any) -> None:
    json_line({"line": number, **({"ref": ref} if ref is not None else {}), **fields})


def _said(error: Exception) -> dict[str, str]:
    if isinstance(error, InmostError):
        code = error.code if isinstance(error, Refused) else type(error).__name__
        return {"error": code, "words": explain(error)[0]}
    return {"error": "Malformed", "words": str(error)}


async def standard_input() -> AsyncIterator[str]:
    """Lines as they come, without keeping the event loop waiting."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        yield line
