"""What a server may check without any secret: the directory, groups as seen from outside, sealed headers, sign-in.

Everything is bytes in, small typed results out. Ids: org, device, conversation, group, message, invitation are 16
bytes, user is 32 bytes. Times are unix milliseconds. Every function raises `Refused` and then has changed nothing;
wrong Python types raise TypeError. Heavy calls release the GIL. No object here may be used from two threads at once
(it raises RuntimeError "Already borrowed"): keep one per lock.
"""

from typing import final

class Refused(Exception):
    """The one error. code: stable name (docs/protocol, engine/public/src/refusal.rs); words: for people.

    current_epoch is set for StaleEpoch only.
    """

    code: str
    words: str
    current_epoch: int | None

# A changed row of persistent state: (key, value), value None = delete the row. Keys are at most 128 bytes.
Change = tuple[bytes, bytes | None]

# --- ids and hashes -------------------------------------------------------------------------------------------------

def digest(entry: bytes) -> bytes:
    """SHA-256(entry), 32 bytes: what stands for a log entry in the log's hash."""

def log_start(conversation: bytes, group: bytes) -> bytes:
    """h_{-1} of a conversation's log, 32 bytes."""

def log_next(before: bytes, n: int, kind: int, digest: bytes) -> bytes:
    """h_n from h_{n-1} (32), the number, the kind (1..7) and the entry's digest (32)."""

def device_id(sig_public: bytes, auth_public: bytes) -> bytes:
    """The device id of two Ed25519 public keys (32 each)."""

def general_conversation(org: bytes) -> bytes: ...
def personal_conversation(org: bytes, user: bytes) -> bytes: ...

# --- log entries (docs/protocol/conversations.md) -------------------------------------------------------------------

KIND_CREATE: int
KIND_COMMIT: int
KIND_PROPOSAL: int
KIND_MESSAGE: int
KIND_LINK: int
KIND_COMPLAINT: int

def create_entry(group: bytes, group_info: bytes, creator: bytes) -> bytes:
    """Log entry of kind 1."""

def commit_entry(epoch: int, commit: bytes) -> bytes:
    """Log entry of kind 2. epoch: the one it applies to."""

def proposal_entry(epoch: int, proposal: bytes, cause_n: int | None) -> bytes:
    """Log entry of kind 3. cause_n: number of the directory entry that is the server's cause; None for a member's self-remove."""

def check_link(
    entry: bytes, conversation: bytes, group: bytes, epoch: int, device: bytes, directory: Directory
) -> None:
    """A PutLink's entry (kind 5): well-formed, for this place and epoch, by this device, its signature verifies.

    Refused with Malformed, TooLarge, WrongPlace, BadSignature, Unknown.
    """

def check_complaint(
    entry: bytes, conversation: bytes, group: bytes, device: bytes, directory: Directory
) -> tuple[int, int, str]:
    """A complaint (kind 7): -> (epoch, n of the commit, reason). Refused with Malformed, WrongPlace, BadSignature, Unknown."""

# --- messages -------------------------------------------------------------------------------------------------------

def check_sealed(
    sealed: bytes, conversation: bytes, group: bytes, epoch: int, device: bytes, kind: int
) -> bytes:
    """The message id (16) of a sealed message whose header names exactly this place. kind: 1 message, 2 receipt, 3 ephemeral.

    Says nothing about the content, and nothing about whether the epoch is fresh or the device a member: that is policy.
    Refused with TooLarge (not MIN_SEALED_BYTES..MAX_SEALED_BYTES), Malformed, WrongPlace, WrongKind.
    """

def sealed_epoch(sealed: bytes) -> int:
    """The epoch in a sealed message's header (for receipts and signals, whose frames do not name one)."""

# --- sign-in --------------------------------------------------------------------------------------------------------

