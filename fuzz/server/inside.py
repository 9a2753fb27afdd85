"""The whole server without sockets: frames and requests go in where the network would put them, and what comes out is looked at."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

import structlog

from inmost_protocol import decode_told, encode
from inmost_protocol.conversations import CreateConversation, Sync
from inmost_protocol.devices import PublishKeyPackages
from inmost_protocol.frames import Goodbye, Open, Opened, Refused
from inmost_server.app import create_app, open_server
from inmost_server.clock import now_ms
from inmost_server.edge.connection import Connection
from inmost_server.edge.rates import RATES, Rate
from inmost_server.features.sessions.open_sessions import LIFETIME_MS
from inmost_server.pace import ADDRESS_RATES, Pace
from inmost_server.settings import Settings
from server.kit.mls import group_of_one, key_package
from server.kit.people import Device
from server.kit.running import Running
from server.kit.wire import new_id

T = TypeVar("T")
UNLIMITED = Rate(per_second=1e9, burst=10**9)
WITHIN_S = 240.0
LOOK_AGAIN_S = 0.0002


class Found(AssertionError):
    """What must not happen has happened."""


class Written:
    """Where a connection writes to, instead of a socket's transport."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.transport = self
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.data += data

    def hold_reading(self, hold: bool) -> None:
        """There is nothing to hold: the next frame comes when this one is answered."""

    def close_with(self, last: bytes, code: int) -> None:
        self.write(last)
        self.is_closed = True

    def frames(self) -> list[Any]:
        """What was written, and forget it."""
        found, data = [], bytes(self.data)
        self.data.clear()
        while data:
            size, at = data[1], 2
            if size == 126:
                size, at = int.from_bytes(data[2:4], "big"), 4
            elif size == 127:
                size, at = int.from_bytes(data[2:10], "big"), 10
            found.append(decode_told(data[at : at + size]))
            data = data[at + size :]
        return found


class Inside(Running):
    """An opened server with an owner, a bot and a bystander, who is connected throughout and has to be answered throughout."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, now_ms, dict.fromkeys(RATES, UNLIMITED))
        self.loop = asyncio.new_event_loop()
        self.mistakes: list[Any] = []
        structlog.configure(processors=[self._noted], cache_logger_on_first_use=False)
        self.run(self._begin())

    def run(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, WITHIN_S))

    def _noted(self, _: Any, method: str, event: dict[str, Any]) -> Any:
        if method in {"error", "critical", "exception"}:
            self.mistakes.append(event)
        raise structlog.DropEvent

    async def _begin(self) -> None:
        self.server = await open_server(Settings(data=self.data), self.clock, self.rates)
        unlimited = dict.fromkeys(ADDRESS_RATES, UNLIMITED)
        self.server.pace = Pace(self.clock, unlimited, unlimited)
        self.app = create_app(self.server)
        await self.owner()
        self.fuzzed = (await self.invited("fuzzed", is_bot=True)).device
        self.bystander = (await self.invited("bystander", is_bot=True)).device
        await self._beside()
        # A conversation of the fuzzed device's, and packages of both, so that valid frames have something to be about.
        connection, written = await self.opened(self.fuzzed)
        self.conversation = new_id()
        group = group_of_one(self.fuzzed, "group", self.server.organisation.server_key.public)
        self.group = group.id
        create = CreateConversation(new_id(), self.conversation, group.id, group.group_info, group.tree)
        await self._ask(connection, written, create)
        await self._ask(connection, written, PublishKeyPackages(new_id(), [key_package(self.fuzzed)], None))
        connection.goodbye("stopping")

    async def _beside(self) -> None:
        self.beside_until_ms = self.clock() + LIFETIME_MS // 2
        self.beside, self.beside_written = await self.opened(self.bystander)
        await self._ask(self.beside, self.beside_written, Sync(new_id(), None))

    def connection(self) -> tuple[Connection, Written]:
        """Somebody who has connected and said nothing."""
        written = Written()
        return Connection(written, self.server.connections.turn), written  # type: ignore[arg-type]

    async def opened(self, device: Device) -> tuple[Connection, Written]:
        connection, written = self.connection()
        answer = await self._ask(connection, written, Open(new_id(), self.token(device), 1, "fuzz"))
        assert isinstance(answer, Opened), answer
        return connection, written

    async def _ask(self, connection: Connection, written: Written, frame: Any) -> Any:
        return (await self.told(connection, written, encode(frame)))[0]

    async def told(self, connection: Connection, written: Written, payload: bytes | None) -> list[Any]:
        """One message to the server; everything it writes until it is at rest."""
        self.server.dispatch.taken(connection, payload)
        # What waits for a commit of the store is no task of the connection's: it answers by itself.
        while connection.tasks or connection._at_work:
            await asyncio.sleep(LOOK_AGAIN_S)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return written.frames()

    async def frames(self, payloads: list[bytes | None], is_open: bool) -> None:
        """A connection that sends these. Each is answered or refused, never by a mistake of ours, and nobody else notices."""
        if is_open:
            connection, written = await self.opened(self.fuzzed)
        else:
            connection, written = self.connection()
        for payload in payloads:
            if written.is_closed:
                break
            for frame in await self.told(connection, written, payload):
                if isinstance(frame, Refused) and frame.code == "Unavailable":
                    raise Found(f"{payload!r} was answered with Unavailable: {self.mistakes}")
                if isinstance(frame, Goodbye) and frame.code not in {
                    "malformed",
                    "replaced",
                    "revoked",
                    "suspended",
                }:
                    raise Found(f"{payload!r} closed the connection with {frame.code}")
        self._no_mistake(payloads)
        connection.goodbye("stopping")
        connection.is_gone = True
        self.server.connections.remove(connection)
        if connection.tasks:
            raise Found(f"{payloads!r} left work behind")
        await self.still_answers()

    async def still_answers(self) -> None:
        """The bystander asks and gets an answer on the connection it had before, within the life of its session."""
        if self.clock() > self.beside_until_ms:
            self.beside.goodbye("stopping")
            await self._beside()
        answer = await self._ask(self.beside, self.beside_written, Sync(new_id(), None))
        if isinstance(answer, Refused) or self.beside_written.is_closed:
            raise Found(f"the bystander got {answer}")

    def _no_mistake(self, of: object) -> None:
        if self.mistakes:
            raise Found(f"{of!r}: {self.mistakes}")

    async def request(
        self,
        method: str,
        path: str,
        query: bytes,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        address: str = "127.0.0.1",
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        """A request as uvicorn would give it to the application."""
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": path, "raw_path": path.encode(errors="replace"), "query_string": query, "root_path": "",
            "headers": headers, "client": (address, 1), "server": ("127.0.0.1", 80), "state": {}, "extensions": {},
        }  # fmt: skip
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)  # type: ignore[arg-type]
        start, *rest = sent
        answer = b"".join(part.get("body", b"") for part in rest)
        self._no_mistake((method, path, query, body))
        return start["status"], dict(start["headers"]), answer

    def close(self) -> None:
        self.run(self.server.close())
        self.loop.close()
        structlog.reset_defaults()
