"""Who can read a conversation, and how each of them is known."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as Notice
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from inmost import Conversation
from inmost.models import People, Person
from inmost_cli.chat.look import level_of
from inmost_cli.chat.neutral import isolated, neutral_line
from inmost_cli.chat.presence import word_of


def counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def level_word(person: Person) -> tuple[str, str]:
    """(shape, word) of how a person is known."""
    return level_of("in_person" if person.is_verified else person.level)


class Members(Vertical):
    """The panel. Choosing a person shows the safety number."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "close")]

    class Chosen(Notice):
        def __init__(self, person: str) -> None:
            super().__init__()
            self.person = person

    class Left(Notice):
        """Esc was pressed."""

    def compose(self) -> ComposeResult:
        yield Static("Who can read this", classes="title")
        yield Static(id="count", classes="aside", markup=False)
        yield OptionList(id="people")
        yield Static("Enter: compare numbers", classes="aside")

    def show(self, conversation: Conversation | None, people: People) -> None:
        """Its people, those one knows in person first."""
        listed = self.query_one("#people", OptionList)
        highlighted = listed.highlighted
        listed.clear_options()
        if conversation is None:
            return
        members = [person for user in conversation.people if (person := people.by_id.get(user))]
        members.sort(
            key=lambda person: (person.id != people.me, not person.is_verified, person.name.casefold())
        )
        count, devices = len(members), conversation.device_count
        self.query_one("#count", Static).update(
            Content(f"{counted(count, 'person', 'people')}, {counted(devices, 'device', 'devices')}")
        )
        listed.add_options(
            [
                Option(_entry(person, people.me, _role_in(conversation, person, people.me)), id=person.id)
                for person in members
            ]
        )
        if highlighted is not None and highlighted < len(members):
            listed.highlighted = highlighted

    def focus_list(self) -> None:
        listed = self.query_one("#people", OptionList)
        listed.focus()
        if listed.highlighted is None and listed.option_count:
            listed.highlighted = 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Chosen(event.option_id))

    def action_leave(self) -> None:
        self.post_message(self.Left())


def _role_in(conversation: Conversation, person: Person, me: str) -> str:
    """What somebody is in this conversation, if it is more or less than a member."""
    role = conversation.role if person.id == me else conversation.roles.get(person.id, "")
    return f"{role} here" if role not in ("", "member") else ""


def _entry(person: Person, me: str, role_here: str) -> Content:
    shape, word = level_word(person)
    about = ["you" if person.id == me else word]
    if person.is_bot:
        about.append("bot")
    elif role_here:
        about.append(role_here)
    elif person.role not in ("", "member"):
        about.append(person.role)
    if person.is_suspended:
        about.append("deactivated")
    if online := word_of(person.presence):
        about.append(online)
    words = ", ".join(dict.fromkeys(about))
    return Content.assemble(
        (f"{shape} ", "$accent" if person.is_verified else "$dim"),
        (isolated(neutral_line(person.name)), "b"),
        (f"\n  {words}", "$dim"),
    )
