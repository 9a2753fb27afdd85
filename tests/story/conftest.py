"""The story's people, their server, and the conversation that all its tests start from: ten thousand messages, on PostgreSQL two thousand."""

import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from server.kit.cluster import Cluster
from tests.adversary.plaintext_search import FRAGMENT_CHARS, SHORTEST_FRAGMENT_BYTES
from tests.story.kept import Kept, KeptInPostgresql, KeptInSqlite
from tests.story.said import Said
from tests.story.texts import messages
from tests.story.world import Listening, Person, World, on

TITLE = "Harbour lights and other plans"
NEW_TITLE = "Harbour lights, the second winter"

CHANGED = 200
SOAK = "INMOST_TEST_SOAK"  # set: the long story on every database (make soak)


class Length(NamedTuple):
    """together: messages of each of the four, all at the same time. alone: of one, while the others listen."""

    together: int
    alone: int

    @property
    def messages(self) -> int:
        return 4 * self.together + self.alone


TEN_THOUSAND = Length(1_500, 4_000)
TWO_THOUSAND = Length(300, 800)
FEWEST_SIGNS = 6


class Story:
    """Three people and a bot, what they said to each other, and what those who listened heard."""

    def __init__(self, world: World, kept: Kept, length: Length, recordings: Path) -> None:
        self.world = world
        self.length = length
        self.kept = kept
        self.recordings = recordings
        self.anna = world.owner("anna")
        self.bob = world.invited("bob", self.anna)
        self.carol = world.invited("carol", self.anna)
        self.clock = world.invited("clock", self.anna, "--bot")
        for person in self.everybody:
            person.name = person.name or ("Anna" if person is self.anna else person.account.title())
        made = self.anna.run("create", TITLE, "bob", "carol", "clock", "--json").records[0]
        self.said = Said(made["id"])
        self.names: list[str] = []  # of other conversations
        self.heard: dict[str, list[dict[str, Any]]] = {}

    @property
    def everybody(self) -> list[Person]:
        return [self.anna, self.bob, self.carol, self.clock]

    def is_told(self) -> None:
        """First everybody at once, then one while the others listen; then changes by all four."""
        texts = map(searchable, messages(self.length.messages))
        shares = [[*islice(texts, self.length.together)] for _ in self.everybody]
        with ThreadPoolExecutor(len(shares)) as pool:
            list(
                pool.map(
                    lambda person, share: self.said.says(person, ({"text": text} for text in share)),
                    self.everybody,
                    shares,
                )
            )
        with ExitStack() as listening:
            ears = {
                person.account: listening.enter_context(person.listening(self.said.conversation))
                for person in self.everybody[1:]
            }
            numbers = self.said.says(self.anna, self._monologue(texts))
            own = numbers[-self.length.alone :]
            last = self.said.says(self.anna, self._changes_by_anna(own))[-1]
            for account, each in ears.items():
                self.heard[account] = heard_until(each, last)
        self._changes_by_the_others(own)

    def _monologue(self, texts: Iterator[str]) -> Iterator[dict[str, Any]]:
        answered = sorted(self.said.texts)
        for place, text in enumerate(texts):
            line: dict[str, Any] = {"text": text}
            if place % 20 == 0:
                line["reply_to"] = answered[place // 20]
            if place % 25 == 0:
                line["mentions"] = ["bob", "clock"]
            yield line

    def _changes_by_anna(self, own: list[int]) -> Iterator[dict[str, Any]]:
        for n in own[:CHANGED]:
            yield {
                "type": "edit",
                "target": n,
                "text": f"On second thought, number {n} was about the lanterns.",
            }
        for n in own[CHANGED // 2 : CHANGED]:
            yield {"type": "delete", "target": n}
        yield {"type": "title", "text": NEW_TITLE}

    def _changes_by_the_others(self, numbers: list[int]) -> None:
        emoji = {"bob": "👍", "carol": "👩🏽‍💻", "clock": "🕰️"}
        for person in self.everybody[1:]:
            self.said.says(
                person,
                ({"type": "react", "target": n, "emoji": emoji[person.account]} for n in numbers[-CHANGED:]),
            )


def searchable(text: str) -> str:
    """A text whose end is found by a search for it and not by chance: neither a few bytes nor a row of the same sign."""
    end = text[-FRAGMENT_CHARS:]
    is_found_by_chance = len(text.encode()) < SHORTEST_FRAGMENT_BYTES or len(set(end)) < FEWEST_SIGNS
    return f"{text}, said in passing" if is_found_by_chance else text


def heard_until(ears: Listening, last: int) -> list[dict[str, Any]]:
    """Everything a listening process has printed when it prints number `last`."""
    ears.process.out.wait_for(lambda line: json.loads(line)["n"] == last, timeout_s=300)
    return [json.loads(line) for line in ears.process.out.seen]


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The story up to where its tests go on: all of it is said, and nobody is online."""
    folder, recordings = tmp_path_factory.mktemp("story"), tmp_path_factory.mktemp("recordings")
    with ExitStack() as running:
        running.callback(shutil.rmtree, recordings)  # everybody's keys and words
        url = None
        if request.param == "postgresql":  # one of its own: all that is in its files was said here
            cluster = running.enter_context(Cluster())
            url = running.enter_context(cluster.fresh())
        world = running.enter_context(
            World(folder, (*on(url), "--log-level", "debug"), recordings=recordings)
        )
        data = world.server.data
        story = Story(
            world,
            KeptInPostgresql(data, cluster, url) if url else KeptInSqlite(data),
            TWO_THOUSAND if url and SOAK not in os.environ else TEN_THOUSAND,
            recordings,
        )
        story.is_told()
        yield story
