"""What one says to an ACME server and where its answer is kept; without the ACME library, which only issuing.py loads."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CERTIFICATE = "certificate.pem"
Publish = Callable[[str, str], None]  # token, key authorization: answer with that from here on


class NotIssued(Exception):
    """The ACME server gave no certificate; the text says why, for the operator."""


@dataclass(frozen=True, slots=True)
class AcmeServer:
    """directory: its URL. authorities: PEM file it is checked by, None for the system's. contact: e-mail address for its notices."""

    directory: str
    authorities: Path | None
    contact: str | None


def write_privately(path: Path, data: bytes) -> None:
    """Replace a file at once and for its owner only."""
    part = path.with_name(path.name + ".new")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
