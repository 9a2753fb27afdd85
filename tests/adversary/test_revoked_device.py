"""A revoked device, with its full disk and the server's help, wants back in. It opens nothing that is sealed after."""

import asyncio

from inmost.client import Client
from inmost.errors import SignedOut
from inmost_protocol import decode_told, encode
from inmost_protocol.conversations import Commit
from tests.adversary.malicious_server import changed
from tests.adversary.speaking import Attacker
from tests.adversary.test_commits import group_now, life_goes_on
from tests.adversary.world import World, alarm, decoded, hears, is_in, until


async def room_with_two_bobs(world: World) -> tuple[Client, Client, Client, str]:
    """Alice, Carol and Bob, who has two devices and uses the second from here on; the first one's disk is there to be stolen."""
    await world.recover("bob", "bob-2", revoke_others=False)
    alice, carol, first, second = await world.wake("alice", "carol", "bob", "bob-2")
    room = await alice.create("plans", ["bob", "carol"])
    for client in (carol, first, second):
        await is_in(client, room.id)
    await alice.send(room, "before")
    for client in (carol, first, second):
        await hears(client, room.id, "before")
    await world.sleep("bob")
    return alice, carol, second, room.id


async def readable(world: World, thief: Attacker, room: str) -> list[str]:
    """What the disk opens there, with every byte of the server."""
    opened = await thief.do("open", databases=[str(world.server.database)])
    return [
        content[1]
        for conversation, _, content in opened
        if conversation.hex() == room and content[0] == "text"
    ]


async def is_out(client: Client, room: str, devices: int) -> None:
    """Wait until only so many leaves are left."""

    async def so() -> bool:
        return (await client.conversation(room)).device_count == devices

    await until(so, what="the revoked leaf is gone")


async def test_a_revoked_device_does_not_get_back_in_at_an_honest_server(world: World) -> None:
    alice, carol, bob, room = await room_with_two_bobs(world)
    thief = await world.attacker("bob")
    await bob.revoke(world.device("bob").device.hex())
    for client in (alice, carol, bob):
        await is_out(client, room, 3)
    answer = await thief.do("connect", origin=world.organisation.origins["bob"])
    assert answer != "", "ATTACK SUCCEEDED: a revoked device signed in"
    assert answer == "DeviceInactive"
    # Carol lends it her connection: the commit is still not hers.
    await world.sleep("carol")
    accomplice = await world.connected("carol")
    group = await group_now(accomplice, bytes.fromhex(room))
    await thief.do("learn", entries=world.directory())
    frame = await thief.do("external", conversation=bytes.fromhex(room), **group)
    answer = decode_told(await accomplice.do("ask", frame=frame))
    assert type(answer).__name__ == "Refused", "ATTACK SUCCEEDED: the revoked device is in again"
    (carol,) = await world.wake("carol")
    await alice.send(room, "after")
    for client in (carol, bob):
        await hears(client, room, "after")
    opened = await readable(world, thief, room)
    assert "before" in opened  # the search opens what can be opened
    assert "after" not in opened, "ATTACK SUCCEEDED: the revoked device opens what was sealed after"


async def test_a_revoked_device_signed_in_before_is_out_within_a_second(world: World) -> None:
    _, _, bob, _ = await room_with_two_bobs(world)
    (first,) = await world.wake("bob")
    ended = asyncio.get_running_loop().create_future()
    first.host.subscribe(lambda event: ended.set_result(event[1]["why"]) if event[0] == "ended" else None)
    await bob.revoke(world.device("bob").device.hex())
    async with asyncio.timeout(1):
        assert isinstance(await ended, SignedOut)
    thief = await world.attacker("bob")
    answer = await thief.do("connect", origin=world.organisation.origins["bob"])
    assert answer != "", "ATTACK SUCCEEDED: a revoked device signed in"
    assert answer == "DeviceInactive"


async def test_a_revoked_device_with_a_backdated_head_is_shown_and_removed_and_opens_nothing(
    complicit: World,
) -> None:
    world = complicit
    _, _, bob, room = await room_with_two_bobs(world)
    conversation = bytes.fromhex(room)
    await world.sleep("alice")
    await world.sleep("carol")
    thief = await world.attacker("bob")
    accomplice = await world.attacker("bob-2")
    head_before = world.known().next_n - 1
    # The server swallows the commit that removes the device, proposes no removal, and lets the device in instead.
    await world.server.do("lax", is_lax=True)
    await world.attack("SwallowCommits", people=["bob"])
    await bob.revoke(world.device("bob").device.hex())
    await world.sleep("bob-2")
    await accomplice.do("connect", origin=world.organisation.origins["bob"])
    group = await group_now(accomplice, conversation)
    frame = await thief.do("external", conversation=conversation, **group, dir_n=head_before)
    device = world.device("bob")
    assert await world.server.do("commit", frame=frame, device=device.device, user=device.user) == ""
    await world.honest()
    await world.server.do("forget_pending", conversation=conversation)
    alice, carol, bob = await world.wake("alice", "carol", "bob-2")
    shown = await alarm(alice, "BackdatedDevice")
    assert shown.device == device.device.hex()
    await alice.send(room, "after")
    for client in (carol, bob):
        await hears(client, room, "after")
    opened = await readable(world, thief, room)
    assert "before" in opened
    assert "after" not in opened, (
        "ATTACK SUCCEEDED: a revoked device that came in by an old head opens what was sealed after"
    )
    for client in (alice, carol, bob):
        await is_out(client, room, 3)


async def test_a_revoked_device_with_a_head_older_than_its_removal_is_refused_by_members(
    complicit: World,
) -> None:
    world = complicit
    alice, carol, bob, room = await room_with_two_bobs(world)
    thief = await world.attacker("bob")
    head_before = world.known().next_n - 1
    device = world.device("bob")
    await bob.revoke(device.device.hex())
    for client in (alice, carol, bob):
        await is_out(client, room, 3)
    await world.server.do("lax", is_lax=True)
    await world.sleep("bob-2")
    accomplice = await world.connected("bob-2")
    group = await group_now(accomplice, bytes.fromhex(room))
    frame = await thief.do("external", conversation=bytes.fromhex(room), **group, dir_n=head_before)
    await world.server.do("commit", frame=frame, device=device.device, user=device.user)
    for client in (alice, carol):
        await alarm(client, "CommitRefused")
        count = (await client.conversation(room)).device_count
        assert count == 3, (
            "ATTACK SUCCEEDED: members let a revoked device in by a head older than its removal"
        )
    other = await alice.create("elsewhere", ["carol"])
    await is_in(carol, other.id)
    await life_goes_on(other.id, alice, carol)
    assert "before" in await readable(world, thief, room)


async def test_somebody_elses_commit_is_not_taken_from_a_member(world: World) -> None:
    """A member hands in a commit under another request's name: the second answer is the first one's, nothing else happens."""
    alice, carol, _, room = await room_with_two_bobs(world)
    await world.sleep("bob-2")
    mallory = await world.connected("bob-2")
    right = decoded(await mallory.do("commit", conversation=bytes.fromhex(room)), Commit)
    await world.sleep("carol")
    accomplice = await world.connected("carol")
    answer = decode_told(await accomplice.do("ask", frame=encode(changed(right, id=bytes(16)))))
    assert type(answer).__name__ == "Refused", (
        "ATTACK SUCCEEDED: a commit was taken from somebody else's connection"
    )
    (carol,) = await world.wake("carol")
    await life_goes_on(room, alice, carol)
