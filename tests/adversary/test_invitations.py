"""Somebody who reads the mail claims an invitation before the invited person does."""

import time
from collections.abc import Awaitable

from inmost.client import Client
from inmost.errors import Refused
from tests.adversary.world import World, alarm, hears, is_in, until


async def test_a_second_claim_suspends_both_and_shows_it(world: World) -> None:
    alice, bob = await world.wake("alice", "bob")
    link = await alice.invite("dora", expires_ms=time.time_ns() // 1_000_000 + 3_600_000)
    await world.join(link, "reader", "other")
    (reader,) = await world.wake("reader")
    room = await alice.create("plans", ["bob", "dora"])
    for client in (bob, reader):
        await is_in(client, room.id)
    await alice.send(room, "before anybody knew")
    await hears(reader, room.id, "before anybody knew")
    assert await refusal(world.join(link, "dora")) == "InvitationClaimedTwice", (
        "ATTACK SUCCEEDED: one invitation let two people in"
    )
    await shown_everywhere(alice, bob)
    await until(lambda: is_gone(reader), what="the mail reader's connection")
    await world.sleep("reader")
    thief = await world.attacker("reader")
    answer = await thief.do("connect", origin=world.organisation.origins["other"])
    assert answer == "DeviceInactive", "ATTACK SUCCEEDED: the mail reader is still in after the second claim"
    await alice.send(room, "now that we know")
    await hears(bob, room.id, "now that we know")
    opened = await thief.do("open", databases=[str(world.server.database)])
    said = [content[1] for *_, content in opened if content[0] == "text"]
    assert "before anybody knew" in said
    assert "now that we know" not in said, "ATTACK SUCCEEDED: the mail reader opens what was sealed after"


async def refusal(joining: Awaitable[object]) -> str | None:
    """The code it was refused with, if it was."""
    try:
        await joining
    except Refused as refused:
        return refused.code
    return None


async def shown_everywhere(*clients: Client) -> None:
    """Everybody is told, and everybody sees both as suspended."""
    for client in clients:
        assert await alarm(client, "InvitationClaimedTwice")
        both = [person for person in await client.people() if person.account == "dora"]
        assert len(both) == 2
        assert all(person.is_suspended for person in both), "ATTACK SUCCEEDED: a double claim suspends nobody"


async def is_gone(client: Client) -> bool:
    return not client.is_online


async def test_an_invitation_that_was_withdrawn_lets_nobody_in(world: World) -> None:
    (alice,) = await world.wake("alice")
    link = await alice.invite("dora", expires_ms=time.time_ns() // 1_000_000 + 3_600_000)
    invitation = next(one for one in world.known().invitations() if one.account == "dora")
    await alice.host.command("withdraw", invitation=invitation.invitation)
    assert await refusal(world.join(link, "dora")), "ATTACK SUCCEEDED: a withdrawn invitation was claimed"
    assert world.known().user_by_account("dora") is None


async def test_an_invitation_that_has_run_out_lets_nobody_in(world: World) -> None:
    (alice,) = await world.wake("alice")
    soon = time.time_ns() // 1_000_000 + 1_500
    link = await alice.invite("dora", expires_ms=soon)
    await until(lambda: is_past(soon))
    assert await refusal(world.join(link, "dora")), (
        "ATTACK SUCCEEDED: an invitation was claimed that had run out"
    )
    assert world.known().user_by_account("dora") is None


async def is_past(time_ms: int) -> bool:
    return time.time_ns() // 1_000_000 > time_ms
