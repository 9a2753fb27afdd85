"""Sending: numbered once, without gaps, told after it is durable."""

import asyncio
import os

import pytest

from inmost_protocol.conversations import Accepted, FetchLog, Item
from inmost_protocol.limits import MAX_SEALED_BYTES
from inmost_protocol.messages import Send
from server.kit.wire import WasRefused, new_id


async def whole_log(talker, room):
    """All items of a log, page by page."""
    items = []
    while True:
        page = await talker.wire.ask(FetchLog(new_id(), room, len(items), 200, without_messages=False))
        items += page.items
        if len(items) >= page.next_n:
            return items


async def test_a_message_is_accepted_with_its_number_and_comes_back_as_an_item(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    message = owner.message(room)
    accepted = await owner.wire.ask(message)
    assert (accepted.conversation, accepted.n) == (room, 1)
    items = await owner.wire.next(Item, 2)
    assert [(item.n, item.kind) for item in items] == [(0, 1), (1, 4)]
    assert items[1].entry == message.sealed
    assert items[1].at_ms == accepted.at_ms


async def test_eighty_messages_sent_twice_at_once_are_numbered_once_and_without_gaps(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    messages = [owner.message(room) for _ in range(80)]

    async def twice(message):
        first = asyncio.ensure_future(owner.wire.ask(message))
        await asyncio.sleep(0)
        await owner.wire.socket.send(owner_encoded(message))
        return await first

    answers = await asyncio.gather(*(twice(message) for message in messages))
    # The answers to the repetitions, which nobody waits for.
    again = {answer.re: answer for answer in await owner.wire.next(Accepted, 80)}
    assert again == {answer.re: answer for answer in answers}
    assert sorted(answer.n for answer in answers) == list(range(1, 81))
    items = await whole_log(owner, room)
    assert [item.n for item in items] == list(range(81))
    assert {item.entry for item in items[1:]} == {message.sealed for message in messages}
    by_n = {item.n: item.entry for item in items}
    assert all(by_n[answer.n] == message.sealed for message, answer in zip(messages, answers, strict=True))


def owner_encoded(message):
    from inmost_protocol import encode

    return encode(message)


async def test_messages_of_one_device_keep_the_order_in_which_it_sent_them(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    messages = [owner.message(room) for _ in range(200)]
    await asyncio.gather(*(owner.wire.ask(message) for message in messages))
    items = await whole_log(owner, room)
    assert [item.entry for item in items[1:]] == [message.sealed for message in messages]


async def test_sending_again_after_a_restart_returns_the_first_answer(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    message = owner.message(room)
    first = await owner.wire.ask(message)
    await owner.send(room)
    await team.stop()
    await team.start()
    owner_again = await team.connect(team.people["owner"])
    assert await owner_again.wire.ask(message) == first
    assert len(await whole_log(owner_again, room)) == 3


async def test_everything_acknowledged_is_there_in_order_after_a_restart(team):
    owner = await team.connect(team.people["owner"])
    rooms = [await owner.create() for _ in range(5)]
    sent = {room: [] for room in rooms}
    for n in range(100):
        message = owner.message(rooms[n % 5])
        await owner.wire.ask(message)
        sent[rooms[n % 5]].append(message.sealed)
    await team.stop()
    await team.start()
    owner = await team.connect(team.people["owner"])
    for room in rooms:
        assert [item.entry for item in (await whole_log(owner, room))[1:]] == sent[room]


async def test_who_has_no_leaf_may_not_send_and_hears_nothing(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    mallory = await team.connect(await team.invited("mallory"))
    mallory.groups[room] = owner.groups[room]
    with pytest.raises(WasRefused, match="NotAMember"):
        await mallory.send(room)
    await owner.send(room)
    await mallory.sync()
    assert not mallory.wire.of(Item)


async def test_an_epoch_that_is_not_there_yet_is_stale_and_says_which_one_is(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    with pytest.raises(WasRefused, match="StaleEpoch") as refused:
        await owner.wire.ask(owner.message(room, epoch=1))
    assert refused.value.refused.current_epoch == 0


async def test_a_message_sealed_by_another_device_or_for_another_place_is_refused(team):
    owner = await team.connect(team.people["owner"])
    room, other = await owner.create(), await owner.create()
    elsewhere = owner.message(other)
    with pytest.raises(WasRefused, match="WrongPlace"):
        await owner.wire.ask(Send(elsewhere.id, room, 0, elsewhere.sealed))
    here = owner.message(room)
    with pytest.raises(WasRefused, match="Malformed"):
        await owner.wire.ask(Send(new_id(), room, 0, here.sealed))


@pytest.mark.parametrize(
    ("sealed", "code"),
    [(b"", "Malformed"), (os.urandom(96), "Malformed"), (bytes(MAX_SEALED_BYTES + 1), "TooLarge")],
)
async def test_what_is_no_sealed_message_is_refused_by_name(team, sealed, code):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    with pytest.raises(WasRefused, match=code):
        await owner.wire.ask(Send(new_id(), room, 0, sealed))
    assert (await owner.send(room)).n == 1


async def test_two_rooms_have_two_logs(team):
    owner = await team.connect(team.people["owner"])
    rooms = [await owner.create() for _ in range(3)]
    for room in rooms:
        assert [(await owner.send(room)).n for _ in range(3)] == [1, 2, 3]
