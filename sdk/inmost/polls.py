"""Polls: what was asked, who chose what, and how it stands. The tally is made from the sealed votes; the server has none."""

import json
from typing import Any, Self

import msgspec


class Vote(msgspec.Struct, frozen=True):
    """One person's vote that counts. person: user id. choices: option numbers from 0, ascending; none: taken back."""

    person: str
    choices: tuple[int, ...]


class Poll(msgspec.Struct, frozen=True):
    """A poll as it stands; its question is the message's text.

    options       what there is to choose
    is_multiple   several may be chosen
    is_closed     by the person who asked; votes after that do not count
    votes         the last one of each person
    """

    options: tuple[str, ...]
    is_multiple: bool
    is_closed: bool = False
    votes: tuple[Vote, ...] = ()

    @property
    def tally(self) -> tuple[int, ...]:
        """How many people chose each option."""
        return tuple(
            sum(number in vote.choices for vote in self.votes) for number in range(len(self.options))
        )

    def choice_of(self, person: str) -> tuple[int, ...]:
        """What a person (user id) chose."""
        return next((vote.choices for vote in self.votes if vote.person == person), ())

    @classmethod
    def of(cls, raw: dict[str, Any], votes: str | None = None, is_closed: bool = False) -> Self | None:
        """raw: the engine's map of the message; votes: as the store counts them (ShownRow). None for no poll."""
        if raw.get("type") != "poll":
            return None
        counted = tuple(Vote(each["user"], tuple(each["choices"])) for each in json.loads(votes or "[]"))
        return cls(tuple(raw["options"]), bool(raw.get("multiple")), is_closed, counted)
