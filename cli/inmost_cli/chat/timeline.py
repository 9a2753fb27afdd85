"""What was said, line by line: only what is on the screen is drawn, and the place one reads at stays where it is."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import ClassVar, Final

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message as Notice
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from inmost import Message
from inmost.models import People
from inmost_cli.chat.look import drawing
from inmost_cli.chat.message import WIDEST_TEXT, Line, Place, Setting, continues, day_of, draw, key_of

MARGIN: Final = 2
NARROWEST_TEXT: Final = 16
NEAR_LINES: Final = 12
MOST_CACHED: Final = 4_000


@dataclass(frozen=True)
class Block:
    """One message, drawn."""

    message: Message
    lines: list[Line]
    is_for_me: bool


class Timeline(ScrollView, can_focus=True):
    """Shows messages; tells when older or newer ones are wanted, and what is to be done with the selected one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "the message above"),
        Binding("down,j", "move(1)", "the message below"),
        Binding("pageup", "page(-1)", "a screen up"),
        Binding("pagedown", "page(1)", "a screen down"),
        Binding("home,g", "top", "the first that is loaded"),
        Binding("end,G", "end", "the newest"),
        Binding("r", "want('reply')", "answer"),
        Binding("plus,a", "want('react')", "react"),
        Binding("e", "want('edit')", "edit your own"),
        Binding("d,delete", "want('delete')", "take away"),
        Binding("t,enter", "want('thread')", "its thread"),
        Binding("p", "want('pin')", "pin, or take the pin off"),
        *(Binding(str(number), f"want('vote {number}')", "vote", show=False) for number in range(1, 10)),
        Binding("x", "want('end poll')", "end your poll"),
        Binding("o", "want('links')", "its links"),
        Binding("v", "want('verify')", "who wrote it"),
        Binding("c", "want('copy')", "copy its text"),
    ]

    selected: reactive[tuple[str, str] | None] = reactive(None)

    class Near(Notice):
        """The reader comes near an end of what is loaded."""

        def __init__(self, timeline: "Timeline", end: str) -> None:
            super().__init__()
            self.timeline = timeline
            self.end = end

        @property
        def control(self) -> "Timeline":
            return self.timeline

    class Wanted(Notice):
        """Something is to be done with a message."""

        def __init__(self, timeline: "Timeline", action: str, message: Message) -> None:
            super().__init__()
            self.timeline = timeline
            self.action = action
            self.message = message

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's word)
        super().__init__(id=id)
        self._messages: list[Message] = []
        self._people = People([], "")
        self._blocks: list[Block] = []
        self._tops: list[int] = []
        self._height = 0
        self._drawn: dict[tuple[Message, Place], list[Line]] = {}
        self._setting: Setting | None = None
        self._top_words = ""
        self._unread_after: int | None = None
        self._marks: dict[tuple[str, str], str] = {}
        self._answers: dict[tuple[str, str], int] = {}
        self._sticks = True
        self._first_unread: int | None = None

    # What is shown

    def show(
        self,
        messages: list[Message],
        people: People,
        *,
        top: str = "",
        unread_after: int | None = None,
        marks: dict[tuple[str, str], str] | None = None,
        answers: dict[tuple[str, str], int] | None = None,
    ) -> None:
        """Show these, oldest first. The reader's place is kept: at the end, or at the message read.

        top: words above the first. unread_after: the number after which the line “new” stands. marks: by key;
        answers: how many in its thread, by reference.
        """
        if people is not self._people:
            self._setting = None
        self._messages, self._people = messages, people
        self._top_words, self._unread_after = top, unread_after
        self._marks, self._answers = marks or {}, answers or {}
        self._lay_out()

    def clear(self) -> None:
        """Another conversation: begin at its end."""
        self.selected = None
        self._blocks, self._tops, self._messages = [], [], []
        self._sticks = True

    @property
    def message(self) -> Message | None:
        """The selected one."""
        return next((block.message for block in self._blocks if key_of(block.message) == self.selected), None)

    @property
    def messages(self) -> list[Message]:
        """What is shown, oldest first."""
        return self._messages

    def go_to_unread(self) -> None:
        """What is new begins at the upper edge, if it is more than a screen."""
        place = self._first_unread
        if place is not None and self._tops[place] < round(self.scroll_y):
            self._sticks = False
            self._go_to(self._tops[place])

    def go_to_end(self) -> None:
        self._sticks = True
        self._go_to(self.max_scroll_y)

    @property
    def is_at_end(self) -> bool:
        return self._sticks

    def select(self, key: tuple[str, str] | None) -> None:
        """Select a message and bring it into sight."""
        self.selected = key
        place = self._place_of(key)
        if place is not None:
            self._bring_into_sight(place)

    def _lay_out(self) -> None:
        anchor = None if self._sticks else self._anchor()
        setting = self._current_setting()
        self._blocks = self._drawn_blocks(setting)
        self._tops, height = [], 1 if self._top_words else 0
        for block in self._blocks:
            self._tops.append(height)
            height += len(block.lines)
        self._height = height + 1
        self.virtual_size = Size(self.size.width, self._height)
        if self._sticks:
            self._go_to(self.max_scroll_y)
        elif anchor is not None:
            key, offset = anchor
            place = self._place_of(key)
            if place is not None:
                self._go_to(self._end_of(place) + offset)
        self.refresh()

    def _go_to(self, y: float) -> None:
        self.scroll_to(y=y, animate=False, force=True, immediate=True)
        self.call_after_refresh(self._place_scrollbar)

    def _place_scrollbar(self) -> None:
        """One that has only now become necessary does not know of a move before."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = self.scroll_y

    def _anchor(self) -> tuple[tuple[str, str], int] | None:
        """The topmost visible message and how far its end is below the edge: what stands above its words may come and go."""
        if not self._blocks:
            return None
        y = round(self.scroll_y)
        place = max(0, bisect_right(self._tops, y) - 1)
        return key_of(self._blocks[place].message), y - self._end_of(place)

    def _end_of(self, place: int) -> int:
        return self._tops[place] + len(self._blocks[place].lines)

    def _place_of(self, key: tuple[str, str] | None) -> int | None:
        if key is None:
            return None
        return next((place for place, block in enumerate(self._blocks) if key_of(block.message) == key), None)

    def _current_setting(self) -> Setting:
        width = max(NARROWEST_TEXT, min(WIDEST_TEXT, self.size.width - MARGIN - 2))
        if self._setting is None or self._setting.width != width:
            accounts = frozenset(person.account.casefold() for person in self._people.by_id.values())
            self._setting = Setting(drawing(self.app.theme_variables), self._people, accounts, width)
            self._drawn.clear()
        if len(self._drawn) > MOST_CACHED:
            self._drawn.clear()
        return self._setting

    def _drawn_blocks(self, setting: Setting) -> list[Block]:
        by_reference = {message.reference: message for message in self._messages}
        blocks: list[Block] = []
        before, is_new_said = None, self._unread_after is None
        self._first_unread = None
        for message in self._messages:
            begins_day = before is None or day_of(before) != day_of(message)
            begins_unread = (
                not is_new_said
                and not message.is_own
                and message.n is not None
                and message.n > (self._unread_after or 0)
            )
            if begins_unread:
                is_new_said, self._first_unread = True, len(blocks)
            place = Place(
                begins_day=begins_day,
                begins_run=begins_day or begins_unread or not continues(message, before),
                begins_unread=begins_unread,
                mark=self._marks.get(key_of(message), ""),
                answers=self._answers.get(message.reference, 0),
                answered=by_reference.get(message.reply_to) if message.reply_to else None,
            )
            lines = self._drawn.get((message, place))
            if lines is None:
                lines = self._drawn[message, place] = draw(message, place, setting)
            is_for_me = self._people.me in message.mentions and not message.is_own
            blocks.append(Block(message, lines, is_for_me))
            before = message
        return blocks

    def on_resize(self) -> None:
        self._lay_out()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._setting = None
        if self._messages:
            self._lay_out()

    # Drawing

    def render_line(self, y: int) -> Strip:
        line = round(self.scroll_offset.y) + y
        width = self.size.width
        segments = self._segments(line)
        return Strip(segments).adjust_cell_length(width).apply_style(self.rich_style)

    def _segments(self, line: int) -> list[Segment]:
        setting = self._setting
        if setting is None or line >= self._height:
            return []
        if not self._tops or line < self._tops[0]:
            words = self._top_words if line == 0 else ""
            return [Segment(" " * MARGIN), Segment(words, setting.console.get_style("dim"))]
        place = bisect_right(self._tops, line) - 1
        block, within = self._blocks[place], line - self._tops[place]
        if within >= len(block.lines):
            return []
        drawn = block.lines[within]
        margin = Segment(" " * MARGIN)
        # The empty line and the rules above a message are not part of it.
        if drawn and not drawn[0].text.startswith("──"):
            if self.has_focus and self.selected == key_of(block.message):
                margin = Segment("▌ ", setting.console.get_style("accent"))
            elif block.is_for_me:
                margin = Segment("▎ ", setting.console.get_style("accent"))
        return [margin, *drawn]

    def watch_selected(self) -> None:
        self.refresh()

    def on_focus(self) -> None:
        if self.message is None and self._blocks:
            self.select(key_of(self._blocks[-1].message))
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def enter(self) -> None:
        """Come to the messages: the newest is selected."""
        self.selected = None
        self.focus()

    # Moving

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._sticks = new_value >= self.max_scroll_y - 1
        if new_value < NEAR_LINES and new_value < old_value:
            self.post_message(self.Near(self, "beginning"))
        elif new_value > old_value and new_value > self.max_scroll_y - NEAR_LINES:
            self.post_message(self.Near(self, "end"))

    def action_move(self, step: int) -> None:
        if not self._blocks:
            return
        place = self._place_of(self.selected)
        if place is None:
            place = len(self._blocks) - 1
        else:
            place += step
        if place < 0:
            self.post_message(self.Near(self, "beginning"))
        place = max(0, min(len(self._blocks) - 1, place))
        self.select(key_of(self._blocks[place].message))

    def action_page(self, step: int) -> None:
        """Scroll, and select what is then at the upper edge."""
        self._go_to(self.scroll_y + step * max(1, self.size.height - 2))
        if (anchor := self._anchor()) is not None and not self._sticks:
            self.selected = anchor[0]
        elif self._blocks:
            self.selected = key_of(self._blocks[-1].message)

    def action_top(self) -> None:
        if self._blocks:
            self.select(key_of(self._blocks[0].message))
            self._go_to(0)
            self.post_message(self.Near(self, "beginning"))

    def action_end(self) -> None:
        if self._blocks:
            self.select(key_of(self._blocks[-1].message))
            self._go_to(self.max_scroll_y)
            self.post_message(self.Near(self, "end"))

    def _bring_into_sight(self, place: int) -> None:
        top, lines = self._tops[place], len(self._blocks[place].lines)
        y, height = round(self.scroll_y), self.size.height
        if top < y:
            self._go_to(top)
        elif top + lines > y + height:
            self._go_to(min(top, top + lines - height + 1))

    def action_want(self, action: str) -> None:
        if (message := self.message) is not None:
            self.post_message(self.Wanted(self, action, message))

    def on_click(self, event: events.Click) -> None:
        line = round(self.scroll_offset.y) + event.get_content_offset_capture(self).y
        if self._tops and line >= self._tops[0]:
            place = min(len(self._blocks) - 1, bisect_right(self._tops, line) - 1)
            self.selected = key_of(self._blocks[place].message)
