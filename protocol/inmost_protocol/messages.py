"""Frames of messages, receipts and ephemeral signals (docs/protocol/messages.md)."""

from inmost_protocol.frames import Answer, Event, Request


class Send(Request, tag=40, frozen=True, gc=False):
    """One sealed message, opaque to the server. id is the message id of its header: 16 random bytes; sending it again returns the first answer.

    epoch     the MLS epoch whose content key sealed it
    sealed    MIN_SEALED_BYTES..MAX_SEALED_BYTES

    Answered with conversations.Accepted. Refused with NotAMember, RemovalPending, StaleEpoch(current_epoch), TooLarge, Malformed, SlowDown(retry_after_ms).
    """

    conversation: bytes
    epoch: int
    sealed: bytes


class Delete(Request, tag=41, frozen=True, gc=False):
    """Drop the sealed bytes of message n (own user's, or by owner/moderator); n, kind and digest stay. Answered with Done."""

    conversation: bytes
    n: int


class Deleted(Event, tag=164, frozen=True, gc=False):
    """The sealed bytes of message n are gone from the server."""

    conversation: bytes
    n: int


class PutReceipt(Request, tag=42, frozen=True, gc=False):
    """The device's one sealed read position in a conversation, replacing the one before. Answered with Done."""

    conversation: bytes
    sealed: bytes


class FetchReceipts(Request, tag=43, frozen=True, gc=False):
    """The read positions of all member devices."""

    conversation: bytes


class Receipts(Answer, tag=140, frozen=True, gc=False):
    """receipts: (device, sealed)."""

    conversation: bytes
    receipts: list[tuple[bytes, bytes]]


class Receipt(Event, tag=165, frozen=True, gc=False):
    """A member device's read position changed."""

    conversation: bytes
    device: bytes
    sealed: bytes


class Signal(Request, tag=44, frozen=True, gc=False):
    """A sealed ephemeral signal (typing); relayed to connected members, never stored, never answered unless refused."""

    conversation: bytes
    sealed: bytes


class Signalled(Event, tag=166, frozen=True, gc=False):
    """A member's ephemeral signal."""

    conversation: bytes
    device: bytes
    sealed: bytes
