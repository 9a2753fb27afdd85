"""Connections: opened in time, refused by name, closed at once, nobody held up by somebody slow."""

import asyncio
import time
from contextlib import suppress

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed

from inmost_protocol import encode
from inmost_protocol.conversations import Item, Sync
from inmost_protocol.directory import AppendEntry, FetchDirectory
from inmost_protocol.frames import Open, Refused
from inmost_protocol.limits import MAX_FRAME_BYTES
from inmost_protocol.messages import Send
from inmost_server.clock import now_ms
from inmost_server.edge import routes
from inmost_server.edge.rates import Rate
from server.kit.running import Running
from server.kit.wire import WasRefused, Wire, new_id


async def test_a_connection_that_does_not_open_is_closed(team, monkeypatch):
    monkeypatch.setattr(routes, "OPEN_WITHIN_S", 0.2)
    wire = await team.wire()
    assert (await wire.closed(within_s=5)).code == "expired"


async def test_nothing_is_answered_before_open_but_open_itself(team):
    wire = await team.wire()
    with pytest.raises(WasRefused, match="NotSignedIn"):
        await wire.ask(FetchDirectory(new_id(), 0, 10))
    with pytest.raises(WasRefused, match="NotSignedIn"):
        await wire.open("no token of ours")
    opened = await wire.open(team.token(team.people["owner"].device))
    assert (opened.user, opened.session) == (team.people["owner"].user, "device")
    assert (await wire.ask(FetchDirectory(new_id(), 0, 10))).next_n == 2


async def test_another_protocol_version_is_refused(team):
    wire = await team.wire()
    with pytest.raises(WasRefused, match="Malformed"):
        await wire.ask(Open(new_id(), team.token(team.people["owner"].device), 2, "newer"))


async def test_the_newest_connection_of_a_device_wins(team):
    first = await team.connect(team.people["owner"])
    second = await team.connect(team.people["owner"])
    assert (await first.wire.closed()).code == "replaced"
    room = await second.create()
    assert (await second.send(room)).n == 1


async def test_open_again_on_a_connection_extends_its_session_and_never_changes_its_device(team):
    owner = await team.connect(team.people["owner"])
    await owner.wire.open(team.token(team.people["owner"].device))
    bob = await team.invited("bob")
    with pytest.raises(WasRefused, match="NotAllowed"):
        await owner.wire.open(team.token(bob.device))


async def test_a_connection_whose_session_has_run_out_is_closed(tmp_path):
    ahead = [0]
    team = await Running(tmp_path, clock=lambda: now_ms() + ahead[0]).start()
    await team.owner()
    owner = await team.connect(team.people["owner"])
    ahead[0] = 16 * 60_000
    assert (await owner.wire.closed(within_s=5)).code == "expired"
    await team.stop()


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x90",
        b"\xff" * 50,
        encode([41]),
        encode([40, b"short", b"", 0, b""]),
        encode([40, bytes(16), bytes(15), 0, bytes(200)]),
        encode([40, bytes(16), bytes(16), -1, bytes(200)]),
        encode([40, bytes(16), bytes(16), "0", bytes(200)]),
        encode([25, bytes(16), bytes(16), 2**64 - 1, 5, True]),
        b"\x91" * 5_000,
        "text",
    ],
)
async def test_a_malformed_frame_is_refused_and_the_connection_goes_on(team, payload):
    owner = await team.connect(team.people["owner"])
    await owner.wire.send_raw(payload)
    refused = (await owner.wire.next(Refused))[0]
    assert refused.code == "Malformed"
    assert (await owner.send(await owner.create())).n == 1


async def test_an_unknown_frame_is_refused_by_its_id(team):
    owner = await team.connect(team.people["owner"])
    id_ = new_id()
    await owner.wire.send_raw(msgspec.msgpack.encode([77, id_, "from a newer client"]))
    refused = (await owner.wire.next(Refused))[0]
    assert (refused.code, refused.re) == ("UnknownFrame", id_)


async def test_ten_malformed_frames_in_a_minute_are_a_goodbye(team):
    owner = await team.connect(team.people["owner"])
    for _ in range(10):
        await owner.wire.send_raw(b"\xc1")
    assert (await owner.wire.closed()).code == "malformed"


async def test_a_frame_beyond_the_limit_closes_only_its_own_connection(team):
    owner = await team.connect(team.people["owner"])
    bob = await team.connect(await team.invited("bob"))
    with suppress(ConnectionClosed):
        await bob.wire.send_raw(bytes(MAX_FRAME_BYTES + 1))
    await bob.wire.closed()
    assert (await owner.send(await owner.create())).n == 1


async def test_further_fields_of_a_newer_client_are_ignored(team):
    owner = await team.connect(team.people["owner"])
    id_ = new_id()
    await owner.wire.send_raw(msgspec.msgpack.encode([31, id_, None, "newer"]))
    await asyncio.sleep(0.1)
    assert not owner.wire.of(Refused)


