"""The server's own key for accounts: a file beside the database, so that a copy of the database alone opens no second factor."""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

FILE_NAME = "accounts.key"
KEY_BYTES = 32
_NONCE_BYTES = 12


class KeyLost(Exception):
    """The data directory has accounts but not their key. Put accounts.key back from the backup of the data directory."""


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """Keys derived from one secret, one for each purpose."""

    secret: bytes = field(repr=False)

    def of(self, purpose: str) -> bytes:
        return hmac.digest(self.secret, b"inmost/1 accounts " + purpose.encode(), hashlib.sha256)

    def seal(self, user: bytes, totp_secret: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + ChaCha20Poly1305(self.of("totp")).encrypt(nonce, totp_secret, user)

    def open(self, user: bytes, sealed: bytes) -> bytes:
        """The TOTP secret; KeyLost when it was sealed with another key or for somebody else."""
        try:
            return ChaCha20Poly1305(self.of("totp")).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], user
            )
        except InvalidTag:
            raise KeyLost from None

    def network(self, user: bytes, network: str) -> bytes:
        """What is remembered of a network somebody signed in from: no address can be read from it without the key."""
        return hmac.digest(self.of("network"), user + network.encode(), hashlib.sha256)[:16]


def load(data: Path, *, is_new: bool) -> AccountKeys:
    """The keys of a data directory; made when the organisation is new."""
    path = data / FILE_NAME
    if path.exists():
        secret = path.read_bytes()
        if len(secret) != KEY_BYTES:
            raise KeyLost(f"{path} is damaged")
        return AccountKeys(secret)
    if not is_new:
        raise KeyLost(f"{path} is missing")
    secret = secrets.token_bytes(KEY_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    return AccountKeys(secret)
