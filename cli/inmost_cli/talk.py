"""inmost send, listen, chat: writing and what comes in."""

import asyncio
import sys
from typing import Annotated

import typer

from inmost import Client, Conversation, Message, Sent
from inmost.errors import InmostError, NotFound, Offline, Refused
from inmost.models import People
from inmost_cli import exits
from inmost_cli.here import Here, JsonOption, command, everybody
from inmost_cli.output import err, json_line, line_of, note, out, record_of
from inmost_cli.sharing import Expires, seconds_of
from inmost_cli.stream import send_stream, standard_input
from inmost_cli.words import explain

LISTEN_POSITION = "listen"
CHAT_BEGINS_WITH = 20
WAIT_OFFLINE_S = 1.0


def register(app: typer.Typer) -> None:
    command(app, "send", rich_help_panel="Talk")(send)
    command(app, "listen", rich_help_panel="Talk")(listen)
    command(app, "chat", rich_help_panel="Talk")(chat)


async def find(client: Client, which: str) -> Conversation:
    """A conversation; @account makes the conversation of two if there is none yet."""
    try:
        return await client.conversation(which)
    except NotFound:
        if which.startswith("@"):
            return await client.direct(which)
        raise


async def send(
    here: Here,
    conversation: Annotated[
        str | None, typer.Argument(help="Its title, @account, or the beginning of its id.")
    ] = None,
    text: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help="What to say; - reads it from standard input.")
    ] = None,
    reply_to: Annotated[
        int | None, typer.Option("--reply-to", help="Answer the message of this number.")
    ] = None,
    mention: Annotated[
        list[str] | None, typer.Option("--mention", help="Name a person; may be repeated.")
    ] = None,
    thread: Annotated[
        int | None, typer.Option("--thread", help="In the thread of the message of this number.")
    ] = None,
    expires: Expires = None,
    jsonl: Annotated[
        bool,
        typer.Option(
            "--jsonl", help='Many messages from standard input, one {"conversation", "text"} a line.'
        ),
    ] = False,
    json: JsonOption = False,
) -> int:
    """Send a message. It is on the server's disk when this returns."""
    if jsonl:
        async with here.client(needs_server=True) as client:
            return await send_stream(client, conversation, find)
    words = " ".join(text or [])
    if conversation is None or not words:
        note("Say where and what: inmost send CONVERSATION TEXT, or - to read it from standard input.")
        return exits.WRONG_USE
    if words == "-":
        words = sys.stdin.read().removesuffix("\n")
    expires_in_s = seconds_of(expires)
    async with here.client() as client:
        found = await find(client, conversation)
        answered = await client.message(found, reply_to) if reply_to is not None else None
        root = await client.message(found, thread) if thread is not None else None
        sending = asyncio.ensure_future(
            client.send(
                found,
                words,
                reply_to=answered,
                mentions=mention or [],
                thread=root,
                expires_in_s=expires_in_s,
            )
        )
        if not client.is_online:
            return await _leave_waiting(sending)
        sent = await sending
    if json:
        json_line(sent)
    return exits.DONE


async def _leave_waiting(sending: "asyncio.Future[Sent]") -> int:
    """Nobody is there to take it: it is in the store when the first rows are written."""
    done, _ = await asyncio.wait([sending], timeout=WAIT_OFFLINE_S)
    if done:
        sending.result()
        return exits.DONE
    sending.cancel()
    raise Offline(
        "Not sent: you are offline. It goes out by itself.", "The next inmost command that connects sends it."
    )


async def listen(
    here: Here,
    conversation: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    missed: Annotated[
        bool, typer.Option("--missed", help="First what came since the last time with --missed.")
    ] = False,
    count: Annotated[int | None, typer.Option("--count", help="End after so many.", min=1)] = None,
) -> None:
    """Print what comes in, one JSON object a line, until Ctrl+C."""
    async with here.client() as client:
        only = (await client.conversation(conversation)).id if conversation else None
        announced = asyncio.ensure_future(_announce(client))
        seen = 0
        try:
            async for message in client.messages(missed=LISTEN_POSITION if missed else None):
                if only is not None and message.conversation != only:
                    continue
                json_line(
                    record_of(message, await everybody(client), await title_of(client, message.conversation))
                )
                seen += 1
                if count is not None and seen >= count:
                    break
        finally:
            announced.cancel()


async def _announce(client: Client) -> None:
    """Say when it is listening, so that scripts know."""
    await client.ready(None)
    note("Listening; Ctrl+C ends.")


async def title_of(client: Client, conversation: str) -> str:
    try:
        return await client.title(conversation)
    except NotFound:
        return ""


async def chat(
    here: Here,
    conversation: Annotated[
        str | None,
        typer.Argument(help="Where to begin: its title, @account, or the beginning of its id."),
    ] = None,
    plain: Annotated[
        bool,
        typer.Option("--plain", help="Line by line: for screen readers, and where there is no terminal."),
    ] = False,
) -> int:
    """Talk. On a terminal the whole screen, with F1 for help; elsewhere one conversation, line by line."""
    # The whole screen is drawn on standard error, so that what is piped elsewhere stays clean.
    if plain or not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        if conversation is None:
            note("Say where: inmost chat CONVERSATION")
            return exits.WRONG_USE
        return await _chat_in_lines(here, conversation)
    from inmost_cli.chat.app import run

    async with here.client(wait_for_server=False, shows_alarms=False) as client:
        await run(client, conversation)
    return exits.DONE


async def _chat_in_lines(here: Here, conversation: str) -> int:
    """/quit or Ctrl+D ends."""
    async with here.client(needs_server=True) as client:
        found = await find(client, conversation)
        for message in await client.history(found, limit=CHAT_BEGINS_WITH):
            out.print(line_of(message, await everybody(client)))
        note(f"“{found.title}”: write and press Enter; /quit ends.")
        reading = asyncio.ensure_future(_show_incoming(client, found))
        sending: set[asyncio.Task[None]] = set()
        try:
            async for line in standard_input():
                words = line.rstrip("\n")
                if words == "/quit":
                    break
                if words:
                    task = asyncio.create_task(_say(client, found, words))
                    sending.add(task)
                    task.add_done_callback(sending.discard)
            await asyncio.gather(*sending)
        finally:
            reading.cancel()
    return exits.DONE


async def _show_incoming(client: Client, conversation: Conversation) -> None:
    async for message in client.messages():
        if message.conversation == conversation.id and not (message.is_own and sys.stdin.isatty()):
            people: People = await everybody(client)
            out.print(line_of(message, people))
            await _read(client, message)


async def _read(client: Client, message: Message) -> None:
    if message.n is not None and not message.is_own:
        try:
            await client.mark_read(message.conversation, message.n)
        except (Offline, Refused):
            return  # The next message says it again.


async def _say(client: Client, conversation: Conversation, words: str) -> None:
    try:
        await client.send(conversation, words)
    except InmostError as error:
        err.print(f"Not sent: {explain(error)[0]}", markup=False)
