"""Bounds of what a device may leave here."""

from typing import Final

from inmost_server.refusals import TooLarge

# kem output 1,120, sealed C_e, H_e and log head about 150, signature and ids about 150.
MAX_VAULT_ROW_BYTES: Final = 4_096


def must_be_few(count: int, most: int) -> None:
    if count > most:
        raise TooLarge
