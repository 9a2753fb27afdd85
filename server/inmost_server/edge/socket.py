"""One WebSocket below the framework: uvicorn's protocol, with frames going straight in and out of its transport."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Opcode
from websockets.http11 import Request

SOCKET = "inmost.socket"
CLOSE_WAIT_S = 2.0
RESUME_BYTES = 256 * 1024
PAUSE_BYTES = 1024 * 1024
_BINARY_FINAL = 0x80 | Opcode.BINARY


def framed(payload: bytes) -> bytes:
    """One unmasked binary WebSocket message (RFC 6455 section 5.2): built once, written to every connection."""
    size = len(payload)
    if size < 126:
        return bytes((_BINARY_FINAL, size)) + payload
    if size < 65_536:
        return bytes((_BINARY_FINAL, 126)) + size.to_bytes(2, "big") + payload
    return bytes((_BINARY_FINAL, 127)) + size.to_bytes(8, "big") + payload


class Socket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol; what it receives goes to `taken` once somebody took it over.

    uvloop gathers what one turn of the loop writes to a transport into one system call.
    """

    taken: Callable[[bytes | None], None] | None = None
    lost: Callable[[], None] | None = None
    saturation: Callable[[bool], None] | None = None
    before_shutdown: Callable[[], None] | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[SOCKET] = self

    def take_over(
        self,
        taken: Callable[[bytes | None], None],
        lost: Callable[[], None],
        saturation: Callable[[bool], None],
    ) -> None:
        """From here on messages go to `taken` (None: a text message), and `saturation` hears when too much waits."""
        self.taken, self.lost, self.saturation = taken, lost, saturation
        self.transport.set_write_buffer_limits(high=PAUSE_BYTES, low=RESUME_BYTES)

    def send_receive_event_to_app(self) -> None:
        if self.taken is None:
            super().send_receive_event_to_app()
            return
        frames, self.frames = self.frames, []
        if self.close_sent:
            return
        payload = bytes(frames[0]) if len(frames) == 1 else b"".join(frames)
        self.taken(payload if self.curr_msg_data_type == "bytes" else None)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.saturation is not None:
            self.saturation(True)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.saturation is not None:
            self.saturation(False)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.lost is not None:
            self.lost()
        # The cycle of protocol and connection would otherwise wait for the collector.
        self.taken = self.lost = self.saturation = self.before_shutdown = None

    def shutdown(self) -> None:
        if self.before_shutdown is not None:
            self.before_shutdown()
        # Who was told goodbye has CLOSE_WAIT_S to answer; closing without that timer would wait for a slow reader.
        if not self.close_sent:
            super().shutdown()

    def hold_reading(self, hold: bool) -> None:
        """Stop or go on reading from this peer: its requests wait in its own buffers, nobody else's do."""
        if self.disconnected or self.close_sent:
            return
        if hold:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def close_with(self, last: bytes, code: int) -> None:
        """Write `last` and a close frame; give up on a peer that does not answer within CLOSE_WAIT_S."""
        if self.close_sent or self.disconnected:
            return
        self.transport.write(last)
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.stop_keepalive()
        self.close_sent = True
        self.transport.resume_reading()
        self.close_timer = asyncio.get_running_loop().call_later(CLOSE_WAIT_S, self.transport.abort)
