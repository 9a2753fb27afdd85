"""Receipts, signals and deletions."""

import hashlib

import pytest

from inmost_protocol.conversations import FetchLog
from inmost_protocol.frames import Refused
from inmost_protocol.limits import MAX_EPHEMERAL_BYTES
from inmost_protocol.messages import (
    Delete,
    Deleted,
    FetchReceipts,
    PutReceipt,
    Signal,
)
from inmost_server.edge.rates import RATES, SIGNALS
from server.kit.wire import WasRefused, new_id


def sealed(talker, room, kind, size=100):
    return talker.device.sealed(room, talker.groups[room], 0, kind, size)[1]


async def test_a_later_receipt_replaces_the_one_before(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    first, second = sealed(owner, room, 2), sealed(owner, room, 2)
    await owner.wire.ask(PutReceipt(new_id(), room, first))
    await owner.wire.ask(PutReceipt(new_id(), room, second))
    receipts = await owner.wire.ask(FetchReceipts(new_id(), room))
    assert receipts.receipts == [(owner.device.id, second)]


async def test_a_signal_is_neither_stored_nor_larger_than_allowed(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    await owner.wire.send_raw(encoded(Signal(new_id(), room, sealed(owner, room, 3))))
    with pytest.raises(WasRefused, match="TooLarge"):
        await owner.wire.ask(Signal(new_id(), room, bytes(MAX_EPHEMERAL_BYTES + 1)))
    with pytest.raises(WasRefused, match="WrongKind"):
        await owner.wire.ask(Signal(new_id(), room, sealed(owner, room, 2)))
    page = await owner.wire.ask(FetchLog(new_id(), room, 0, 200, without_messages=False))
    assert page.next_n == 1


@pytest.mark.parametrize("database", [None], ids=["sqlite"])
async def test_a_signal_reaches_who_is_connected_and_no_disk(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    secret = sealed(owner, room, 3)
    await owner.wire.send_raw(encoded(Signal(new_id(), room, secret)))
    await owner.send(room)  # Taken after it, and on the disk.
    stored = [path.read_bytes() for path in team.data.rglob("*") if path.is_file()]
    assert stored
    assert not any(secret in data for data in stored)


async def test_who_signals_without_end_is_slowed_down_and_may_still_write(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    frame = Signal(new_id(), room, sealed(owner, room, 3))
    for _ in range(2 * RATES[SIGNALS].burst):
        await owner.wire.send_raw(encoded(frame))
    assert (await owner.wire.next(Refused))[0].code == "SlowDown"
    assert (await owner.send(room)).n == 1


async def test_only_a_members_signal_goes_further(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    mallory = await team.connect(await team.invited("mallory"))
    signal = Signal(new_id(), room, sealed(owner, room, 3))
    with pytest.raises(WasRefused, match="NotAMember"):
        await mallory.wire.ask(signal)


def encoded(frame):
    from inmost_protocol import encode

    return encode(frame)


async def test_a_deleted_message_keeps_its_number_kind_and_digest(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    message = owner.message(room)
    await owner.wire.ask(message)
    await owner.send(room)
    await owner.wire.ask(Delete(new_id(), room, 1))
    assert (await owner.wire.next(Deleted))[0].n == 1
    page = await owner.wire.ask(FetchLog(new_id(), room, 0, 200, without_messages=False))
    item = page.items[1]
    assert (item.n, item.kind, item.entry) == (1, 4, None)
    assert item.digest == hashlib.sha256(message.sealed).digest()


@pytest.mark.parametrize("database", [None], ids=["sqlite"])
async def test_a_deleted_message_leaves_the_file_at_once(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    message = owner.message(room)
    await owner.wire.ask(message)
    path = team.data / "inmost.db"
    assert message.sealed in path.read_bytes() + path.with_name("inmost.db-wal").read_bytes()
    await owner.wire.ask(Delete(new_id(), room, 1))
    assert message.sealed not in path.read_bytes()


async def test_only_messages_can_be_deleted_and_only_by_members(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    await owner.send(room)
    with pytest.raises(WasRefused, match="NotFound"):
        await owner.wire.ask(Delete(new_id(), room, 0))
    with pytest.raises(WasRefused, match="NotFound"):
        await owner.wire.ask(Delete(new_id(), room, 7))
    mallory = await team.connect(await team.invited("mallory"))
    with pytest.raises(WasRefused, match="NotAMember"):
        await mallory.wire.ask(Delete(new_id(), room, 1))
