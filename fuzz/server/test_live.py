"""A real server on a real socket, and somebody who sends what is no frame and no request: all others notice nothing."""

import random

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from inmost_protocol import encode
from inmost_protocol.conversations import Accepted
from inmost_protocol.frames import Open
from inmost_server.edge.rates import RATES, Rate
from server.kit.running import Running
from server.kit.wire import new_id

SEED = 4
MALFORMED = 300
BETWEEN = 20
FAST = {kind: Rate(per_second=1e9, burst=10**9) for kind in RATES}


@pytest.fixture
async def team(tmp_path):
    running = await Running(tmp_path / "data", rates=FAST).start()
    await running.owner()
    yield running
    await running.stop()


class Sender:
    """A device that keeps sending what is no frame, and connects again when it is shown out."""

    def __init__(self, running: Running, device) -> None:
        self.running, self.device = running, device
        self.socket = None
        self.shown_out = 0

    async def send(self, payload: bytes | str) -> None:
        if self.socket is None:
            address = self.running.address.replace("http", "ws", 1) + "/v1/connect"
            self.socket = await connect(address, max_size=None, compression=None, proxy=None)
            await self.socket.send(encode(Open(new_id(), self.running.token(self.device), 1, "fuzz")))
            await self.socket.recv()
        try:
            await self.socket.send(payload)
        except ConnectionClosed:
            self.shown_out += 1
            self.socket = None

    async def close(self) -> None:
        if self.socket is not None:
            await self.socket.close()


def no_frames(chance: random.Random) -> list[bytes | str]:
    """Noise, deep nesting, lengths that lie, frames cut short, and tags with the wrong fields."""
    made: list[bytes | str] = [
        "text",
        b"",
        b"\xc1",
        b"\x91" * 50_000,
        b"\xdd\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
    ]
    made += [chance.randbytes(chance.randrange(1, 200)) for _ in range(MALFORMED // 3)]
    for _ in range(MALFORMED // 3):
        whole = encode(Open(chance.randbytes(16), "x" * 40, 1, "fuzz"))
        made.append(whole[: chance.randrange(len(whole))])
    for _ in range(MALFORMED // 3):
        fields = [
            chance.choice((0, -1, 2**64 - 1, None, "", b"", [], {}, 1.5, True))
            for _ in range(chance.randrange(9))
        ]
        made.append(msgspec.msgpack.encode([chance.randrange(70), chance.randbytes(16), *fields]))
    return made


async def test_a_member_talks_on_while_another_sends_what_is_no_frame(team, mistakes):
    talker = await team.connect(await team.invited("talker", is_bot=True))
    conversation = await talker.create()
    sender = Sender(team, (await team.invited("sender", is_bot=True)).device)
    sent = 0
    for n, payload in enumerate(no_frames(random.Random(SEED))):
        await sender.send(payload)
        if n % BETWEEN == 0:
            assert isinstance(await talker.send(conversation), Accepted)
            sent += 1
    await sender.close()
    assert sender.shown_out > 0
    assert sent > 10
    assert talker.wire.goodbye is None
    assert mistakes == []