def verify_sign_in(
    org: bytes,
    origin: str,
    server_nonce: bytes,
    client_nonce: bytes,
    device: bytes,
    time_ms: int,
    auth_public: bytes,
    signature: bytes,
) -> None:
    """DevSign("sign-in", [origin, server_nonce, client_nonce, device, time_ms]) by the device's `auth` key. Nonces: 16..64 bytes.

    Freshness of nonce and time are the caller's. Refused with BadSignature, Malformed.
    """

def verify_device(org: bytes, label: str, x: bytes, public: bytes, signature: bytes) -> None:
    """Any other DevSign(label, x); x: canonical CBOR of the item. Refused with BadSignature, Malformed."""

# --- invitation links -----------------------------------------------------------------------------------------------

def seed_public(seed: bytes) -> bytes:
    """The Ed25519 public half (32) of a one-time seed (32)."""

def owner_link_fragment(org: bytes, invitation: bytes, seed: bytes, account: str) -> str:
    """What stands after `https://NAME/join#` in the owner's link. Keep seed_public(seed) and the invitation, not the seed."""

def parse_link_fragment(fragment: str) -> InvitationLink:
    """Refused with Malformed."""

@final
class InvitationLink:
    org: bytes
    invitation: bytes
    seed: bytes
    account: str
    head: tuple[int, bytes] | None
    inviter: bytes | None

# --- the directory --------------------------------------------------------------------------------------------------

@final
class Applied:
    """What an entry did (or would do)."""

    n: int
    """its number"""
    hash: bytes
    """D_n"""
    kind: str
    """claim, chain, profile, invite, withdraw, role, suspend, vault, server_key, policy"""
    author: bytes | None
    """the acting user; for a claim the new user"""
    time_ms: int
    user: bytes | None
    """the user it is about"""
    device: bytes | None
    """the device it adds or revokes"""
    invitation: bytes | None
    """the invitation it makes, claims or withdraws"""
    inactive_devices: list[bytes]
    """devices that were active before and are not any more: close their connections, remove their leaves; the cause is n"""
    active_devices: list[bytes]
    """devices that are active from here on and were not before"""
    suspended_users: list[bytes]
    """users suspended by this entry (both, after a second claim)"""
    second_claim: bool
    """the invitation was claimed before: tell both and the inviter"""

@final
class DeviceView:
    device: bytes
    user: bytes
    position: int
    """chain position of its add"""
    sig_public: bytes
    auth_public: bytes
    added_n: int
    revoked_n: int | None
    """directory entry that revoked it"""
    is_active: bool
    """not revoked and its user not suspended"""

@final
class UserView:
    user: bytes
    account: str
    is_bot: bool
    name: str
    role: str
    """owner, administrator, member, guest"""
    level: str
    """owner, link"""
    suspended: bool
    chain_k: int
    """number of its newest chain entry"""
    chain_head: bytes
    invitation: bytes | None
    inviter: bytes | None
    recovery_sign_public: bytes | None
    recovery_xwing_public: bytes | None
    recovery_id: bytes | None
    """key id of the recovery key in signatures"""
    papers: list[tuple[bytes, bytes]]
    """passkeys that open the vault: (key id in signatures, which passkey), 16 bytes each"""
    vault: tuple[int, bytes] | None
    """(version, SHA-256) that the directory pins"""
    claimed_n: int

@final
class InvitationView:
    invitation: bytes
    inviter: bytes
    seed_public: bytes
    role: str
    account: str
    is_bot: bool
    expires_ms: int
    state: str
    """open, claimed, withdrawn (expiry is by time: compare expires_ms)"""
    claimed_by: list[bytes]
    n: int

