"""The sessions that are open now: who is behind an access token, and until when.

In memory, because a session lasts a quarter of an hour and a device makes a new one by signing a challenge: after a restart everybody
does. Tokens are kept as SHA-256 only, so that a memory dump opens nothing.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from inmost_server.clock import Clock

TOKEN_BYTES = 32
LIFETIME_MS = 15 * 60_000
MAX_PER_HOLDER = 8  # the oldest ends when a device (or a recovering person) opens more
MAX_SESSIONS = 200_000

DEVICE = "device"
RECOVERING = "recovering"


@dataclass(frozen=True, slots=True)
class Session:
    """Who may act, until expires_ms.

    id        SHA-256 of the access token
    kind      DEVICE, or RECOVERING: proved by password and code, may only do what a return needs
    device    16 bytes; empty when recovering
    """

    id: bytes
    kind: str
    user: bytes
    device: bytes
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session and the one copy of its token."""

    token: str
    session: Session


class Sessions:
    """All open sessions of this process. Not shared between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[bytes, Session] = {}
        self._of_holder: dict[bytes, list[bytes]] = {}
        self._on_end: list[Callable[[Session], None]] = []

    def __len__(self) -> int:
        return len(self._by_id)

    def on_end(self, tell: Callable[[Session], None]) -> None:
        """Call `tell` with each session that is ended early (not when it expires): its connections are to be closed."""
        self._on_end.append(tell)

    def open_for_device(self, user: bytes, device: bytes) -> Opened:
        return self._open(DEVICE, user, device)

    def open_for_recovery(self, user: bytes) -> Opened:
        return self._open(RECOVERING, user, b"")

    def find(self, token: str) -> Session | None:
        """The session of an access token, if it is open and not expired."""
        session = self._by_id.get(_hashed(token))
        if session is None:
            return None
        if session.expires_ms <= self._clock():
            self._forget(session)
            return None
        return session

    def end(self, session: Session) -> None:
        if self._forget(session):
            for tell in self._on_end:
                tell(session)

    def end_device(self, device: bytes) -> None:
        """The device was revoked, or its person suspended."""
        for session in [self._by_id[id_] for id_ in self._of_holder.get(device, ())]:
            self.end(session)

    def end_user(self, user: bytes) -> None:
        """The person was suspended, or changed the password: recovering sessions end too."""
        for session in [session for session in self._by_id.values() if session.user == user]:
            self.end(session)

    def _open(self, kind: str, user: bytes, device: bytes) -> Opened:
        now_ms = self._clock()
        if len(self._by_id) >= MAX_SESSIONS:
            self._drop_expired(now_ms)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(_hashed(token), kind, user, device, now_ms + LIFETIME_MS)
        held = self._of_holder.setdefault(_holder(session), [])
        # An expired or surplus one goes without closing anything: connections renewed elsewhere live on.
        for id_ in list(held):
            if len(held) >= MAX_PER_HOLDER or self._by_id[id_].expires_ms <= now_ms:
                self._by_id.pop(id_)
                held.remove(id_)
        held.append(session.id)
        self._by_id[session.id] = session
        return Opened(token, session)

    def _drop_expired(self, now_ms: int) -> None:
        for session in [session for session in self._by_id.values() if session.expires_ms <= now_ms]:
            self._forget(session)

    def _forget(self, session: Session) -> bool:
        if self._by_id.pop(session.id, None) is None:
            return False
        held = self._of_holder[_holder(session)]
        held.remove(session.id)
        if not held:
            del self._of_holder[_holder(session)]
        return True


def _holder(session: Session) -> bytes:
    return session.device or session.user


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
