"""inmost history and search: reading back."""

from typing import Annotated

import typer

from inmost import Client, Conversation, Message
from inmost.models import People
from inmost_cli.conversations import Which
from inmost_cli.here import Here, JsonOption, command, everybody
from inmost_cli.output import clean, json_line, line_of, local_time, note, out, record_of, table, waiting

PAGE = 200
EXCERPT = 44


def register(app: typer.Typer) -> None:
    command(app, "history", rich_help_panel="Talk")(history)
    command(app, "search", rich_help_panel="Talk")(search)


async def history(
    here: Here,
    conversation: Which,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many messages.", min=1)] = 50,
    before: Annotated[int | None, typer.Option("--before", help="Only those before this number.")] = None,
    every: Annotated[bool, typer.Option("--all", help="From the beginning.")] = False,
    json: JsonOption = False,
) -> None:
    """What was said, oldest first."""
    async with here.client() as client:
        found = await client.conversation(conversation)
        with waiting("Reading"):
            messages = await _read(client, found, before, None if every else limit)
        people = await everybody(client)
        for message in messages:
            if json:
                json_line(record_of(message, people, found.title))
            else:
                out.print(line_of(message, people))
        if not messages:
            note("Nothing here yet.")
        if found.state == "waiting":
            note("Older messages appear when a colleague's device has been online.")


async def _read(
    client: Client, conversation: Conversation, before: int | None, limit: int | None
) -> list[Message]:
    """Page by page backwards. limit None: everything."""
    pages: list[list[Message]] = []
    count = 0
    while limit is None or count < limit:
        wanted = PAGE if limit is None else min(PAGE, limit - count)
        page = await client.history(conversation, before=before, limit=wanted)
        numbered = [message.n for message in page if message.n is not None]
        pages.insert(0, page)
        count += len(page)
        if not numbered or len(numbered) < wanted:
            break
        before = numbered[0]
    return [message for page in pages for message in page]


async def search(
    here: Here,
    query: Annotated[
        list[str], typer.Argument(help='Words or pieces of words, in any script; "…" holds words together.')
    ],
    conversation: Annotated[str | None, typer.Option("--in", help="Only in this conversation.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1)] = 20,
    json: JsonOption = False,
) -> None:
    """Find messages on this computer; the server knows nothing of it."""
    words = " ".join(query)
    async with here.client(online=False) as client:
        hits = await client.search(words, conversation, limit)
        titles = {each.id: each.title for each in await client.conversations(personal=True)}
        people: People = await everybody(client)
    if json:
        for hit in hits:
            sender = people.find(hit.user)
            json_line({
                "conversation": hit.conversation.hex(), "title": titles.get(hit.conversation.hex()), "n": hit.n,
                "sender": sender.account if sender else None, "at_ms": hit.at_ms, "text": hit.text,
            })  # fmt: skip
        return
    table(
        ["when", "in*", "who*", "n", "text*"],
        [
            (
                local_time(hit.at_ms),
                titles.get(hit.conversation.hex(), ""),
                people.name(hit.user.hex()) if hit.user else "",
                "" if hit.n is None else str(hit.n),
                excerpt(hit.text, words),
            )
            for hit in hits
        ],
        f"Nothing here has “{words}”. Messages not read on this computer yet are not searched.",
    )


def excerpt(text: str, words: str) -> str:
    """The part of a text around the first word found."""
    flat = clean(text)
    first = words.split()[0].strip('"').casefold() if words.split() else ""
    place = max(0, flat.casefold().find(first) - EXCERPT // 3)
    return (
        ("…" if place else "") + flat[place : place + EXCERPT] + ("…" if place + EXCERPT < len(flat) else "")
    )
