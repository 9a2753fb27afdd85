"""A WebSocket client that costs almost nothing, so that a load generator is not what is measured."""

import asyncio
import base64
import os
from collections.abc import Callable

from inmost_protocol import encode
from inmost_protocol.conversations import Sync
from inmost_protocol.frames import Open
from inmost_protocol.limits import PROTOCOL_VERSION

_MASKED_BINARY = b"\x82"
ZERO_MASK = (
    b"\0\0\0\0"  # RFC 6455 section 5.3 asks for a mask, not for a good one; zero leaves the payload as it is
)
TAG_ITEM, TAG_ACCEPTED, TAG_REFUSED, TAG_OPENED, TAG_SYNCED, TAG_GOODBYE = 162, 120, 102, 101, 126, 160


def masked(payload: bytes) -> bytes:
    """One binary message from a client (RFC 6455 section 5.2)."""
    size = len(payload)
    if size < 126:
        return _MASKED_BINARY + bytes((0x80 | size,)) + ZERO_MASK + payload
    if size < 65_536:
        return _MASKED_BINARY + bytes((0x80 | 126,)) + size.to_bytes(2, "big") + ZERO_MASK + payload
    return _MASKED_BINARY + bytes((0x80 | 127,)) + size.to_bytes(8, "big") + ZERO_MASK + payload


class RawSocket(asyncio.Protocol):
    """Counts what comes by the tag of the frame; `told` is called with each tag."""

    def __init__(self, host: str, token: str, told: Callable[[int], None], *, is_ours: bool = True) -> None:
        self._is_ours = is_ours
        self._host, self._token, self._told = host, token, told
        self._buffer = bytearray()
        self._is_open = False
        self.refusal = b""  # the beginning of the last one
        self.transport: asyncio.Transport | None = None
        self.synced: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /v1/connect HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: inmost.1\r\n\r\n".encode()
        )

    def send(self, payload: bytes) -> None:
        """Send one frame."""
        assert self.transport is not None
        self.transport.write(masked(payload))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if b" 101 " not in self._buffer[:20]:
                self.synced.set_exception(RuntimeError(bytes(self._buffer[:200]).decode()))
                return
            del self._buffer[: end + 4]
            self._is_open = True
            if not self._is_ours:
                self.synced.set_result(None)
                return
            self.send(encode(Open(os.urandom(16), self._token, PROTOCOL_VERSION, "bench")))
        self._take_frames()

    def _take_frames(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, header = buffer[at + 1] & 0x7F, 2
            if size == 126:
                size, header = int.from_bytes(buffer[at + 2 : at + 4], "big"), 4
            elif size == 127:
                size, header = int.from_bytes(buffer[at + 2 : at + 10], "big"), 10
            if len(buffer) - at < header + size:
                break
            if buffer[at] & 0x0F == 2:
                self._take(buffer, at + header)
            elif buffer[at] & 0x0F == 9 and self.transport is not None:
                ping = bytes(buffer[at + header : at + header + size])
                self.transport.write(bytes((0x8A, 0x80 | size)) + ZERO_MASK + ping)
            at += header + size
        del buffer[:at]

    def _take(self, buffer: bytearray, at: int) -> None:
        if (
            not self._is_ours
        ):  # A peer's frames have no tags: random bytes must not be answered as if they had.
            self._told(TAG_ITEM)
            return
        # [tag, ...]: an array's head, then the tag, which is above 127 or a small number.
        tag = buffer[at + 2] if buffer[at + 1] == 0xCC else buffer[at + 1]
        if tag == TAG_OPENED:
            self.send(encode(Sync(os.urandom(16), None)))
        if tag == TAG_REFUSED:
            self.refusal = bytes(buffer[at : at + 120])
        if tag == TAG_GOODBYE and not self.synced.done():
            self.synced.set_exception(
                RuntimeError(f"the server said goodbye: {bytes(buffer[at : at + 80])!r}")
            )
        if tag == TAG_SYNCED and not self.synced.done():
            self.synced.set_result(None)
        self._told(tag)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.synced.done():
            self.synced.set_exception(RuntimeError(f"the connection ended: {error}"))


async def open_raw(origin: str, token: str, told: Callable[[int], None]) -> RawSocket:
    """Connect, open the session, sync: from here on events come."""
    host, _, port = origin.partition("://")[2].rpartition(":")
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(
        lambda: RawSocket(f"{host}:{port}", token, told), host, int(port)
    )
    await asyncio.wait_for(socket.synced, 60)
    return socket
