"""inmost poll, vote, close-poll, pin, unpin, pinned, thread, typing: what a conversation has beside its messages."""

import re
from typing import Annotated

import typer

from inmost import Client, Conversation, Message, Thread
from inmost_cli import exits
from inmost_cli.changing import Number
from inmost_cli.conversations import Which
from inmost_cli.here import Here, JsonOption, command, everybody
from inmost_cli.output import json_line, line_of, note, out, record_of, say, waiting

Expires = Annotated[
    str | None,
    typer.Option("--expires", metavar="TIME", help="Every device deletes it after 30s, 10m, 8h or 7d."),
]
UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LONGEST_S = 366 * UNITS_S["d"]


def register(app: typer.Typer) -> None:
    for work in (poll, vote, pin, unpin, pinned, thread, typing):
        command(app, work.__name__, rich_help_panel="Talk")(work)
    command(app, "close-poll", rich_help_panel="Talk")(close_poll)


def seconds_of(expires: str | None) -> float | None:
    """30s, 10m, 8h, 7d. Raises typer.BadParameter."""
    if expires is None:
        return None
    seconds = seconds_in(expires)
    if seconds is None:
        raise typer.BadParameter("Say how long: 30s, 10m, 8h or 7d; 366d at most.", param_hint="--expires")
    return seconds


def seconds_in(time: str) -> float | None:
    """30s, 10m, 8h, 7d; None for anything else, and for more than a year."""
    found = re.fullmatch(r"(\d{1,9})([smhd])", time.strip())
    seconds = int(found[1]) * UNITS_S[found[2]] if found else 0
    return float(seconds) if 1 <= seconds <= LONGEST_S else None


async def poll(
    here: Here,
    conversation: Which,
    question: Annotated[str, typer.Argument(help="What to ask.")],
    options: Annotated[
        list[str], typer.Argument(metavar="OPTION...", help="2 to 20 answers to choose from.")
    ],
    multiple: Annotated[bool, typer.Option("--multiple", help="Several may be chosen.")] = False,
    expires: Expires = None,
    json: JsonOption = False,
) -> None:
    """Ask everybody in a conversation. Votes are sealed like messages, and seen by all."""
    expires_in_s = seconds_of(expires)
    async with here.client(needs_server=True) as client:
        found = await client.conversation(conversation)
        sent = await client.poll(found, question, options, multiple=multiple, expires_in_s=expires_in_s)
    if json:
        json_line(sent)
    else:
        say(f"Asked, as number {sent.n}. Vote: inmost vote {conversation} {sent.n} 1")


async def vote(
    here: Here,
    conversation: Which,
    n: Number,
    choices: Annotated[
        list[int] | None,
        typer.Argument(metavar="OPTION...", help="From 1; none takes your vote back.", min=1),
    ] = None,
) -> int:
    """Vote in a poll, instead of your vote before."""
    async with here.client(needs_server=True) as client:
        asked = await client.message(conversation, n)
        if asked.poll is None:
            note(f"Message {n} is not a poll.")
            return exits.WRONG_USE
        chosen = [choice - 1 for choice in choices or []]
        if any(choice >= len(asked.poll.options) for choice in chosen):
            note(f"The poll has {len(asked.poll.options)} options.")
            return exits.WRONG_USE
        if len(chosen) > 1 and not asked.poll.is_multiple:
            note("In this poll one option can be chosen.")
            return exits.WRONG_USE
        if asked.poll.is_closed:
            note("This poll is closed.")
            return exits.FAILED
        await client.vote(asked, chosen)
    say("Voted." if chosen else "Your vote is taken back.")
    return exits.DONE


async def close_poll(here: Here, conversation: Which, n: Number) -> None:
    """End your poll: votes after this do not count."""
    async with here.client(needs_server=True) as client:
        await client.close_poll(await client.message(conversation, n))
    say("Closed.")


async def pin(here: Here, conversation: Which, n: Number) -> None:
    """Pin a message for everybody in the conversation."""
    async with here.client(needs_server=True) as client:
        await client.pin(await client.message(conversation, n))
    say("Pinned.")


async def unpin(here: Here, conversation: Which, n: Number) -> None:
    """Take a pin off."""
    async with here.client(needs_server=True) as client:
        await client.pin(await client.message(conversation, n), on=False)
    say("No longer pinned.")


async def pinned(here: Here, conversation: Which, json: JsonOption = False) -> None:
    """What is pinned in a conversation."""
    async with here.client() as client:
        found = await client.conversation(conversation)
        await _show(client, found, await client.pinned(found), json, "Nothing is pinned here.")


async def thread(
    here: Here,
    conversation: Which,
    n: Annotated[
        int | None, typer.Argument(metavar="N", help="Any message of the thread; without it, all threads.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """A thread's messages; without a number, what threads there are."""
    async with here.client() as client:
        found = await client.conversation(conversation)
        if n is None:
            threads = await client.threads(found)
            for each in threads:
                _show_thread(each, json)
            if not threads:
                note("No threads here yet. Begin one: inmost send CONVERSATION TEXT --thread N")
            return
        with waiting("Reading"):
            root = await client.message(found, n)
            answers = await client.thread(root, limit=1_000)
        shown = answers if root.thread else [root, *answers]
        await _show(client, found, shown, json, "")


def _show_thread(thread: Thread, json: bool) -> None:
    n = thread.root.n if thread.root else None
    if json:
        json_line({"root": thread.reference[1], "n": n, "replies": thread.replies, "last_n": thread.last_n})
        return
    text = (thread.root.text if thread.root else None) or "(not on this computer)"
    answers = "1 answer" if thread.replies == 1 else f"{thread.replies} answers"
    say(f"{'-' if n is None else n}  {answers}  {text.splitlines()[0]}")


async def typing(
    here: Here,
    conversation: Which,
    off: Annotated[bool, typer.Option("--off", help="Not any more.")] = False,
) -> None:
    """Show the others that something is being written: for ten seconds, or until it is sent. Sealed, and never stored."""
    async with here.client(needs_server=True) as client:
        await client.typing(await client.conversation(conversation), on=not off)


async def _show(
    client: Client, conversation: Conversation, messages: list[Message], json: bool, empty: str
) -> None:
    people = await everybody(client)
    for message in messages:
        if json:
            json_line(record_of(message, people, conversation.title))
        else:
            out.print(line_of(message, people))
    if not messages and empty:
        note(empty)
