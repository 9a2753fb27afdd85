"""A peer for the fan-out figure: raw ASGI on uvicorn."""

import asyncio
import sys
from typing import Any

import uvicorn

connected: set[Any] = set()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Give what comes from the one to all others."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    connected.add(send)
    try:
        while (message := await receive())["type"] == "websocket.receive":
            out = {"type": "websocket.send", "bytes": message["bytes"]}
            await asyncio.gather(*(other(out) for other in connected if other is not send))
    finally:
        connected.discard(send)


if __name__ == "__main__":
    uvicorn.run(
        application,
        port=int(sys.argv[1]),
        log_level="error",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        loop="uvloop",
    )
