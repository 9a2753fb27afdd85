"""Runs the application: uvicorn with our WebSocket protocol, stopping without losing anybody's answer."""

import socket as sockets
import sys
from typing import Any

import uvicorn
from litestar import Litestar

from inmost_protocol.limits import MAX_FRAME_BYTES
from inmost_server.edge.socket import Socket

PING_EVERY_S = 25.0
PONG_WITHIN_S = 20.0
STOP_WITHIN_S = 10
# The writer's thread waits at most this long for the interpreter while the event loop is busy.
SWITCH_INTERVAL_S = 0.001


def config(app: Litestar, **given: Any) -> uvicorn.Config:
    """uvicorn's configuration for this server; `given` adds host, port, certificate and such."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return uvicorn.Config(
        app,
        **{
            "loop": "uvloop",
            "http": "httptools" if _has_httptools() else "h11",
            "ws": Socket,
            "ws_max_size": MAX_FRAME_BYTES,
            "ws_ping_interval": PING_EVERY_S,
            "ws_ping_timeout": PONG_WITHIN_S,
            "ws_per_message_deflate": False,
            "timeout_graceful_shutdown": STOP_WITHIN_S,
            "lifespan": "on",
            "access_log": False,
            "log_config": None,
            "server_header": False,
            "backlog": 2048,
            **given,
        },
    )


class Serving(uvicorn.Server):
    """Stops in this order: no new connections, finish what was taken, say goodbye, close the store."""

    async def shutdown(self, sockets: list[sockets.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        app = self.config.app
        assert isinstance(app, Litestar)
        await app.state["server"].finish()
        await super().shutdown(sockets)


def _has_httptools() -> bool:
    from importlib.util import find_spec

    return find_spec("httptools") is not None
