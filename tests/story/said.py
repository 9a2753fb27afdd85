"""What was said in a conversation, as the answers to `inmost send --jsonl` tell it, to compare with what everybody reads."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.story.world import Person

STREAM_TIMEOUT_S = 400.0


class Text(NamedTuple):
    """One text as somebody reads it."""

    n: int
    sender: str
    text: str | None
    is_edited: bool = False
    is_deleted: bool = False
    reactions: tuple[tuple[str, str], ...] = ()
    reply_to: str | None = None
    mentions: tuple[str, ...] = ()


class Said:
    """One conversation from its first text on."""

    def __init__(self, conversation: str) -> None:
        self.conversation = conversation
        self.texts: dict[int, Text] = {}
        self.ids: dict[int, str] = {}
        self.words: list[str] = []  # everything anybody wrote, edits and titles too: what must stay sealed

    def says(self, person: Person, lines: Iterable[dict[str, Any]]) -> list[int]:
        """Have a person write these lines, in one stream; what they changed is noted. Gives the numbers they got."""
        wanted = list(lines)
        stream = "".join(json.dumps(line) + "\n" for line in wanted)
        done = person.run("send", self.conversation, "--jsonl", stdin=stream, timeout_s=STREAM_TIMEOUT_S)
        answers = sorted(done.records, key=lambda record: record["line"])
        assert [answer["line"] for answer in answers] == [*range(1, len(wanted) + 1)]
        numbers = [answer["n"] for answer in answers]
        assert numbers == sorted(numbers), "a stream's lines keep their order"
        for line, answer in zip(wanted, answers, strict=True):
            self.ids[answer["n"]] = answer["id"]
            self._note(person, line, answer["n"])
        return numbers

    def _note(self, person: Person, line: dict[str, Any], n: int) -> None:
        self.words += [line["text"]] if "text" in line else []
        kind = line.get("type", "text")
        if kind == "text":
            answered = line.get("reply_to")
            self.texts[n] = Text(
                n, person.account, line["text"], reply_to=answered and self.ids[answered],
                mentions=tuple(mentioned.title() for mentioned in line.get("mentions", [])),
            )  # fmt: skip
        elif kind == "edit":
            self._becomes(line["target"], text=line["text"], is_edited=True)
        elif kind == "delete":
            self._becomes(line["target"], text=None, is_deleted=True, mentions=())
        elif kind == "react":
            before = self.texts[line["target"]].reactions
            self._becomes(line["target"], reactions=(*before, (line["emoji"], person.name)))

    def _becomes(self, n: int, **changed: Any) -> None:
        self.texts[n] = self.texts[n]._replace(**changed)

    @property
    def as_read(self) -> list[Text]:
        """All of it, in order, as it must look to everybody."""
        return [self.texts[n] for n in sorted(self.texts)]

    def read_by(self, person: Person) -> list[Text]:
        """The texts as this person's `inmost history --all` has them."""
        return [
            Text(
                record["n"], record["sender"], record["text"], record.get("edited", False),
                record.get("deleted", False),
                tuple((each["emoji"], each["by"]) for each in record.get("reactions", [])),
                record.get("reply_to"), tuple(record.get("mentions", [])),
            )
            for record in person.history(self.conversation, "--all")
            if record["type"] == "text"
        ]  # fmt: skip
