"""The sessions that are open now: who is behind an access token, and until when.

In memory, because a session lasts a quarter of an hour and a device makes a new one by signing a challenge: after a restart everybody
does. Tokens are kept as SHA-256 only, so that a memory dump opens nothing.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inmost_server.clock import Clock
from inmost_server.sessions import NO_DEVICE, Session
from inmost_server.store import Tx

TOKEN_BYTES = 32
ID_BYTES = 16
LIFETIME_MS = 15 * 60_000
MAX_PER_HOLDER = 8  # a device that opens more loses its oldest
MAX_SESSIONS = 200_000  # then the expired ones are looked for


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session and the one copy of its token."""

    token: str
    session: Session


class OpenSessions:
    """All sessions of this process. Used on the event loop only; end_devices and end_users may be called in a transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_hash: dict[bytes, Session] = {}
        self._of_holder: dict[bytes, list[bytes]] = {}
        self._on_end: list[Callable[[Session], None]] = []

    def __len__(self) -> int:
        return len(self._by_hash)

    def on_end(self, tell: Callable[[Session], None]) -> None:
        """Call `tell` with each session that is ended early, not when it expires: its connections are to be closed."""
        self._on_end.append(tell)

    def open_for_device(self, user: bytes, device: bytes) -> Opened:
        return self._open(Session(device, user, "device", self._clock() + LIFETIME_MS, _new_id()))

    def open_for_recovery(self, user: bytes) -> Opened:
        return self._open(Session(NO_DEVICE, user, "recovering", self._clock() + LIFETIME_MS, _new_id()))

    async def lookup(self, token: str) -> Session | None:
        """The session of an access token, None when there is none or it has run out."""
        return self.find(token)

    def find(self, token: str) -> Session | None:
        hashed = _hashed(token)
        session = self._by_hash.get(hashed)
        if session is None or session.expires_ms > self._clock():
            return session
        self._forget(hashed)
        return None

    def end(self, token: str) -> None:
        self._end(_hashed(token))

    def end_devices(self, tx: Tx, devices: Sequence[bytes]) -> None:
        """The devices were revoked, or their persons suspended."""
        if devices:
            tx.after_commit(lambda: self._end_where(lambda session: session.device in set(devices)))

    def end_users(self, tx: Tx, users: Sequence[bytes]) -> None:
        """The persons were suspended: recovering sessions end too."""
        if users:
            tx.after_commit(lambda: self._end_where(lambda session: session.user in set(users)))

    def end_recoveries(self, tx: Tx, user: bytes, but: Session) -> None:
        """The password was changed: who came in with the old one is out, except the session that changed it."""
        tx.after_commit(
            lambda: self._end_where(
                lambda session: session.user == user and session.device == NO_DEVICE and session is not but
            )
        )

    def _open(self, session: Session) -> Opened:
        if len(self._by_hash) >= MAX_SESSIONS:
            for hashed in [
                hashed for hashed, one in self._by_hash.items() if one.expires_ms <= self._clock()
            ]:
                self._forget(hashed)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        hashed = _hashed(token)
        held = self._of_holder.setdefault(_holder(session), [])
        self._by_hash[hashed] = session
        held.append(hashed)
        # A surplus one goes without closing anything: its connections were renewed by a later one, or will ask.
        for surplus in held[:-MAX_PER_HOLDER]:
            self._forget(surplus)
        return Opened(token, session)

    def _end_where(self, is_over: Callable[[Session], bool]) -> None:
        for hashed in [hashed for hashed, session in self._by_hash.items() if is_over(session)]:
            self._end(hashed)

    def _end(self, hashed: bytes) -> None:
        session = self._forget(hashed)
        if session is not None:
            for tell in self._on_end:
                tell(session)

    def _forget(self, hashed: bytes) -> Session | None:
        session = self._by_hash.pop(hashed, None)
        if session is None:
            return None
        held = self._of_holder[_holder(session)]
        held.remove(hashed)
        if not held:
            del self._of_holder[_holder(session)]
        return session


def _new_id() -> bytes:
    return secrets.token_bytes(ID_BYTES)


def _holder(session: Session) -> bytes:
    return session.user if session.device == NO_DEVICE else session.device


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
