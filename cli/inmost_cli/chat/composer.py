"""Where one writes: Enter sends, lists complete, earlier messages come back, and nothing typed is lost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as Notice
from textual.widgets import OptionList, Static, TextArea

from inmost import Message
from inmost_cli.chat.completion import WHOLE_EMOJI, Candidate, Completions, emoji_by_name, word_before
from inmost_cli.chat.message import name_of, summary_of

MOST_REMEMBERED: Final = 100
KEPT: Final = "✎"


@dataclass(frozen=True)
class About:
    """What the words are for: a new message, an answer, or a change. action: "say", "reply" or "edit"."""

    action: str = "say"
    message: Message | None = None


SAY: Final = About()


class Field(TextArea):
    """The text field itself."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+up", "recall(-1)", "what you sent before"),
        Binding("ctrl+down", "recall(1)", "what you sent after"),
    ]

    class Sent(Notice):
        """Enter was pressed."""

    class Left(Notice):
        """A key that is meant for the messages. key: "escape", "pageup", "pagedown", or "up" in the empty field."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Asked(Notice):
        """The word before the cursor may be completed."""

        def __init__(self, word: str) -> None:
            super().__init__()
            self.word = word

    def __init__(self, completions: Completions) -> None:
        super().__init__(soft_wrap=True, tab_behavior="focus", compact=True, highlight_cursor_line=False)
        self._completions = completions
        self._remembered: list[str] = []
        self._recalled: int | None = None

    @property
    def before_cursor(self) -> str:
        return self.get_text_range((0, 0), self.cursor_location)

    def remember(self, text: str) -> None:
        """For ctrl+up."""
        earlier = [each for each in self._remembered if each != text]
        self._remembered = [*earlier[-MOST_REMEMBERED:], text]
        self._recalled = None

    def put(self, text: str) -> None:
        """Replace everything, cursor at the end."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def action_recall(self, step: int) -> None:
        if not self._remembered:
            return
        at = len(self._remembered) if self._recalled is None else self._recalled
        at = max(0, min(len(self._remembered), at + step))
        self._recalled = at
        self.put(self._remembered[at] if at < len(self._remembered) else "")

    async def _on_key(self, event: events.Key) -> None:
        if self._takes(event.key):
            event.stop()
            event.prevent_default()
            return
        if event.key in ("shift+enter", "alt+enter", "ctrl+j"):
            event.stop()
            event.prevent_default()
            self.insert("\n")
            return
        await super()._on_key(event)

    def _takes(self, key: str) -> bool:
        """Keys that mean something else here than in a plain field."""
        # Who types faster than the list follows does not mean what it shows.
        if self._completions.candidates and self._completions.word == word_before(self.before_cursor):
            if key in ("up", "down"):
                self._completions.move(-1 if key == "up" else 1)
                return True
            # Enter after a whole word is meant for all of it: a command without arguments runs at once.
            if key == "tab" or (key == "enter" and not self._is_whole()):
                self.complete(self._completions.chosen)
                return True
            if key == "escape":
                self._completions.offer([])
                return True
        if key == "enter":
            self.post_message(self.Sent())
        elif key in ("escape", "pageup", "pagedown") or (key == "up" and not self.text):
            self.post_message(self.Left(key))
        else:
            return False
        return True

    def _is_whole(self) -> bool:
        chosen = self._completions.chosen
        return chosen is not None and chosen.insert.strip() == word_before(self.before_cursor)

    def complete(self, candidate: Candidate | None) -> None:
        """Put a candidate in the place of the word before the cursor."""
        word = word_before(self.before_cursor)
        if candidate is not None and word:
            row, column = self.cursor_location
            self.replace(candidate.insert, (row, column - len(word)), (row, column))
        self._completions.offer([])

    def on_text_area_changed(self) -> None:
        before = self.before_cursor
        whole = WHOLE_EMOJI.search(before)
        if whole and (sign := emoji_by_name().get(whole[1])):
            row, column = self.cursor_location
            self.replace(sign, (row, column - len(whole[0])), (row, column))
            return
        self.post_message(self.Asked(word_before(before)))


