"""One WebSocket to the server: opens it with a session, reads frames, writes frames in order."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any, Final, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from inmost.errors import NotAServer, Refused
from inmost.server import Address, unreachable
from inmost_protocol import decode_told, encode
from inmost_protocol.frames import Goodbye, Open, Opened
from inmost_protocol.frames import Refused as RefusedFrame
from inmost_protocol.limits import MAX_FRAME_BYTES, PROTOCOL_VERSION

SUBPROTOCOL: Final = Subprotocol("inmost.1")
OPEN_TIMEOUT_S: Final = 20.0
OPENED: Final = 101
REFUSED: Final = 102
GOODBYE: Final = 160
FRAME_OVERHEAD_BYTES: Final = 1024


class Head(msgspec.Struct, array_like=True, frozen=True):
    """The first two fields of any frame; the rest is not looked at here."""

    tag: int
    re: Any = None


_head = msgspec.msgpack.Decoder(Head).decode


class Connection:
    """An open connection. Frames are written in the order of send(); iterate over frames() until it ends.

    opened    what the server said to Open
    goodbye   why the server closed, once it did
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        self._open_id = b""
        self.opened: Opened | None = None
        self.goodbye: Goodbye | None = None

    @classmethod
    async def open(cls, address: Address, token: str) -> Self:
        """Connect and open. Raises Offline, CertificateRefused, NotAServer, Refused (the session is not good)."""
        try:
            socket = await connect(
                address.socket_url,
                ssl=address.tls(),
                subprotocols=[SUBPROTOCOL],
                compression=None,
                max_size=MAX_FRAME_BYTES + FRAME_OVERHEAD_BYTES,
                proxy=None if address.is_here else True,
                open_timeout=OPEN_TIMEOUT_S,
                user_agent_header=client_name(),
            )
        except InvalidHandshake as error:
            raise unreachable(address, error) from error
        except (OSError, TimeoutError, EOFError) as error:
            raise unreachable(address, error) from error
        connection = cls(socket)
        try:
            await connection._first(address, token)
        except BaseException:
            await socket.close()
            raise
        return connection

    async def _first(self, address: Address, token: str) -> None:
        try:
            await self._socket.send(self._open_frame(token))
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                answer = decode_told(await self._socket.recv(decode=False))
        except (ConnectionClosed, TimeoutError) as error:
            raise unreachable(address, error) from error
        except msgspec.DecodeError as error:
            raise NotAServer(f"What answers at {address.origin} is not an Inmost server.") from error
        if isinstance(answer, RefusedFrame):
            raise Refused(answer.code, answer.words)
        if isinstance(answer, Goodbye):
            raise Refused(answer.code, answer.words)
        if not isinstance(answer, Opened):
            raise NotAServer(f"{address.origin} did not open the connection.")
        self.opened = answer
        self._writer = asyncio.create_task(self._write())

    def _open_frame(self, token: str) -> bytes:
        self._open_id = os.urandom(16)
        return encode(Open(self._open_id, token, PROTOCOL_VERSION, client_name()))

    def renew(self, token: str) -> None:
        """Extend the connection with a newer session."""
        self.send(self._open_frame(token))

    def send(self, frame: bytes) -> None:
        """Queue a frame; dropped once the connection is gone, as the engine expects."""
        self._outgoing.put_nowait(frame)

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._socket.send(await self._outgoing.get())

    async def frames(self) -> AsyncIterator[bytes]:
        """Every frame that is not the answer to an Open of ours, until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                frame = await self._socket.recv(decode=False)
                with contextlib.suppress(msgspec.DecodeError):
                    head = _head(frame)
                    if head.tag in (OPENED, REFUSED) and head.re == self._open_id:
                        continue  # A renewal refused shows as Goodbye "expired" when the old session ends.
                    if head.tag == GOODBYE:
                        self.goodbye = msgspec.msgpack.decode(frame, type=Goodbye)
                yield frame

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        with contextlib.suppress(ConnectionClosed, OSError):
            await self._socket.close()


def client_name() -> str:
    return f"inmost-python/{version('inmost')}"
