"""A member whose own client keeps no rule of content, or speaks in others' names; and a client that is newer than the others."""

from typing import Any

from inmost import Client
from inmost_protocol import decode_told, encode
from inmost_protocol.conversations import Accepted
from inmost_protocol.messages import Send
from tests.adversary.speaking import Attacker
from tests.adversary.test_commits import life_goes_on
from tests.adversary.test_server_lies import has_taken, room_of_three
from tests.adversary.world import World, alarm, hears, texts, until


async def said(world: World, by: Attacker, room: str, content: list[Any]) -> None:
    """Whatever content, sealed and signed as it should be, and taken by the server as every message is."""
    conversation = bytes.fromhex(room)
    made = await by.do("seal", conversation=conversation, content=content, seen=world.head(conversation))
    frame = encode(Send(made["id"], conversation, made["epoch"], made["sealed"]))
    assert isinstance(decode_told(await by.do("ask", frame=frame)), Accepted)


async def taken(world: World, room: str, *clients: Client) -> None:
    last = world.head(bytes.fromhex(room))[0]
    for client in clients:
        await until(lambda client=client: has_taken(client, room, last))


async def test_what_a_newer_inmost_says_is_shown_as_that_and_breaks_nothing(world: World) -> None:
    alice, bob, _, room = await room_of_three(world)
    await world.sleep("carol")
    carol = await world.connected("carol")
    for content in (
        ["hologram", 7, ["any", "shape"]],
        ["post", None, 3_600_000, ["hologram", 7]],
    ):
        await said(world, carol, room, content)
    await taken(world, room, alice, bob)
    for client in (alice, bob):
        unknown = [message for message in await client.history(room) if message.type == "unknown"]
        assert [message.expires_ms is not None for message in unknown] == [False, True]
        assert (await client.conversation(room)).unread >= 2
    await life_goes_on(room, alice, bob)


async def test_a_member_with_a_bent_client_closes_unpins_and_votes_for_nobody_else(world: World) -> None:
    alice, bob, _, room = await room_of_three(world)
    asked = await alice.poll(room, "Who leads?", ["Alice", "Carol"])
    poll = await alice.message(room, asked.n)
    await taken(world, room, bob)
    await bob.vote(await bob.message(room, asked.n), [0])
    await world.sleep("carol")
    carol = await world.connected("carol")
    reference = [bytes.fromhex(part) for part in poll.reference]
    for content in (
        ["close", reference],
        ["vote", reference, [0, 1]],  # Two where one may be chosen.
        ["vote", reference, [7]],  # An option there is not.
        ["marks", None, [["mute", bytes.fromhex(room), True, None]]],
    ):
        await said(world, carol, room, content)
    await taken(world, room, alice, bob)
    for client in (alice, bob):
        seen = (await client.message(room, asked.n)).poll
        assert seen is not None
        assert not seen.is_closed, "ATTACK SUCCEEDED: somebody else's poll is closed"
        assert seen.tally == (1, 0), "ATTACK SUCCEEDED: votes count that are none"
        assert not (await client.conversation(room)).is_muted, (
            "ATTACK SUCCEEDED: she mutes others' conversations"
        )
        await alarm(client, "BadSeal")
    await life_goes_on(room, alice, bob)


async def test_a_member_with_a_bent_client_takes_away_changes_pins_and_names_nothing_of_others(
    world: World,
) -> None:
    alice, bob, _, room = await room_of_three(world)
    await alice.change_settings(room, moderated=True)
    mine = await bob.message(room, notnone((await bob.send(room, "mine")).n))
    theirs = await alice.message(room, notnone((await alice.send(room, "for everybody")).n))
    await alice.pin(theirs)
    carol = world.clients["carol"]
    await hears(carol, room, "for everybody")
    await world.sleep("carol")
    mallory = await world.connected("carol")
    of_bob, of_alice = ([bytes.fromhex(part) for part in one.reference] for one in (mine, theirs))
    for content in (
        ["delete", of_bob],
        ["edit", of_bob, "yours", []],
        ["pin", of_alice, False],
        ["title", "Carol's"],
    ):
        await said(world, mallory, room, content)
    await taken(world, room, alice, bob)
    for client in (alice, bob):
        assert "mine" in await texts(client, room), "ATTACK SUCCEEDED: a member changes what Bob said"
        assert "for everybody" in [one.text for one in await client.pinned(room)], (
            "ATTACK SUCCEEDED: a plain member takes a pin off where only moderators may"
        )
        assert (await client.conversation(room)).title == "plans", (
            "ATTACK SUCCEEDED: a plain member names a conversation that only moderators may name"
        )
        for kind in ("BadSeal", "NotAllowed"):
            await alarm(client, kind)
    await life_goes_on(room, alice, bob)


async def test_a_vote_in_somebody_elses_name_or_played_again_does_not_count(complicit: World) -> None:
    """Carol seals one as Bob, and the server plays the one again that he has changed since."""
    alice, bob, _, room = await room_of_three(complicit)
    conversation, device = bytes.fromhex(room), complicit.device("bob").device
    asked = await alice.poll(room, "Who leads?", ["Alice", "Carol"])
    await taken(complicit, room, bob)
    poll = await bob.message(room, notnone(asked.n))
    first = await bob.vote(poll, [1])
    await bob.vote(poll, [0])
    await complicit.sleep("carol")
    mallory = await complicit.attacker("carol")
    reference = [bytes.fromhex(part) for part in poll.reference]
    forged = await mallory.do(
        "seal",
        conversation=conversation,
        content=["vote", reference, [1]],
        device=device,
        seen=complicit.head(conversation),
    )
    old = next(entry for n, _, entry in complicit.log(conversation) if n == first.n)
    for entry in (old, forged["sealed"]):
        await complicit.server.do("append", conversation=conversation, kind=4, entry=entry, device=device)
    await taken(complicit, room, alice, bob)
    for client in (alice, bob):
        seen = (await client.message(room, notnone(asked.n))).poll
        assert seen is not None
        assert seen.tally == (1, 0), "ATTACK SUCCEEDED: a vote counts that Bob did not cast, or took back"
        await alarm(client, "BadSeal")
    await life_goes_on(room, alice, bob)


def notnone(n: int | None) -> int:
    """The number of what was accepted."""
    assert n is not None
    return n
