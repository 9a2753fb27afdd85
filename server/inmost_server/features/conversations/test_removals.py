"""Whom the directory shuts out: nothing is accepted past the entry, and the server proposes the removal."""

import pytest

from inmost_protocol.conversations import FetchLog, Item
from inmost_server.clock import now_ms
from server.kit.wire import WasRefused, new_id


async def test_posts_wait_from_the_entry_on_that_revokes_a_leaf(team):
    owner = team.people["owner"]
    first = await team.connect(owner)
    second_device = await team.further_device(owner)
    room = await first.create()
    await first.send(room)
    waiting = [first.message(room) for _ in range(3)]
    revoke = owner.revoke(team.directory, owner.device.id, now_ms(), by_recovery=True)
    await team.append(revoke)
    assert (await first.wire.closed()).code == "revoked"
    conversation = team.server.live.get(room)
    assert conversation.pending == {owner.device.id}
    await team.server.removals.finished()
    second = await team.connect(second_device)
    page = await second.wire.ask(FetchLog(new_id(), room, 0, 200, without_messages=False))
    assert [item.kind for item in page.items] == [1, 4, 3]
    second.groups = first.groups
    with pytest.raises(WasRefused, match="NotAMember"):
        await second.wire.ask(waiting[0])


async def test_a_crash_between_entry_and_proposal_is_made_good_at_the_next_start(team):
    bob = await team.invited("bob")
    talker = await team.connect(bob)
    room = await talker.create()
    owner = team.people["owner"]
    team.server.directory.told.clear()  # as if the process had died right after the entry was durable
    await team.append(owner.entry(team.directory, "suspend", [bob.user, True], now_ms()))
    await team.stop()
    await team.start()
    for task in team.server._tasks[:1]:
        await task
    rows = team.server.live.get(room)
    await team.server.commits.propose_removals(room)
    assert rows.pending == {bob.device.id}
    from inmost_server.features.conversations import log

    kinds = await team.server.store.read(
        lambda reader: [item.kind for item in log.page(reader, room, 0, 10, 10, without_messages=False)]
    )
    assert kinds == [1, 3]


async def test_everybody_still_in_hears_of_the_proposal(team):
    owner = team.people["owner"]
    first = await team.connect(owner)
    room = await first.create()
    watcher = await team.connect(await team.further_device(owner))
    team.server.connections.follow(watcher.device.id, [room])
    await team.append(owner.revoke(team.directory, owner.device.id, now_ms(), by_recovery=True))
    items = await watcher.wire.next(Item, 1)
    assert [item.kind for item in items] == [3]
