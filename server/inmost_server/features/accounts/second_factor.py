"""The second factor: six digits from an authenticator (RFC 6238), or one of ten backup codes. Pure: secrets, code and time in, verdict out."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass

import pyotp

TOTP_SECRET_BYTES = 20
TOTP_DIGITS = 6
TOTP_STEP_MS = 30_000
DRIFT_STEPS = 1
BACKUP_CODES = 10
BACKUP_CODE_CHARS = 12  # of 32: 60 bits, so that a fast keyed hash is enough
RESET_CODE_CHARS = 20
_ALPHABET = (
    "ABCDEFGHJKMNPQRSTVWXYZ0123456789"  # none of I, L, O, U: Crockford's, in which nobody misreads a letter
)


@dataclass(frozen=True, slots=True)
class TotpStep:
    """The code was that of this step, which is later than any used before. Store the step: it is used now."""

    step: int


@dataclass(frozen=True, slots=True)
class BackupCode:
    """The code was the backup code with this hash. Delete it: it is used now."""

    hash: bytes


def used_step(secret: bytes, code: str, last_step: int, now_ms: int) -> int | None:
    """The step whose code this is: the present one or a neighbour, after last_step; None if it is no such code."""
    totp = pyotp.TOTP(base64.b32encode(secret).decode(), digits=TOTP_DIGITS, interval=TOTP_STEP_MS // 1000)
    present = now_ms // TOTP_STEP_MS
    found = None
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        is_code = hmac.compare_digest(totp.generate_otp(step).encode(), code.encode("utf-8", "replace"))
        if is_code and step > last_step:
            found = step
    return found


def used_code(
    code: str, secret: bytes, last_step: int, backup_hashes: Collection[bytes], key: bytes, now_ms: int
) -> TotpStep | BackupCode | None:
    """What this code uses up, or None when it is not valid. Looks at everything whatever it finds."""
    step = used_step(secret, plain(code), last_step, now_ms)
    hashed = backup_hash(key, code)
    is_backup = sum(hmac.compare_digest(hashed, known) for known in backup_hashes) > 0
    if step is not None:
        return TotpStep(step)
    return BackupCode(hashed) if is_backup else None


def new_backup_codes() -> list[str]:
    """Ten codes as a person writes them down: ABCD-EFGH-JKMN."""
    return [new_code(BACKUP_CODE_CHARS) for _ in range(BACKUP_CODES)]


def new_code(chars: int) -> str:
    """A random code in groups of four, five bits a character."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(chars))
    return "-".join(code[i : i + 4] for i in range(0, chars, 4))


def backup_hash(key: bytes, code: str) -> bytes:
    """What is stored of a backup code. key: the server's, for this alone."""
    return hmac.digest(key, plain(code).encode("utf-8", "replace"), hashlib.sha256)


def plain(code: str) -> str:
    """A code however a person typed it: capitals, without spaces and dashes, and the letters nobody tells apart made one."""
    typed = "".join(character for character in code.upper() if character not in " -\u2010\u2011\u2012\u2013")
    return typed.translate(str.maketrans("ILO", "110"))
