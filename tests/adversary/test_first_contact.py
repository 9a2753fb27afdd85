"""The server gives somebody else for Bob, at first contact. Alice's client, unaided, refuses before anything is sealed to him."""

import time

from inmost.client import Client
from inmost.errors import InmostError
from inmost_protocol.conversations import Commit
from inmost_protocol.messages import Send
from tests.adversary.world import OWNER, World, alarm, alarms, hears, is_in, until


async def no_way_to(alice: Client, world: World, account: str) -> None:
    """Alice tries; nothing that somebody but herself could open leaves her."""
    mark = await world.mark()
    refused = False
    try:
        await alice.send(await alice.direct(account), "the safe's number is 4711")
    except InmostError:
        refused = True
    for frame in await world.sent("alice", mark):
        assert not isinstance(frame, Commit), "ATTACK SUCCEEDED: a false identity was added to a conversation"
        assert not isinstance(frame, Send) or frame.epoch == 0, (
            "ATTACK SUCCEEDED: a message left for a false identity"
        )
    assert refused, "ATTACK SUCCEEDED: Alice is told that her message is on its way"


async def all_is_well(alice: Client, world: World) -> None:
    """Honest life goes on."""
    await world.honest()
    (bob,) = await world.wake("bob")
    room = await alice.create("plans", ["bob"])
    await alice.send(room, "now then")
    await is_in(bob, room.id)
    await hears(bob, room.id, "now then")


async def test_a_key_package_in_bobs_name_with_the_servers_key_is_not_used(world: World) -> None:
    (alice,) = await world.wake("alice")
    bob = world.device("bob")
    org = world.known().org
    await world.attack("FalseKey", org=org, user=bob.user, device=bob.device, position=bob.position)
    await no_way_to(alice, world, "bob")
    assert (await alarm(alice, "IdentityMismatch")).device == bob.device.hex()
    await all_is_well(alice, world)


async def test_another_members_key_package_is_not_taken_for_bobs(world: World) -> None:
    (alice,) = await world.wake("alice")
    bob, mallory = world.device("bob"), world.device("mallory")
    accomplice = await world.attacker("mallory")
    package = await accomplice.do(
        "key_package", user=mallory.user, device=mallory.device, position=mallory.position, own_key=True
    )
    await world.attack("SwapKeyPackages", packages=[[bob.user, bob.device, package]])
    await no_way_to(alice, world, "bob")
    assert await alarm(alice, "IdentityMismatch")
    await all_is_well(alice, world)


async def test_a_device_that_is_not_in_the_directory_is_not_added_for_bob(world: World) -> None:
    (alice,) = await world.wake("alice")
    bob = world.device("bob")
    org = world.known().org
    await world.attack("FalseKey", org=org, user=bob.user, device=bytes(16), position=1)
    await no_way_to(alice, world, "bob")
    await all_is_well(alice, world)


async def test_a_claim_with_the_servers_keys_does_not_get_into_the_directory(world: World) -> None:
    (alice,) = await world.wake("alice")
    link = await alice.invite("erin", expires_ms=time.time_ns() // 1_000_000 + 3_600_000)
    await world.sleep("alice")
    await world.join(link, "erin")
    claim = world.who("erin").claimed_n
    await world.attack("FalseClaim", number=claim)
    alice = await world.wake_without_sync("alice")

    async def believed() -> bool:
        return "erin" in [person.account for person in await alice.people()]

    async def settled() -> bool:
        return await believed() or bool(await alarms(alice, "ServerMisbehaved"))

    await until(settled)
    assert not await believed(), "ATTACK SUCCEEDED: the server's own keys stand in the directory as erin"
    await no_way_to(alice, world, "erin")
    await world.honest()
    await world.sleep("alice")
    (alice,) = await world.wake("alice")
    erin = (await world.wake("erin"))[0]
    room = await alice.create("plans", ["erin"])
    await alice.send(room, "welcome")
    await is_in(erin, room.id)
    await hears(erin, room.id, "welcome")


async def test_a_welcome_into_a_group_with_a_false_bob_is_not_used(world: World) -> None:
    alice, bob = await world.wake("alice", "bob")
    known, leaf, head = world.known(), world.device("bob"), world.known().head()
    # A key package of Alice's, as the server has a hundred of.
    package = world.key_package_of(world.device("alice").device)
    await world.attack(
        "FalseRoom",
        org=known.org,
        friend=[leaf.user, leaf.device, leaf.position],
        package=package,
        server_key=known.server_key(),
        head=list(head or ()),
        time_ms=time.time_ns() // 1_000_000,
    )
    mark = await world.mark()
    room = (await world.lies.do("welcome", person="alice")).hex()
    await world.lies.did("the Welcome was taken")
    assert await alarm(alice, "IdentityMismatch")
    rooms = [conversation.id for conversation in await alice.conversations()]
    assert room not in rooms, "ATTACK SUCCEEDED: Alice is in a conversation with a false Bob"
    assert not await world.sent("alice", mark)
    await world.honest()
    real = await bob.direct(OWNER)
    await bob.send(real, "it is me")
    await is_in(alice, real.id)
    await hears(alice, real.id, "it is me")
    assert len(await alarms(alice)) == 1
