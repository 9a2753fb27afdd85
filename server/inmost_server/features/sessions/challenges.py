"""Challenges: nonces that this server made for somebody's device or passkey a short time ago and that nobody used yet.

Nothing is stored when one is handed out, so asking for a million fills nothing: the nonce carries its time and a MAC over whom it is for. Only
what was used with a right signature is remembered, until it would have expired anyway.
"""

import hashlib
import hmac
import secrets

NONCE_BYTES = 32
LIFETIME_MS = 60_000
_TIME = slice(0, 8)
_STAMPED = slice(0, 16)  # time and randomness
_MAC = slice(16, 32)


class Challenges:
    """Made with a key that lives as long as the process: a restart voids the challenges handed out last."""

    def __init__(self, key: bytes | None = None, lifetime_ms: int = LIFETIME_MS) -> None:
        self._key = key or secrets.token_bytes(32)
        self._lifetime_ms = lifetime_ms
        self._used: dict[bytes, int] = {}

    def __len__(self) -> int:
        """How many used ones are remembered."""
        return len(self._used)

    def make(self, device: bytes, now_ms: int) -> bytes:
        """A nonce for this device (known or not) or purpose, good until now_ms and the lifetime."""
        stamped = now_ms.to_bytes(8) + secrets.token_bytes(8)
        return stamped + self._mac(device, stamped)

    def is_fresh(self, device: bytes, nonce: bytes, now_ms: int) -> bool:
        """This server made it for this device, it has not expired, and nobody used it."""
        if len(nonce) != NONCE_BYTES or not hmac.compare_digest(
            nonce[_MAC], self._mac(device, nonce[_STAMPED])
        ):
            return False
        made_ms = int.from_bytes(nonce[_TIME])
        return made_ms <= now_ms < made_ms + self._lifetime_ms and nonce not in self._used

    def use(self, nonce: bytes, now_ms: int) -> None:
        """From here on it is not fresh. Call it in the same step of the event loop as is_fresh()."""
        # In the order of use, so nearly in that of making; what is left over a few seconds longer does no harm.
        for old, expires_ms in list(self._used.items()):
            if expires_ms > now_ms:
                break
            del self._used[old]
        self._used[nonce] = now_ms + self._lifetime_ms

    def _mac(self, device: bytes, stamped: bytes) -> bytes:
        return hmac.digest(self._key, b"inmost/1 challenge" + stamped + device, hashlib.sha256)[:16]
