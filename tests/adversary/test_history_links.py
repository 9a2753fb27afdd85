"""A malicious member or server spoils history links. It is named, repaired, and nobody loses history."""

import os
import secrets

from inmost.client import Client
from inmost_protocol import decode_told, encode
from inmost_protocol.conversations import PutLink
from inmost_protocol.frames import Refused
from protocol.vectors import by_document as formats
from tests.adversary.speaking import Attacker
from tests.adversary.test_commits import refused
from tests.adversary.world import World, alarm, hears, is_in, texts, until

SAID = ["the first", "the second", "the third"]


async def room_with_history(world: World) -> tuple[Client, Client, str, Attacker]:
    """Alice, Bob and Mallory, three epochs of history, and Mallory turned malicious in the last one."""
    alice, bob, mallory = await world.wake("alice", "bob", "mallory")
    room = await alice.create("plans", ["bob", "mallory"])
    for client in (bob, mallory):
        await is_in(client, room.id)
    for number, text in enumerate(SAID):
        if number:
            await alice.rotate(room.id)
        await alice.send(room, text)
    for client in (bob, mallory):
        await hears(client, room.id, SAID[-1])
    await world.sleep("mallory")
    return alice, bob, room.id, await world.connected("mallory")


async def a_new_device_reads_all(world: World, room: str, said: list[str]) -> None:
    """Carol's history would be lost first: she comes now and has nothing but the links."""
    if "carol" not in world.clients:
        await world.wake("carol")
        await world.clients["alice"].add(room, ["carol"])
    carol = world.clients["carol"]
    await is_in(carol, room)

    async def reads_all() -> bool:
        return set(said) <= set(await texts(carol, room))

    try:
        await until(reads_all)
    except AssertionError:
        lost = sorted(set(said) - set(await texts(carol, room)))
        raise AssertionError(f"ATTACK SUCCEEDED: a new device has lost {lost}") from None


async def repaired(world: World, room: str, epoch: int, by: str) -> None:
    """Wait until somebody else's link is the newest."""
    wrong = world.device(by).device

    async def is_so() -> bool:
        links = world.links(bytes.fromhex(room), epoch)
        return bool(links) and links[-1][1] != wrong

    try:
        await until(is_so)
    except AssertionError:
        raise AssertionError("ATTACK SUCCEEDED: a spoilt link was never repaired") from None


async def test_a_wrong_link_with_a_commit_is_named_and_repaired(world: World) -> None:
    alice, bob, room, mallory = await room_with_history(world)
    frame = await mallory.do("commit", conversation=bytes.fromhex(room), link="wrong")
    epoch = max(epoch for epoch, *_ in world.commits(bytes.fromhex(room))) + 1
    assert await refused(mallory, frame) == "Accepted"  # the server cannot know
    for client in (alice, bob):
        assert (await alarm(client, "WrongLink")).device == world.device("mallory").device.hex()
    await repaired(world, room, epoch + 1, by="mallory")
    await alice.send(room, "the fourth")
    await a_new_device_reads_all(world, room, [*SAID, "the fourth"])


async def test_a_missing_link_is_put_there_by_somebody_else(world: World) -> None:
    alice, _, room, mallory = await room_with_history(world)
    frame = await mallory.do("commit", conversation=bytes.fromhex(room), link="none")
    epoch = max(epoch for epoch, *_ in world.commits(bytes.fromhex(room))) + 1
    assert await refused(mallory, frame) == "Accepted"
    await repaired(world, room, epoch + 1, by="mallory")
    await alice.send(room, "the fourth")
    await a_new_device_reads_all(world, room, [*SAID, "the fourth"])


async def test_a_wrong_link_put_over_a_right_one_is_named_and_repaired(world: World) -> None:
    """Of an epoch long past; and nobody else is there to repair it than she whose link stood there."""
    alice, _, room, mallory = await room_with_history(world)
    await world.sleep("bob")
    epoch = max(epoch for epoch, *_ in world.commits(bytes.fromhex(room))) + 1
    await put_wrong_link(world, mallory, room, epoch)
    assert (await alarm(alice, "WrongLink")).device == world.device("mallory").device.hex()
    await repaired(world, room, epoch, by="mallory")
    await a_new_device_reads_all(world, room, SAID)


