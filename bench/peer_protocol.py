"""A peer for the fan-out figure: an asyncio.Protocol on uvloop that speaks just enough WebSocket."""

import asyncio
import base64
import hashlib
import re
import sys
from typing import cast

import uvloop

from inmost_server.edge.socket import framed

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
connected: set[asyncio.Transport] = set()


class Everybody(asyncio.Protocol):
    """Gives each message to everybody else."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._buffer, self._is_open = (
            cast(asyncio.Transport, transport),
            b"",
            False,
        )  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            key = re.search(rb"Sec-WebSocket-Key: (\S+)", self._buffer)
            if key is None or b"\r\n\r\n" not in self._buffer:
                return
            accept = base64.b64encode(hashlib.sha1(key[1] + MAGIC, usedforsecurity=False).digest())
            self._transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            self._is_open, self._buffer = True, b""
            connected.add(self._transport)
        while len(self._buffer) >= 8:
            size = int.from_bytes(self._buffer[2:4], "big")
            if len(self._buffer) < 8 + size:
                return
            message = framed(self._buffer[8 : 8 + size])
            self._buffer = self._buffer[8 + size :]
            for transport in connected:
                if transport is not self._transport:
                    transport.write(message)

    def connection_lost(self, error: Exception | None) -> None:
        connected.discard(self._transport)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Everybody, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
