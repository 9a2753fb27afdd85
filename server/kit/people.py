"""People and devices with real keys, who sign directory entries and messages."""

import hashlib
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inmost_engine.public import Directory, device_id
from server.kit.cbor import Item, encode

XWING_PUBLIC_BYTES = 1216


class Key:
    """An Ed25519 key pair."""

    def __init__(self, seed: bytes | None = None) -> None:
        self.seed = seed or os.urandom(32)
        self._private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    def dev_sign(self, org: bytes, label: str, x: Item) -> bytes:
        return self.sign(encode(["inmost/1 " + label, org, x]))


@dataclass
class Device:
    """One device of a person, as the directory knows it."""

    org: bytes
    user: bytes = b""
    position: int = 0
    sig: Key = field(default_factory=Key)
    auth: Key = field(default_factory=Key)

    @property
    def id(self) -> bytes:
        return device_id(self.sig.public, self.auth.public)

    @property
    def identity(self) -> bytes:
        return encode([self.org, self.user, self.id, self.position])

    def sealed(
        self, conversation: bytes, group: bytes, epoch: int, kind: int = 1, size: int = 200
    ) -> tuple[bytes, bytes]:
        """(id, sealed): a message whose header is right and whose content is noise, as all content is to a server."""
        id_ = os.urandom(16)
        header = encode([1, conversation, group, epoch, self.id, id_, os.urandom(16), kind])
        return id_, encode([1, header, os.urandom(32), os.urandom(size)])


def entry(
    directory: Directory,
    kind: str,
    author: bytes | None,
    payload: Item,
    signers: list[tuple[bytes, Key]],
    time_ms: int,
) -> bytes:
    """A directory entry at the directory's present head."""
    n, hash_ = directory.head() or (None, None)
    body = encode([1, directory.org, kind, author, n, hash_, time_ms, payload])
    signatures = [[key_id, key.dev_sign(directory.org, "entry", body)] for key_id, key in signers]
    return encode([body, signatures])


@dataclass
class Person:
    """Somebody with an account and a first device; `recovery` signs for who has lost every device."""

    org: bytes
    account: str
    is_bot: bool = False
    device: Device = field(init=False)
    recovery: Key = field(default_factory=Key)
    user: bytes = b""
    chain: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.device = Device(self.org)

    @property
    def recovery_id(self) -> bytes:
        return hashlib.sha256(b"inmost/1 recovery" + self.recovery.public).digest()[:16]

    def _link(self, change: Item) -> bytes:
        before = self.chain[-1] if self.chain else bytes(32)
        return hashlib.sha256(encode(["inmost/1 chain", self.org, len(self.chain), before, change])).digest()

    def claim(
        self, directory: Directory, invitation: bytes, inviter: bytes | None, seed: Key, time_ms: int
    ) -> bytes:
        """The claim of an invitation; from here on the person is a user."""
        added: Item = ["add", self.device.id, self.device.sig.public, self.device.auth.public]
        changes = [added]
        signers = [(invitation, seed), (self.device.id, self.device.sig)]
        self.chain = []
        self.chain.append(self._link(added))
        self.user = self.device.user = self.chain[0]
        if not self.is_bot:
            recovery: Item = ["set_recovery", self.recovery.public, os.urandom(XWING_PUBLIC_BYTES)]
            self.chain.append(self._link(recovery))
            changes.append(recovery)
            signers.append((self.recovery_id, self.recovery))
        payload: Item = [
            invitation,
            inviter,
            self.account,
            self.is_bot,
            changes,
            self.account.title(),
            os.urandom(16),
        ]
        return entry(directory, "claim", None, payload, signers, time_ms)

    def entry(self, directory: Directory, kind: str, payload: Item, time_ms: int) -> bytes:
        """An entry signed by the person's first device."""
        return entry(directory, kind, self.user, payload, [(self.device.id, self.device.sig)], time_ms)

    def add_device(
        self, directory: Directory, time_ms: int, by_recovery: bool = False
    ) -> tuple[Device, bytes]:
        """A further device and the chain entry that adds it."""
        device = Device(self.org, self.user, len(self.chain))
        change: Item = ["add", device.id, device.sig.public, device.auth.public]
        return device, self._chain(directory, change, time_ms, by_recovery, (device.id, device.sig))

    def revoke(self, directory: Directory, device: bytes, time_ms: int, by_recovery: bool = False) -> bytes:
        return self._chain(directory, ["revoke", device], time_ms, by_recovery)

    def _chain(
        self,
        directory: Directory,
        change: Item,
        time_ms: int,
        by_recovery: bool,
        *countersigned: tuple[bytes, Key],
    ) -> bytes:
        payload: Item = [self.user, len(self.chain), self.chain[-1], change]
        self.chain.append(self._link(change))
        signer = (self.recovery_id, self.recovery) if by_recovery else (self.device.id, self.device.sig)
        return entry(directory, "chain", self.user, payload, [signer, *countersigned], time_ms)
