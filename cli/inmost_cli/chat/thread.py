"""One thread beside the conversation: a message, all that answers it, and a field to answer in."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message as Notice
from textual.widgets import Static

from inmost import Message
from inmost.models import People
from inmost_cli.chat.completion import Candidate
from inmost_cli.chat.composer import Composer
from inmost_cli.chat.timeline import Timeline


class Thread(Vertical):
    """The panel. root: the message it begins with."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "close")]

    class Left(Notice):
        """Esc was pressed."""

    def __init__(self, candidates: Callable[[str], list[Candidate]], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.root: Message | None = None
        self.timeline = Timeline(id="thread-timeline")
        self.composer = Composer(candidates, id="thread-composer")

    def compose(self) -> ComposeResult:
        yield Static("Thread", classes="title")
        yield self.timeline
        yield self.composer

    def on_mount(self) -> None:
        self.composer.invite("Answer here")

    @property
    def place(self) -> str:
        """Where its draft is kept."""
        return "" if self.root is None else f"{self.root.conversation}/{self.root.id}"

    def open(self, root: Message) -> None:
        if self.root is None or self.root.reference != root.reference:
            self.timeline.clear()
        self.root = root

    def close(self) -> None:
        self.root = None

    def show(
        self, root: Message, answers: list[Message], people: People, marks: dict[tuple[str, str], str]
    ) -> None:
        """The thread as it is now."""
        self.root = root
        self.timeline.show([root, *answers], people, marks=marks)

    def action_leave(self) -> None:
        self.post_message(self.Left())
