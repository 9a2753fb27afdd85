"""The SDK against a real server: threads, polls, pins, what ends, who has read, who types, and one's own devices."""

import asyncio
import shutil

import pytest

from inmost import Client, Message
from inmost.errors import Refused
from sdk.tests.conftest import Town, home, passphrase
from sdk.tests.test_client import SOON_S, arrived, at

EXPIRES_IN_S = 3.0


async def event(client: Client, what: str, /, **wanted: object) -> dict[str, object]:
    """The next event of this name with these details."""
    async with asyncio.timeout(SOON_S):
        async for heard, details in client.events():
            if heard == what and all(details.get(key) == value for key, value in wanted.items()):
                return details
    raise AssertionError(what)


async def heard(client: Client, what: str, /, **wanted: object) -> asyncio.Task[dict[str, object]]:
    """Begin to wait for an event before what causes it."""
    waiting = asyncio.ensure_future(event(client, what, **wanted))
    await asyncio.sleep(0)
    return waiting


async def test_a_poll_counts_the_last_vote_of_each_person_until_it_is_closed(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        room = await anna.create("Lunch", ["bob"])
        asked = await anna.poll(room, "When?", ["at noon", "at one", "never"])
        await arrived(bob, "Lunch", asked.n)
        poll = await bob.message("Lunch", asked.n)
        assert poll.poll is not None
        assert (poll.text, poll.poll.options) == ("When?", ("at noon", "at one", "never"))
        await bob.vote(poll, [0])
        await anna.vote(await anna.message(room, asked.n), [1])
        await bob.vote(poll, [1])
        closed = await anna.close_poll(await anna.message(room, asked.n))
        await arrived_at(bob, room.id, closed.n)
        late = await bob.vote(poll, [2])
        await arrived_at(anna, room.id, late.n)
        for client in (anna, bob):
            seen = (await client.message("Lunch", asked.n)).poll
            assert seen is not None
            assert (seen.tally, seen.is_closed) == ((0, 2, 0), True)
            assert seen.choice_of((await client.me()).user) == (1,)
        assert [hit.n for hit in await bob.search("when")] == [asked.n]


async def arrived_at(client: Client, conversation: str, n: int) -> None:
    """Until this device has the log that far, whatever stands there."""
    async with asyncio.timeout(SOON_S):
        while (
            (await client.host.view("conversation", conversation=bytes.fromhex(conversation)))["n"] or 0
        ) < n:
            await asyncio.sleep(0.05)


async def test_a_pin_is_everybodys_and_the_last_word_on_it_counts(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        room = await anna.create("Pins", ["bob"])
        wifi = await anna.send(room, "The wifi is called harbour.")
        code = await anna.send(room, "The key hangs behind the door.")
        for sent in (wifi, code):
            await anna.pin(await anna.message(room, sent.n))
        await arrived(bob, "Pins", code.n)
        last = await bob.pin(await bob.message("Pins", wifi.n), on=False)
        await arrived_at(anna, room.id, last.n)
        for client in (anna, bob):
            assert [message.n for message in await client.pinned("Pins")] == [code.n]
            assert (await client.message("Pins", code.n)).is_pinned


async def test_a_thread_is_read_by_itself_from_any_of_its_messages(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        room = await anna.create("Threads", ["bob"])
        root = await anna.send(room, "Shall we paint the boat?")
        await anna.send(room, "Something else.")
        await arrived(bob, "Threads", root.n)
        first = await (await bob.message("Threads", root.n)).answer_in_thread("Which colour?")
        await arrived(anna, "Threads", first.n)
        second = await (await anna.message(room, first.n)).answer_in_thread("Blue.")
        await arrived(bob, "Threads", second.n)
        for client in (anna, bob):
            for start in (root.n, second.n):
                answers = await client.thread(await client.message("Threads", start))
                assert [message.text for message in answers] == ["Which colour?", "Blue."]
            [thread] = await client.threads("Threads")
            assert thread.root is not None
            assert (thread.root.n, thread.replies, thread.last_n) == (root.n, 2, second.n)
        [before] = await bob.thread(await bob.message("Threads", root.n), before=second.n)
        assert before.n == first.n


async def test_what_ends_leaves_history_search_and_the_next_start_of_every_device(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        room = await anna.create("Ends", ["bob"])
        over = [await heard(client, "expired") for client in (anna, bob)]
        sent = await anna.send(room, "The door code is 4711.", expires_in_s=EXPIRES_IN_S)
        await arrived(bob, "Ends", sent.n)
        assert (await bob.message("Ends", sent.n)).expires_ms is not None
        assert [hit.n for hit in await bob.search("4711")] == [sent.n]
        await asyncio.gather(*over)
        for client in (anna, bob):
            message = await client.message("Ends", sent.n)
            assert (message.type, message.text) == ("expired", None)
            assert await client.search("4711") == []
        later = await anna.send(room, "And the other one is 0815.", expires_in_s=EXPIRES_IN_S)
        await arrived(bob, "Ends", later.n)
    await asyncio.sleep(EXPIRES_IN_S)
    async with at(town.bob, connect=False) as bob:
        assert (await bob.message("Ends", later.n)).type == "expired"
        assert await bob.search("0815") == []


async def test_nothing_ends_sooner_than_a_second_or_later_than_a_year(town: Town):
    async with at(town.anna) as anna:
        room = await anna.create("Bounds")
        for expires_in_s in (0.5, 367 * 86_400):
            with pytest.raises(Refused) as refused:
                await anna.send(room, "when?", expires_in_s=expires_in_s)
            assert refused.value.code == "TooLarge"


async def test_unread_counts_and_mentions_go_down_by_reading_and_the_others_see_it(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        room = await anna.create("Unread", ["bob"])
        await anna.send(room, "one")
        await anna.send(room, "two, @bob", mentions=["bob"])
        slip = await anna.send(room, "a slip")
        last = await anna.delete(await anna.message(room, slip.n))
        await arrived_at(bob, room.id, last.n)
        seen = await bob.conversation("Unread")
        assert (seen.unread, seen.mentions, seen.unread_is_least) == (2, 1, False)
        assert (await anna.conversation(room)).unread == 0
        read = await heard(anna, "receipt")
        await bob.mark_read("Unread", last.n)
        await read
        assert (await bob.conversation("Unread")).unread == 0
        assert (await anna.conversation(room)).read_by == {(await bob.me()).user: last.n}


async def test_typing_shows_and_ends_with_what_was_typed(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        room = await anna.create("Typing", ["bob"])
        await arrived_at(bob, room.id, (await anna.send(room, "hello")).n)
        begun = await heard(anna, "typing", typing=True)
        await bob.typing("Typing")
        await begun
        assert (await anna.conversation(room)).typing == ((await bob.me()).user,)
        over = await heard(anna, "typing", typing=False)
        await bob.send("Typing", "what I typed")
        await over
        assert (await anna.conversation(room)).typing == ()


async def test_presence_is_said_only_by_who_wants_to(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        assert (await anna.person("bob")).presence is None
        seen = await heard(anna, "presence")
        await bob.presence(True)
        await seen
        assert (await anna.person("bob")).presence == "active"


async def test_a_new_device_of_a_person_has_their_drafts_pins_mutes_and_reading(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        room = await anna.create("Two screens", ["bob"])
        sent = await anna.send(room, "read me")
        await arrived(bob, "Two screens", sent.n)
        await bob.mark_read("Two screens", sent.n)
        await bob.set_draft("Two screens", "half a thought")
        await bob.mute("Two screens")
        await bob.pin_conversation("Two screens")
        await bob.mark_verified(
            "@" + (await anna.me()).account, await bob.safety_number((await anna.me()).user)
        )
    phone = town.world.person("bob", computer="bob's phone")
    shutil.copy(town.bob.recovery_file, phone.recovery_file)
    await asyncio.to_thread(phone.recover, town.world.server.origin, "--keep-others")
    async with Client(home=home(phone), passphrase=passphrase(phone), wait_s=20) as second:
        await second.ready(SOON_S)
        async with asyncio.timeout(SOON_S):  # The personal group is read back to where all was said.
            while not (seen := (await second.conversations())[0]).draft:
                await asyncio.sleep(0.05)
        assert seen.id == room.id, "pinned: at the top"
        assert (seen.draft, seen.is_muted, seen.is_pinned, seen.unread) == ("half a thought", True, True, 0)
        assert (await second.person(seen.people[0])).is_verified or (
            await second.person(seen.people[1])
        ).is_verified
        async with at(town.bob) as bob:
            changed = await heard(bob, "mark", name="draft")
            await second.set_draft(seen, "the whole thought")
            await changed
            assert (await bob.conversation("Two screens")).draft == "the whole thought"
    async with at(town.anna) as anna:
        theirs = await anna.conversation("Two screens")
        assert (theirs.draft, theirs.is_muted, theirs.is_pinned) == ("", False, False), "nobody else's"


async def test_changes_come_live_as_messages_that_name_their_target(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        room = await anna.create("Live", ["bob"])
        changes: list[Message] = []

        async def listen() -> None:
            async for message in bob.messages():
                changes.append(message)
                if message.type == "close":
                    return

        listening = asyncio.ensure_future(listen())
        await asyncio.sleep(0)
        asked = await anna.poll(room, "Well?", ["yes", "no"], multiple=True)
        poll = await anna.message(room, asked.n)
        await anna.vote(poll, [1, 0])
        await anna.pin(poll)
        await anna.close_poll(poll)
        async with asyncio.timeout(SOON_S):
            await listening
        named = [message for message in changes if message.target is not None]
        assert [message.type for message in named] == ["vote", "pin", "close"]
        assert {message.target for message in named} == {poll.reference}
        assert named[0].choices == (0, 1)
