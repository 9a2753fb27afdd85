"""A real server and real people for the tests that need them."""

from pathlib import Path

import pytest

from tests.story.world import Person, World


class Town:
    """A server with Anna (its owner), Bob, and a bot, each joined on a computer of their own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.anna = world.owner("anna")
        self.bob = world.invited("bob", self.anna)
        self.helper = world.invited("helper", self.anna, "--bot")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory):
    with World(tmp_path_factory.mktemp("town")) as world:
        yield Town(world)


def home(person: Person) -> Path:
    return Path(person.environment["INMOST_HOME"])


def passphrase(person: Person) -> str:
    return person.environment["INMOST_PASSPHRASE"]
