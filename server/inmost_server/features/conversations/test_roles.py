"""Roles at a real server, by real engines: what is open is joined, who may not write is refused, who becomes a guest goes."""

import os

import pytest

from inmost_protocol.conversations import FetchGroup, FetchLog
from inmost_protocol.messages import Send
from server.kit.cbor import encode
from server.kit.engines import CommandRefused, Team
from server.kit.wire import WasRefused, Wire, new_id


@pytest.fixture
async def engines(running):
    team = Team(running)
    yield team
    await team.close()


async def channel_of(host, title, **settings):
    made = await host.command("create", kind="channel", title=title, users=[], **settings)
    return made["conversation"]


def channels(host):
    return {each["title"]: each["conversation"] for each in host.view("open_channels")["channels"]}


async def wire_of(engines, host):
    wire = await Wire.to(engines.running.address)
    engines.running._wires.append(wire)
    await wire.open(engines.running.server.sessions.open_for_device(host.user, host.device).token)
    return wire


async def refusal(wire, frame):
    with pytest.raises(WasRefused) as refused:
        await wire.ask(frame)
    return refused.value.code


async def test_an_open_channel_is_joined_by_members_and_not_by_guests(engines):
    olga = await engines.owner()
    bob, gus = await engines.join(olga, "bob"), await engines.join(olga, "gus", "guest")
    news = await channel_of(olga, "news", open=True)
    await olga.send(news, "before anybody came")
    await bob.until(lambda: channels(bob) == {"news": news}, "the channel in the list")
    assert bob.conversation(news) is None
    assert channels(gus) == {}
    with pytest.raises(CommandRefused, match="NotAllowed"):
        await gus.command("join_channel", conversation=news)
    await bob.command("join_channel", conversation=news)
    await bob.command("page", conversation=news, before=None, limit=50)
    await bob.has_read(news, "before anybody came")
    await bob.send(news, "hello")
    await olga.has_read(news, "hello")
    # Not by any other way either: the server gives a guest nothing of it.
    await gus.close()
    wire = await wire_of(engines, gus)
    assert await refusal(wire, FetchGroup(new_id(), news)) == "NotAMember"
    assert await refusal(wire, FetchLog(new_id(), news, 0, 10, without_messages=False)) == "NotAMember"
    await olga.command("set_settings", conversation=news, open=False)
    await bob.until(lambda: channels(bob) == {}, "the channel no more in the list")
    assert [host.alarms() for host in (olga, bob)] == [[], []]


async def test_a_plain_members_message_in_an_announcement_channel_is_refused_by_the_server(engines):
    olga = await engines.owner()
    bob = await engines.join(olga, "bob")
    board = await channel_of(olga, "board", open=True, announcement=True)
    await bob.until(lambda: board in channels(bob).values(), "the channel in the list")
    await bob.command("join_channel", conversation=board)
    with pytest.raises(CommandRefused, match="NotAllowed"):
        await bob.send(board, "may I?")
    epoch = bob.conversation(board)["epoch"]
    group = engines.running.server.live.get(board).group_id
    await bob.close()
    wire = await wire_of(engines, bob)

    def forced():
        id_ = os.urandom(16)
        header = encode([1, board, group, epoch, bob.device, id_, os.urandom(16), 1])
        return Send(id_, board, epoch, encode([1, header, os.urandom(32), os.urandom(200)]))

    assert await refusal(wire, forced()) == "NotAllowed"
    # The same facts after a restart, out of the store.
    engines.running.server.live.get(board).forget()
    assert await refusal(wire, forced()) == "NotAllowed"
    await olga.command("set_conversation_role", conversation=board, user=bob.user, role="moderator")
    epoch = olga.conversation(board)["epoch"]
    assert (await wire.ask(forced())).conversation == board


