"""A server that lies: a process between clients and the real server that changes, holds back, repeats or invents frames.

    python -m tests.adversary.malicious_server PORT SERVER_URL MODULE:ATTACK [JSON]

Everything an attack leaves alone is passed on as it is (docs/decisions/0002). It prints one JSON line for each thing it did.
"""

import asyncio
import contextlib
import importlib
import json
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpx2
import msgspec
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from inmost_protocol import decode_request, decode_told, encode
from inmost_protocol.frames import Frame, Opened

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
SUBPROTOCOL = "inmost.1"
NOT_PASSED_ON = {b"host", b"content-length", b"transfer-encoding", b"connection"}


class Connection:
    """One client's connection as the lying server sees it."""

    def __init__(self, send: Send, server: ClientConnection) -> None:
        self._send = send
        self._server = server
        self.device = b""
        self.user = b""

    async def tell(self, frame: Frame) -> None:
        """Send a frame to the client as if the server had."""
        await self._send({"type": "websocket.send", "bytes": encode(frame)})

    async def ask(self, frame: Frame) -> None:
        """Send a frame to the real server as if the client had."""
        await self._server.send(encode(frame))


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

    def say(self, did: str, **more: Any) -> None:
        """Tell the test what was done; bytes as hex."""
        line = {"did": did} | {k: v.hex() if isinstance(v, bytes) else v for k, v in more.items()}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


class MaliciousServer:
    """An ASGI application that stands between clients and the real server."""

    def __init__(self, server_url: str, attack: Attack) -> None:
        self._server_url = server_url
        self._attack = attack
        self._http = httpx2.AsyncClient(base_url=server_url, timeout=60)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._pass_http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._pass_websocket(receive, send)
        elif scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})

    async def _pass_http(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = [(k.decode(), v.decode()) for k, v in scope["headers"] if k not in NOT_PASSED_ON]
        path = scope["raw_path"].decode() + (
            "?" + scope["query_string"].decode() if scope["query_string"] else ""
        )
        answer = await self._http.request(scope["method"], path, headers=headers, content=body)
        passed = [
            (k, v) for k, v in answer.headers.raw if k.lower() not in NOT_PASSED_ON | {b"content-encoding"}
        ]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": passed})
        await send({"type": "http.response.body", "body": answer.content})

    async def _pass_websocket(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        address = self._server_url.replace("http", "ws", 1) + "/v1/connect"
        async with connect(address, subprotocols=[SUBPROTOCOL], compression=None, max_size=None) as server:  # type: ignore[list-item]
            connection = Connection(send, server)
            self._attack.connections.append(connection)
            tasks = {
                asyncio.create_task(self._client_to_server(connection, receive, server)),
                asyncio.create_task(self._server_to_client(connection, server, send)),
            }
            _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            self._attack.connections.remove(connection)
        with contextlib.suppress(RuntimeError):
            await send({"type": "websocket.close", "code": 1000})

    async def _client_to_server(
        self, connection: Connection, receive: Receive, server: ClientConnection
    ) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            for frame in await self._attack.asked(connection, decode_request(message["bytes"])):
                await server.send(encode(frame))

    async def _server_to_client(self, connection: Connection, server: ClientConnection, send: Send) -> None:
        async for raw in server:
            assert isinstance(raw, bytes)
            frame = decode_told(raw)
            if isinstance(frame, Opened):
                connection.device, connection.user = frame.device, frame.user
            for passed in await self._attack.told(connection, frame):
                await send({"type": "websocket.send", "bytes": encode(passed)})


def changed(frame: Frame, **fields: Any) -> Frame:
    """The same frame with some fields changed."""
    return msgspec.structs.replace(frame, **fields)


def main(port: str, server_url: str, which: str, arguments: str = "{}") -> None:
    """Serve until stopped."""
    module, name = which.split(":")
    attack: Attack = getattr(importlib.import_module(module), name)(json.loads(arguments))
    application = MaliciousServer(server_url, attack)
    attack.say("listening", port=int(port))
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(port),
        log_level="warning",
        ws="websockets-sansio",
        ws_max_size=2**25,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