async def test_a_revoked_device_is_disconnected_within_a_second_and_stays_out(team):
    owner = team.people["owner"]
    further = await team.connect(await team.further_device(owner))
    token = team.token(further.device)
    began = time.monotonic()
    entry = owner.revoke(team.directory, further.device.id, now_ms())
    first = await team.connect(owner)
    await first.wire.ask(AppendEntry(new_id(), entry))
    assert (await further.wire.closed()).code == "revoked"
    assert time.monotonic() - began < 1
    with pytest.raises(WasRefused, match="NotSignedIn"):
        await (await team.wire()).open(token)


async def test_a_suspended_person_is_disconnected_everywhere(team):
    bob = await team.invited("bob")
    devices = [await team.connect(bob), await team.connect(await team.further_device(bob))]
    owner = team.people["owner"]
    await team.append(owner.entry(team.directory, "suspend", [bob.user, True], now_ms()))
    assert [(await device.wire.closed()).code for device in devices] == ["suspended"] * 2


async def test_who_sends_too_fast_is_told_how_long_to_wait(tmp_path):
    team = await Running(
        tmp_path,
        rates={
            "messages": Rate(per_second=1, burst=3),
            "changes": Rate(1e6, 10**6),
            "reading": Rate(1e6, 10**6),
        },
    ).start()
    await team.owner()
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    for _ in range(3):
        await owner.send(room)
    with pytest.raises(WasRefused, match="SlowDown") as refused:
        await owner.send(room)
    assert 0 < refused.value.refused.retry_after_ms <= 1_000
    await team.stop()


async def test_stopping_answers_what_was_sent_and_says_goodbye(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    messages = [owner.message(room) for _ in range(100)]
    asked = [asyncio.ensure_future(owner.wire.ask(message)) for message in messages]
    await asyncio.sleep(0.05)
    await team.stop()
    assert owner.wire.goodbye.code == "stopping"
    answered = [
        one for one in await asyncio.gather(*asked, return_exceptions=True) if not isinstance(one, Exception)
    ]
    await team.start()
    again = await team.connect(team.people["owner"])
    state = (await again.wire.ask(Sync(new_id(), None))).conversations[0]
    assert state.next_n >= len(answered) + 1


class _Sleepy(asyncio.Protocol):
    """A peer that opens, syncs, and then reads nothing any more."""

    def __init__(self, first: list[bytes]) -> None:
        self.first, self.opened = first, asyncio.Event()
        self.received = 0

    def connection_made(self, transport):
        self.transport = transport
        transport.write(
            b"GET /v1/connect HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def data_received(self, data):
        self.received += len(data)
        if self.first:
            payload = self.first.pop(0)
            size = len(payload)
            head = bytes((0x82, 0x80 | size)) if size < 126 else bytes((0x82, 0xFE)) + size.to_bytes(2, "big")
            self.transport.write(head + bytes(4) + payload)
        else:
            self.opened.set()
            self.transport.pause_reading()


async def test_a_slow_reader_is_closed_and_delays_nobody(team):
    """What waits for it in this process's memory is bounded; the kernel's buffers take some MB more."""
    owner = await team.connect(team.people["owner"])
    bob = await team.invited("bob")
    room = await owner.create()
    team.server.connections.follow(owner.device.id, [room])
    open_ = encode(Open(new_id(), team.token(bob.device), 1, "sleepy"))
    address = team.address.removeprefix("http://").split(":")
    _, sleepy = await asyncio.get_running_loop().create_connection(
        lambda: _Sleepy([open_, encode(Sync(new_id(), None))]), address[0], int(address[1])
    )
    await sleepy.opened.wait()
    # As if bob had a leaf there: what matters is who is told, not why.
    team.server.connections.follow(bob.device.id, [room])
    slowest = 0.0
    for _ in range(250):
        began = time.monotonic()
        await owner.send(room, size=120_000)
        slowest = max(slowest, time.monotonic() - began)
    assert not team.server.connections.is_online(bob.device.id)
    assert team.server.connections.is_online(owner.device.id)
    await owner.wire.next(Item, 251)
    assert slowest < 1
    sleepy.transport.abort()


async def test_a_text_of_the_wrong_kind_of_session_is_refused_by_access(team):
    token = team.server.sessions.open_for_recovery(team.people["owner"].user).token
    wire = await team.wire()
    opened = await wire.open(token)
    assert (opened.session, opened.device) == ("recovering", bytes(16))
    with pytest.raises(WasRefused, match="NotAllowed"):
        await wire.ask(Sync(new_id(), None))
    with pytest.raises(WasRefused, match="NotAllowed"):
        await wire.ask(Send(new_id(), new_id(), 0, bytes(200)))
    assert (await wire.ask(FetchDirectory(new_id(), 0, 10))).next_n == 2


async def test_fifty_connections_all_hear_of_a_new_entry(team):
    people = [await team.invited(f"person{n}") for n in range(10)]
    wires: list[Wire] = []
    for person in people:
        for _ in range(4):
            device = await team.further_device(person)
            wires.append((await team.connect(device, sync=False)).wire)
    before = len(wires[0].events)
    owner = team.people["owner"]
    await team.append(owner.entry(team.directory, "profile", ["Olga"], now_ms()))
    for wire in wires:
        async with asyncio.timeout(10), wire.arrived:
            await wire.arrived.wait_for(lambda wire=wire: len(wire.events) > 0)
    assert before >= 0
