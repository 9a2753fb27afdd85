"""Commits by real engines: one winner an epoch, items for everybody, Welcomes after the commit, removals that hold."""

import asyncio

import pytest

from server.kit.engines import Team


@pytest.fixture
async def engines(running):
    team = Team(running)
    yield team
    await team.close()


async def test_three_people_talk_and_the_removed_one_hears_nothing_more(engines):
    olga = await engines.owner()
    bob, carol = await engines.join(olga, "bob"), await engines.join(olga, "carol")
    made = await olga.command("create", kind="group", title="plans", users=[bob.user, carol.user])
    room = made["conversation"]
    for host in (bob, carol):
        await host.in_state(room, "member")
    await bob.send(room, "hello from bob")
    for host in (olga, carol):
        await host.has_read(room, "hello from bob")
    await olga.command("remove", conversation=room, users=[carol.user])
    await carol.in_state(room, "removed")
    await bob.send(room, "without carol")
    await olga.has_read(room, "without carol")
    assert "without carol" not in [one["text"] for one in carol.messages(room)]
    assert [host.alarms() for host in (olga, bob, carol)] == [[], [], []]


async def room_of(olga, *others):
    made = await olga.command("create", kind="group", title="room", users=[host.user for host in others])
    for host in others:
        await host.in_state(made["conversation"], "member")
    return made["conversation"]


async def test_of_many_commits_at_once_one_wins_each_epoch_and_nobody_is_left_behind(engines):
    olga = await engines.owner()
    others = [await engines.join(olga, f"person{n}") for n in range(5)]
    everybody = [olga, *others]
    room = await room_of(olga, *others)
    for _ in range(3):
        await asyncio.gather(*(host.command("rotate", conversation=room) for host in everybody))
    epochs = lambda: {host.conversation(room)["epoch"] for host in everybody}  # noqa: E731
    for host in everybody:
        await host.until(lambda: len(epochs()) == 1, "the same epoch")
    for host in everybody:
        await host.send(room, f"{host.name} is here")
    for host in everybody:
        for other in everybody:
            await host.has_read(room, f"{other.name} is here")
    assert [host.alarms() for host in everybody] == [[]] * len(everybody)


async def test_a_revoked_device_is_removed_by_the_others_and_they_go_on(engines):
    olga = await engines.owner()
    bob, carol = await engines.join(olga, "bob"), await engines.join(olga, "carol")
    room = await room_of(olga, bob, carol)
    await bob.send(room, "before")
    await carol.has_read(room, "before")
    olga.show_factor("suspend")
    await olga.command("suspend", user=bob.user, suspended=True)
    await olga.until(
        lambda: (
            bob.user not in olga.conversation(room)["users"]
            and not olga.conversation(room)["removal_pending"]
        ),
        f"bob gone {olga.conversation(room)}",
    )
    await carol.send(room, "after")
    await olga.has_read(room, "after")
    assert "after" not in [one["text"] for one in bob.messages(room)]
    server = engines.running.server
    assert bob.device not in server.live.get(room).since_epoch
    assert [host.alarms() for host in (olga, carol)] == [[], []]


async def test_who_leaves_is_gone_once_somebody_has_committed_it(engines):
    olga = await engines.owner()
    bob, carol = await engines.join(olga, "bob"), await engines.join(olga, "carol")
    room = await room_of(olga, bob, carol)
    await bob.command("leave", conversation=room)
    await bob.until(lambda: bob.conversation(room)["state"] in {"removed", "left"}, "bob left")
    await carol.send(room, "without bob")
    await olga.has_read(room, "without bob")
    assert bob.device not in engines.running.server.live.get(room).since_epoch


async def test_a_welcome_waits_for_who_is_away(engines):
    olga = await engines.owner()
    bob = await engines.join(olga, "bob")
    await bob.close()
    made = await olga.command("create", kind="group", title="later", users=[bob.user])
    room = made["conversation"]
    for n in range(5):
        await olga.send(room, f"message {n}")
    await bob.connect()
    await bob.in_state(room, "member")
    await bob.has_read(room, "message 4")
    store = engines.running.server.store
    from inmost_server.features.conversations import store as rows

    await bob.send(room, "back")
    await olga.has_read(room, "back")
    await asyncio.sleep(0.3)
    assert await store.read(lambda reader: rows.welcome_epoch(reader, room, bob.device)) is None


async def test_conversations_go_on_after_the_server_was_restarted(engines):
    olga = await engines.owner()
    bob = await engines.join(olga, "bob")
    room = await room_of(olga, bob)
    await olga.send(room, "before")
    await bob.has_read(room, "before")
    await engines.running.stop()
    await engines.running.start()
    for host in (olga, bob):
        await host.until(lambda host=host: host._socket is None, "disconnected")
        await host.connect()
    await bob.send(room, "after")
    await olga.has_read(room, "after")
    await olga.command("rotate", conversation=room)
    await olga.send(room, "in the next epoch")
    await bob.has_read(room, "in the next epoch")
    assert [host.alarms() for host in (olga, bob)] == [[], []]


async def test_who_lost_the_device_comes_back_and_has_all_of_it_once_a_colleague_is_there(engines):
    olga = await engines.owner()
    bob = await engines.join(olga, "bob")
    room = await room_of(olga, bob)
    for n in range(10):
        await olga.send(room, f"message {n}")
    await bob.has_read(room, "message 9")
    await asyncio.sleep(1)
    await bob.close()
    await olga.close()
    running = engines.running
    back = engines.new("bob again")
    back.user = bob.user
    await back.connect(running.server.sessions.open_for_recovery(bob.user).token)
    org = running.server.organisation.org
    returned = await back.command(
        "recover",
        recovery_key=bob.recovery_key,
        org=org,
        account="bob",
        user=bob.user,
        origin=running.address,
        revoke_others=True,
    )
    back.device = returned["device"]
    await back._socket.close()
    await back.until(lambda: back._socket is None, "disconnected")
    await back.connect()
    await back.ready()
    await back.in_state(room, "member")
    await back.send(room, "I am back")
    # Nothing is sealed before the lost device is removed.
    assert bob.device not in running.server.live.get(room).since_epoch
    # The room is younger than the vault's last batch: its history waits until a colleague puts the missing link.
    await olga.connect()
    await olga.has_read(room, "I am back")
    await back.until(lambda: ("history", {"conversation": room}) in back.events, "history")
    await back.command("page", conversation=room, before=None, limit=50)
    for n in range(10):
        await back.has_read(room, f"message {n}")