async def put_wrong_link(world: World, mallory: Attacker, room: str, epoch: int) -> None:
    """Over the right one: it opens, and what is in it opens nothing."""
    conversation = bytes.fromhex(room)
    who, group = await mallory.do("who"), await mallory.do("group", conversation=conversation)
    key = await mallory.do("history_key", conversation=conversation, epoch=epoch)
    plain = formats.cbor([os.urandom(32), os.urandom(32), os.urandom(32)])
    link = formats.make_link(key, group, epoch, plain)
    signature = await mallory.do("sign", label="link", item=[conversation, group, epoch, link])
    entry = formats.cbor([1, epoch, link, who["device"], signature])
    request = encode(PutLink(secrets.token_bytes(16), conversation, epoch, entry))
    answer = decode_told(await mallory.do("ask", frame=request))
    assert not isinstance(answer, Refused)  # the server cannot know


async def test_history_whose_links_are_withheld_waits_and_then_opens(world: World) -> None:
    alice, _, room, _ = await room_with_history(world)
    await world.attack("WithholdLinks")
    (carol,) = await world.wake("carol")
    await alice.add(room, ["carol"])
    await is_in(carol, room)
    await carol.history(room)
    await world.lies.did("withheld links")
    await alice.send(room, "the fourth")
    await hears(carol, room, "the fourth")
    await world.honest()
    await a_new_device_reads_all(world, room, [*SAID, "the fourth"])


async def test_a_device_that_read_a_wrong_link_takes_the_right_one_when_it_comes(world: World) -> None:
    """The others are asleep while a new device reads the wrong link; it must not defend it against who knows better."""
    alice, _, room, mallory = await room_with_history(world)
    await alice.add(room, ["carol"])
    for person in ("alice", "bob"):
        await world.sleep(person)
    # Of an epoch before Carol's time: she has nothing but its links to know it by.
    epoch = max(epoch for epoch, *_ in world.commits(bytes.fromhex(room)))
    await put_wrong_link(world, mallory, room, epoch)
    (carol,) = await world.wake("carol")
    closed = [one.reason for one in await carol.history(room) if one.type == "unreadable"]
    assert set(closed) == {"Waiting"}, "what waits for a link is not said to wait"
    (alice,) = await world.wake("alice")
    assert (await alarm(alice, "WrongLink")).device == world.device("mallory").device.hex()
    await repaired(world, room, epoch, by="mallory")
    await alice.send(room, "settled")
    await hears(carol, room, "settled")
    assert world.links(bytes.fromhex(room), epoch)[-1][1] == world.device("alice").device, (
        "ATTACK SUCCEEDED: a deceived device puts the wrong link back"
    )
    blamed = {
        one.device for client in (alice, carol) for one in await client.alarms() if one.kind == "WrongLink"
    }
    assert blamed <= {None, world.device("mallory").device.hex()}, (
        "ATTACK SUCCEEDED: an honest member is named"
    )
    await a_new_device_reads_all(world, room, [*SAID, "settled"])


async def test_a_wrong_link_does_not_take_away_what_a_device_has_read(world: World) -> None:
    """Everybody who could put it right is asleep: what has opened once stays open."""
    _, _, room, mallory = await room_with_history(world)
    await a_new_device_reads_all(world, room, SAID)
    carol = world.clients["carol"]
    for person in ("alice", "bob"):
        await world.sleep(person)
    epoch = max(epoch for epoch, *_ in world.commits(bytes.fromhex(room)))
    await put_wrong_link(world, mallory, room, epoch)
    assert (await alarm(carol, "WrongLink")).device == world.device("mallory").device.hex()
    await world.sleep("carol")
    await world.wake("carol")
    await a_new_device_reads_all(world, room, SAID)
