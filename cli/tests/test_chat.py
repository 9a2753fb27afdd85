"""The full-screen client in a real terminal, with the real server and two people."""

import json
import signal

import pytest

from tests.story.terminal import Terminal
from tests.story.world import World

LINES = 150
NEEDLE = 40


class Town:
    def __init__(self, world: World) -> None:
        self.world = world
        self.anna = world.owner("anna")
        self.bob = world.invited("bob", self.anna)
        self.anna.run("create", "Harbour plans", "bob")
        said = [f"line {n}." if n != NEEDLE else f"line {n}. The ferry horn is broken." for n in range(LINES)]
        self.anna.run(
            "send", "Harbour plans", "--jsonl", stdin="\n".join(json.dumps({"text": text}) for text in said)
        )
        self.bob.run("read", "Harbour plans")


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    with World(tmp_path_factory.mktemp("town")) as world:
        yield Town(world)


def test_two_people_talk_answer_react_change_and_take_away(town):
    town.anna.run("create", "Lamps", "bob")
    with Terminal(town.anna, "Lamps") as anna, Terminal(town.bob) as bob:
        anna.sees("Connected", "named the conversation “Lamps”")
        bob.sees("# general", "# Harbour plans", "# Lamps", "Connected")
        bob.presses("ctrl+k")
        bob.sees("Go to")
        bob.types("lam")
        bob.sees("│  lam")
        bob.presses("enter")
        bob.sees("named the conversation “Lamps”")

        bob.types("Is the **old** lamp lit, @ow")
        bob.sees("@owner  ")
        bob.presses("tab")
        bob.types("? :tad")
        bob.sees("🎉  tada")
        bob.presses("tab", "enter")
        bob.sees("Is the old lamp lit, @owner ? 🎉", "✓✓ read by Anna")
        anna.sees("Is the old lamp lit, @owner ? 🎉", "▎ Bob")

        anna.presses("esc")
        anna.sees("▌ Is the old lamp lit")
        anna.presses("r")
        anna.sees("↳ Bob: Is the old lamp lit")
        anna.types("Since six.")
        anna.presses("enter")
        anna.sees("✓✓ read by Bob")
        bob.sees("↳ Bob: Is the old lamp lit, @owner ? 🎉", "Since six.")

        bob.presses("esc")
        bob.sees("▌ Since six.")
        bob.presses("a")
        bob.sees("React")
        bob.types("bulb")
        bob.sees("💡  bulb")
        bob.presses("enter")
        bob.sees("💡 you")
        anna.sees("💡 Bob")

        anna.presses("up")
        anna.sees("Changing your message")
        anna.types(" It was dark.")
        anna.presses("enter")
        bob.sees("Since six. It was dark. (edited)")

        bob.presses("t")
        bob.sees("Thread", "Answer here")
        bob.types("Then all is well.")
        bob.presses("enter")
        bob.sees("✓✓ read by Anna", "⤷ 1 answer")
        anna.sees("⤷ 1 answer")
        bob.presses("esc")
        bob.sees("▌ Then all is well.")
        bob.presses("esc")
        bob.sees_no_more("Answer here")

        bob.types("/poll Paint it? | blue | green")
        bob.presses("enter")
        bob.sees("Asked.", "1 ○ blue  0")
        anna.sees("2 ○ green  0")
        anna.presses("esc")
        anna.sees("▌ Paint it?")
        anna.presses("2")
        anna.sees("2 ● green  1")
        bob.sees("2 ○ green  1")
        anna.presses("p")
        bob.sees("Paint it? (pinned)")
        anna.presses("up")
        anna.sees("▌ Since six.")
        anna.presses("t")
        anna.sees("Answer here", "Then all is well.")
        anna.presses("esc")
        anna.sees("▌ Then all is well.")
        anna.presses("esc")
        anna.sees_no_more("Answer here")
        anna.presses("esc")
        anna.sees("▌ Paint it?")
        anna.presses("up", "d")
        anna.sees("Take this message away, for everybody?")
        anna.presses("y")
        anna.sees_no_more("for everybody?")
        bob.sees_no_more("It was dark. (edited)")
        bob.sees("taken away")
        bob.presses("ctrl+q")
        assert bob.ends() == 0
    said = [each for each in town.anna.history("Lamps") if each["type"] == "text"]
    assert said[-1]["text"] == "Then all is well."
    assert said[-1]["thread"] == said[-2]["id"]
    assert said[-3]["mentions"] == ["Anna"]


def test_history_comes_page_by_page_and_the_place_stays_and_search_goes_to_what_it_finds(town):
    with Terminal(town.bob, "Harbour plans", columns=100, lines=24) as bob:
        bob.sees("Connected", "line 149.")
        bob.presses("esc")
        bob.sees("▌ line 149.")
        bob.presses("home")
        bob.sees("▌ line 90.")
        place = bob.line_of("line 90.")
        bob.sees_no_more("⋯ older messages")
        assert bob.line_of("line 90.") == place
        assert bob.line_of("line 89.") == place - 1
        bob.presses_until("home", "This is the beginning.")
        bob.sees("line 0.")
        bob.presses_until("end", "▌ line 149.")
        bob.presses("ctrl+f")
        bob.sees("What was read on this device")
        bob.types("ferry horn")
        bob.sees("The ferry horn is")
        bob.presses("enter")
        bob.sees("▌ line 40. The ferry horn is broken.", "line 41.")
        bob.presses_until("end", "line 149.")
        bob.presses("ctrl+q")
        assert bob.ends() == 0
        assert bob.is_as_before
        assert b"\x1b[?1049l" in bob.written
        assert b"\x1b[?1000l" in bob.written
        assert b"\x1b[?25h" in bob.written


