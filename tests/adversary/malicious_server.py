"""A server that lies: a process between clients and the real server that changes, holds back, repeats or invents frames.

    python -m tests.adversary.malicious_server JSON    {"ports": {person: port}, "server": url}

Each person has an address of their own here, so that different people can be told different things. Everything an attack
leaves alone is passed on as it is (docs/decisions/0002). It is spoken to as speaking.py says; what it can be asked to do
are the methods `do_...` here and in the attack at work.
"""

import asyncio
import contextlib
import importlib
import json
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpx2
import msgspec
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from inmost_protocol import decode_request, decode_told, encode
from inmost_protocol.frames import Frame, Opened
from tests.adversary.speaking import serve

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
SUBPROTOCOL = Subprotocol("inmost.1")
NOT_PASSED_ON = {b"host", b"content-length", b"transfer-encoding", b"connection"}
ASKED, TOLD = "asked", "told"


class Connection:
    """One client's connection as the lying server sees it."""

    def __init__(self, person: str, send: Send, server: ClientConnection, seen: Callable[..., None]) -> None:
        self._send = send
        self._server = server
        self._seen = seen
        self.person = person
        self.device = b""
        self.user = b""

    async def tell(self, frame: Frame) -> None:
        """Send a frame to the client as if the server had."""
        self._seen(self, TOLD, encode(frame))
        with contextlib.suppress(RuntimeError):
            await self._send({"type": "websocket.send", "bytes": encode(frame)})

    async def ask(self, frame: Frame) -> None:
        """Send a frame to the real server as if the client had."""
        with contextlib.suppress(ConnectionClosed):
            await self._server.send(encode(frame))

    async def close(self) -> None:
        """As if the connection had broken."""
        await self._server.close()


@dataclass
class Request:
    """One HTTP request on its way to the real server; an attack may change it."""

    person: str
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes


class Attack:
    """What the server does wrong. Subclasses override what they need; here everything is passed on."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.arguments = arguments
        self.connections: list[Connection] = []

    async def asked(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        """A client sent this frame; what is passed on to the real server."""
        return (frame,)

    async def told(self, connection: Connection, frame: Frame) -> Iterable[Frame]:
        """The real server sent this frame; what is passed on to the client."""
        return (frame,)

    def requested(self, request: Request) -> None:
        """An HTTP request, before it is passed on."""

    def answered(self, request: Request, body: bytes) -> bytes:
        """The body of its answer."""
        return body


class MaliciousServer:
    """All addresses, the attack at work, and every frame that came by."""

    def __init__(self, ports: dict[str, int], server: str) -> None:
        self._ports = ports
        self.upstream = dict.fromkeys(ports, server)
        self.attack = Attack({})
        self.frames: list[tuple[str, bytes, str, bytes]] = []
        self.connections: list[Connection] = []

    def seen(self, connection: Connection, way: str, frame: bytes) -> None:
        self.frames.append((connection.person, connection.device, way, frame))

    async def run(self) -> None:
        serving = [asyncio.create_task(Address(self, *address).serve()) for address in self._ports.items()]
        await serve(self.do)
        for task in serving:
            task.cancel()

    async def do(self, name: str, arguments: dict[str, Any]) -> Any:
        of = self.attack if hasattr(self.attack, f"do_{name}") else self
        return await getattr(of, f"do_{name}")(**arguments)

    async def do_attack(self, attack: str, arguments: dict[str, Any]) -> None:
        module, name = attack.split(":")
        self.attack = getattr(importlib.import_module(module), name)(arguments)
        self.attack.connections = self.connections

    async def do_route(self, person: str, server: str) -> None:
        """Which real server is behind a person's address from the next connection on."""
        self.upstream[person] = server

    async def do_mark(self) -> int:
        return len(self.frames)

    async def do_frames(self, after: int) -> list[tuple[str, bytes, str, bytes]]:
        """(person, device, "asked" or "told", frame): what clients sent, and what they were told, from a mark on."""
        return self.frames[after:]

    async def do_tell(self, person: str, frame: bytes) -> int:
        """Tell a person's devices something the real server never said; how many heard it."""
        heard = [one for one in self.connections if one.person == person]
        for connection in heard:
            await connection.tell(decode_told(frame))
        return len(heard)

    async def do_disconnect(self, person: str) -> None:
        for connection in [one for one in self.connections if one.person == person]:
            await connection.close()


class Address:
    """One person's address: an ASGI application that passes on to the real server."""

    def __init__(self, whole: MaliciousServer, person: str, port: int) -> None:
        self._whole, self._person, self._port = whole, person, port
        self._http = httpx2.AsyncClient(timeout=60, trust_env=False)

    async def serve(self) -> None:
        listening = socket.create_server(("127.0.0.1", self._port), backlog=64)
        config = uvicorn.Config(
            self, log_level="warning", ws="websockets-sansio", ws_max_size=2**25, lifespan="off"
        )
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        await server.serve([listening])

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._pass_http(scope, receive, send)
        else:
            await self._pass_websocket(receive, send)

    async def _pass_http(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        query = "?" + scope["query_string"].decode() if scope["query_string"] else ""
        headers = [(k.decode(), v.decode()) for k, v in scope["headers"] if k not in NOT_PASSED_ON]
        path = scope["raw_path"].decode() + query
        request = Request(self._person, scope["method"], path, headers, body)
        self._whole.attack.requested(request)
        url = self._whole.upstream[self._person] + request.path
        answer = await self._http.request(request.method, url, headers=request.headers, content=request.body)
        passed = [
            (k, v) for k, v in answer.headers.raw if k.lower() not in NOT_PASSED_ON | {b"content-encoding"}
        ]
        content = self._whole.attack.answered(request, answer.content)
        await send({"type": "http.response.start", "status": answer.status_code, "headers": passed})
        await send({"type": "http.response.body", "body": content})

    async def _pass_websocket(self, receive: Receive, send: Send) -> None:
        await receive()
        url = self._whole.upstream[self._person].replace("http", "ws", 1) + "/v1/connect"
        try:
            server = await connect(
                url, subprotocols=[SUBPROTOCOL], compression=None, max_size=None, proxy=None
            )
        except OSError:
            await send({"type": "websocket.close", "code": 1012})
            return
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        connection = Connection(self._person, send, server, self._whole.seen)
        self._whole.connections.append(connection)
        tasks = {
            asyncio.create_task(self._client_to_server(connection, receive, server)),
            asyncio.create_task(self._server_to_client(connection, server)),
        }
        try:
            _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            self._whole.connections.remove(connection)
            await server.close()
        with contextlib.suppress(RuntimeError):
            await send({"type": "websocket.close", "code": 1000})

    async def _client_to_server(
        self, connection: Connection, receive: Receive, server: ClientConnection
    ) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            self._whole.seen(connection, ASKED, message["bytes"])
            for frame in await self._whole.attack.asked(connection, decode_request(message["bytes"])):
                await server.send(encode(frame))

    async def _server_to_client(self, connection: Connection, server: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for raw in server:
                assert isinstance(raw, bytes)
                frame = decode_told(raw)
                if isinstance(frame, Opened):
                    connection.device, connection.user = frame.device, frame.user
                for passed in await self._whole.attack.told(connection, frame):
                    await connection.tell(passed)


def changed(frame: Frame, **fields: Any) -> Frame:
    """The same frame with some fields changed."""
    return msgspec.structs.replace(frame, **fields)


def main(given: str) -> None:
    """Serve until standard input ends."""
    arguments = json.loads(given)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(MaliciousServer(arguments["ports"], arguments["server"]).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
