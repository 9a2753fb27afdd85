"""The WebSocket's route: hands the connection over to the edge and waits until it is over."""

import asyncio
from collections.abc import Callable
from typing import Any

from litestar import WebSocket
from litestar.handlers import WebsocketRouteHandler, websocket

from inmost_server.edge.connection import Connection
from inmost_server.edge.connections import Connections
from inmost_server.edge.dispatch import OPEN_ACCESS, Dispatch
from inmost_server.edge.socket import SOCKET, Socket

PATH = "/v1/connect"
SUBPROTOCOL = "inmost.1"
OPEN_WITHIN_S = 5.0


def connect_route(dispatch: Dispatch, connections: Connections) -> WebsocketRouteHandler:
    @websocket(PATH, opt={"access": OPEN_ACCESS})
    async def connect(socket: WebSocket[Any, Any, Any]) -> None:
        """One connection, from the handshake to its end."""
        extensions: dict[str, Any] = socket.scope["extensions"] or {}
        below = extensions[SOCKET]
        assert isinstance(below, Socket)
        connection = Connection(below, connections.turn)
        below.take_over(
            lambda payload: dispatch.taken(connection, payload),
            _lost(connection, connections),
            connection.saturation,
        )
        below.before_shutdown = lambda: connection.goodbye("stopping")
        offered = socket.scope["subprotocols"]
        await socket.accept(subprotocols=SUBPROTOCOL if SUBPROTOCOL in offered else None)
        late = asyncio.get_running_loop().call_later(OPEN_WITHIN_S, _close_unopened, connection)
        try:
            await connection.closed.wait()
        finally:
            late.cancel()
            connections.remove(connection)

    return connect


def _lost(connection: Connection, connections: Connections) -> Callable[[], None]:
    def lost() -> None:
        connection.is_gone = True
        connections.remove(connection)
        connection.closed.set()

    return lost


def _close_unopened(connection: Connection) -> None:
    if connection.session is None:
        connection.goodbye("expired")
