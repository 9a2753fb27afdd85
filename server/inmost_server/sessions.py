"""What the rest of the server needs of sessions; features/sessions/store.py is the one that keeps them."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from inmost_server.store import Tx

NO_DEVICE = bytes(16)


class Session(msgspec.Struct, frozen=True):
    """A signed-in device, or (recovering) a person without one, who may only do what a return needs. device is then NO_DEVICE.

    id: of this one session; no secret.
    """

    device: bytes
    user: bytes
    kind: Literal["device", "recovering"]
    expires_ms: int
    id: bytes = b""


class Sessions(Protocol):
    """The sessions of the server, by token."""

    async def lookup(self, token: str) -> Session | None:
        """The session of an access token, None when there is none or it has run out."""

    def end_devices(self, tx: Tx, devices: Sequence[bytes]) -> None:
        """End the sessions of these devices in the same transaction as the entry that revokes them."""

    def end_users(self, tx: Tx, users: Sequence[bytes]) -> None:
        """End every session of these users, recovering ones too."""
