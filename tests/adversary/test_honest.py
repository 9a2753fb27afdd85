"""Without an attack, everything works behind the server that could lie: else no refusal would mean anything."""

from tests.adversary.world import World, hears, is_in


async def test_behind_the_lying_server_honest_life_goes_on(world: World) -> None:
    alice, bob = await world.wake("alice", "bob")
    room = await alice.create("plans", ["bob"])
    await alice.send(room, "first")
    await is_in(bob, room.id)
    await hears(bob, room.id, "first")
    await bob.send(room.id, "second")
    await hears(alice, room.id, "second")
    assert not await alice.alarms()
    assert not await bob.alarms()
