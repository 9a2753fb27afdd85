"""One device's connection: what it asked and has not got yet, what is told to it, and how it ends."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from inmost_protocol import encode
from inmost_protocol.frames import Frame, Goodbye, Refused
from inmost_server import metrics
from inmost_server.access import Caller
from inmost_server.edge.errors import as_refusal
from inmost_server.edge.socket import Socket, framed
from inmost_server.sessions import Session

MAX_EVENT_BYTES_WAITING: Final = 4 * 1024 * 1024
MAX_REQUESTS_AT_WORK: Final = 512
MAX_MALFORMED: Final = 10
MALFORMED_WINDOW_S: Final = 60.0
NOBODY: Final = bytes(16)
GATHERED_AT_MOST: Final = 64 * 1024

CLOSE_CODES: Final = {
    "stopping": 1012,
    "unavailable": 1013,
    "malformed": 1002,
    "revoked": 4001,
    "suspended": 4002,
    "expired": 4003,
    "slow": 4004,
    "replaced": 4005,
}
WORDS: Final = {
    "stopping": "The server is stopping; try again in a moment.",
    "unavailable": "The server's database is away; try again in a moment.",
    "malformed": "Too much that is no frame of this protocol.",
    "revoked": "This device has been revoked.",
    "suspended": "This account is suspended.",
    "expired": "The session has run out; sign in again.",
    "slow": "This connection is too slow; sync when it is back.",
    "replaced": "The same device has connected again.",
}


class Turn:
    """The connections to which something was written in this turn of the event loop."""

    def __init__(self) -> None:
        self._connections: list[Connection] = []

    def add(self, connection: "Connection") -> None:
        if not self._connections:
            asyncio.get_running_loop().call_soon(self._flush)
        self._connections.append(connection)

    def _flush(self) -> None:
        connections, self._connections = self._connections, []
        for connection in connections:
            connection.flush()


class Connection:
    """From Open on it has a session. Everything here happens on the event loop."""

    __slots__ = (
        "__weakref__",
        "_at_work",
        "_event_bytes",
        "_gathered",
        "_gathered_bytes",
        "_held",
        "_malformed",
        "_saturated",
        "_turn",
        "caller",
        "client",
        "closed",
        "following",
        "is_gone",
        "is_synced",
        "leave",
        "session",
        "socket",
        "tasks",
    )

    def __init__(self, socket: Socket, turn: "Turn") -> None:
        self.socket = socket
        self._turn = turn
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self.session: Session | None = None
        self.client = ""
        self.caller: Caller | None = None
        self.closed = asyncio.Event()
        self.is_gone = False
        self.is_synced = False
        self.following: set[bytes] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.leave: Callable[[Connection], None] | None = None
        self._at_work = 0
        self._event_bytes = 0
        self._held = False
        self._saturated = False
        self._malformed: list[float] = []

    @property
    def device(self) -> bytes:
        return self.session.device if self.session is not None else NOBODY

    @property
    def user(self) -> bytes:
        assert self.session is not None
        return self.session.user

    def send(self, frame: Frame) -> None:
        """Write one answer. Its size is bounded by the request's limits, and few are at work at once."""
        if not self.is_gone:
            self._write(framed(encode(frame)))

    def tell(self, message: bytes) -> None:
        """Write one event, already framed; a connection that lets too many wait is closed."""
        if self.is_gone:
            return
        if self._saturated:
            self._event_bytes += len(message)
            if self._event_bytes > MAX_EVENT_BYTES_WAITING:
                self.goodbye("slow")
                return
        self._write(message)

    def _write(self, message: bytes) -> None:
        """What one turn of the event loop gathers is one write: a system call costs more than all else here."""
        gathered = self._gathered
        if not gathered:
            self._turn.add(self)
        gathered.append(message)
        self._gathered_bytes += len(message)
        if self._gathered_bytes > GATHERED_AT_MOST:
            self.flush()

    def flush(self) -> None:
        """Hand over to the transport what has gathered."""
        if self._gathered and not self.is_gone:
            self.socket.transport.write(b"".join(self._gathered))
        self._gathered.clear()
        self._gathered_bytes = 0

    def saturation(self, saturated: bool) -> None:
        """More than PAUSE_BYTES wait, or few enough again. Meanwhile its requests are not read."""
        self._saturated = saturated
        self._event_bytes = 0
        self._hold_or_go_on()

    def begin(self) -> None:
        """A request is at work; when too many are, no more are read until some are done."""
        self._at_work += 1
        if self._at_work >= MAX_REQUESTS_AT_WORK:
            self._hold_or_go_on()

    def end(self) -> None:
        self._at_work -= 1
        if self._held:
            self._hold_or_go_on()

    def _hold_or_go_on(self) -> None:
        hold = self._saturated or self._at_work >= MAX_REQUESTS_AT_WORK
        if hold != self._held and not self.is_gone:
            self._held = hold
            self.socket.hold_reading(hold)

    def refuse(self, re: bytes, error: BaseException) -> None:
        """Answer with the refusal that this error stands for."""
        refusal = as_refusal(error)
        metrics.REFUSED.labels(refusal.code).inc()
        self.send(Refused(re, refusal.code, refusal.said, refusal.retry_after_ms, refusal.current_epoch))

    def malformed(self, re: bytes, code: str, words: str) -> None:
        """Refuse what was no frame; say goodbye to a peer that keeps sending such."""
        now = asyncio.get_running_loop().time()
        self._malformed = [at for at in self._malformed if now - at < MALFORMED_WINDOW_S] + [now]
        self.send(Refused(re, code, words))
        metrics.REFUSED.labels(code).inc()
        if len(self._malformed) >= MAX_MALFORMED:
            self.goodbye("malformed")

    def goodbye(self, code: str) -> None:
        """Say why and close. Nothing this peer has sent and we have not taken yet is looked at."""
        if self.is_gone:
            return
        self.flush()
        self.is_gone = True
        if self.leave is not None:
            self.leave(self)
        metrics.GOODBYES.labels(code).inc()
        self.socket.close_with(framed(encode(Goodbye(code, WORDS[code]))), CLOSE_CODES[code])

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that outlives this connection if it must: what was begun is finished."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