@final
class Directory:
    """The state after all entries so far. A few hundred bytes per user and 32 per entry."""

    def __init__(self, org: bytes, owner_seed_public: bytes | None = None) -> None:
        """Empty. owner_seed_public: the server's; entry 0 is then refused unless its claim is signed by that seed first."""

    @staticmethod
    def load(snapshot: bytes) -> Directory:
        """From `snapshot()`. Refused with Malformed. Only from one's own store: a snapshot is not verified."""

    def dangerous_act(self, entry: bytes) -> str | None:
        """For which act (inmost_protocol.acts) this entry needs a fresh factor; None for every other, and for what is no entry."""

    def snapshot(self) -> bytes:
        """The whole state, deterministic."""

    def check(self, entry: bytes, now_ms: int | None = None) -> Applied:
        """What `apply` would do, changing nothing."""

    def apply(self, entry: bytes, now_ms: int | None = None) -> Applied:
        """Append one entry. now_ms: the server's clock, checked against CLOCK_SKEW_MS; None when replaying stored entries.

        Refused with TooLarge, Malformed, BadSignature, StaleChain, NotAllowed, Unknown, AlreadyExists, InvitationExpired,
        DirectoryForked (its head is none of ours), ClockSkewed.
        """

    @property
    def org(self) -> bytes: ...
    @property
    def next_n(self) -> int:
        """The number the next entry gets."""

    def head(self) -> tuple[int, bytes] | None:
        """(n, D_n) of the newest entry."""

    def hash_at(self, n: int) -> bytes | None: ...
    def users(self) -> list[UserView]:
        """By user id."""

    def user(self, user: bytes) -> UserView | None: ...
    def user_by_account(self, account: str) -> UserView | None:
        """The first that claimed the account."""

    def device(self, device: bytes) -> DeviceView | None: ...
    def devices_of(self, user: bytes) -> list[DeviceView]:
        """All, revoked ones too, by chain position."""

    def active_devices_of(self, user: bytes) -> list[bytes]: ...
    def is_active(self, device: bytes) -> bool: ...
    def cause(self, device: bytes) -> int | None:
        """Number of the entry because of which this device is inactive; None while it is active or unknown."""

    def invitations(self) -> list[InvitationView]: ...
    def invitation(self, invitation: bytes) -> InvitationView | None: ...
    def server_key(self) -> bytes | None: ...
    def policy(self) -> tuple[int, int | None, bool] | None:
        """(version, idle_ms, strict_recovery)."""

# --- key packages ---------------------------------------------------------------------------------------------------

def check_key_package(package: bytes, device: bytes, directory: Directory, now_ms: int) -> tuple[bytes, bool]:
    """An MLSMessage KeyPackage of this active device: -> (KeyPackageRef 32, is_last_resort).

    Verifies its signature, suite, identity, capabilities and lifetime. Refused with TooLarge, Malformed, IdentityMismatch, ClockSkewed.
    """

# --- groups ---------------------------------------------------------------------------------------------------------

@final
class ServerKey:
    """The server's external-sender key: it can propose removals, nothing else. Its public half goes into the directory (`server_key`)."""

    def __init__(self, seed: bytes) -> None:
        """seed: 32 random bytes, kept secret."""

    @staticmethod
    def generate(entropy: bytes) -> ServerKey:
        """From 32 bytes of os.urandom."""

    @property
    def seed(self) -> bytes: ...
    @property
    def public(self) -> bytes: ...

@final
class Settings:
    """The settings extension of a group (docs/protocol/conversations.md)."""

    version: int
    kind: str
    """direct, group, channel, general, personal"""
    roles: list[tuple[bytes, str]]
    who_may_add: str
    retention_ms: int | None
    guests: bool
    open: bool
    announcement: bool
    not_kept: bool
    away: list[bytes]

    @staticmethod
    def decode(encoded: bytes) -> Settings:
        """From `encode()`. Refused with Malformed."""

    def encode(self) -> bytes:
        """The extension's bytes."""

    def role(self, user: bytes, directory: Directory) -> str:
        """owner, moderator, member or guest, by these settings and by what the directory says of the user now."""

    def may_post(self, user: bytes, directory: Directory) -> bool:
        """Whether a member of this user may write here now: not where only others write, nor as a guest where there are none."""

