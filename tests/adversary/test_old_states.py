"""The server shows old or forked states: a stale group, a Welcome that lost, two winners of one epoch."""

import asyncio
import shutil
import sqlite3

from inmost.client import Client
from inmost.models import Alarm
from inmost_protocol import encode
from inmost_protocol.conversations import Commit
from tests.adversary.test_commits import group_now, life_goes_on, refused, room_of_four
from tests.adversary.world import HonestServer, World, alarm, alarms, free_ports, hears, is_in, texts, until


async def test_a_stale_group_is_not_joined_by_a_device_that_knows_a_newer_one(world: World) -> None:
    """Whoever cannot follow a commit comes in anew, and is then given the group of two epochs ago."""
    alice, bob, carol, room, mallory = await room_of_four(world)
    conversation = bytes.fromhex(room)
    await world.attack("StaleGroup")
    old = (await group_now(mallory, conversation))["epoch"]
    await alice.rotate(room)
    await life_goes_on(room, alice, bob, carol)
    await mallory.do("catch_up", conversation=conversation, log=world.log(conversation), bent="half_path")
    await world.lies.do("stale")
    mark = await world.mark()
    frame = await mallory.do("commit", conversation=conversation)
    assert await refused(mallory, frame) == "Accepted"
    told = await world.lies.did("gave an old group")
    assert (told["epoch"], told["instead_of"]) == (old, old + 2)
    clients = {"alice": alice, "bob": bob, "carol": carol}

    async def stale_commits() -> list[str]:
        sent = {person: await world.sent(person, mark) for person in clients}
        return [
            person
            for person, frames in sent.items()
            for one in frames
            if isinstance(one, Commit) and one.epoch <= old
        ]

    async def shown() -> list[Alarm]:
        return [one for client in clients.values() for one in await alarms(client, "ServerMisbehaved")]

    async def it_shows() -> bool:
        return bool(await stale_commits() or await shown())

    await until(it_shows)
    assert not await stale_commits(), (
        "ATTACK SUCCEEDED: a device asked to come into a group that is older than what it knows"
    )
    await world.honest()
    for person in clients:
        await world.sleep(person)
    alice, bob, carol = await world.wake(*clients)
    await life_goes_on(room, alice, bob, carol)
    assert "before" in await texts(carol, room)


async def test_a_welcome_whose_commit_lost_is_not_used(complicit: World) -> None:
    world = complicit
    alice, bob, carol = await world.wake("alice", "bob", "carol")
    room = await alice.create("plans", ["bob"])
    await is_in(bob, room.id)
    await world.attack("LosingWelcome", loser="bob", instead_for="carol")
    mark = await world.mark()
    adding = world.later(bob.add(room.id, ["carol"]))
    await world.lies.did("holds a commit back")
    (lost,) = [one for one in await world.sent("bob", mark) if isinstance(one, Commit)]
    await world.lies.do("tree", tree=await world.server.do("tree_after", frame=encode(lost)))
    await alice.add(room, ["carol"])
    await world.lies.did("handed over the loser's tree")

    async def entered() -> bool:
        here = [one.state for one in await carol.conversations() if one.id == room.id]
        return bool({"member", "waiting"} & set(here))

    async def settled() -> bool:
        return bool(await alarms(carol, "CommitRefused")) or await entered()

    await until(settled)
    assert not await entered(), "ATTACK SUCCEEDED: a Welcome was used whose commit never came to pass"
    assert "a Welcome" in (await alarm(carol, "CommitRefused")).words
    await world.lies.do("let_go")
    await adding  # Bob's client sees that it is done already
    await world.honest()
    await life_goes_on(room.id, alice, bob)
    await world.sleep("carol")
    (carol,) = await world.wake("carol")
    await is_in(carol, room.id)
    await life_goes_on(room.id, alice, bob, carol)


