"""Bounds of what a device may leave here."""

from typing import Final

from inmost_server.refusals import NotAllowed, TooLarge

# kem output 1,120, sealed C_e, H_e and log head about 150, signature and ids about 150.
MAX_VAULT_ROW_BYTES: Final = 4_096


def may_claim(role: str, user: bytes, users: list[bytes]) -> None:
    """Guests add nobody, so they use up nobody's key packages but those of their own other devices."""
    if role == "guest" and any(other != user for other in users):
        raise NotAllowed("A guest adds nobody.")


def must_be_few(count: int, most: int) -> None:
    if count > most:
        raise TooLarge
