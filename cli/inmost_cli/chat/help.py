"""All keys and commands on one screen."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

KEY_WIDTH: Final = 19

KEYS: Final[tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = (
    (
        "Everywhere",
        (
            ("F1", "this help; also ? among the messages"),
            ("Ctrl+K", "go to a conversation or a person"),
            ("Alt+Up, Alt+Down", "the conversation before, after"),
            ("Ctrl+F", "search"),
            ("F2", "who can read this, and how well you know them"),
            ("F3", "the list of conversations, shown or hidden"),
            ("F8", "what did not add up, and what to do"),
            ("Tab, Shift+Tab", "to the next part of the screen, the one before"),
            ("Esc", "close what is innermost"),
            ("Ctrl+Q", "leave; what you typed stays"),
        ),
    ),
    (
        "Writing",
        (
            ("Enter", "send"),
            ("Alt+Enter, Ctrl+J", "a new line"),
            ("Up", "in the empty field: change your last message"),
            ("Ctrl+Up, Ctrl+Down", "what you sent before, after"),
            ("@ : /", "people, emoji, commands: Tab or Enter takes one"),
            ("Esc", "to the messages"),
        ),
    ),
    (
        "Among the messages",
        (
            ("Up, Down", "select a message"),
            ("Page Up, Page Down", "scroll; older ones are loaded at the top"),
            ("Home, End", "the first that is loaded, the newest"),
            ("r", "answer"),
            ("a", "react; the same again takes it back"),
            ("e", "change your own"),
            ("d", "take away, for everybody"),
            ("t", "its thread, or a new one"),
            ("p", "pin it for everybody, or take the pin off"),
            ("1 to 9", "vote in a poll; the same again takes it back"),
            ("x", "end your poll"),
            ("o", "where its links lead; only then opens one"),
            ("c", "copy its text"),
            ("v", "compare numbers with who wrote it"),
            ("/", "a command"),
            ("Esc", "back to writing"),
        ),
    ),
)


class Help(ModalScreen[None]):
    """Closed by any of the keys that open or close."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,question_mark,q", "close", "close")]

    def __init__(self, commands: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._commands = commands

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog"):
            yield Static("Keys", classes="title")
            for heading, keys in KEYS:
                yield Static(_table(heading, keys))
            yield Static(_table("Commands", [(f"/{name}", does) for name, does in self._commands]))
            yield Static(
                "\nThe mouse works too. With a screen reader, use inmost chat --plain: lines, nothing else.",
                classes="aside",
            )

    def action_close(self) -> None:
        self.dismiss(None)


def _table(heading: str, rows: Sequence[tuple[str, str]]) -> Content:
    lines = [Content.styled(f"\n{heading}", "$accent b")]
    lines += [Content.assemble((key.ljust(KEY_WIDTH), "b"), f"  {does}") for key, does in rows]
    return Content("\n").join(lines)
