"""A malicious member commits what it may not, or what nobody can follow. No other device receives a frame of it."""

import os
import time
from typing import Any

from inmost.client import Client
from inmost_protocol import decode_told, encode
from inmost_protocol.conversations import Accepted, Commit, FetchGroup, Item, Welcomed
from inmost_protocol.frames import Refused
from tests.adversary.malicious_server import changed
from tests.adversary.speaking import Attacker
from tests.adversary.world import World, alarm, decoded, hears, is_in, texts

TEN_MINUTES_MS = 600_000


async def room_of_four(world: World) -> tuple[Client, Client, Client, str, Attacker]:
    """Alice's room with Bob, Carol and Mallory, who then turns malicious."""
    alice, bob, carol, mallory = await world.wake("alice", "bob", "carol", "mallory")
    room = await alice.create("plans", ["bob", "carol", "mallory"])
    for client in (bob, carol, mallory):
        await is_in(client, room.id)
    await alice.send(room, "before")
    for client in (bob, carol, mallory):
        await hears(client, room.id, "before")
    await world.sleep("mallory")
    attacker = await world.connected("mallory")
    return alice, bob, carol, room.id, attacker


async def leaf_of(attacker: Attacker, room: str, device: bytes) -> int:
    roster = await attacker.do("roster", conversation=bytes.fromhex(room))
    return next(leaf for leaf, _, of in roster if of == device)


async def refused(attacker: Attacker, frame: bytes) -> str:
    """How the server answers."""
    answer = decode_told(await attacker.do("ask", frame=frame))
    return answer.code if isinstance(answer, Refused) else type(answer).__name__


async def nobody_heard_of_it(world: World, mark: int) -> None:
    """No frame of a handshake reached any device but the attacker's."""
    for seen in await world.seen(mark, way="told"):
        is_handshake = isinstance(seen.frame, Welcomed) or (
            isinstance(seen.frame, Item) and seen.frame.kind != 4
        )
        assert not is_handshake or seen.person == "mallory", (
            f"ATTACK SUCCEEDED: {seen.person} was told a commit that should have been refused"
        )


async def life_goes_on(room: str, *clients: Client) -> None:
    """Everybody is heard by everybody."""
    for number, speaker in enumerate(clients):
        await speaker.send(room, f"still here: {number}")
    for listener in clients:
        for number in range(len(clients)):
            await hears(listener, room, f"still here: {number}")


