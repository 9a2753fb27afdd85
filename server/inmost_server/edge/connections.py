"""Who is connected, and which conversations each connection follows."""

import asyncio
from collections.abc import Iterable

from inmost_server import metrics
from inmost_server.bus import Told
from inmost_server.edge.connection import Connection, Turn
from inmost_server.edge.socket import framed
from inmost_server.sessions import Session


class Connections:
    """Every open connection of this process. Delivering is a loop over writes, nothing more."""

    def __init__(self) -> None:
        self.turn = Turn()
        self._shut: str | None = None
        self._all: set[Connection] = set()
        self._by_device: dict[bytes, Connection] = {}
        self._by_user: dict[bytes, set[Connection]] = {}
        self._followers: dict[bytes, dict[Connection, None]] = {}

    def add(self, connection: Connection) -> None:
        """A connection with a session. A device has one: the newest wins, the other hears `replaced`."""
        session = connection.session
        assert session is not None
        if session.kind == "device":
            before = self._by_device.get(session.device)
            if before is not None and before is not connection:
                before.goodbye("replaced")
            self._by_device[session.device] = connection
        connection.leave = self.remove
        if self._shut is not None:
            connection.goodbye(self._shut)
            return
        self._all.add(connection)
        self._by_user.setdefault(session.user, set()).add(connection)
        metrics.CONNECTIONS.set(len(self._all))

    def remove(self, connection: Connection) -> None:
        self._all.discard(connection)
        session = connection.session
        if session is not None:
            if self._by_device.get(session.device) is connection:
                del self._by_device[session.device]
            of_user = self._by_user.get(session.user)
            if of_user is not None:
                of_user.discard(connection)
                if not of_user:
                    del self._by_user[session.user]
        for conversation in connection.following:
            self._drop(conversation, connection)
        connection.following.clear()
        metrics.CONNECTIONS.set(len(self._all))

    def close(self, *, device: bytes | None = None, user: bytes | None = None, code: str) -> None:
        """Close a device's connection, or all of a user's, at once."""
        closing = set(self._by_user.get(user, ())) if user is not None else set()
        if device is not None and device in self._by_device:
            closing.add(self._by_device[device])
        for connection in closing:
            connection.goodbye(code)

    def close_session(self, session: Session, code: str) -> None:
        """A session was ended before its time."""
        if session.kind == "device":
            self.close(device=session.device, code=code)
            return
        for connection in list(self._by_user.get(session.user, ())):
            if connection.session is not None and connection.session.kind == session.kind:
                connection.goodbye(code)

    def hold_all(self) -> None:
        """Take nothing more from anybody."""
        for connection in self._all:
            connection.socket.hold_reading(hold=True)

    async def at_rest(self, within_s: float) -> None:
        """Return when no request is at work any more, or when it takes too long."""
        working = [task for connection in self._all for task in connection.tasks]
        if working:
            await asyncio.wait(working, timeout=within_s)

    def close_all(self, code: str) -> None:
        for connection in list(self._all):
            connection.goodbye(code)

    def shut(self, code: str) -> None:
        """Close all, and whoever comes, until let_in()."""
        self._shut = code
        self.close_all(code)

    def let_in(self) -> None:
        self._shut = None

    def close_expired(self, now_ms: int) -> None:
        for connection in list(self._all):
            if connection.session is not None and connection.session.expires_ms <= now_ms:
                connection.goodbye("expired")

    def follow(self, device: bytes, conversations: Iterable[bytes]) -> None:
        """From here on this device's connection gets what is told in these conversations."""
        connection = self._by_device.get(device)
        if connection is None:
            return
        connection.is_synced = True
        for conversation in conversations:
            if conversation not in connection.following:
                connection.following.add(conversation)
                self._followers.setdefault(conversation, {})[connection] = None

    def follow_if_synced(self, device: bytes, conversation: bytes) -> None:
        """The device came in: it gets what follows, unless it has not synced yet and will ask for everything."""
        connection = self._by_device.get(device)
        if connection is not None and connection.is_synced:
            self.follow(device, (conversation,))

    def forget_callers(self) -> None:
        """Roles may have changed: who may call what is looked up anew."""
        for connection in self._all:
            connection.caller = None

    def unfollow(self, device: bytes, conversation: bytes) -> None:
        connection = self._by_device.get(device)
        if connection is not None and conversation in connection.following:
            connection.following.discard(conversation)
            self._drop(conversation, connection)

    def is_online(self, device: bytes) -> bool:
        return device in self._by_device

    def deliver(self, told: Told) -> None:
        """Write one event to everybody it is for."""
        message = framed(told.frame)
        if told.conversation is not None and told.devices is None:
            followers: Iterable[Connection] = list(self._followers.get(told.conversation, ()))
        elif told.devices is not None:
            followers = [self._by_device[device] for device in told.devices if device in self._by_device]
        else:
            followers = list(self._all)
        written = 0
        for connection in followers:
            if told.but is None or connection.device != told.but:
                connection.tell(message)
                written += 1
        metrics.DELIVERED.inc(written)

    def __len__(self) -> int:
        return len(self._all)

    def _drop(self, conversation: bytes, connection: Connection) -> None:
        followers = self._followers.get(conversation)
        if followers is not None:
            followers.pop(connection, None)
            if not followers:
                del self._followers[conversation]
