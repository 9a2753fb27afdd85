"""Finding messages on this device, as one types; choosing one goes there."""

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as Notice
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from inmost import Conversation
from inmost.models import People
from inmost.store import SearchHit
from inmost_cli.chat.neutral import isolated, neutral_line
from inmost_cli.output import local_time

MOST_HITS: Final = 50
BEFORE_WORD: Final = 12
EXCERPT: Final = 64


class Search(Vertical):
    """The panel."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "close")]

    class Asked(Notice):
        """Words to find."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    class Chosen(Notice):
        def __init__(self, hit: SearchHit) -> None:
            super().__init__()
            self.hit = hit

    class Left(Notice):
        """Esc was pressed."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._hits: Sequence[SearchHit] = ()

    def compose(self) -> ComposeResult:
        yield Static("Search", classes="title")
        yield Input(placeholder="words, in any script", id="query", compact=True)
        yield OptionList(id="hits")
        yield Static("What was read on this device is searched, here alone.", classes="aside")

    def begin(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Asked(event.value))

    def show(
        self, query: str, hits: Sequence[SearchHit], conversations: Sequence[Conversation], people: People
    ) -> None:
        """What was found for these words; older answers are dropped."""
        if query != self.query_one(Input).value:
            return
        titles = {each.id: each.title for each in conversations}
        self._hits = hits
        listed = self.query_one("#hits", OptionList)
        listed.clear_options()
        listed.add_options([Option(_entry(hit, query, titles, people)) for hit in hits])
        if hits:
            listed.highlighted = 0
        elif query.strip():
            listed.add_option(Option(Content.styled("Nothing here has these words.", "$dim"), disabled=True))

    def on_key(self, event: events.Key) -> None:
        listed = self.query_one("#hits", OptionList)
        if event.key in ("up", "down") and not listed.has_focus:
            listed.action_cursor_up() if event.key == "up" else listed.action_cursor_down()
            event.stop()
            event.prevent_default()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        at = self.query_one("#hits", OptionList).highlighted
        if at is not None and at < len(self._hits):
            self.post_message(self.Chosen(self._hits[at]))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_index < len(self._hits):
            self.post_message(self.Chosen(self._hits[event.option_index]))

    def action_leave(self) -> None:
        self.post_message(self.Left())


def _entry(hit: SearchHit, query: str, titles: dict[str, str], people: People) -> Content:
    who = neutral_line(people.name(hit.user.hex())) if hit.user else "somebody"
    where = neutral_line(titles.get(hit.conversation.hex(), ""))
    return Content.assemble(
        (isolated(who), "b"),
        (f"  {local_time(hit.at_ms)}\n", "$dim"),
        (f"{isolated(where)}\n", "$dim"),
        isolated(excerpt(hit.text, query)),
    )


def excerpt(text: str, query: str) -> str:
    """The part of a text around the first word found."""
    flat = neutral_line(text)
    first = query.split()[0].strip('"').casefold() if query.split() else ""
    start = max(0, flat.casefold().find(first) - BEFORE_WORD)
    part = ("…" if start else "") + flat[start:]
    return part if cell_len(part) <= EXCERPT else set_cell_size(part, EXCERPT - 1).rstrip() + "…"
