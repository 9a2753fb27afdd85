"""What can stand where one is writing: @people, :emoji:, /commands."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from inmost.models import Person
from inmost_cli.chat.neutral import neutral_line

MOST_SHOWN: Final = 6
FEWEST_EMOJI_LETTERS: Final = 2
WORD: Final = re.compile(r"(?:^|(?<=[\s(]))([@:][^\s:@]*)$")
WHOLE_EMOJI: Final = re.compile(r":([a-z0-9_+-]+):$")
OFTEN: Final = ("thumbsup", "heart", "tada", "joy", "eyes", "white_check_mark", "pray", "cry")


@dataclass(frozen=True)
class Candidate:
    """insert stands for the word that is there; shown is the line in the list."""

    insert: str
    shown: str


@cache
def emoji_by_name() -> dict[str, str]:
    """By the names that other chats use too; those of skin tones and their like left out."""
    from rich._emoji_codes import EMOJI

    return {name: sign for name, sign in EMOJI.items() if re.fullmatch(r"[a-z0-9_+-]+", name)}


def word_before(text: str) -> str:
    """The word that is being written, if it can be completed; text ends where the cursor is."""
    if text.startswith("/") and " " not in text and "\n" not in text:
        return text
    found = WORD.search(text)
    return found[1] if found else ""


def candidates(word: str, people: Iterable[Person], commands: Sequence[tuple[str, str]]) -> list[Candidate]:
    """Those that fit, best first. commands: (name, what it does)."""
    if word.startswith("/"):
        return [
            Candidate(f"/{name} ", f"/{name}  {does}") for name, does in commands if name.startswith(word[1:])
        ]
    if word.startswith("@"):
        return _people(word[1:].casefold(), people)
    if word.startswith(":") and len(word) > FEWEST_EMOJI_LETTERS:
        return emoji_candidates(word[1:].casefold())[:MOST_SHOWN]
    return []


def _people(begun: str, people: Iterable[Person]) -> list[Candidate]:
    fitting = [
        person
        for person in people
        if person.account.casefold().startswith(begun)
        or any(part.startswith(begun) for part in person.name.casefold().split())
    ]
    fitting.sort(key=lambda person: (not person.account.casefold().startswith(begun), person.account))
    return [
        Candidate(f"@{person.account} ", f"@{person.account}  {neutral_line(person.name)}")
        for person in fitting[:MOST_SHOWN]
    ]


def emoji_candidates(begun: str) -> list[Candidate]:
    """By the beginning of a name first, then by any part of it; nothing begun: those used often."""
    known = emoji_by_name()
    if not begun:
        return [Candidate(known[name], f"{known[name]}  {name}") for name in OFTEN]
    fitting = [name for name in known if begun in name]
    fitting.sort(key=lambda name: (not name.startswith(begun), len(name), name))
    signs: dict[str, str] = {}
    for name in fitting:
        signs.setdefault(known[name], name)
    return [Candidate(sign, f"{sign}  {name}") for sign, name in signs.items()]


class Completions(OptionList, can_focus=False):
    """The list over the composer; the composer's keys move in it."""

    def __init__(self) -> None:
        super().__init__(id="completions")
        self.candidates: list[Candidate] = []
        self.word = ""

    def offer(self, candidates: list[Candidate], word: str = "") -> None:
        """Show these for a word, the first one chosen; none: be gone."""
        self.word = word
        if candidates == self.candidates:
            return
        self.candidates = candidates
        self.clear_options()
        self.add_options([Option(Content(each.shown)) for each in candidates])
        self.highlighted = 0 if candidates else None
        self.set_class(bool(candidates), "-open")

    @property
    def chosen(self) -> Candidate | None:
        return self.candidates[self.highlighted] if self.candidates and self.highlighted is not None else None

    def move(self, step: int) -> None:
        if self.candidates:
            self.highlighted = ((self.highlighted or 0) + step) % len(self.candidates)