async def test_a_valid_commit_that_policy_forbids_reaches_nobody(world: World) -> None:
    alice, bob, carol, room, mallory = await room_of_four(world)
    conversation = bytes.fromhex(room)
    victim, me = world.device("bob"), world.device("mallory")
    false_bob = await mallory.do(
        "key_package", user=victim.user, device=victim.device, position=victim.position
    )
    nobody = await mallory.do("key_package", user=os.urandom(32), device=os.urandom(16), position=0)
    attempts: dict[str, tuple[set[str], dict[str, Any]]] = {
        "an ordinary member removes another person": (
            {"NotAllowed"},
            {"removes": [await leaf_of(mallory, room, world.device("carol").device)]},
        ),
        "it makes itself the owner": ({"NotAllowed"}, {"role": [me.user, "owner"]}),
        "it adds its own key in Bob's name": ({"IdentityMismatch", "CommitInvalid"}, {"adds": [false_bob]}),
        "it adds a device that is in no directory": ({"IdentityMismatch"}, {"adds": [nobody]}),
        "it gives its own leaf Bob's name": (
            {"IdentityMismatch"},
            {"claimed": [victim.user, victim.device, victim.position]},
        ),
        "it names an old directory": ({"DirectoryBehind"}, {"dir_n": 1}),
        "it says it is later than it is": (
            {"ClockSkewed"},
            {"time_ms": time.time_ns() // 1_000_000 + TEN_MINUTES_MS},
        ),
    }
    mark = await world.mark()
    for attempt, (codes, what) in attempts.items():
        frame = await mallory.do("commit", conversation=conversation, **what)
        answer = await refused(mallory, frame)
        assert answer != "Accepted", f"ATTACK SUCCEEDED: the server accepted a forbidden commit: {attempt}"
        assert answer in codes, attempt
    await life_goes_on(room, alice, bob, carol)
    await nobody_heard_of_it(world, mark)


async def test_an_invalid_commit_that_policy_would_allow_reaches_nobody(world: World) -> None:
    alice, bob, carol, room, mallory = await room_of_four(world)
    conversation = bytes.fromhex(room)
    right = decoded(await mallory.do("commit", conversation=conversation), Commit)
    other = decoded(await mallory.do("commit", conversation=conversation), Commit)
    attempts = {
        "a bit of its path is flipped": changed(right, commit=flipped(right.commit, len(right.commit) // 2)),
        "its signature is another commit's": changed(right, commit=other.commit[:-200] + right.commit[-200:]),
        "its GroupInfo is another commit's": changed(right, group_info=other.group_info),
        "a bit of its GroupInfo is flipped": changed(right, group_info=flipped(right.group_info, -1)),
        "a Welcome comes with it that adds nobody": changed(right, welcome=right.group_info),
        "a bit of its link's signature is flipped": changed(right, link=flipped(right.link or b"", -1)),
        "it is for another epoch": changed(right, epoch=right.epoch + 1),
    }
    mark = await world.mark()
    for attempt, frame in attempts.items():
        answer = await refused(mallory, encode(changed(frame, id=os.urandom(16))))
        assert answer != "Accepted", f"ATTACK SUCCEEDED: the server accepted an invalid commit: {attempt}"
    await life_goes_on(room, alice, bob, carol)
    await nobody_heard_of_it(world, mark)


async def device_outside(world: World) -> tuple[Client, Client, Client, str, Attacker]:
    """Mallory's second device, malicious and in no leaf of the room, which it may come into from outside."""
    await world.recover("mallory", "mallory-2", revoke_others=False)
    alice, bob, carol, room, first = await room_of_four(world)
    second = world.device("mallory", 1).device
    out = await leaf_of(first, room, second)
    frame = await first.do("commit", conversation=bytes.fromhex(room), removes=[out])
    assert await refused(first, frame) == "Accepted"
    attacker = await world.connected("mallory-2")
    await attacker.do("learn", entries=world.directory())
    await life_goes_on(room, alice, bob, carol)
    return alice, bob, carol, room, attacker


async def external_removal(world: World, attacker: Attacker, room: str, victim: str) -> bytes:
    """An external commit that takes somebody else's leaf out."""
    conversation = bytes.fromhex(room)
    group = await group_now(attacker, conversation)
    key = world.device(victim).sig_public
    return bytes(await attacker.do("external", conversation=conversation, **group, instead_of=key))


async def test_an_external_commit_that_removes_somebody_else_reaches_nobody(world: World) -> None:
    alice, bob, carol, room, mallory = await device_outside(world)
    frame = await external_removal(world, mallory, room, "bob")
    mark = await world.mark()
    answer = await refused(mallory, frame)
    assert answer != "Accepted", "ATTACK SUCCEEDED: an external commit removed somebody else"
    assert answer == "ExternalForbidden"
    await life_goes_on(room, alice, bob, carol)
    await nobody_heard_of_it(world, mark)


async def group_now(attacker: Attacker, conversation: bytes) -> dict[str, Any]:
    """What an external joiner is given."""
    found = decode_told(await attacker.do("ask", frame=encode(FetchGroup(os.urandom(16), conversation))))
    assert not isinstance(found, Refused), found
    return {"group": found.group, "group_info": found.group_info, "tree": found.tree, "epoch": found.epoch}  # type: ignore[attr-defined]


def flipped(data: bytes, at: int) -> bytes:
    changed_ = bytearray(data)
    changed_[at] ^= 1
    return bytes(changed_)


async def members_refuse(world: World, clients: list[Client], room: str) -> None:
    """The complicit server accepted it: members show that, follow it not, and seal nothing any more where it would count."""
    await world.server.did("accepted all the same")
    for client in clients:
        shown = await alarm(client, "CommitRefused")
        assert shown.conversation == room
        assert "NotAllowed" in shown.words
        people = (await client.conversation(room)).people
        assert len(people) == 4, "ATTACK SUCCEEDED: a member followed a forbidden commit"
    mark = await world.mark()
    sealed = [one for person in ("alice", "bob") for one in await world.sent(person, mark)]
    assert not sealed
    alice = clients[0]
    other = await alice.create("elsewhere", ["bob"])
    await alice.send(other, "that was odd")
    await is_in(clients[1], other.id)
    await hears(clients[1], other.id, "that was odd")


async def test_members_refuse_a_forbidden_removal_that_a_complicit_server_lets_through(
    complicit: World,
) -> None:
    alice, bob, _, room, mallory = await room_of_four(complicit)
    await complicit.server.do("lax", is_lax=True)
    victim = await leaf_of(mallory, room, complicit.device("carol").device)
    frame = await mallory.do("commit", conversation=bytes.fromhex(room), removes=[victim])
    assert isinstance(decode_told(await mallory.do("ask", frame=frame)), Accepted)
    await members_refuse(complicit, [alice, bob], room)


async def test_members_refuse_an_external_removal_that_a_complicit_server_lets_through(
    complicit: World,
) -> None:
    alice, _, carol, room, mallory = await device_outside(complicit)
    await complicit.server.do("lax", is_lax=True)
    frame = await external_removal(complicit, mallory, room, "bob")
    assert await refused(mallory, frame) == "Accepted"
    await complicit.server.did("accepted all the same")
    for client in (alice, carol):
        assert "ExternalForbidden" in (await alarm(client, "CommitRefused")).words
        people = (await client.conversation(room)).people
        assert len(people) == 4, (
            "ATTACK SUCCEEDED: a member followed an external commit that removes somebody else"
        )


async def test_a_path_that_opens_for_some_only_loses_nobody(world: World) -> None:
    alice, bob, carol, room, mallory = await room_of_four(world)
    conversation = bytes.fromhex(room)
    frame = await mallory.do("commit", conversation=conversation, bent="half_path")
    assert await refused(mallory, frame) == "Accepted"  # nobody without the group's keys can know
    shown = [client for client in (alice, bob, carol) if await shows(client, "CommitRefused", room)]
    assert shown, "ATTACK SUCCEEDED: nobody was told of a path that does not open"
    await life_goes_on(room, alice, bob, carol)
    for client in (alice, bob, carol):
        assert "before" in await texts(client, room), "ATTACK SUCCEEDED: history was lost"


async def test_a_commit_with_a_wrong_confirmation_tag_loses_nobody(world: World) -> None:
    alice, bob, carol, room, mallory = await room_of_four(world)
    frame = await mallory.do("commit", conversation=bytes.fromhex(room), bent="confirmation_tag")
    assert await refused(mallory, frame) == "Accepted"
    for client in (alice, bob, carol):
        await alarm(client, "CommitRefused")
    await life_goes_on(room, alice, bob, carol)
    for client in (alice, bob, carol):
        assert "before" in await texts(client, room), "ATTACK SUCCEEDED: history was lost"


async def shows(client: Client, kind: str, room: str) -> bool:
    """Whether it is shown by the time this client has taken everything that was told."""
    await client.send(room, f"{client.is_online}")
    return any(alarm.kind == kind and alarm.conversation == room for alarm in await client.alarms())
