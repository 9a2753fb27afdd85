"""What every frame is: one MessagePack array [tag, fields...] in one binary WebSocket message (docs/protocol/frames.md).

A request carries `id`, 16 bytes chosen by the sender; repeating it returns the first answer. An answer carries `re`, the request's id.
"""

import msgspec


class Frame(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=False):
    """One frame. Subclasses fix `tag`; fields stand in the order they are written here. New fields only at the end, with a default."""


class Request(Frame, frozen=True, gc=False):
    """Something a device asks for. id: 16 bytes, the key of idempotency per device."""

    id: bytes


class Answer(Frame, frozen=True, gc=False):
    """The answer to the request `re`."""

    re: bytes


class Event(Frame, frozen=True, gc=False):
    """Something the server tells without being asked."""


class Open(Request, tag=1, frozen=True, gc=False):
    """First frame on every connection, from the host: the access token of the session (docs/protocol/sign-in.md)."""

    token: str
    protocol: int
    client: str


class Opened(Answer, tag=101, frozen=True, gc=False):
    """The connection is open. session: "device" or "recovering" (may only do what a return needs)."""

    org: bytes
    user: bytes
    device: bytes
    session: str
    now_ms: int


class Done(Answer, tag=100, frozen=True, gc=False):
    """Done and durable."""


class Refused(Answer, tag=102, frozen=True, gc=False):
    """Not done, nothing changed. code names the refusal; words are for people and logs; the rest tells the caller what to do."""

    code: str
    words: str
    retry_after_ms: int | None = None
    current_epoch: int | None = None


class Goodbye(Event, tag=160, frozen=True, gc=False):
    """The server closes this connection. code: "revoked", "suspended", "expired", "stopping", "unavailable", "slow", "replaced", "malformed"."""

    code: str
    words: str