async def test_two_winners_of_one_epoch_show_and_the_removed_member_reads_nothing(world: World) -> None:
    alice, bob, carol = await world.wake("alice", "bob", "carol")
    room = await alice.create("plans", ["bob", "carol"])
    for client in (bob, carol):
        await is_in(client, room.id)
    await alice.send(room, "before")
    for client in (bob, carol):
        await hears(client, room.id, "before")
    await world.sleep("carol")
    thief = await world.attacker("carol")
    async with fork_of(world) as fork:
        await world.lies.do("route", person="bob", server=fork.url)
        await reconnected(world, "bob", bob)
        await alice.remove(room, ["carol"])
        await bob.rotate(room.id)
        await alice.send(room, "carol is out")
        await alice.send(room, "for good")
        await bob.send(room.id, "carol is in")
        both = [str(world.server.database), str(fork.database)]
        opened = [
            content[1] for *_, content in await thief.do("open", databases=both) if content[0] == "text"
        ]
        assert "carol is in" in opened  # Bob was told of no removal; what he seals is hers to read
        assert not {"carol is out", "for good"} & set(opened), (
            "ATTACK SUCCEEDED: the removed member reads what was sealed after"
        )
        await world.lies.do("route", person="bob", server=world.server.url)
        await world.lies.do("disconnect", person="bob")
        await alarm(bob, "LogForked")
    mark = await world.mark()
    sending = world.later(bob.send(room.id, "after the fork"))
    other = await alice.create("elsewhere", ["bob"])
    await is_in(bob, other.id)
    await life_goes_on(other.id, alice, bob)
    sealed = [one for one in await world.sent("bob", mark) if one.conversation.hex() == room.id]
    assert not sealed, "ATTACK SUCCEEDED: something was sealed in a conversation that is known to be forked"
    sending.cancel()


async def test_a_fork_that_is_as_long_as_the_log_it_hides_shows_at_the_next_connection(world: World) -> None:
    alice, bob = await world.wake("alice", "bob")
    room = await alice.create("plans", ["bob"])
    await is_in(bob, room.id)
    await alice.send(room, "before")
    await hears(bob, room.id, "before")
    async with fork_of(world) as fork:
        await world.lies.do("route", person="bob", server=fork.url)
        await reconnected(world, "bob", bob)
        await alice.send(room, "what bob must not know")
        await bob.send(room.id, "what alice must not know")
        await world.lies.do("route", person="bob", server=world.server.url)
        await world.lies.do("disconnect", person="bob")
        await alarm(bob, "LogForked")
    mark = await world.mark()
    sending = world.later(bob.send(room.id, "after the fork"))
    other = await alice.create("elsewhere", ["bob"])
    await is_in(bob, other.id)
    await life_goes_on(other.id, alice, bob)
    sealed = [one for one in await world.sent("bob", mark) if one.conversation.hex() == room.id]
    assert not sealed, "ATTACK SUCCEEDED: something was sealed in a conversation that is known to be forked"
    sending.cancel()


def fork_of(world: World) -> HonestServer:
    """A second real server on a copy of the first one's data, as it is now."""
    folder = world.folder / "fork"
    folder.mkdir()
    for file in world.server.data.iterdir():
        if file.is_file() and not file.name.startswith(("inmost.db", "lock")):
            shutil.copy(file, folder / file.name)
    with sqlite3.connect(world.server.database) as source, sqlite3.connect(folder / "inmost.db") as copy:
        source.backup(copy)
    (port,) = free_ports(1)
    return HonestServer(folder, port, world.organisation.environment)


async def reconnected(world: World, person: str, client: Client) -> None:
    """Break a connection and wait until the client is back."""
    ready = asyncio.get_running_loop().create_future()
    stop = client.host.subscribe(
        lambda event: ready.done() or (event[0] == "ready" and ready.set_result(None))
    )
    await world.lies.do("disconnect", person=person)
    async with asyncio.timeout(60):
        await ready
    stop()
