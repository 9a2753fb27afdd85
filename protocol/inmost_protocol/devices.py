"""Frames of key packages and of the vault (docs/protocol/vault.md)."""

from inmost_protocol.frames import Answer, Event, Request


class PublishKeyPackages(Request, tag=50, frozen=True, gc=False):
    """Add this device's MLS key packages (MAX_KEY_PACKAGES kept), replace its last-resort one. Answered with Published."""

    packages: list[bytes]
    last_resort: bytes | None


class Published(Answer, tag=150, frozen=True, gc=False):
    """How many one-time key packages the server now has of this device."""

    count: int


class ClaimKeyPackages(Request, tag=51, frozen=True, gc=False):
    """One key package of every active device of each user (MAX_CLAIM_USERS at most)."""

    users: list[bytes]


class KeyPackages(Answer, tag=151, frozen=True, gc=False):
    """packages: (user, device, key package). A device without any left gives its last-resort one."""

    packages: list[tuple[bytes, bytes, bytes]]


class KeyPackagesLow(Event, tag=167, frozen=True, gc=False):
    """Fewer than a fifth of MAX_KEY_PACKAGES are left."""

    count: int


class PutVault(Request, tag=52, frozen=True, gc=False):
    """The sealed vault and the directory entry (kind `vault`) that pins its version and hash, in one transaction. Answered with directory.Appended."""

    vault: bytes
    entry: bytes


class PutVaultRows(Request, tag=53, frozen=True, gc=False):
    """Vault rows as in docs/protocol/vault.md: (conversation, row), each replacing the one before. MAX_VAULT_ROWS at most. Answered with Done."""

    rows: list[tuple[bytes, bytes]]


class FetchVault(Request, tag=54, frozen=True, gc=False):
    """The vault and its rows after conversation `after`, MAX_VAULT_ROWS each."""

    after: bytes | None


class Vault(Answer, tag=152, frozen=True, gc=False):
    """vault is None where none was stored yet."""

    vault: bytes | None
    rows: list[tuple[bytes, bytes]]
    more: bool
