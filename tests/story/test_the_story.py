"""The story: three people and a bot, thousands of messages, and what becomes of those who are shut out or lose a device."""

import shutil
import time

import pytest

from tests.story.conftest import NEW_TITLE, Story
from tests.story.connection_watch import ConnectionWatch, connections_of
from tests.story.keys_at_hand import Disk, opened_by_trying, sealed_on
from tests.story.world import REFUSED, SHUT_OUT

pytestmark = pytest.mark.timeout(600)


def test_everybody_and_the_bot_have_every_message_once_and_in_the_same_order(
    story: Story,
) -> None:
    told = story.said.as_read
    assert len(told) == story.length.messages
    for person in story.everybody:
        assert story.said.read_by(person) == told
        titles = {each["id"]: each["title"] for each in person.run("conversations", "--json").records}
        assert titles[story.said.conversation] == NEW_TITLE
    for heard in story.heard.values():
        texts = [(record["n"], record["text"]) for record in heard if record["type"] == "text"]
        assert [n for n, _ in texts] == sorted(story.said.texts)[-story.length.alone :]


def test_a_person_who_was_removed_opens_nothing_sealed_after(story: Story) -> None:
    said, carol = story.said, story.carol
    before = Disk(carol, said.conversation)
    last_readable = max(before.messages)
    with carol.listening() as ears, story.bob.listening():
        story.anna.run("remove", said.conversation, "carol", "--yes")
        ears.hears_what(lambda record: record["type"] == "left")
        numbers = said.says(story.anna, ({"text": f"{n}: Carol must not know this"} for n in range(50)))
    assert [record for record in carol.history(said.conversation, "--all") if record["n"] >= numbers[0]] == []
    after = Disk(carol, said.conversation)
    assert not [n for n in after.messages if n >= numbers[0]]
    sealed = sealed_on(story.kept, said.conversation, after=numbers[0] - 1)
    assert [message.n for message in sealed] == numbers
    # Her disk as it was before, as if she had been away and kept it, and as it is now: nothing on either is a key to any of them.
    assert opened_by_trying(sealed, before) == set()
    assert opened_by_trying(sealed, after) == set()
    # What she could read she can still read with it, and Bob's disk opens the new ones: the search would have found the key.
    readable = [m for m in sealed_on(story.kept, said.conversation, after=0) if m.n <= last_readable]
    assert opened_by_trying(readable[-50:], after) == {message.n for message in readable[-50:]}
    assert opened_by_trying(sealed, Disk(story.bob, said.conversation)) == set(numbers)


def test_a_lost_device_is_replaced_with_the_recovery_key_while_nobody_else_is_online(story: Story) -> None:
    bob, server = story.bob, story.world.server
    assert all(not person.processes for person in story.world.people)
    assert connections_of(server.pid, server.port) == 0
    shutil.rmtree(bob.environment["INMOST_HOME"])
    bob.recover(server.origin, "--revoke-others")
    # A device that comes later never had what was deleted: the server has dropped it.
    assert story.said.read_by(bob) == [text for text in story.said.as_read if not text.is_deleted]
    assert len(story.said.as_read) >= story.length.messages
    assert bob.run("alarms", "--json").records == []
    story.said.says(bob, [{"text": "My laptop is in the harbour. I am back on another one."}])
    assert story.said.read_by(story.anna) == story.said.as_read


def test_a_revoked_device_loses_its_open_connection_within_a_second(story: Story) -> None:
    world = story.world
    phone = world.person("bob", computer="bob's phone")
    shutil.copy(story.bob.recovery_file, phone.recovery_file)
    phone.recover(world.server.origin, "--keep-others", backup_code=1)
    device = phone.run("status", "--json").records[0]["device"]
    with (
        phone.listening() as ears,
        ConnectionWatch(ears.process.process.pid, world.server.port) as connection,
    ):
        revoking = story.bob.start("devices", "revoke", device, "--yes")
        revoking.out.wait_for(lambda line: "shut out" in line, timeout_s=60)
        assert connection.seconds_open_after(time.monotonic(), at_most_s=1.0) < 1.0
        revoking.stop()
        assert ears.process.process.wait(30) == SHUT_OUT
    assert phone.try_to("history", story.said.conversation).code == SHUT_OUT
    numbers = story.said.says(
        story.anna, ({"text": f"{n}: said after Bob lost the phone"} for n in range(20))
    )
    sealed = sealed_on(story.kept, story.said.conversation, after=numbers[0] - 1)
    assert opened_by_trying(sealed, Disk(phone, story.said.conversation)) == set()


def test_a_deactivated_person_is_out_everywhere_within_five_seconds(story: Story) -> None:
    world = story.world
    story.names += ["The committee of the lantern parade", "Who brings the soup on Saturday"]
    made = [story.anna.run("create", name, "bob", "carol", "--json").records[0]["id"] for name in story.names]
    with (
        story.carol.listening() as ears,
        story.bob.listening() as witness,
        ConnectionWatch(ears.process.process.pid, world.server.port) as connection,
    ):
        deactivating = story.anna.start("people", "deactivate", "carol", "--yes", *story.anna.factor(0))
        deactivating.out.wait_for(lambda line: "is deactivated" in line, timeout_s=60)
        acknowledged = time.monotonic()
        assert connection.seconds_open_after(acknowledged, at_most_s=5.0) < 5.0
        out_of: set[str] = set()
        while out_of < set(made):
            left = witness.hears_what(
                lambda record: record["type"] == "left" and record["conversation"] in made,
                timeout_s=max(0.0, acknowledged + 5.0 - time.monotonic()),
            )
            assert left["people"] == ["Carol"]
            out_of.add(left["conversation"])
        assert time.monotonic() - acknowledged < 5.0
        deactivating.stop()
        assert ears.process.process.wait(30) == SHUT_OUT
    assert story.carol.try_to("send", made[0], "Am I still here?").code == SHUT_OUT
    elsewhere = world.person("carol", computer="an internet cafe")
    shutil.copy(story.carol.recovery_file, elsewhere.recovery_file)
    refused = elsewhere.try_to_recover(world.server.origin, "--keep-others")
    assert refused.code == REFUSED
    people = {each["id"]: each["people"] for each in story.bob.run("conversations", "--json").records}
    assert all(sorted(people[conversation]) == ["bob", "owner"] for conversation in made)
