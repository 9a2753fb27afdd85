"""A server that forges, replays, withholds, reorders, rolls back, removes without cause, and keeps everything."""

import pytest

from inmost.client import Client
from tests.adversary.test_commits import life_goes_on
from tests.adversary.world import World, alarm, hears, is_in, texts, until


async def room_of_three(world: World) -> tuple[Client, Client, Client, str]:
    alice, bob, carol = await world.wake("alice", "bob", "carol")
    room = await alice.create("plans", ["bob", "carol"])
    for client in (bob, carol):
        await is_in(client, room.id)
    await alice.send(room, "before")
    for client in (bob, carol):
        await hears(client, room.id, "before")
    return alice, bob, carol, room.id


async def test_a_changed_message_is_not_shown_as_said(world: World) -> None:
    alice, bob, _, room = await room_of_three(world)
    await world.attack("Forge", kind=4, people=["bob"])
    await alice.send(room, "transfer 100")
    await world.lies.did("forged an item")
    assert (await alarm(bob, "BadSeal")).conversation == room
    assert "transfer 100" not in await texts(bob, room)
    await world.honest()
    await alice.send(room, "the next one")
    # The next message's author saw another log: that too is shown, and Bob seals nothing there any more.
    await alarm(bob, "LogForked")
    await falls_silent(world, alice, bob, room)


async def falls_silent(world: World, alice: Client, bob: Client, room: str) -> None:
    """Bob seals nothing more in this conversation, and elsewhere life goes on."""
    mark = await world.mark()
    sending = world.later(bob.send(room, "into the void"))
    other = await alice.create("elsewhere", ["bob"])
    await is_in(bob, other.id)
    await life_goes_on(other.id, alice, bob)
    assert not [one for one in await world.sent("bob", mark) if one.conversation.hex() == room], (
        "ATTACK SUCCEEDED: Bob goes on in a conversation whose log is not the others'"
    )
    sending.cancel()


async def test_a_message_that_is_left_out_for_one_reader_shows_with_the_next(world: World) -> None:
    alice, bob, carol, room = await room_of_three(world)
    await world.attack("LeaveOut", people=["bob"])
    await alice.send(room, "what bob must not know")
    await world.lies.did("left a message out")
    await hears(carol, room, "what bob must not know")
    await carol.send(room, "understood")
    await alarm(bob, "LogForked")
    await falls_silent(world, alice, bob, room)


async def test_two_messages_that_changed_places_are_shown(world: World) -> None:
    alice, bob, carol, room = await room_of_three(world)
    await world.attack("Reorder", people=["bob"])
    await alice.send(room, "sell")
    await alice.send(room, "do not sell")
    await world.lies.did("two messages changed places")
    await carol.send(room, "understood")
    try:
        await alarm(bob, "LogForked")
    except AssertionError:
        raise AssertionError("ATTACK SUCCEEDED: messages were reordered and nobody noticed") from None
    assert not [one for one in await alice.alarms() if one.kind == "LogForked"]


@pytest.mark.parametrize("cause", ["none", "somebody else's"])
async def test_a_removal_by_the_server_without_a_cause_is_dropped_and_shown(
    complicit: World, cause: str
) -> None:
    alice, bob, carol, room = await room_of_three(complicit)
    await complicit.server.do("lax", is_lax=True)
    victim = complicit.device("carol").device
    # An entry that is there, and has nothing to do with Carol.
    cause_n = complicit.device("bob").added_n if cause != "none" else None
    await complicit.server.do(
        "propose_remove", conversation=bytes.fromhex(room), device=victim, cause_n=cause_n
    )
    for client in (alice, bob, carol):
        await alarm(client, "RemovalWithoutCause")
        count = (await client.conversation(room)).device_count
        assert count == 3, "ATTACK SUCCEEDED: the server removed somebody without a cause"
    await life_goes_on(room, alice, bob, carol)


async def test_a_message_is_not_accepted_in_another_conversation(complicit: World) -> None:
    alice, bob, carol, room = await room_of_three(complicit)
    other = await alice.create("elsewhere", ["bob", "carol"])
    for client in (bob, carol):
        await is_in(client, other.id)
    said = await alice.send(room, "yes")
    sealed = next(entry for n, _, entry in complicit.log(bytes.fromhex(room)) if n == said.n)
    device = complicit.device("alice").device
    await complicit.server.do(
        "append", conversation=bytes.fromhex(other.id), kind=4, entry=sealed, device=device
    )
    for client in (bob, carol):
        assert (await alarm(client, "BadSeal")).conversation == other.id
        assert "yes" not in await texts(client, other.id), (
            "ATTACK SUCCEEDED: a message counts in another conversation"
        )
    await life_goes_on(other.id, alice, bob, carol)