def test_people_are_known_by_numbers_that_are_compared_and_help_and_width(town):
    number = town.anna.run("verify", "bob").out.split()
    with Terminal(town.bob, "Harbour plans", columns=130, lines=40) as bob:
        bob.sees("Connected", "Who can read this", "2 people", "○ Anna")
        bob.presses("f2")
        bob.presses("down", "enter")
        bob.sees("Ask Anna to read the number to you", *number)
        bob.presses("n")
        bob.sees("Then do not share anything sensitive here.")
        bob.presses("y")
        bob.sees("Noted: you know Anna in person.", "● Anna", "in person, owner")
        bob.presses("f1")
        bob.sees("Keys", "Everywhere", "who can read this, and how well")
        bob.presses("esc")
        bob.sees_no_more("Everywhere")
        bob.resizes(60, 24)
        bob.sees("Who can read this", "● Anna")
        bob.presses("esc")
        bob.sees("# Harbour plans", "line 149.")
        bob.sees_no_more("Who can read this", "# general")
        bob.presses("f3")
        bob.sees("# general")
        bob.clicks("# general")
        bob.sees("Write to general")
        bob.resizes(130, 40)
        bob.sees("Who can read this", "# Harbour plans")


def test_what_was_typed_is_there_after_kill_9_and_what_was_sent_offline_goes_out(town):
    with Terminal(town.bob, "Harbour plans") as bob:
        bob.sees("Connected", "line 149.")
        bob.types("Half a thought about the pier")
        bob.sees("Half a thought about the pier", "✎ ─╯")
        bob.kill()
    town.world.server.stop(signal.SIGKILL)
    try:
        with Terminal(town.bob) as bob:
            bob.sees("line 149.", "Half a thought about the pier", "Offline.")
            bob.types(", finished")
            bob.sees("the pier, finished")
            bob.presses("enter")
            bob.sees("◌ waits until you are connected", "Offline. 1 message waits and goes out by itself.")
            town.world.server.start()
            bob.sees("Connected", "✓ sent")
    finally:
        if not town.world.server.is_running:
            town.world.server.start()
    assert town.anna.history("Harbour plans")[-1]["text"] == "Half a thought about the pier, finished"


def test_a_message_changes_nothing_outside_its_place(town):
    hostile = (
        "\u202eesrever\u202c \u2066x\u2069 &#27;[2J&#x1b;]0;owned&#7; &#x9b;31m &#x202e; שלום "
        "[safe](https://evil.example/?&#27;[2J) \u200bharmless"
    )
    town.anna.run("send", "general", "-", stdin=hostile)
    with Terminal(town.bob, "general", ground=(250, 250, 250)) as bob:
        bob.sees("Connected", "# general", "harmless", "Write to general")
        shown = bob.text
        assert "⟨RLO⟩esrever⟨PDF⟩" in shown
        assert "evil.example" in shown
        listed, status = shown.splitlines()[0], shown.splitlines()[-1]
        assert listed.startswith(" Conversations")
        assert "Connected" in status
        for planted in (
            b"\x1b]0;owned",
            b"\x1b[2J\x1b",
            "\u202e".encode(),
            "\u2066".encode(),
            "\x9b".encode(),
        ):
            assert planted not in bob.written
        ground = {cell.bg for cell in bob.screen.buffer[10].values()}
        assert "fbf9f5" in ground  # the terminal said that it is light


def test_without_colour_nothing_is_lost_and_an_alarm_says_what_to_do(town):
    link = town.anna.invite("dora")
    first = town.world.person("dora", "dora-first")
    first.join(link)
    town.anna.run("send", "general", "--mention", "bob", "@bob look at the pier")
    with Terminal(town.bob, "Harbour plans", environment={"NO_COLOR": "1"}) as bob:
        bob.sees("Connected", "@1")
        bob.presses("alt+up")
        bob.sees("── new ", "▎ @bob look at the pier")
        bob.sees_no_more("@1")
        bob.presses("alt+down")
        bob.sees("Write to Harbour plans")
        second = town.world.person("dora", "dora-second")
        assert second.try_to(
            "join", link, "--name", "Dora", "--password-file", str(second.folder / "password"),
            "--totp-secret-file", str(second.totp_file), "--recovery-key-file", str(second.recovery_file), "--yes",
        ).code == 7  # fmt: skip
        bob.sees("! Two people used one invitation", "Both accounts are", "F8: details")
        bob.presses("f8")
        bob.sees("What did not add up", "InvitationClaimedTwice")
        bob.presses("esc")
        bob.sees_no_more("F8: details", "InvitationClaimedTwice")
        colours = {colour for colour in bob.colours() if colour != "default"}
        assert all(colour[:2] == colour[2:4] == colour[4:] for colour in colours)
