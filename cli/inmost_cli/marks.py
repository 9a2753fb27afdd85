"""inmost read, mute, unmute, top, draft: one's own marks, the same on all of one's devices."""

import sys
from typing import Annotated

import typer

from inmost_cli.conversations import Which
from inmost_cli.here import Here, JsonOption, command
from inmost_cli.output import json_line, note, say


def register(app: typer.Typer) -> None:
    for work in (read, mute, unmute, top, draft):
        command(app, work.__name__, rich_help_panel="Talk")(work)


async def read(
    here: Here,
    conversation: Which,
    n: Annotated[
        int | None, typer.Argument(metavar="N", help="Up to this number; without it, everything.")
    ] = None,
) -> None:
    """Mark as read, for the others and on all your devices."""
    async with here.client(needs_server=True) as client:
        found = await client.conversation(conversation)
        upto = found.last_n if n is None else n
        if upto is not None:
            await client.mark_read(found, upto)
    say("Read.")


async def mute(here: Here, conversation: Which) -> None:
    """No notices of a conversation, on any of your devices."""
    async with here.client() as client:
        await client.mute(await client.conversation(conversation))
    say("Muted, on all your devices.")


async def unmute(here: Here, conversation: Which) -> None:
    """Notices of it again."""
    async with here.client() as client:
        await client.mute(await client.conversation(conversation), on=False)
    say("No longer muted.")


async def top(
    here: Here,
    conversation: Which,
    off: Annotated[bool, typer.Option("--off", help="Not any more.")] = False,
) -> None:
    """Keep a conversation at the top of your list, on all your devices."""
    async with here.client() as client:
        await client.pin_conversation(await client.conversation(conversation), on=not off)
    say("No longer at the top." if off else "At the top of your list, on all your devices.")


async def draft(
    here: Here,
    conversation: Which,
    text: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEXT", help="What to keep; - reads it from standard input."),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Keep nothing any more.")] = False,
    json: JsonOption = False,
) -> None:
    """What you began to write in a conversation, on all your devices: show it, or put something else there."""
    words = " ".join(text or [])
    async with here.client() as client:
        found = await client.conversation(conversation)
        if words or off:
            await client.set_draft(found, sys.stdin.read().removesuffix("\n") if words == "-" else words)
            say("Nothing is kept any more." if off else "Kept, on all your devices.")
            return
    if json:
        json_line({"conversation": found.id, "title": found.title, "draft": found.draft})
    elif found.draft:
        say(found.draft)
    else:
        note("Nothing was begun there.")
