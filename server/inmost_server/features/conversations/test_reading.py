"""Pages of a log: bounded, gapless, chained, and only for who may read."""

import hashlib

import pytest

from inmost_engine.public import log_next, log_start
from inmost_protocol.conversations import (
    CreateConversation,
    FetchGroup,
    FetchLinks,
    FetchLog,
    FetchOnline,
    FetchTree,
    Sync,
)
from inmost_protocol.limits import MAX_PAGE_BYTES, MAX_PAGE_ITEMS
from server.kit.mls import group_of_one
from server.kit.wire import WasRefused, new_id


def fetch(room, first=0, limit=MAX_PAGE_ITEMS, without_messages=False):
    return FetchLog(new_id(), room, first, limit, without_messages)


async def test_a_page_has_at_most_as_many_items_as_the_protocol_says(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    for _ in range(MAX_PAGE_ITEMS + 20):
        await owner.send(room)
    page = await owner.wire.ask(fetch(room, limit=10_000))
    assert len(page.items) == MAX_PAGE_ITEMS
    assert page.next_n == MAX_PAGE_ITEMS + 21


async def test_a_page_of_large_messages_ends_early_and_the_next_goes_on_without_a_gap(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    size = 130_000
    count = MAX_PAGE_BYTES // size + 3
    for _ in range(count):
        await owner.send(room, size=size)
    first = await owner.wire.ask(fetch(room))
    assert sum(len(item.entry) for item in first.items) <= MAX_PAGE_BYTES
    second = await owner.wire.ask(fetch(room, first=len(first.items)))
    numbers = [item.n for item in (*first.items, *second.items)]
    assert numbers == list(range(count + 1))


async def test_every_page_continues_the_hash_of_the_one_before(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    for _ in range(30):
        await owner.send(room)
    expected = log_start(room, owner.groups[room])
    for first in range(0, 31, 7):
        page = await owner.wire.ask(fetch(room, first, 7))
        assert page.hash_before == expected
        for item in page.items:
            expected = log_next(expected, item.n, item.kind, hashlib.sha256(item.entry).digest())
    group = await owner.wire.ask(FetchGroup(new_id(), room))
    assert (group.n, group.hash) == (30, expected)


async def test_without_messages_a_page_has_their_digests_and_everything_else_whole(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    messages = [owner.message(room) for _ in range(400)]
    for message in messages:
        await owner.wire.ask(message)
    page = await owner.wire.ask(fetch(room, limit=20_000, without_messages=True))
    assert len(page.items) == 401
    assert page.items[0].entry is not None
    assert [item.digest for item in page.items[1:]] == [
        hashlib.sha256(message.sealed).digest() for message in messages
    ]
    assert all(item.entry is None for item in page.items[1:])


async def test_a_page_beyond_the_end_is_empty_once_and_then_refused(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    assert (await owner.wire.ask(fetch(room, first=1))).items == []
    with pytest.raises(WasRefused, match="NotFound"):
        await owner.wire.ask(fetch(room, first=2))
    with pytest.raises(WasRefused, match="Malformed"):
        await owner.wire.ask(fetch(room, first=-1))


async def test_an_outsider_learns_nothing_of_a_conversation_not_even_that_it_is_there(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    mallory = await team.connect(await team.invited("mallory"))
    said = []
    for place in (room, new_id()):
        for frame in (
            fetch(place),
            FetchGroup(new_id(), place),
            FetchTree(new_id(), place, 0),
            FetchLinks(new_id(), place, 0, 3),
            FetchOnline(new_id(), place),
        ):
            with pytest.raises(WasRefused) as refused:
                await mallory.wire.ask(frame)
            said.append((refused.value.code, refused.value.refused.words))
    assert said[:5] == said[5:]


async def test_an_own_further_device_may_see_the_group_it_can_join(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    await owner.send(room)
    further = await team.connect(await team.further_device(team.people["owner"]))
    group = await further.wire.ask(FetchGroup(new_id(), room))
    assert (group.group, group.epoch, group.n) == (owner.groups[room], 0, 1)
    assert len((await further.wire.ask(fetch(room))).items) == 2


async def test_who_is_online_is_for_members(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    online = await owner.wire.ask(FetchOnline(new_id(), room))
    assert online.devices == [owner.device.id]


async def test_a_conversation_is_created_once(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    with pytest.raises(WasRefused, match="ConversationExists"):
        await owner.create(conversation=room)


async def test_creating_again_with_the_same_request_returns_the_first_answer(team):
    owner = await team.connect(team.people["owner"])
    made = group_of_one(owner.device, "group", owner.server_key)
    frame = CreateConversation(new_id(), new_id(), made.id, made.group_info, made.tree)
    assert await owner.wire.ask(frame) == await owner.wire.ask(frame)


async def test_somebody_elses_group_cannot_be_created(team):
    owner = await team.connect(team.people["owner"])
    mallory = await team.invited("mallory")
    made = group_of_one(mallory.device, "group", owner.server_key)
    frame = CreateConversation(new_id(), new_id(), made.id, made.group_info, made.tree)
    with pytest.raises(WasRefused, match="IdentityMismatch"):
        await owner.wire.ask(frame)


async def test_sync_says_where_everything_stands_page_by_page(team):
    owner = await team.connect(team.people["owner"])
    rooms = sorted([await owner.create() for _ in range(7)])
    await owner.send(rooms[3])
    synced = await owner.sync()
    assert [state.conversation for state in synced.conversations] == rooms
    assert [state.next_n for state in synced.conversations] == [1, 1, 1, 2, 1, 1, 1]
    assert all(state.is_member for state in synced.conversations)
    assert not synced.more
    rest = await owner.wire.ask(Sync(new_id(), rooms[4]))
    assert [state.conversation for state in rest.conversations] == rooms[5:]
    further = await team.connect(await team.further_device(team.people["owner"]), sync=False)
    states = (await further.sync()).conversations
    assert [(state.conversation, state.is_member) for state in states] == [(room, False) for room in rooms]
    stranger = await team.connect(await team.invited("stranger"), sync=False)
    assert (await stranger.sync()).conversations == []
