"""A field and a list that gets shorter as one types; what is chosen is the answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

Value = TypeVar("Value")


@dataclass(frozen=True)
class Choice(Generic[Value]):
    """shown is the line in the list; value what is answered."""

    shown: Content | str
    value: Value


class Picker(ModalScreen[Value | None], Generic[Value]):
    """Answers what was chosen, or None after Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "close")]

    def __init__(
        self, title: str, hint: str, choices: Callable[[str], Sequence[Choice[Value]]], empty: str
    ) -> None:
        super().__init__()
        self._title = title
        self._hint = hint
        self._choices = choices
        self._empty = empty
        self._offered: Sequence[Choice[Value]] = ()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(self._title), classes="title")
            yield Input(placeholder=self._hint, compact=True)
            yield OptionList(id="choices", compact=True)

    def on_mount(self) -> None:
        self._offer("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._offer(event.value.strip())

    def _offer(self, typed: str) -> None:
        self._offered = self._choices(typed)
        listed = self.query_one(OptionList)
        listed.clear_options()
        if self._offered:
            listed.add_options([Option(_content(choice.shown)) for choice in self._offered])
            listed.highlighted = 0
        else:
            listed.add_option(Option(Content(self._empty), disabled=True))

    def on_key(self, event: events.Key) -> None:
        if event.key in ("up", "down", "pageup", "pagedown"):
            listed = self.query_one(OptionList)
            getattr(listed, f"action_{CURSOR[event.key]}")()
            event.stop()
            event.prevent_default()

    def on_input_submitted(self) -> None:
        listed = self.query_one(OptionList)
        if self._offered and listed.highlighted is not None:
            self.dismiss(self._offered[listed.highlighted].value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._offered[event.option_index].value)

    def action_close(self) -> None:
        self.dismiss(None)


CURSOR = {"up": "cursor_up", "down": "cursor_down", "pageup": "page_up", "pagedown": "page_down"}


def _content(shown: Content | str) -> Content:
    return shown if isinstance(shown, Content) else Content(shown)


class Confirm(ModalScreen[bool]):
    """A question before something that cannot be undone. Enter alone does nothing: the answer is a letter or a press."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes"),
        Binding("n,escape", "answer(False)", "no"),
    ]

    def __init__(self, question: str, yes: str, no: str = "leave it") -> None:
        super().__init__()
        self._question = question
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(self._question), classes="title")
            yield Static(
                Content.from_markup("\n[$error][b]y[/b]  $yes[/]\n[b]n[/b]  $no", yes=self._yes, no=self._no)
            )

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)