@final
class Checked:
    """A commit that may be merged, and what it does. Merge it into the same Group or drop it."""

    epoch: int
    """the epoch after it"""
    committer: bytes
    """device"""
    committer_user: bytes
    is_external: bool
    adds: list[tuple[bytes, bytes]]
    """(device, user) of each new leaf that gets a Welcome; for an external commit none"""
    joiner: tuple[bytes, bytes] | None
    """(device, user) that joins (or comes back) by this external commit"""
    removes: list[tuple[bytes, bytes]]
    """(device, user) of each leaf that is gone afterwards; not the own old leaf of a device that comes back"""
    has_path: bool
    settings_changed: bool
    dir_n: int
    time_ms: int

@final
class Group:
    """One conversation's MLS group as the server sees it. Small groups cost some KB, 1,000 leaves about 5 MB: keep a bounded number loaded."""

    @staticmethod
    def create(
        conversation: bytes,
        group: bytes,
        group_info: bytes,
        tree: bytes,
        creator: bytes,
        directory: Directory,
        now_ms: int,
    ) -> tuple[Group, list[Change]]:
        """A new group at epoch 0 with the creator's leaf alone; group_info: MLSMessage, tree: RatchetTree. Log entry: create_entry(...).

        Refused with Malformed, CommitMalformed (extensions, suite, epoch, settings), IdentityMismatch, NotAMember, NotAllowed (kind rules).
        """

    @staticmethod
    def load(org: bytes, conversation: bytes, group: bytes, rows: list[tuple[bytes, bytes]]) -> Group:
        """From all rows of the group as the changes made them. Refused with Malformed."""

    def check(
        self,
        commit: bytes,
        directory: Directory,
        now_ms: int,
        group_info: bytes,
        welcome: bytes | None,
        link: bytes | None,
    ) -> Checked:
        """Whether this commit (PublicMessage) may be next. Changes nothing.

        Checks, in this order: shape, epoch, signatures (OpenMLS), commit_allowed at the directory's present head, that
        group_info is the next epoch's and by the committer, that the Welcome is for exactly the adds, that the link entry is by
        the committer for the next epoch.
        Refused with TooLarge, Malformed, StaleEpoch(current_epoch), CommitInvalid, GroupInfoMismatch, or a refusal of commit_allowed.
        """

    def merge(self, checked: Checked) -> list[Change]:
        """Go to the next epoch; pending proposals are gone. When the transaction then fails: drop this object and load it again.

        Refused with StaleEpoch when `checked` was for another epoch. A Checked is used up by this.
        """

    def propose_remove(self, device: bytes, key: ServerKey) -> tuple[bytes, list[Change]]:
        """A Remove of the device's leaf, by the server: -> (PublicMessage proposal, changes). It is pending from here on.

        Log entry: proposal_entry(epoch, proposal, directory.cause(device)). Refused with NotAMember (no leaf), AlreadyExists
        (pending already), NotAllowed (this key is not the group's external sender).
        """

    def accept_proposal(self, proposal: bytes, device: bytes) -> list[Change]:
        """A member's self-remove (PublicMessage) by this device; pending from here on. Refused with Malformed, CommitMalformed, StaleEpoch, NotAMember, AlreadyExists."""

    def uncovered(self, directory: Directory) -> list[bytes]:
        """Devices with a leaf that are inactive in the directory and not pending yet: propose their removal now."""

    def pending(self) -> list[tuple[bytes, bool]]:
        """(device, by_server) of each removal that waits to be committed."""

    @property
    def conversation(self) -> bytes: ...
    @property
    def group(self) -> bytes: ...
    @property
    def epoch(self) -> int: ...
    @property
    def settings(self) -> Settings: ...
    def roster(self) -> list[tuple[int, bytes, bytes]]:
        """(leaf, user, device), by leaf."""

    def is_member(self, device: bytes) -> bool: ...
    def may_join(self, device: bytes, directory: Directory) -> bool:
        """Whether an external commit of this device without a leaf would be allowed (so: may it see the group at all)."""

    def tree(self) -> bytes:
        """The ratchet tree of this epoch (RFC 9420 section 12.4.3.3)."""
