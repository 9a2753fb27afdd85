"""Frames of conversations: groups, commits, the log, history links (docs/protocol/conversations.md)."""

from inmost_protocol.frames import Answer, Event, Frame, Request


class CreateConversation(Request, tag=20, frozen=True, gc=False):
    """A new group at epoch 0 with the sender as its only leaf. group_info and tree are MLS messages / RatchetTree bytes.

    Refused with ConversationExists, IdentityMismatch, NotAllowed, CommitMalformed.
    """

    conversation: bytes
    group: bytes
    group_info: bytes
    tree: bytes


class Accepted(Answer, tag=120, frozen=True, gc=False):
    """Durable at number n of the conversation's log."""

    conversation: bytes
    n: int
    at_ms: int


class Commit(Request, tag=21, frozen=True, gc=False):
    """A commit (PublicMessage) for `epoch`, member's or external. One wins per epoch.

    group_info   MLSMessage with the GroupInfo of the next epoch, without ratchet tree
    welcome      MLSMessage Welcome for the added devices, without ratchet tree; handed over only after the commit is in order
    link         log entry of kind 5 for the next epoch, or None

    Refused with StaleEpoch(current_epoch), RemovalPending, or a refusal of commit_allowed.
    """

    conversation: bytes
    group: bytes
    epoch: int
    commit: bytes
    group_info: bytes
    welcome: bytes | None
    link: bytes | None


class Propose(Request, tag=22, frozen=True, gc=False):
    """A self-remove proposal (PublicMessage) of the sender's leaf."""

    conversation: bytes
    group: bytes
    epoch: int
    proposal: bytes


class PutLink(Request, tag=23, frozen=True, gc=False):
    """A history link that was missing or wrong: log entry of kind 5 by this device. The same bytes again are not appended again."""

    conversation: bytes
    epoch: int
    link: bytes


class Complain(Request, tag=24, frozen=True, gc=False):
    """A log entry of kind 7: this device cannot process an accepted commit."""

    conversation: bytes
    complaint: bytes


class FetchLog(Request, tag=25, frozen=True, gc=False):
    """Log items from number `first` on, `limit` at most (MAX_PAGE_ITEMS entries, or MAX_HASHES when without_messages).

    without_messages: messages come as digest only, so a device can extend its hash chain without loading them.
    """

    conversation: bytes
    first: int
    limit: int
    without_messages: bool


class LogItem(Frame, frozen=True, gc=False):
    """One item of a log. digest = SHA-256(entry) stands instead of an entry that was deleted or not asked for."""

    n: int
    kind: int
    entry: bytes | None
    digest: bytes | None
    at_ms: int


class LogPage(Answer, tag=121, frozen=True, gc=False):
    """Items first, first + 1, ... without gaps; hash_before is h_{first-1}; next_n the number the next new item will get."""

    conversation: bytes
    first: int
    hash_before: bytes
    items: list[LogItem]
    next_n: int


class FetchLinks(Request, tag=26, frozen=True, gc=False):
    """History links of epochs first_epoch..last_epoch (both included), MAX_PAGE_ITEMS epochs at most."""

    conversation: bytes
    first_epoch: int
    last_epoch: int


class Links(Answer, tag=122, frozen=True, gc=False):
    """links: (epoch, n, log entry of kind 5), by epoch, then newest n first."""

    conversation: bytes
    links: list[tuple[int, int, bytes]]


class FetchGroup(Request, tag=27, frozen=True, gc=False):
    """What an external joiner needs. Allowed to leaves, own further devices, `away` people, and for open conversations everybody they admit."""

    conversation: bytes


class Group(Answer, tag=123, frozen=True, gc=False):
    """The group now: GroupInfo MLSMessage without tree, the ratchet tree, and the log as far as it goes (n, h_n)."""

    conversation: bytes
    group: bytes
    epoch: int
    group_info: bytes
    tree: bytes
    n: int
    hash: bytes


class FetchTree(Request, tag=28, frozen=True, gc=False):
    """The ratchet tree at `epoch`, for the joiner of a Welcome; kept while Welcomes of that epoch wait."""

    conversation: bytes
    epoch: int


class Tree(Answer, tag=124, frozen=True, gc=False):
    """The ratchet tree (RFC 9420 section 12.4.3.3), and h_n of the commit that led to it (log number n)."""

    conversation: bytes
    epoch: int
    tree: bytes
    n: int
    hash: bytes


class TakeWelcome(Request, tag=29, frozen=True, gc=False):
    """The Welcome of this conversation has been used (or cannot be); the server drops it. Answered with Done."""

    conversation: bytes


class FetchOnline(Request, tag=30, frozen=True, gc=False):
    """Which member devices are connected now."""

    conversation: bytes


class Online(Answer, tag=125, frozen=True, gc=False):
    """Connected member devices."""

    conversation: bytes
    devices: list[bytes]


class Sync(Request, tag=31, frozen=True, gc=False):
    """State of all conversations of this person in pages: those after `after` (by id), MAX_SYNC_CONVERSATIONS each. Live events follow from the answer on."""

    after: bytes | None


class ConversationState(Frame, frozen=True, gc=False):
    """hash: the log hash up to next_n, so that a fork of equal length shows at once.

    is_member: this device has a leaf. Else a leaf of the same person is there, the person is `away`, or it is open: joinable.
    """

    conversation: bytes
    group: bytes
    epoch: int
    next_n: int
    hash: bytes
    is_member: bool


class WaitingWelcome(Frame, frozen=True, gc=False):
    """A Welcome for this device, from the commit at log number n that led to `epoch`."""

    conversation: bytes
    group: bytes
    epoch: int
    n: int
    welcome: bytes


class Synced(Answer, tag=126, frozen=True, gc=False):
    """One page; more says there is a next one. Welcomes come with the page of their conversation."""

    conversations: list[ConversationState]
    welcomes: list[WaitingWelcome]
    directory_next_n: int
    key_packages: int
    more: bool
    now_ms: int


class Item(Event, tag=162, frozen=True, gc=False):
    """A new log item, to every member device (and, once, to a device that the item removes). A gap in n is filled with FetchLog."""

    conversation: bytes
    n: int
    kind: int
    entry: bytes
    at_ms: int


class Welcomed(Event, tag=163, frozen=True, gc=False):
    """A Welcome waits for this device; sent after the commit is durable."""

    conversation: bytes
    group: bytes
    epoch: int
    n: int
    welcome: bytes