async def test_who_becomes_a_guest_is_out_of_the_general_channel_and_comes_back_as_a_member(engines):
    olga = await engines.owner()
    bob, carol = await engines.join(olga, "bob"), await engines.join(olga, "carol")

    def general(host):
        return next(one for one in host.view("conversations") if one["kind"] == "general")

    with pytest.raises(CommandRefused, match="NotAllowed"):
        await bob.command("set_role", user=carol.user, role="guest")
    olga.show_factor("role")
    await olga.command("set_role", user=bob.user, role="guest")
    await bob.until(lambda: general(bob)["state"] == "removed", "out of the general channel")
    await carol.until(lambda: bob.user not in general(carol)["users"], "Bob gone")
    with pytest.raises(CommandRefused, match="NotAllowed"):
        await bob.command("create", kind="group", title="guests make none", users=[])
    await olga.command("set_role", user=bob.user, role="member")
    await bob.until(lambda: general(bob)["state"] == "member", "back in the general channel")
    assert [host.alarms() for host in (olga, carol)] == [[], []]


async def test_the_last_owner_of_organisation_and_conversation_stays_one(engines):
    olga = await engines.owner()
    bob = await engines.join(olga, "bob")
    with pytest.raises(CommandRefused, match="NotAllowed"):
        await olga.command("set_role", user=olga.user, role="member")
    room = await channel_of(bob, "room")
    with pytest.raises(CommandRefused, match="NotAllowed"):
        await bob.command("set_conversation_role", conversation=room, user=bob.user, role="member")
    olga.show_factor("role")
    await olga.command("set_role", user=bob.user, role="owner")
    await bob.until(lambda: bob.view("me")["role"] == "owner", "an owner")
    bob.show_factor("role")
    await bob.command("set_role", user=olga.user, role="member")


async def test_each_act_that_a_role_in_a_conversation_does_not_allow_is_refused(engines):
    """The dots of the table in docs/protocol/conversations.md; the crosses are what everybody does elsewhere here."""
    olga = await engines.owner()
    people = {role: await engines.join(olga, role) for role in ("moderator", "member", "subject")}
    people["guest"] = await engines.join(olga, "gus", "guest")
    room = await channel_of(olga, "room")
    await olga.command("set_settings", conversation=room, guests=True)
    users = [people[role].user for role in ("moderator", "member", "guest")]
    await olga.command("add", conversation=room, users=users)
    await olga.command("set_conversation_role", conversation=room, user=users[0], role="moderator")
    for role in ("moderator", "member", "guest"):
        host = people[role]
        await host.until(
            lambda host=host: (host.conversation(room) or {}).get("epoch") == olga.conversation(room)["epoch"]
        )
        assert host.conversation(room)["settings"]["role"] == role
    subject, owner = people["subject"].user, olga.user
    acts = {
        "add": ("add", {"users": [subject]}),
        "remove the owner": ("remove", {"users": [owner]}),
        "remove a member": ("remove", {"users": [users[1]]}),
        "remove a guest": ("remove", {"users": [users[2]]}),
        "open it": ("set_settings", {"open": True}),
        "let nobody but moderators write": ("set_settings", {"announcement": True}),
        "name a moderator": ("set_conversation_role", {"user": subject, "role": "moderator"}),
        "make itself the owner": ("set_conversation_role", {"role": "owner"}),
    }
    denied = {
        "moderator": {"remove the owner", "name a moderator", "make itself the owner"},
        "member": set(acts) - {"add", "remove a member"},  # a member may remove its own devices
        "guest": set(acts) - {"remove a guest"},
    }
    epoch = olga.conversation(room)["epoch"]
    for role, refused in denied.items():
        for act in sorted(refused):
            name, arguments = acts[act]
            if act == "make itself the owner":
                arguments = {**arguments, "user": people[role].user}
            with pytest.raises(CommandRefused, match="NotAllowed"):
                await people[role].command(name, conversation=room, **arguments)
    assert engines.running.server.live.get(room).epoch == epoch
    await people["guest"].send(room, "no harm done")
    await olga.has_read(room, "no harm done")
