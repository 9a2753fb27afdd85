"""Codes of a second factor for scripts that keep its secret in a file, and the picture a phone scans (RFC 6238)."""

import base64
import hmac
import io
import time
from urllib.parse import quote

import segno

STEP_S = 30
DIGITS = 6


def code_of(secret: bytes, at_s: float | None = None) -> str:
    """The six digits an authenticator shows now."""
    step = int((time.time() if at_s is None else at_s) // STEP_S)
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def base32(secret: bytes) -> str:
    return base64.b32encode(secret).decode().rstrip("=")


def of_base32(text: str) -> bytes:
    """Raises ValueError."""
    text = "".join(text.split()).upper()
    return base64.b32decode(text + "=" * (-len(text) % 8))


def address(secret: bytes, account: str, organisation: str) -> str:
    """The otpauth address that authenticators understand."""
    label = quote(f"{organisation}:{account}")
    return f"otpauth://totp/{label}?secret={base32(secret)}&issuer={quote(organisation)}"


def picture(text: str) -> str:
    """A QR code in characters."""
    drawn = io.StringIO()
    segno.make(text, error="l").terminal(drawn, compact=True, border=2)
    return drawn.getvalue()
