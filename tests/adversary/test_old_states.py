"""The server shows old or forked states: a stale group, a Welcome that lost, two winners of one epoch."""

import shutil
import sqlite3

from inmost_protocol.conversations import Commit
from tests.adversary.test_commits import life_goes_on
from tests.adversary.world import HonestServer, World, alarm, free_ports, hears, is_in, texts, until


async def test_a_stale_group_is_not_joined_by_a_device_that_knows_a_newer_one(world: World) -> None:
    alice, bob, carol = await world.wake("alice", "bob", "carol")
    room = await alice.create("plans", ["bob", "carol"])
    for client in (bob, carol):
        await is_in(client, room.id)
    await alice.send(room, "before")
    await hears(bob, room.id, "before")
    await world.attack("StaleGroup")
    await world.recover("bob", "bob-2", revoke_others=False)
    await alice.remove(room, ["carol"])
    await alice.send(room, "without carol")
    await hears(bob, room.id, "without carol")
    await vault_row_is_of(world, room.id, bob)
    await world.lies.do("stale")
    mark = await world.mark()
    await world.recover("bob", "bob-3", revoke_others=False)
    third = await world.wake_without_sync("bob-3")
    await alarm(third, "ServerMisbehaved")
    joined = [one for one in await world.sent("bob", mark) if isinstance(one, Commit)]
    assert not [one for one in joined if one.conversation.hex() == room.id], (
        "ATTACK SUCCEEDED: a device asked to come into a group that is older than what it knows"
    )
    await world.honest()
    await world.sleep("bob-3")
    (third,) = await world.wake("bob-3")
    await is_in(third, room.id)
    await hears(third, room.id, "without carol")
    assert "before" in await texts(third, room.id)
    await life_goes_on(room.id, alice, bob, third)


async def vault_row_is_of(world: World, room: str, client: object) -> None:
    """Wait until a device has put the newest epoch of a room into the vault."""
    newest = max(epoch for epoch, *_ in world.commits(bytes.fromhex(room))) + 1

    async def is_there() -> bool:
        return any(epoch == newest for epoch in world.vault_rows(bytes.fromhex(room)))

    await until(is_there, 90, "the vault row of the newest epoch")


async def test_a_welcome_whose_commit_lost_is_not_used(world: World) -> None:
    alice, bob, carol = await world.wake("alice", "bob", "carol")
    room = await alice.create("plans", ["bob"])
    await is_in(bob, room.id)
    await world.attack("LosingWelcome", loser="bob", instead_for="carol")
    adding = world.later(bob.add(room.id, ["carol"]))
    await world.lies.did("holds a commit back")
    await alice.add(room, ["carol"])
    await world.lies.did("handed over the loser's Welcome")
    await alarm(carol, "CommitRefused")
    rooms = [one for one in await carol.conversations() if one.id == room.id and one.state == "member"]
    assert not rooms, "ATTACK SUCCEEDED: a Welcome was used whose commit never came to pass"
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
        await world.lies.do("disconnect", person="bob")
        await until(bob_is_at(fork, bob), what="bob is at the fork")
        await alice.remove(room, ["carol"])
        await bob.rotate(room.id)
        await alice.send(room, "carol is out")
        await bob.send(room.id, "carol is in")
        both = [str(world.server.database), str(fork.database)]
        opened = [
            content[1] for *_, content in await thief.do("open", databases=both) if content[0] == "text"
        ]
        assert "carol is in" in opened  # Bob was told of no removal; what he seals is hers to read
        assert "carol is out" not in opened, (
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


def bob_is_at(fork: HonestServer, bob: object):  # type: ignore[no-untyped-def]
    async def is_so() -> bool:
        return bool(bob.is_online)  # type: ignore[attr-defined]

    return is_so
