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
    await olga.command("set_role", user=bob.user, role="owner")
    await bob.until(lambda: bob.view("me")["role"] == "owner", "an owner")
    await bob.command("set_role", user=olga.user, role="member")
