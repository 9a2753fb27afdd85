"""Bytes in JSON: base64url without padding (docs/protocol/sign-in.md)."""

import base64
import binascii

from inmost_server.refusals import Malformed


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def data(text: str, *, least: int, most: int) -> bytes:
    """The bytes of a field; Malformed when it is not base64url or not least..most bytes long."""
    try:
        found = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise Malformed("A field is not base64url.") from None
    if not least <= len(found) <= most:
        raise Malformed("A field is too short or too long.")
    return found
