"""The list of conversations, and going to one of them or to a person."""

from collections.abc import Callable, Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.message import Message as Notice
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from inmost import Conversation
from inmost.models import People, Person
from inmost_cli.chat.look import level_of
from inmost_cli.chat.neutral import isolated, neutral_line
from inmost_cli.chat.picker import Choice
from inmost_cli.chat.presence import word_of

WIDTH: Final = 26
MARKS: Final = 3
DRAFT: Final = "✎"
ONLINE: Final = "online"
STATES: Final = {"removed": "you are out", "joining": "joining"}
MOST_CHOICES: Final = 50


def unread_words(conversation: Conversation) -> str:
    """How many are new, and whether one is named among them; muted ones only say the latter."""
    more = "+" if conversation.unread_is_least else ""
    if conversation.mentions:
        return f"@{conversation.mentions}"
    return f"{conversation.unread}{more}" if conversation.unread and not conversation.is_muted else ""


def other_of(conversation: Conversation, people: People) -> Person | None:
    """The other person of a conversation of two."""
    if conversation.kind != "direct":
        return None
    others = [user for user in conversation.people if user != people.me]
    return people.by_id.get(others[0]) if others else None


def sign_of(conversation: Conversation, people: People) -> str:
    """What stands before a title: how the person is known, or that it is for many."""
    other = other_of(conversation, people)
    return level_of("in_person" if other.is_verified else other.level)[0] if other else "#"


def in_order(conversations: Sequence[Conversation]) -> list[tuple[str, list[Conversation]]]:
    """Sections as listed: what is for many, then for two; one's pinned first, then by title: nothing moves under the cursor."""
    ordered = sorted(
        conversations,
        key=lambda each: (
            each.state == "removed",
            not each.is_pinned,
            each.kind != "general",
            each.title.casefold(),
        ),
    )
    return [
        ("Conversations", [each for each in ordered if each.kind != "direct"]),
        ("People", [each for each in ordered if each.kind == "direct"]),
    ]


class Conversations(OptionList):
    """The sidebar. Choosing opens."""

    class Chosen(Notice):
        def __init__(self, conversation: str) -> None:
            super().__init__()
            self.conversation = conversation

    def __init__(self) -> None:
        super().__init__(id="conversations", compact=True)
        self._shown: tuple[object, ...] = ()
        self._ids: list[str] = []

    def show(
        self, conversations: Sequence[Conversation], here: str | None, drafts: set[str], people: People
    ) -> None:
        """List them; the open one is highlighted."""
        if self._shown == (tuple(conversations), here, frozenset(drafts), id(people)):
            return
        self._shown = (tuple(conversations), here, frozenset(drafts), id(people))
        options: list[Option] = []
        self._ids = []
        for heading, section in in_order(conversations):
            if section:
                if options:
                    options.append(Option("", disabled=True))
                options.append(Option(Content.styled(heading, "$dim"), disabled=True))
            for each in section:
                options.append(
                    Option(_line(each, here, each.id in drafts or bool(each.draft), people), id=each.id)
                )
                self._ids.append(each.id)
        y = self.scroll_y
        self.clear_options()
        self.add_options(options)
        if here in self._ids:
            self.highlighted = self.get_option_index(here)
        self.scroll_to(y=y, animate=False)

    def beside(self, here: str | None, step: int) -> str | None:
        """The conversation that is listed so many before or after."""
        if not self._ids:
            return None
        at = self._ids.index(here) + step if here in self._ids else 0
        return self._ids[at % len(self._ids)]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Chosen(event.option_id))


def _line(conversation: Conversation, here: str | None, has_draft: bool, people: People) -> Content:
    unread = unread_words(conversation) if conversation.id != here and conversation.state != "removed" else ""
    other = other_of(conversation, people)
    is_online = other is not None and other.presence == "active"
    mark = unread or (DRAFT if has_draft and conversation.id != here else ONLINE if is_online else "")
    room = WIDTH - MARKS - cell_len(mark)
    title = neutral_line(conversation.title)
    state = STATES.get(conversation.state)
    if state:
        title = f"{title} ({state})"
    if cell_len(title) > room - 2:
        title = set_cell_size(title, room - 3).rstrip() + "…"
    padding = " " * (room - 2 - cell_len(title))
    style = "b" if unread else "$dim" if state or conversation.is_muted else ""
    return Content.assemble(
        (f"{sign_of(conversation, people)} ", "$dim"),
        (isolated(title), style),
        padding,
        (mark, "$accent b" if unread else "$dim"),
    )


def header_of(conversation: Conversation, people: People) -> Content:
    """What stands above the open one."""
    about = neutral_line(conversation.topic) or _who_is_there(conversation, people)
    return Content.assemble(
        (f"{sign_of(conversation, people)} ", "$dim"),
        (isolated(neutral_line(conversation.title)), "b"),
        (f"   {isolated(about)}" if about else "", "$dim"),
    )


def _who_is_there(conversation: Conversation, people: People) -> str:
    other = other_of(conversation, people)
    if other is not None:
        return word_of(other.presence)
    count = len(conversation.people)
    online = sum(
        person.presence == "active" and person.id != people.me
        for user in conversation.people
        if (person := people.by_id.get(user))
    )
    words = "1 person" if count == 1 else f"{count} people"
    return f"{words}, {online} online" if online else words


def destinations(conversations: Sequence[Conversation], people: People) -> Callable[[str], list[Choice[str]]]:
    """For the picker: conversations by id, and `@account` of those with whom there is none yet."""
    listed = [each for _, section in in_order(conversations) for each in section]
    met = {other.id for each in listed if (other := other_of(each, people)) is not None}
    others = [
        person
        for person in sorted(people.by_id.values(), key=lambda person: person.account)
        if person.id != people.me and person.id not in met and not person.is_suspended
    ]

    def fitting(typed: str) -> list[Choice[str]]:
        wanted = typed.casefold().removeprefix("@")
        found = [
            Choice(_destination(sign_of(each, people), each.title, ""), each.id)
            for each in listed
            if wanted in each.title.casefold() or _is_with(each, wanted, people)
        ]
        found += [
            Choice(_destination("○", person.name, f"@{person.account}"), f"@{person.account}")
            for person in others
            if wanted in person.account.casefold() or wanted in person.name.casefold()
        ]
        return found[:MOST_CHOICES]

    return fitting


def _is_with(conversation: Conversation, wanted: str, people: People) -> bool:
    other = other_of(conversation, people)
    return other is not None and wanted in other.account.casefold()


def _destination(sign: str, title: str, aside: str) -> Content:
    return Content.assemble(
        (f"{sign} ", "$dim"), isolated(neutral_line(title)), (f"  {aside}" if aside else "", "$dim")
    )
