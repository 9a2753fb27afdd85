"""Comparing the safety number with a person: what it is for, the number, and what to do if it differs."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from inmost.models import People, Person
from inmost_cli.chat.members import level_word
from inmost_cli.chat.neutral import neutral_line

GROUPS_A_LINE: Final = 4
KNOWN: Final = {
    "in person": "You have compared numbers: you know that this is {name}.",
    "by link": "{name} came with an invitation{inviter}. Compare the numbers once to be sure that nobody stands between you.",
    "owner": "{name} began this organisation. Compare the numbers once to be sure that nobody stands between you.",
}
OTHERWISE: Final = "Compare the numbers before you share anything sensitive."
DIFFERENT: Final = (
    "Then do not share anything sensitive here.\n\n"
    "Compare once more over a channel you trust, all the digits. If they still differ, somebody may stand between you: "
    "tell an administrator by another way, and show them what F8 lists."
)


class Safety(ModalScreen[bool | None]):
    """Answers True when the numbers are the same, None when nothing was decided."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "same", "they are the same"),
        Binding("n", "different", "they differ"),
        Binding("escape", "close", "close"),
    ]

    def __init__(self, person: Person, number: str, people: People) -> None:
        super().__init__()
        self._person = person
        self._number = number
        self._people = people

    def compose(self) -> ComposeResult:
        name = neutral_line(self._person.name)
        shape, word = level_word(self._person)
        inviter = self._people.by_id.get(self._person.invited_by or "")
        by = f" that {neutral_line(inviter.name)} made" if inviter else ""
        known = KNOWN.get(word, OTHERWISE).format(name=name, inviter=by)
        with Vertical(classes="dialog"):
            yield Static(Content.assemble((f"{shape} ", "$accent"), (name, "b"), (f"  {word}", "$dim")))
            yield Static(Content(f"\n{known}\n"), id="known")
            yield Static(Content.styled(_grouped(self._number), "b"), id="number")
            yield Static(self._questions(name), id="questions")

    def _questions(self, name: str) -> Content:
        return Content.from_markup(
            "\nAsk [b]$name[/b] to read the number to you, by telephone or face to face: "
            "on their side it is in [b]inmost chat[/b] and in [b]inmost verify[/b].\n\n"
            "[b]y[/b]  they are the same\n[b]n[/b]  they differ\n[b]Esc[/b]  later",
            name=name,
        )

    def action_same(self) -> None:
        self.dismiss(True)

    def action_different(self) -> None:
        self.query_one("#questions", Static).update(Content(f"\n{DIFFERENT}"))

    def action_close(self) -> None:
        self.dismiss(None)


def _grouped(number: str) -> str:
    groups = number.split()
    lines = [groups[at : at + GROUPS_A_LINE] for at in range(0, len(groups), GROUPS_A_LINE)]
    return "\n".join("   ".join(line) for line in lines)
