"""A plain member writes where only owners and moderators may: the server refuses it, and members drop and show what it lets through."""

from typing import Any

from inmost.client import Client
from inmost_protocol import decode_told, encode
from inmost_protocol.conversations import Accepted, Commit
from inmost_protocol.frames import Refused
from inmost_protocol.messages import Send
from tests.adversary.speaking import Attacker
from tests.adversary.test_commits import leaf_of
from tests.adversary.world import World, alarm, decoded, hears, is_in, texts, until


async def board_of_three(world: World) -> tuple[Client, Client, str, Attacker]:
    """Alice's announcement channel with Bob and Mallory, who then turns malicious."""
    alice, bob, mallory = await world.wake("alice", "bob", "mallory")
    board = await alice.create("board", ["bob", "mallory"], "channel", announcement=True)
    for client in (bob, mallory):
        await is_in(client, board.id)
    await alice.send(board, "official")
    for client in (bob, mallory):
        await hears(client, board.id, "official")
    await world.sleep("mallory")
    return alice, bob, board.id, await world.connected("mallory")


async def announced(world: World, mallory: Attacker, board: str, text: str) -> str:
    """How the server answers to a message that is right in all but who says it."""
    conversation = bytes.fromhex(board)
    seen = world.head(conversation)
    sealed: dict[str, Any] = await mallory.do("seal", conversation=conversation, text=text, seen=seen)
    frame = encode(Send(sealed["id"], conversation, sealed["epoch"], sealed["sealed"]))
    answer = decode_told(await mallory.do("ask", frame=frame))
    return answer.code if isinstance(answer, Refused) else type(answer).__name__


async def test_a_plain_members_announcement_reaches_nobody(world: World) -> None:
    alice, bob, board, mallory = await board_of_three(world)
    mark = await world.mark()
    answer = await announced(world, mallory, board, "free speech")
    assert answer != "Accepted", "ATTACK SUCCEEDED: the server took a plain member's announcement"
    assert answer == "NotAllowed"
    assert not await world.seen(mark, "bob", "told")
    await alice.send(board, "the next one")
    await hears(bob, board, "the next one")


async def test_an_announcement_that_a_complicit_server_lets_through_is_dropped_and_shown(
    complicit: World,
) -> None:
    alice, bob, board, mallory = await board_of_three(complicit)
    await complicit.server.do("let_all_speak")
    assert await announced(complicit, mallory, board, "free speech") == "Accepted"
    await complicit.server.did("let somebody speak")
    await alice.send(board, "the next one")
    await hears(bob, board, "the next one")
    for client in (alice, bob):
        assert "free speech" not in await texts(client, board), (
            "ATTACK SUCCEEDED: a plain member's announcement is shown"
        )
        shown = await alarm(client, "NotAllowed")
        assert (shown.conversation, shown.person) == (board, complicit.who("mallory").user.hex())


async def test_a_moderator_whom_the_organisation_made_a_guest_removes_nobody_any_more(
    complicit: World,
) -> None:
    """The demotion counts at members too: the commit names the directory, and they know its newest entry."""
    world = complicit
    alice, bob, carol, mallory = await world.wake("alice", "bob", "carol", "mallory")
    room = await alice.create("plans", ["bob", "carol", "mallory"], "channel")
    for client in (bob, carol, mallory):
        await is_in(client, room.id)
    await alice.change_settings(room, guests=True)
    await alice.set_conversation_role(room, "mallory", "moderator")

    async def is_moderator() -> bool:
        return (await mallory.conversation(room.id)).role == "moderator"

    await until(is_moderator, what="Mallory a moderator")
    await world.sleep("mallory")
    await alice.set_role("mallory", "guest")
    attacker = await world.connected("mallory")
    conversation = bytes.fromhex(room.id)
    victim = await leaf_of(attacker, room.id, world.device("carol").device)
    await world.server.do("lax", is_lax=True)
    await attacker.do("learn", entries=world.directory())
    frame = decoded(await attacker.do("commit", conversation=conversation, removes=[victim]), Commit)
    answer = decode_told(await attacker.do("ask", frame=encode(frame)))
    assert isinstance(answer, Accepted), answer
    for client in (alice, bob):
        shown = await alarm(client, "CommitRefused")
        assert "NotAllowed" in shown.words
        assert len((await client.conversation(room.id)).people) == 4, (
            "ATTACK SUCCEEDED: a member followed the commit of somebody who is a guest now"
        )
