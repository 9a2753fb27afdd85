"""Roles and channels from the command line: real processes, a real server."""

import time

import pytest

from tests.story.world import COMMAND_TIMEOUT_S, Person, World


class Town:
    def __init__(self, world: World) -> None:
        self.anna = world.owner("anna")
        self.bob = world.invited("bob", self.anna)
        self.carol = world.invited("carol", self.anna)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    with World(tmp_path_factory.mktemp("channels")) as world:
        yield Town(world)


def texts(person: Person, conversation: str) -> list[str]:
    records = person.history(conversation, "--all")
    return [record["text"] for record in records if record["type"] == "text"]


def texts_when_there(person: Person, conversation: str, text: str) -> list[str]:
    """The same once this is among them; the next look is soon enough."""
    end = time.monotonic() + COMMAND_TIMEOUT_S
    while text not in (found := texts(person, conversation)):
        assert time.monotonic() < end, (
            f"{person.account} never reads {text!r} in {conversation}, only {found}"
        )
    return found


def titles(person: Person) -> list[str]:
    return [record["title"] for record in person.run("channels", "--json").records]


def test_an_open_channel_is_found_joined_and_read_from_the_start(town):
    town.bob.run("create", "News", "--open", "--topic", "What everybody should know")
    town.bob.run("send", "News", "before anybody came")
    listed = town.carol.run("channels")
    assert "News" in listed.out
    assert "What everybody should know" in listed.out
    assert max(len(line) for line in listed.out.splitlines()) <= 80
    assert "News" not in town.carol.run("conversations").out
    with town.bob.listening():  # the keys of what was said before come from a member's device
        town.carol.run("join-channel", "news")
        assert texts_when_there(town.carol, "News", "before anybody came") == ["before anybody came"]
    assert "joined" in town.carol.run("channels").out
    unknown = town.carol.try_to("join-channel", "No such channel")
    assert unknown.code == 8
    assert "inmost channels" in unknown.err
    assert town.carol.try_to("settings", "News", "--closed").code == 7
    town.bob.run("settings", "News", "--closed")
    assert titles(town.anna) == []


def test_announcements_are_written_by_owners_and_moderators(town):
    town.anna.run("create", "Board", "bob", "carol", "--announce")
    town.anna.run("send", "Board", "the office is closed")
    refused = town.bob.try_to("send", "Board", "why?")
    assert refused.code == 7
    assert "role" in refused.err
    assert town.bob.try_to("role", "Board", "bob", "moderator").code == 7
    town.anna.run("role", "Board", "bob", "moderator")
    town.bob.run("send", "Board", "because of the snow")
    assert texts(town.carol, "Board") == ["the office is closed", "because of the snow"]
    shown = town.carol.run("settings", "Board").out
    assert "owners and moderators write" in shown
    assert "Bob: moderator" in shown
    record = town.bob.run("settings", "Board", "--json").records[0]
    assert (record["role"], record["announcement"], record["may_post"]) == ("moderator", True, True)
    town.anna.run("settings", "Board", "--discuss", "--free")
    town.carol.run("send", "Board", "thank you")
    assert texts(town.bob, "Board")[-1] == "thank you"


def test_who_becomes_a_guest_is_out_of_the_general_channel(town):
    last = town.anna.try_to("people", "role", town.anna.account, "member")
    assert last.code == 7
    town.bob.run("create", "Open house", "--open")
    town.anna.run("people", "role", "carol", "guest", *town.anna.factor(0))
    town.bob.run("send", "general", "among ourselves")
    assert titles(town.bob) == ["Open house"]
    assert town.carol.try_to("join-channel", "Open house").code in {7, 8}
    assert town.carol.try_to("create", "Mine", "bob").code == 7
    assert "among ourselves" not in texts(town.carol, "general")
    town.anna.run("people", "role", "carol", "member", *town.anna.factor(1))
    with town.bob.listening():
        town.carol.run("join-channel", "Open house")
        assert "among ourselves" in texts_when_there(town.carol, "general", "among ourselves")
