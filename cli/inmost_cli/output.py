"""What the command prints: tables of 80 columns for people, JSON lines for programs, notes on standard error."""

import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    # The server's process uses these words too and never needs the SDK.
    from inmost import Message
    from inmost.models import People

WIDTH = 80
ID_DIGITS = 8

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH)
err = Console(highlight=False, soft_wrap=True, stderr=True)


def json_line(record: Any) -> None:
    """One JSON object on one line, written at once."""
    sys.stdout.write(msgspec.json.encode(record, enc_hook=_hex).decode() + "\n")
    sys.stdout.flush()


def _hex(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    raise NotImplementedError(type(value))


def say(words: str) -> None:
    """A result for people."""
    out.print(Text(words))


def note(words: str) -> None:
    """Something beside the result, on standard error."""
    err.print(Text(words, style="dim"))


def fail(words: str, hint: str) -> None:
    line = Text("inmost: ", style="red")
    line.append(words, style="default")
    err.print(line)
    if hint:
        err.print(Text(f"        {hint}", style="dim"))


def warn(words: str) -> None:
    err.print(Text(f"! {words}", style="yellow"))


def waiting(words: str) -> AbstractContextManager[Any]:
    """Progress while something takes longer; nothing where nobody watches."""
    return err.status(words, spinner="dots") if err.is_terminal else nullcontext()


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """A table that fits; columns whose name ends in * may be cut short."""
    content = [[clean(cell) for cell in row] for row in rows]
    if not content:
        note(empty)
        return
    shown = Table(box=None, pad_edge=False, header_style="dim", show_edge=False)
    for name in columns:
        may_fold = name.endswith("*")
        shown.add_column(
            name.removesuffix("*"),
            no_wrap=True,
            overflow="ellipsis",
            ratio=None,
            min_width=4 if may_fold else None,
        )
    for row in content:
        shown.add_row(*(Text(cell) for cell in row))
    Console(highlight=False, width=min(out.width, WIDTH) if not out.is_terminal else out.width).print(shown)


def clean(text: str) -> str:
    """Text of other people on one line and without what steers a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def clean_lines(text: str) -> str:
    """Text of other people without what steers a terminal; line ends and tabs stay."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def local_time(ms: int) -> str:
    """Today the time, else the day and the time, on this computer's clock."""
    then = datetime.fromtimestamp(ms / 1000, UTC).astimezone()
    now = datetime.now(UTC).astimezone()
    return then.strftime("%H:%M") if then.date() == now.date() else then.strftime("%Y-%m-%d %H:%M")


def record_of(message: "Message", people: "People", conversation: str) -> dict[str, Any]:
    """A message as a JSON record (docs/use/terminal.md); conversation is its title."""
    record: dict[str, Any] = {
        "type": message.type,
        "conversation": message.conversation,
        "title": conversation,
        "n": message.n,
        "id": message.id,
        "device": message.device,
        "sender": message.sender.account if message.sender else None,
        "name": message.sender.name if message.sender else None,
        "is_bot": message.sender.is_bot if message.sender else False,
        "own": message.is_own,
        "time_ms": message.time_ms,
        "at_ms": message.at_ms,
        "text": message.text,
    }
    extras: dict[str, Any] = {
        "edited": message.is_edited,
        "deleted": message.is_deleted,
        "reactions": [{"emoji": each.emoji, "by": people.name(each.person)} for each in message.reactions],
        "reply_to": message.reply_to and message.reply_to[1],
        "target": message.target and message.target[1],
        "emoji": message.emoji,
        "on": message.is_on,
        "people": [people.name(user) for user in message.people],
        "mentions": [people.name(user) for user in message.mentions],
        "reason": message.reason,
        "thread": message.thread and message.thread[1],
        "expires_ms": message.expires_ms,
        "pinned": message.is_pinned,
        "poll": _poll_record(message, people),
        "choices": [choice + 1 for choice in message.choices],
    }
    return (
        record
        | {name: value for name, value in extras.items() if value not in (None, False, [], ())}
        | ({"on": message.is_on} if message.type == "react" else {})
    )


def _poll_record(message: "Message", people: "People") -> dict[str, Any] | None:
    if message.poll is None:
        return None
    votes = {people.name(vote.person): [choice + 1 for choice in vote.choices] for vote in message.poll.votes}
    return {
        "options": message.poll.options,
        "tally": message.poll.tally,
        "multiple": message.poll.is_multiple,
        "closed": message.poll.is_closed,
        "votes": votes,
    }


def line_of(message: "Message", people: "People") -> Text:
    """A message as people read it in a terminal."""
    when = local_time(message.at_ms or message.time_ms) if message.n is not None else "sending"
    sender = clean(message.sender.name) if message.sender else "?"
    if message.sender and message.sender.is_bot:
        sender += " (bot)"
    line = Text()
    line.append(f"{when}  ", style="dim")
    line.append(sender, style="bold")
    line.append("  ")
    line.append_text(_body(message, people))
    if message.is_edited:
        line.append("  (edited)", style="dim")
    for is_so, word in (
        (message.is_pinned, "pinned"),
        (message.thread is not None, "in a thread"),
        (message.expires_ms is not None, f"until {local_time(message.expires_ms or 0)}"),
    ):
        if is_so:
            line.append(f"  ({word})", style="dim")
    for each in message.reactions:
        line.append(f"  {clean(each.emoji)} {clean(people.name(each.person))}", style="dim")
    return line


def _body(message: "Message", people: "People") -> Text:
    names = clean(", ".join(people.name(user) for user in message.people))
    dim = {
        "title": f"named the conversation “{clean(message.text or '')}”",
        "topic": f"set the topic “{clean(message.text or '')}”",
        "joined": f"brought in {names}",
        "left": "left" if message.sender and message.sender.id in message.people else f"took {names} out",
        "unreadable": "waiting for another member's device"
        if message.reason == "Waiting"
        else f"sent something this device cannot open ({message.reason})",
        "channel": f"opened the channel “{clean(message.text or '')}” to everybody",
        "channel_closed": "closed a channel",
        "unknown": "sent something that this version cannot show; it is from a newer Inmost",
        "expired": "(its time is over)",
        "pin": "pinned a message" if message.is_on else "took a pin off",
        "vote": "voted",
        "close": "closed a poll",
        "edit": f"edited: {clean(message.text or '')}",
        "delete": "took a message away",
        "react": f"{'reacted' if message.is_on else 'took back'} {clean(message.emoji or '')}",
    }.get(message.type)
    if message.is_deleted:
        dim = "(deleted)"
    if dim is not None:
        return Text(dim, style="dim")
    text = Text(clean_lines(message.text or ""))
    if message.poll is not None:
        text.append("  (poll, closed)" if message.poll.is_closed else "  (poll)", style="dim")
        for number, (option, count) in enumerate(
            zip(message.poll.options, message.poll.tally, strict=True), start=1
        ):
            text.append(f"\n    {number}  {clean(option)}")
            text.append(f"  {count}", style="bold" if count else "dim")
    return text
