"""What had to be shown: something did not add up. Each with what to do now."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from inmost import Alarm, Conversation
from inmost.models import People
from inmost_cli.chat.neutral import neutral_line
from inmost_cli.meanings import meaning_of
from inmost_cli.output import local_time

SETTING: Final = "chat alarms read"


class Banner(Static):
    """The newest alarm nobody has read yet, above everything."""

    def __init__(self) -> None:
        super().__init__(id="alarm", markup=False)

    def show(self, unread: Sequence[Alarm]) -> None:
        """None: be gone."""
        self.set_class(bool(unread), "-open")
        if unread:
            meaning, act = meaning_of(unread[-1].kind)
            more = f" ({len(unread) - 1} more)" if len(unread) > 1 else ""
            self.update(Content.assemble((f"! {meaning}.{more} ", "b"), act, ("  F8: details", "$dim")))


class Alarms(ModalScreen[None]):
    """All of them, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f8", "close", "close")]

    def __init__(
        self, alarms: Sequence[Alarm], conversations: Sequence[Conversation], people: People
    ) -> None:
        super().__init__()
        self._alarms = alarms
        self._titles = {each.id: each.title for each in conversations}
        self._people = people

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog"):
            yield Static("What did not add up", classes="title")
            if not self._alarms:
                yield Static("\nNothing. Everything added up so far.")
            for alarm in reversed(self._alarms):
                yield Static(self._entry(alarm))
            yield Static("\nEsc: close", classes="aside")

    def _entry(self, alarm: Alarm) -> Content:
        meaning, act = meaning_of(alarm.kind)
        about = [local_time(alarm.at_ms)]
        if alarm.conversation in self._titles:
            about.append(f"in “{neutral_line(self._titles[alarm.conversation])}”")
        if alarm.person:
            about.append(neutral_line(self._people.name(alarm.person)))
        return Content.assemble(
            (f"\n! {meaning}\n", "b $warning"),
            (f"{', '.join(about)}: {neutral_line(alarm.words)} ({alarm.kind})\n", "$dim"),
            act,
        )

    def action_close(self) -> None:
        self.dismiss(None)
