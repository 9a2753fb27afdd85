"""inmost edit, delete, react, title, topic: changing what was said, and what a conversation is called."""

from typing import Annotated

import typer

from inmost_cli.conversations import Which
from inmost_cli.here import Here, command
from inmost_cli.output import say

Number = Annotated[int, typer.Argument(metavar="N", help="The message's number, from inmost history --json.")]


def register(app: typer.Typer) -> None:
    for work in (edit, delete, react, title, topic):
        command(app, work.__name__, rich_help_panel="Talk")(work)


async def edit(here: Here, conversation: Which, n: Number, text: Annotated[str, typer.Argument()]) -> None:
    """Replace the text of one of your own messages."""
    async with here.client(needs_server=True) as client:
        await client.edit(await client.message(conversation, n), text)
    say("Edited.")


async def delete(here: Here, conversation: Which, n: Number) -> None:
    """Take a message away for everybody: one of your own, or as moderator."""
    async with here.client(needs_server=True) as client:
        await client.delete(await client.message(conversation, n))
    say("Deleted.")


async def react(
    here: Here,
    conversation: Which,
    n: Number,
    emoji: Annotated[str, typer.Argument()],
    off: Annotated[bool, typer.Option("--off", help="Take the reaction back.")] = False,
) -> None:
    """React to a message with an emoji."""
    async with here.client(needs_server=True) as client:
        await client.react(await client.message(conversation, n), emoji, on=not off)
    say("Taken back." if off else "Reacted.")


async def title(
    here: Here, conversation: Which, words: Annotated[str, typer.Argument(metavar="TITLE")]
) -> None:
    """Name a conversation. The name is sealed like a message."""
    async with here.client(needs_server=True) as client:
        await client.set_title(conversation, words)
    say(f"It is called “{words}” now.")


async def topic(
    here: Here, conversation: Which, words: Annotated[str, typer.Argument(metavar="TOPIC")]
) -> None:
    """Say what a conversation is about."""
    async with here.client(needs_server=True) as client:
        await client.set_topic(conversation, words)
    say("The topic is set.")
