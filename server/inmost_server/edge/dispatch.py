"""From bytes to the feature that handles them: decode, may this caller, not too fast, hand over."""

from collections.abc import Awaitable, Iterable

import msgspec

from inmost_protocol import decode_request
from inmost_protocol.frames import Answer, Open, Opened, Request
from inmost_protocol.limits import PROTOCOL_VERSION
from inmost_server import metrics
from inmost_server.access import ANYONE, Access, Caller, caller_of
from inmost_server.clock import Clock
from inmost_server.edge import shape
from inmost_server.edge.connection import Connection
from inmost_server.edge.connections import Connections
from inmost_server.edge.rates import Rates
from inmost_server.edge.shape import tag_of
from inmost_server.features.directory.service import DirectoryService
from inmost_server.peer import Handled
from inmost_server.refusals import Malformed, NotAllowed, NotSignedIn, SlowDown, UnknownFrame
from inmost_server.sessions import Session, Sessions

OPENS_AT_ONCE = 4
OPEN_ACCESS: Access = ANYONE.where("a session's access token")


class Dispatch:
    """The meeting point of all frames. It only routes."""

    def __init__(
        self,
        handled: Iterable[Handled],
        sessions: Sessions,
        connections: Connections,
        directory: DirectoryService,
        rates: Rates,
        clock: Clock,
    ) -> None:
        self.handled: dict[type[Request], Handled] = {one.frame: one for one in handled}
        self._sessions, self._connections = sessions, connections
        self._directory, self._rates, self._clock = directory, rates, clock
        self._tags = {tag_of(Open), *map(tag_of, self.handled)}

    def taken(self, connection: Connection, payload: bytes | None) -> None:
        """One message from a peer; None: a text message."""
        frame = self._decoded(connection, payload)
        if frame is None:
            return
        if type(frame) is Open:
            connection.run(self._open(connection, frame))
            return
        metrics.FRAMES.labels(type(frame).__name__).inc()
        try:
            handled = self._allowed(connection, frame)
            answer = handled.handle(connection, frame)
        except Exception as error:
            connection.refuse(frame.id, error)
            return
        if answer is not None:
            connection.begin()
            connection.run(self._finish(connection, frame.id, answer))

    def _decoded(self, connection: Connection, payload: bytes | None) -> Request | None:
        try:
            frame: Request = decode_request(payload or b"")
        except (msgspec.DecodeError, ValueError, RecursionError):
            tag, re = shape.what_can_be_read(payload or b"")
            if tag is not None and tag not in self._tags:
                connection.refuse(re, UnknownFrame())
            else:
                connection.malformed(re, Malformed.__name__, Malformed.words)
            return None
        if len(frame.id) != shape.ID_BYTES:
            connection.malformed(bytes(shape.ID_BYTES), Malformed.__name__, "An id has 16 bytes.")
            return None
        if not shape.is_well_formed(frame):
            connection.malformed(frame.id, Malformed.__name__, Malformed.words)
            return None
        return frame

    def _allowed(self, connection: Connection, frame: Request) -> Handled:
        session = connection.session
        if session is None:
            raise NotSignedIn
        handled = self.handled.get(type(frame))
        if handled is None:
            raise UnknownFrame
        caller = connection.caller or self._caller(connection, session)
        if caller not in handled.access.callers:
            raise NotAllowed
        wait_ms = self._rates.wait_ms(session.device, handled.rate, self._clock())
        if wait_ms:
            raise SlowDown(retry_after_ms=wait_ms)
        return handled

    def _caller(self, connection: Connection, session: Session) -> Caller:
        user = self._directory.state.user(session.user)
        if user is None:
            raise NotAllowed
        connection.caller = caller_of(session.kind, user.role, user.is_bot)
        return connection.caller

    async def _finish(self, connection: Connection, re: bytes, answer: Awaitable[Answer | None]) -> None:
        try:
            done = await answer
            if done is not None:
                connection.send(done)
        except Exception as error:
            connection.refuse(re, error)
        finally:
            connection.end()

    async def _open(self, connection: Connection, frame: Open) -> None:
        """The first frame, or a later one that extends the session of the same device."""
        try:
            session = await self._sessions.lookup(frame.token)
            if session is None:
                raise NotSignedIn
            if frame.protocol != PROTOCOL_VERSION:
                raise Malformed(f"This server speaks protocol {PROTOCOL_VERSION}.")
            before = connection.session
            if before is not None and (before.device, before.user) != (session.device, session.user):
                raise NotAllowed("A connection belongs to one device.")
        except Exception as error:
            connection.refuse(frame.id, error)
            return
        if connection.is_gone:
            return
        connection.session = session
        connection.client = frame.client[:64]
        if before is None:
            self._connections.add(connection)
        org = self._directory.state.org
        connection.send(Opened(frame.id, org, session.user, session.device, session.kind, self._clock()))
