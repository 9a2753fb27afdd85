"""Raw MLS for attackers (tests/adversary/mls): what the product's engine refuses to make, and the server's group without judgement.

Whoever has a device's complete state rows, or the server's database, can do all of this; nothing in it is a secret way in.
Every function raises ValueError when the attack cannot even be made.
"""

from typing import final

Rows = list[tuple[bytes, bytes]]
# (user, device, chain position): what a leaf says it is, true or not.
Claimed = tuple[bytes, bytes, int]

@final
class Made:
    """A commit, what is uploaded with it, and the keys of the epoch it leads to."""

    commit: bytes
    welcome: bytes | None
    group_info: bytes
    tree: bytes
    content_key: bytes
    history_key: bytes
    tree_hash: bytes

@final
class Member:
    """One device's MLS group, loaded from its disk, made, or joined. It checks no policy."""

    def __init__(
        self, conversation: bytes, group: bytes, rows: Rows, sig_seed: bytes, bent: str = ""
    ) -> None:
        """rows: the engine's group rows without their prefix. bent: "half_path" or "confirmation_tag" spoils that of every commit."""

    @staticmethod
    def create(
        conversation: bytes,
        group: bytes,
        org: bytes,
        claimed: Claimed,
        sig_seed: bytes,
        kind: str,
        server_key: bytes | None = None,
    ) -> Member: ...
    @property
    def epoch(self) -> int: ...
    @property
    def settings(self) -> bytes: ...
    @property
    def tree_hash(self) -> bytes: ...
    def export(self, label: str) -> bytes:
        """MLS-Exporter(label, conversation, 32)."""

    def roster(self) -> list[tuple[int, bytes, bytes]]:
        """(leaf, user, device)."""

    def group_info(self) -> bytes: ...
    def tree(self) -> bytes: ...
    def follow(self, message: bytes) -> bool:
        """Take a handshake message of the log, whatever it does. False: it cannot be followed, or shuts this leaf out."""

    def commit(
        self,
        aad: bytes,
        adds: list[bytes] = ...,
        removes: list[int] = ...,
        settings: bytes | None = None,
        has_path: bool = True,
        with_pending: bool = True,
        org: bytes | None = None,
        claimed: Claimed | None = None,
    ) -> Made:
        """claimed (with org): a new name for the own leaf."""

    def merge(self) -> None: ...
    def self_remove(self) -> bytes: ...

@final
class Accepted:
    """As inmost_engine.public.Checked, and the group's changed rows."""

    epoch: int
    committer: bytes
    committer_user: bytes
    is_external: bool
    adds: list[tuple[bytes, bytes]]
    joiner: tuple[bytes, bytes] | None
    removes: list[tuple[bytes, bytes]]
    has_path: bool
    settings_changed: bool
    dir_n: int
    time_ms: int
    changes: list[tuple[bytes, bytes | None]]

def external_commit(
    conversation: bytes,
    group_info: bytes,
    tree: bytes,
    org: bytes,
    claimed: Claimed,
    sig_seed: bytes,
    aad: bytes,
    instead_of: bytes | None = None,
) -> tuple[Member, Made]:
    """instead_of: the signature key in a leaf that is removed by it, whoever's that is."""

def key_package(org: bytes, claimed: Claimed, sig_seed: bytes) -> bytes:
    """Of anybody's name; its private half is thrown away."""

def commit_aad(dir_n: int, dir_hash: bytes, time_ms: int) -> bytes: ...
def with_role(settings: bytes, user: bytes, role: str) -> bytes:
    """These settings, one version on, in which the person has the role."""

def accept(group: bytes, rows: Rows, commit: bytes) -> Accepted:
    """The server's group rows after a commit that should have been refused."""
