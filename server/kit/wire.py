"""A connection that speaks frames, as a client's host does, and nothing more."""

import asyncio
import os
from typing import Any, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from inmost_protocol import decode_told, encode
from inmost_protocol.conversations import CreateConversation, Sync
from inmost_protocol.frames import Answer, Event, Frame, Goodbye, Open, Refused
from inmost_protocol.messages import Send
from server.kit.mls import group_of_one
from server.kit.people import Device

F = TypeVar("F", bound=Frame)
WAIT_S = 20.0


class WasRefused(Exception):
    """The server refused; `refused` is its frame."""

    def __init__(self, refused: Refused) -> None:
        self.refused = refused
        super().__init__(f"{refused.code}: {refused.words}")

    @property
    def code(self) -> str:
        return self.refused.code


def new_id() -> bytes:
    return os.urandom(16)


class Wire:
    """One WebSocket. Answers go to who asked, events into `events`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[Event] = []
        self.goodbye: Goodbye | None = None
        self.arrived = asyncio.Condition()
        self._asked: dict[bytes, asyncio.Future[Answer]] = {}
        self._reader = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def to(cls, address: str, **options: Any) -> "Wire":
        socket = await connect(
            f"{address.replace('http', 'ws', 1)}/v1/connect",
            subprotocols=["inmost.1"],  # type: ignore[list-item]
            max_size=None,
            compression=None,
            proxy=None,
            **options,
        )
        return cls(socket)

    async def open(self, token: str) -> Answer:
        return await self.ask(Open(new_id(), token, 1, "test"))

    async def ask(self, frame: Any) -> Any:
        """Send a request and return its answer; WasRefused if it is one."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[frame.id] = future
        await self.socket.send(encode(frame))
        answer = await asyncio.wait_for(future, WAIT_S)
        if isinstance(answer, Refused):
            raise WasRefused(answer)
        return answer

    async def send_raw(self, payload: bytes | str) -> None:
        await self.socket.send(payload)

    async def next(self, kind: type[F], count: int = 1, within_s: float = WAIT_S) -> list[F]:
        """The first `count` events of a kind, those that came before too."""
        async with asyncio.timeout(within_s), self.arrived:
            await self.arrived.wait_for(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[:count]

    def of(self, kind: type[F]) -> list[F]:
        return [event for event in self.events if isinstance(event, kind)]

    async def closed(self, within_s: float = WAIT_S) -> Goodbye | None:
        """Wait until the server has closed; with its goodbye, if it said any."""
        async with asyncio.timeout(within_s):
            await asyncio.shield(self._reader)
        return self.goodbye

    async def close(self) -> None:
        await self.socket.close()
        await self._reader

    async def _read(self) -> None:
        try:
            async for payload in self.socket:
                assert isinstance(payload, bytes)
                await self._take(decode_told(payload))
        except (OSError, EOFError, msgspec.DecodeError):
            pass
        except Exception as error:
            if type(error).__name__ not in {"ConnectionClosedError", "ConnectionClosedOK"}:
                raise
        finally:
            for future in self._asked.values():
                if not future.done():
                    future.set_exception(ConnectionError("closed"))
                    future.exception()

    async def _take(self, frame: Any) -> None:
        if isinstance(frame, Answer):
            future = self._asked.pop(frame.re, None)
            if future is not None and not future.done():
                future.set_result(frame)
                return
        if isinstance(frame, Goodbye):
            self.goodbye = frame
        async with self.arrived:
            self.events.append(frame)
            self.arrived.notify_all()


class Talker:
    """A device on a connection, with the conversations of one it made."""

    def __init__(self, device: Device, wire: Wire, server_key: bytes | None) -> None:
        self.device, self.wire, self.server_key = device, wire, server_key
        self.groups: dict[bytes, bytes] = {}

    async def create(self, kind: str = "group", conversation: bytes | None = None, **settings: Any) -> bytes:
        conversation = conversation or new_id()
        made = group_of_one(self.device, kind, self.server_key, **settings)
        await self.wire.ask(CreateConversation(new_id(), conversation, made.id, made.group_info, made.tree))
        self.groups[conversation] = made.id
        return conversation

    def message(self, conversation: bytes, epoch: int = 0, size: int = 200) -> Send:
        id_, sealed = self.device.sealed(conversation, self.groups[conversation], epoch, size=size)
        return Send(id_, conversation, epoch, sealed)

    async def send(self, conversation: bytes, size: int = 200) -> Any:
        return await self.wire.ask(self.message(conversation, size=size))

    async def sync(self) -> Any:
        return await self.wire.ask(Sync(new_id(), None))
