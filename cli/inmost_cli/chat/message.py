"""One message as lines of a terminal: who and when, what it answers, its words, its reactions, and how far it got."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.text import Text

from inmost import Message
from inmost.models import People
from inmost.polls import Poll
from inmost_cli.chat.neutral import isolated, neutral_line
from inmost_cli.chat.words import lines_of, plain
from inmost_cli.output import local_time

WIDEST_TEXT: Final = 72
ONE_RUN_MS: Final = 5 * 60_000
MOST_NAMES: Final = 3
LONGEST_EMOJI: Final = 12

Line = list[Segment]


@dataclass(frozen=True)
class Setting:
    """What messages are drawn with. width: cells for text."""

    console: Console
    people: People
    accounts: frozenset[str]
    width: int


@dataclass(frozen=True)
class Place:
    """How a message stands among the others. mark: how far one of one's own got, or nothing; answers: in its thread."""

    begins_day: bool
    begins_run: bool
    begins_unread: bool
    mark: str
    answered: Message | None
    answers: int


def key_of(message: Message) -> tuple[str, str]:
    """What tells it apart from the others of its conversation, before and after it was numbered."""
    return message.reference if message.id else ("", str(message.n))


def day_of(message: Message) -> date:
    return message.time.astimezone().date()


def is_spoken(message: Message) -> bool:
    """Somebody's words; the rest is what happened."""
    return message.type in ("text", "poll")


def continues(message: Message, before: Message | None) -> bool:
    """Said by the same device's person shortly after: shown under one name."""
    return (
        before is not None
        and is_spoken(message)
        and is_spoken(before)
        and message.sender == before.sender
        and message.reply_to is None
        and 0 <= message.time_ms - before.time_ms < ONE_RUN_MS
    )


def name_of(message: Message) -> str:
    if message.sender is None:
        return "somebody"
    return neutral_line(message.sender.name or message.sender.account) or message.sender.account


def summary_of(message: Message) -> str:
    """One line of what a message says."""
    if message.is_deleted:
        return "a message taken away"
    return neutral_line(plain(message.text or "")) or "a message"


def draw(message: Message, place: Place, setting: Setting) -> list[Line]:
    """The lines of one message, without the margin."""
    lines: list[Line] = []
    if place.begins_day:
        lines += [[], _rule(_day(message), "dim", setting)]
    if place.begins_unread:
        lines += [[], _rule("new", "accent", setting)]
    if is_spoken(message):
        lines += _spoken(message, place, setting)
    else:
        mark = f"  {place.mark}" if place.mark else ""
        lines += [[], *_drawn(Text(f"· {_happened(message, setting.people)}{mark}", "dim"), setting)]
    return lines


def _spoken(message: Message, place: Place, setting: Setting) -> Iterator[Line]:
    if place.begins_run:
        yield []
        yield from _drawn(_head(message), setting)
    if message.reply_to is not None:
        answered = place.answered
        words = f"{name_of(answered)}: {summary_of(answered)}" if answered else "an earlier message"
        quoted = _cut(f"↳ {words}", setting.width)
        yield [Segment(isolated(quoted), setting.console.get_style("dim"))]
    if message.is_deleted:
        yield from _drawn(Text("taken away", "dim italic"), setting)
    else:
        words_lines = lines_of(message.text or "", setting.console, setting.width, setting.accounts)
        yield from _with_tail(words_lines or [[]], _tail(message), setting)
        if message.poll is not None:
            yield from _drawn(_poll(message.poll, setting.people), setting)
    if message.reactions:
        yield from _drawn(_reactions(message, setting.people), setting)
    if place.answers:
        answers = "1 answer" if place.answers == 1 else f"{place.answers} answers"
        yield from _drawn(Text(f"⤷ {answers}", "accent"), setting)
    if place.mark:
        yield from _drawn(Text(place.mark, "dim"), setting)


def _head(message: Message) -> Text:
    head = Text()
    head.append(isolated(name_of(message)), "own" if message.is_own else "name")
    if message.sender is not None and message.sender.is_bot:
        head.append("  bot", "dim")
    head.append(f"  {message.time.astimezone():%H:%M}", "dim")
    return head


