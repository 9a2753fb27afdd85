"""Appending to the directory over the wire."""

import asyncio

import pytest

from inmost_protocol.directory import AppendEntry, DirectoryItem, FetchDirectory
from inmost_protocol.limits import MAX_ENTRY_BYTES, MAX_PAGE_ITEMS
from inmost_server.clock import now_ms
from server.kit.wire import WasRefused, new_id


async def test_an_entry_is_appended_and_everybody_connected_hears_it(team):
    bob = await team.connect(await team.invited("bob"))
    owner = await team.connect(team.people["owner"])
    entry = team.people["owner"].entry(team.directory, "profile", ["Olga"], now_ms())
    appended = await owner.wire.ask(AppendEntry(new_id(), entry))
    told = (await bob.wire.next(DirectoryItem))[0]
    assert (told.n, told.entry) == (appended.n, entry)


async def test_appending_again_with_the_same_request_returns_the_same_number(team):
    owner = await team.connect(team.people["owner"])
    entry = team.people["owner"].entry(team.directory, "profile", ["Olga"], now_ms())
    frame = AppendEntry(new_id(), entry)
    first, second = await asyncio.gather(owner.wire.ask(frame), again(owner, frame))
    assert first.n == second
    assert team.directory.next_n == first.n + 1


async def again(talker, frame):
    await asyncio.sleep(0.2)
    return (await talker.wire.ask(frame)).n


async def test_of_two_chain_entries_at_one_place_one_is_stale(team):
    owner = team.people["owner"]
    talker = await team.connect(owner)
    before = list(owner.chain)
    _, one = owner.add_device(team.directory, now_ms())
    owner.chain = before
    _, other = owner.add_device(team.directory, now_ms())
    results = await asyncio.gather(
        *(talker.wire.ask(AppendEntry(new_id(), entry)) for entry in (one, other)), return_exceptions=True
    )
    assert [type(result).__name__ for result in results] == ["Appended", "WasRefused"]
    assert results[1].code == "StaleChain"


async def test_nobody_hands_in_somebody_elses_entry_or_a_claim(team):
    bob = await team.connect(await team.invited("bob"))
    entry = team.people["owner"].entry(team.directory, "profile", ["Olga"], now_ms())
    with pytest.raises(WasRefused, match="NotAllowed"):
        await bob.wire.ask(AppendEntry(new_id(), entry))
    with pytest.raises(WasRefused, match="TooLarge"):
        await bob.wire.ask(AppendEntry(new_id(), bytes(MAX_ENTRY_BYTES + 1)))
    with pytest.raises(WasRefused, match="Malformed"):
        await bob.wire.ask(AppendEntry(new_id(), b"nonsense"))


async def test_a_session_for_coming_back_adds_a_device_and_nothing_else(team):
    owner = team.people["owner"]
    token = team.server.sessions.open_for_recovery(owner.user).token
    wire = await team.wire()
    await wire.open(token)
    profile = owner.entry(team.directory, "profile", ["Olga"], now_ms())
    with pytest.raises(WasRefused, match="NotAllowed"):
        await wire.ask(AppendEntry(new_id(), profile))
    device, entry = owner.add_device(team.directory, now_ms(), by_recovery=True)
    await wire.ask(AppendEntry(new_id(), entry))
    assert team.directory.is_active(device.id)
    revoke = owner.revoke(team.directory, owner.device.id, now_ms(), by_recovery=True)
    await wire.ask(AppendEntry(new_id(), revoke))
    assert not team.directory.is_active(owner.device.id)


async def test_a_page_of_the_directory_is_bounded(team):
    owner = await team.connect(team.people["owner"])
    for n in range(MAX_PAGE_ITEMS):
        await team.append(team.people["owner"].entry(team.directory, "profile", [f"Olga {n}"], now_ms()))
    page = await owner.wire.ask(FetchDirectory(new_id(), 0, 10_000))
    assert len(page.entries) == MAX_PAGE_ITEMS
    rest = await owner.wire.ask(FetchDirectory(new_id(), MAX_PAGE_ITEMS, 10_000))
    assert len(page.entries) + len(rest.entries) == rest.next_n == MAX_PAGE_ITEMS + 2


async def test_the_directory_is_the_same_after_restarts_with_and_without_a_snapshot(team):
    await team.invited("bob")
    head = team.directory.head()
    await team.stop()
    await team.start()
    assert team.directory.head() == head
    await team.invited("carol")
    head = team.directory.head()
    await team.server.store.drained()
    team.server.directory.save_snapshot = no_snapshot
    await team.stop()
    await team.start()
    assert team.directory.head() == head


async def no_snapshot():
    """As after a crash."""
