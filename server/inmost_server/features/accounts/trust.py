"""The trust secret: given to a browser or command after a success, it shows at the next try that the account was here before.

Not a credential: it only keeps other people's failures from slowing this one down. Stateless: user, day and a MAC over both and over the
password's hash, so that a new password voids every earlier one.
"""

import base64
import binascii
import hashlib
import hmac

from inmost_server.features.accounts.keys import AccountKeys

COOKIE = "inmost_trust"
LIFETIME_MS = 90 * 86_400_000
_USER = slice(0, 32)
_TIME = slice(32, 40)
_MAC = slice(40, 72)
_LENGTH = 72


def new(keys: AccountKeys, user: bytes, password_hash: str, now_ms: int) -> str:
    made = user + now_ms.to_bytes(8)
    return base64.urlsafe_b64encode(made + _mac(keys, made, password_hash)).decode()


def checked(keys: AccountKeys, secret: str, user: bytes, password_hash: str, now_ms: int) -> str | None:
    """The id of a trust secret of this user that still counts, else None."""
    try:
        given = base64.urlsafe_b64decode(secret.encode("ascii", "replace"))
    except (binascii.Error, ValueError):
        return None
    if len(given) != _LENGTH or given[_USER] != user:
        return None
    if not hmac.compare_digest(given[_MAC], _mac(keys, given[: _MAC.start], password_hash)):
        return None
    made_ms = int.from_bytes(given[_TIME])
    return given[_TIME].hex() if now_ms - LIFETIME_MS < made_ms <= now_ms else None


def _mac(keys: AccountKeys, made: bytes, password_hash: str) -> bytes:
    return hmac.digest(keys.of("trust"), made + password_hash.encode(), hashlib.sha256)