async def test_a_message_that_is_repeated_is_shown_once(complicit: World) -> None:
    alice, bob, carol, room = await room_of_three(complicit)
    said = await alice.send(room, "one coffee please")
    sealed = next(entry for n, _, entry in complicit.log(bytes.fromhex(room)) if n == said.n)
    device = complicit.device("alice").device
    for _ in range(2):
        last = await complicit.server.do(
            "append", conversation=bytes.fromhex(room), kind=4, entry=sealed, device=device
        )
    for client in (bob, carol):
        await until(lambda client=client: has_taken(client, room, last))
        count = (await texts(client, room)).count("one coffee please")
        assert count == 1, f"ATTACK SUCCEEDED: a repeated message is shown {count} times"
    await life_goes_on(room, alice, bob, carol)


async def has_taken(client: Client, room: str, n: int) -> bool:
    """Whether this device has verified the log that far."""
    seen = await client.host.view("conversations")
    return any(one["conversation"].hex() == room and one["n"] >= n for one in seen)


async def test_a_removed_member_cannot_insert_a_message_after_its_removal(complicit: World) -> None:
    """With the server's help: sealed with the keys of before, put into the log after."""
    alice, bob, _, room = await room_of_three(complicit)
    conversation, carol = bytes.fromhex(room), complicit.device("carol").device
    await complicit.sleep("carol")
    thief = await complicit.attacker("carol")
    await alice.remove(room, ["carol"])
    seen = complicit.head(conversation)
    made = await thief.do("seal", conversation=conversation, text="I never left", seen=seen)
    last = await complicit.server.do(
        "append", conversation=conversation, kind=4, entry=made["sealed"], device=carol
    )
    for client in (alice, bob):
        await until(lambda client=client: has_taken(client, room, last))
        said = await texts(client, room)
        assert "I never left" not in said, "ATTACK SUCCEEDED: a removed member speaks in the conversation"
    await life_goes_on(room, alice, bob)


async def test_a_member_cannot_speak_as_another(complicit: World) -> None:
    alice, bob, _, room = await room_of_three(complicit)
    await complicit.sleep("carol")
    mallory = await complicit.attacker("carol")
    made = await mallory.do(
        "seal", conversation=bytes.fromhex(room), text="I resign. Bob", device=complicit.device("bob").device
    )
    await complicit.server.do(
        "append",
        conversation=bytes.fromhex(room),
        kind=4,
        entry=made["sealed"],
        device=complicit.device("bob").device,
    )
    for client in (alice, bob):
        assert (await alarm(client, "BadSeal")).conversation == room
        assert "I resign. Bob" not in await texts(client, room), "ATTACK SUCCEEDED: Carol speaks as Bob"
    await life_goes_on(room, alice, bob)


async def test_an_old_vault_is_refused_and_shown(world: World) -> None:
    await world.wake("bob")
    user = world.who("bob").user
    old = world.vault_of(user)
    version = world.who("bob").vault
    assert version is not None
    await world.recover("bob", "bob-2", revoke_others=True)

    async def is_newer() -> bool:
        now = world.who("bob").vault
        return now is not None and now[0] > version[0]

    await world.wake("bob-2")
    await until(is_newer, 90, "a newer vault")
    await world.sleep("bob-2")
    await world.attack("OldVault", vault=old)
    await world.recover("bob", "bob-3", revoke_others=False)
    await world.lies.did("gave an old vault")
    third = await world.wake_without_sync("bob-3")
    try:
        await alarm(third, "VaultRolledBack")
    except AssertionError:
        raise AssertionError("ATTACK SUCCEEDED: an old vault was taken for the newest") from None
    await world.honest()
    await third.ready(60)


@pytest.mark.parametrize("how", ["removed", "left", "suspended"])
async def test_whoever_is_out_opens_nothing_sealed_after_with_all_that_a_hoarding_server_keeps(
    world: World, how: str
) -> None:
    alice, bob, carol, room = await room_of_three(world)
    if how == "left":
        await carol.leave(room)
        await is_in(carol, room, "removed")
    await world.sleep("carol")
    thief = await world.attacker("carol")
    if how == "removed":
        await alice.remove(room, ["carol"])
    elif how == "suspended":
        await alice.suspend("carol")
    await alice.send(room, "after, by Alice")
    await hears(bob, room, "after, by Alice")
    await bob.rotate(room)
    await bob.send(room, "after, by Bob")
    await hears(alice, room, "after, by Bob")
    opened = await thief.do("open", databases=[str(world.server.database)])
    said = {content[1] for *_, content in opened if content[0] == "text"}
    assert "before" in said  # what opens is found
    secret = said & {"after, by Alice", "after, by Bob"}
    assert not secret, f"ATTACK SUCCEEDED: opened {secret}"
