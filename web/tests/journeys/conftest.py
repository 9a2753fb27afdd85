"""A real server that hands out the built app, and people at browsers of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.story.world import Person, World
from web.tests.journeys.member import Member


class Town:
    """A server started by `inmost up`, with its owner Anna at a browser, and whom she invites."""

    def __init__(self, world: World, playwright: Playwright, folder: Path) -> None:
        self.world, self._playwright, self._folder = world, playwright, folder
        self._open: list[Member] = []
        self.anna = self.browser("anna").join(world.server.read_owner_link(), "Anna Berg")

    def browser(self, name: str, phone: bool = False) -> Member:
        """A browser that nobody has used yet."""
        member = Member(self._playwright, self._folder / name, self.world.server.origin, phone)
        self._open.append(member)
        return member

    def joined(self, account: str, name: str, phone: bool = False) -> Member:
        """Somebody whom Anna invited, and who has joined in a browser."""
        member = self.browser(account, phone)
        member.account = account
        return member.join(self.anna.invite(account), name)

    def at_a_terminal(self, account: str, name: str) -> Person:
        """Somebody whom Anna invited, and who has joined by the `inmost` command."""
        person = self.world.person(account)
        person.name = name
        person.join(self.anna.invite(account))
        return person

    def close(self) -> None:
        for member in self._open:
            member.close()
        self._open.clear()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("journeys")) as world:
        yield world


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playing:
        yield playing


@pytest.fixture(scope="module")
def town(world: World, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(world, playwright, tmp_path_factory.mktemp("browsers"))
    yield town
    town.close()