def _with_tail(lines: list[Line], tail: str, setting: Setting) -> Iterator[Line]:
    yield from lines[:-1]
    last = lines[-1]
    segment = Segment(tail, setting.console.get_style("dim"))
    if not tail or Segment.get_line_length(last) + cell_len(tail) <= setting.width:
        yield [*last, segment] if tail else last
    else:
        yield last
        yield [Segment(tail.strip(), segment.style)]


def _tail(message: Message) -> str:
    """What else there is to say of it, after its words."""
    said = ["edited"] if message.is_edited else []
    if message.is_pinned:
        said.append("pinned")
    if message.expires_ms is not None:
        said.append(f"until {local_time(message.expires_ms)}")
    return f" ({', '.join(said)})" if said else ""


def _poll(poll: Poll, people: People) -> Text:
    """Each option with its key, its count and who chose it."""
    lines = Text()
    own = poll.choice_of(people.me)
    for number, (option, count) in enumerate(zip(poll.options, poll.tally, strict=True)):
        is_own = number in own
        lines.append(f"{number + 1} ", "dim")
        lines.append(f"{'●' if is_own else '○'} ", "own" if is_own else "dim")
        lines.append(isolated(neutral_line(option)), "own" if is_own else "none")
        lines.append(f"  {count}\n", "name" if count else "dim")
    several = "several may be chosen" if poll.is_multiple else "one may be chosen"
    lines.append("closed" if poll.is_closed else f"select it and press a number; {several}", "dim")
    return lines


def _reactions(message: Message, people: People) -> Text:
    by_emoji: dict[str, list[str]] = {}
    for each in message.reactions:
        by_emoji.setdefault(each.emoji, []).append(each.person)
    chips = Text()
    for emoji, persons in by_emoji.items():
        names = ", ".join("you" if each == people.me else neutral_line(people.name(each)) for each in persons)
        who = names if len(persons) <= MOST_NAMES else str(len(persons))
        style = "own_chip" if people.me in persons else "chip"
        chips.append(f" {_cut(neutral_line(emoji), LONGEST_EMOJI)} {isolated(who)} ", style)
        chips.append(" ")
    return chips


def _happened(message: Message, people: People) -> str:
    who = "you" if message.is_own else name_of(message)
    names = ", ".join(
        "you" if each == people.me else neutral_line(people.name(each)) for each in message.people
    )
    left = message.sender is not None and message.sender.id in message.people
    words = {
        "title": f"named the conversation “{neutral_line(message.text or '')}”",
        "topic": f"set the topic “{neutral_line(message.text or '')}”",
        "joined": f"brought in {names}",
        "left": "left" if left else f"took {names} out",
        "channel": f"opened the channel “{neutral_line(message.text or '')}” to everybody",
        "channel_closed": "closed a channel",
        "expired": "said something whose time is over",
        "unreadable": f"sent something this device cannot open ({neutral_line(message.reason or '')})",
    }.get(message.type, "sent something from a newer Inmost")
    return f"{who} {words}, {message.time.astimezone():%H:%M}"


def _day(message: Message) -> str:
    day = day_of(message)
    today = datetime.now(UTC).astimezone().date()
    if day == today:
        return "today"
    name = "yesterday" if (today - day).days == 1 else f"{day:%A} {day.day} {day:%B}"
    return name if day.year == today.year else f"{name} {day.year}"


def _rule(words: str, style: str, setting: Setting) -> Line:
    line = setting.console.get_style("line")
    rest = max(0, setting.width - len(words) - 4)
    return [
        Segment("── ", line),
        Segment(words, setting.console.get_style(style)),
        Segment(f" {'─' * rest}", line),
    ]


def _drawn(text: Text, setting: Setting) -> list[Line]:
    options = setting.console.options.update(width=setting.width, height=None)
    return setting.console.render_lines(text, options, pad=False)


def _cut(words: str, width: int) -> str:
    return words if cell_len(words) <= width else set_cell_size(words, max(1, width - 1)).rstrip() + "…"