class Composer(Vertical):
    """The field with what belongs to it: completions above, and a line that says what the words are for.

    place   the conversation or thread that the words are for
    """

    class Submitted(Notice):
        """Words are to go out."""

        def __init__(self, composer: "Composer", text: str, about: About) -> None:
            super().__init__()
            self.composer = composer
            self.place = composer.place
            self.text = text
            self.about = about

    class Typed(Notice):
        """The words changed. They are a draft unless an earlier message is being changed."""

        def __init__(self, composer: "Composer", text: str) -> None:
            super().__init__()
            self.composer = composer
            self.place = composer.place
            self.text = text

    class Left(Notice):
        """A key for the messages: "escape" goes there, "pageup" and "pagedown" scroll, "up" changes the last one."""

        def __init__(self, composer: "Composer", key: str) -> None:
            super().__init__()
            self.composer = composer
            self.key = key

    def __init__(self, candidates: Callable[[str], list[Candidate]], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._candidates = candidates
        self._completions = Completions()
        self.field = Field(self._completions)
        self._purpose = Static(classes="purpose", markup=False)
        self.about = SAY
        self.place = ""
        self._set_aside = ""

    def compose(self) -> ComposeResult:
        yield self._completions
        yield self._purpose
        yield self.field

    def invite(self, words: str) -> None:
        """What stands in the empty field."""
        self.field.placeholder = Content(words)

    def begin(self, about: About) -> None:
        """Write about something else from now on; what was being written comes back after a change."""
        was_change, is_change = self.about.action == "edit", about.action == "edit"
        if is_change and not was_change:
            self._set_aside = self.field.text
        self.about = about
        if is_change and about.message is not None:
            self.field.put(about.message.text or "")
        elif was_change:
            self.field.put(self._set_aside)
        self._purpose.update(Content(_purpose_of(about)))
        self._purpose.set_class(about.action != "say", "-open")

    def load(self, text: str, place: str | None = None) -> None:
        """A draft; place: the conversation or thread it belongs to, if it is another one."""
        self.about = SAY
        self.place = self.place if place is None else place
        self._purpose.remove_class("-open")
        self.field.put(text)

    @property
    def draft(self) -> str:
        """What is being written, without a change of an earlier message."""
        return self._set_aside if self.about.action == "edit" else self.field.text

    def give_back(self, text: str) -> None:
        """Words that could not be sent, before whatever was written since."""
        written = self.field.text
        self.field.put(f"{text}\n{written}" if written else text)

    def say_kept(self, is_kept: bool) -> None:
        """Whether the draft, as it stands, is in the store."""
        self.border_subtitle = KEPT if is_kept and self.field.text else ""

    def on_field_sent(self, event: Field.Sent) -> None:
        event.stop()
        text = self.field.text.strip("\n")
        if not text.strip():
            return
        about = self.about
        self.field.remember(text)
        if about.action == "edit":
            self.begin(SAY)
        else:
            self.load("")
        self.post_message(self.Submitted(self, text, about))

    def on_field_left(self, event: Field.Left) -> None:
        event.stop()
        if event.key == "escape" and self.about is not SAY:
            self.begin(SAY)
        else:
            self.post_message(self.Left(self, event.key))

    def on_field_asked(self, event: Field.Asked) -> None:
        event.stop()
        self._completions.offer(self._candidates(event.word) if event.word else [], event.word)
        if self.about.action != "edit":
            self.post_message(self.Typed(self, self.field.text))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.field.complete(self._completions.candidates[event.option_index])
        self.field.focus()


def _purpose_of(about: About) -> str:
    if about.message is None:
        return ""
    if about.action == "edit":
        return "Changing your message. Esc leaves it as it was."
    return f"↳ {name_of(about.message)}: {summary_of(about.message)}"
