"""What is written with a / in front, who is online, and what is new elsewhere: in a real terminal, with the real server."""

import json

import pytest

from tests.story.terminal import Terminal
from tests.story.world import World

LINES = 80


class Town:
    def __init__(self, world: World) -> None:
        self.anna = world.owner("anna")
        self.bob = world.invited("bob", self.anna)
        for title in ("Quay", "Depot"):
            self.anna.run("create", title, "bob")


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    with World(tmp_path_factory.mktemp("town")) as world:
        yield Town(world)


def test_presence_is_shown_only_of_who_switched_it_on(town):
    with Terminal(town.anna, "Quay", columns=124) as anna, Terminal(town.bob, "Quay") as bob:
        anna.sees("Connected", "2 people", "by link")
        bob.sees("Connected", "2 people")
        bob.types("/presence\r")
        bob.sees("Others see now when you are online.")
        anna.sees("2 people, 1 online", "by link, online")
        bob.presses("blur")
        anna.sees("by link, away")
        bob.presses("focus")
        anna.sees("by link, online")
        assert "online" not in bob.text.replace("when you are online", "")
        bob.types("/presence\r")
        bob.sees("Nobody sees any more")
    town.bob.run("typing", "Quay")  # the profile is free again


def test_polls_pins_and_expiring_words_by_command(town):
    with Terminal(town.anna, "Quay") as anna, Terminal(town.bob, "Quay", columns=60, lines=30) as bob:
        anna.sees("Connected")
        bob.sees("Connected", "F3 list")
        anna.types("/poll-several Which days? | Monday | Tuesday | Friday\r")
        anna.sees("Asked.")
        bob.sees("3 ○ Friday  0", "several may be chosen")
        bob.presses("esc")
        bob.sees("▌ Which days?", "? all keys")
        bob.presses("1", "3")
        bob.sees("1 ● Monday  1", "3 ● Friday  1")
        anna.sees("1 ○ Monday  1", "2 ○ Tuesday  0", "3 ○ Friday  1")
        bob.presses("x")
        bob.sees("Only who asked can end a poll.")
        bob.presses("p")
        anna.sees("Which days? (pinned)")
        bob.types("/expiring 8h The code is 4711.\r")
        anna.sees("The code is 4711. (until")
        anna.types("/pinned\r")
        anna.sees("Enter goes to the one chosen", "Anna: Which days?")
        anna.presses("enter")
        anna.sees("▌ Which days?")
        anna.presses("x")
        anna.sees("End this poll?")
        anna.presses("y")
        bob.sees("closed")


def test_commands_that_open_something_and_leaving_that_asks(town):
    with Terminal(town.anna, "Depot") as anna, Terminal(town.bob, "Depot", lines=40) as bob:
        anna.sees("Connected")
        bob.sees("Connected", "Write to Depot")
        bob.types("/help\r")
        bob.sees("Keys", "Everywhere")
        bob.presses("esc")
        bob.sees_no_more("Everywhere")
        bob.types("/members\r")
        bob.sees("Who can read this", "Enter: compare numbers")
        bob.presses("esc")
        bob.sees_no_more("Enter: compare numbers")
        bob.types("/search\r")
        bob.sees("What was read on this device")
        bob.presses("esc")
        bob.sees_no_more("What was read on this device")
        bob.types("/nothing\r")
        bob.sees("There is no command /nothing.")
        bob.presses_until("ctrl+u", "Write to Depot")
        bob.types("/leave\r")
        bob.sees("Leave “Depot”?", "n  stay")
        bob.presses("n")
        bob.sees_no_more("n  stay")
        bob.types("/leave\r")
        bob.sees("n  stay")
        bob.presses("y")
        bob.sees("Depot (you are out)")
        anna.sees("1 person")


def test_what_is_new_begins_in_sight_and_is_announced_where_the_list_is_not(town):
    said = "\n".join(json.dumps({"text": f"line {n}."}) for n in range(LINES))
    with Terminal(town.bob, "general", columns=60, lines=24) as bob:
        bob.sees("Connected", "Write to general", "F3 list")
        town.anna.run("send", "Quay", "--jsonl", stdin=said)
        bob.sees("F3 list (1 new)")
        bob.presses("ctrl+k")
        bob.sees("Go to")
        bob.types("quay")
        bob.sees("│  quay")
        bob.presses("enter")
        bob.sees("── new", "line 0.")
        assert f"line {LINES - 1}." not in bob.text
        bob.presses_until("page down", f"line {LINES - 1}.")
