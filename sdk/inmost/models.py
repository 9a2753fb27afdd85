"""What the SDK gives out: people, devices, conversations, messages. Ids are lower-case hex; times are unix milliseconds."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import msgspec

from inmost.polls import Poll
from inmost.store import ShownRow

if TYPE_CHECKING:
    from inmost.client import Client

ORDINARY_TYPES = {
    "text",
    "poll",
    "title",
    "topic",
    "joined",
    "left",
    "unreadable",
    "unknown",
    "expired",
    "channel",
    "channel_closed",
}
CHANGING_TYPES = {"edit", "delete", "react", "pin", "vote", "close"}


class Device(msgspec.Struct, frozen=True):
    """One device of a person. id: 32 hex digits. is_active: not revoked. is_this: the one running this code."""

    id: str
    is_active: bool
    added_ms: int | None = None
    is_this: bool = False


class Person(msgspec.Struct, frozen=True):
    """Somebody in the organisation, person or bot.

    id         64 hex digits
    role       "owner", "administrator", "member" or "guest"
    level      how the identity is vouched for: "owner", "link"
    verified   safety numbers were compared
    presence   "active" or "idle" while they say so, else None
    """

    id: str
    account: str
    name: str
    role: str
    is_bot: bool
    is_suspended: bool
    level: str
    is_verified: bool
    devices: tuple[Device, ...] = ()
    invited_by: str | None = None
    presence: str | None = None

    @classmethod
    def of(cls, seen: dict[str, Any], this_device: bytes = b"") -> Self:
        devices = tuple(device_of(each, this_device) for each in seen.get("devices") or ())
        invited_by = seen.get("invited_by")
        return cls(
            id=seen["user"].hex(),
            account=seen["account"],
            name=seen["name"],
            role=seen["role"],
            is_bot=bool(seen["is_bot"]),
            is_suspended=bool(seen["suspended"]),
            level=str(seen.get("level") or ""),
            is_verified=bool(seen.get("verified")),
            devices=devices,
            invited_by=invited_by.hex() if isinstance(invited_by, bytes) else None,
            presence=seen.get("presence"),
        )


def device_of(seen: dict[str, Any], this_device: bytes = b"") -> Device:
    return Device(
        id=seen["device"].hex(),
        is_active=bool(seen["active"]),
        added_ms=seen.get("added_ms"),
        is_this=seen["device"] == this_device,
    )


class Me(msgspec.Struct, frozen=True):
    """Who this profile is. phase: "claiming" and "recovering" are unfinished; "ready" is done. waiting: messages not sent yet."""

    user: str
    device: str
    account: str
    name: str
    role: str
    is_bot: bool
    phase: str
    waiting: int
    server: str


class Conversation(msgspec.Struct, frozen=True):
    """A conversation this device is or was in.

    id               32 hex digits
    kind             "direct", "group", "channel", "general" or "personal"
    title            what to show: its title, or the other person's name, or a list of names
    state            "member", "removed", "joining" or "waiting"
    people           ids of its people
    role             one's own here: "owner", "moderator", "member" or "guest"
    roles            the same of others, by id; who is not named is a member
    is_open          every member of the organisation may join
    announcement     only owners and moderators write; may_post says whether one is among them
    guests           guests may be added
    moderated        only owners and moderators add people and name it
    last_n, read_n   numbers of the newest message and the newest read one on any of one's devices, None for none
    unread, mentions   messages of others after that, and how many of them mention one; counted by conversations() and conversation()
    unread_after     the number after which messages count as unread: what was read, or what was there before one came
    unread_is_least  not everything unread is on this device yet: there may be more
    is_pinned, is_muted, draft   one's own marks, the same on all of one's devices; nobody else knows them
    typing           ids of the people who type now
    read_by          how far others have read: user id and number
    """

    id: str
    kind: str
    title: str
    topic: str
    state: str
    people: tuple[str, ...]
    device_count: int
    last_n: int | None
    read_n: int | None
    is_removal_pending: bool = False
    role: str = ""
    roles: dict[str, str] = {}
    is_open: bool = False
    announcement: bool = False
    guests: bool = False
    moderated: bool = False
    may_post: bool = True
    unread_after: int = -1
    unread: int = 0
    mentions: int = 0
    unread_is_least: bool = False
    is_pinned: bool = False
    is_muted: bool = False
    draft: str = ""
    typing: tuple[str, ...] = ()
    read_by: dict[str, int] = {}


class OpenChannel(msgspec.Struct, frozen=True):
    """A channel that every member may join. id: 32 hex digits. by: who says what it is called, a person's id."""

    id: str
    title: str
    topic: str
    by: str
    is_joined: bool


class Reaction(msgspec.Struct, frozen=True):
    """One person's reaction. person: user id."""

    emoji: str
    person: str


class Sent(msgspec.Struct, frozen=True):
    """A message the server has on its disk: its id, its number in the conversation and the server's time."""

    id: str
    n: int
    at_ms: int


class Alarm(msgspec.Struct, frozen=True):
    """Something that must be shown to a person (docs/protocol/engine.md lists the kinds)."""

    kind: str
    words: str
    at_ms: int
    conversation: str | None = None
    person: str | None = None
    device: str | None = None


@dataclass(frozen=True)
class Message:
    """One message, or one change to a message (type in CHANGING_TYPES: then target says of which).

    type       "text", "poll", "title", "topic", "joined", "left", "unreadable", "unknown", "expired", or a change:
               "edit", "delete", "react", "pin", "vote", "close"
    n          its number in the conversation; None while it waits to be sent
    sender     None when unknown (an unreadable message)
    text       as it stands after edits; None when deleted
    time_ms    the author's clock; at_ms the server's
    reply_to, target   (device id, message id)
    thread     (device id, message id) of the message whose thread it is in
    expires_ms   when it is deleted everywhere; None: never
    poll       of a poll; its question is the text
    choices    of a vote
    """

    conversation: str
    n: int | None
    id: str
    device: str
    type: str
    sender: Person | None
    time_ms: int
    at_ms: int | None
    text: str | None = None
    is_edited: bool = False
    is_deleted: bool = False
    is_own: bool = False
    reactions: tuple[Reaction, ...] = ()
    reply_to: tuple[str, str] | None = None
    target: tuple[str, str] | None = None
    emoji: str | None = None
    is_on: bool | None = None
    people: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    reason: str | None = None
    thread: tuple[str, str] | None = None
    expires_ms: int | None = None
    is_pinned: bool = False
    poll: Poll | None = None
    choices: tuple[int, ...] = ()
    _client: "Client | None" = field(default=None, repr=False, compare=False)

    @property
    def time(self) -> datetime:
        """The server's time, or the author's while it waits; in UTC."""
        return datetime.fromtimestamp((self.at_ms or self.time_ms) / 1000, UTC)

    @property
    def reference(self) -> tuple[str, str]:
        return (self.device, self.id)

    async def reply(self, text: str) -> Sent:
        """Answer in the same conversation, naming this message. Raises as Client.send."""
        return await self._of().send(self.conversation, text, reply_to=self)

    async def answer_in_thread(self, text: str) -> Sent:
        """Answer in this message's thread, beginning one if there is none. Raises as Client.send."""
        return await self._of().send(self.conversation, text, thread=self)

    async def react(self, emoji: str, on: bool = True) -> Sent:
        """React with an emoji, or take it back. Raises as Client.send."""
        return await self._of().react(self, emoji, on)

    def _of(self) -> "Client":
        assert self._client is not None, "this message was made without a client"
        return self._client


class People:
    """Everybody by id, as known at one moment."""

    def __init__(self, people: list[Person], me: str) -> None:
        self.by_id = {person.id: person for person in people}
        self.me = me

    def find(self, user: bytes | None) -> Person | None:
        return self.by_id.get(user.hex()) if user else None

    def name(self, user: str) -> str:
        person = self.by_id.get(user)
        return person.name or person.account if person else user[:8]


def message_of_shown(row: ShownRow, people: People, client: "Client | None") -> Message:
    """A message as it is to be shown, edits and reactions resolved."""
    raw: dict[str, Any] = msgspec.msgpack.decode(row.raw) if row.raw is not None else {}
    return Message(
        conversation=row.conversation.hex(),
        n=row.n,
        id=_hex(row.id),
        device=_hex(row.device),
        type=row.type,
        sender=people.find(row.user or raw.get("by")),
        time_ms=row.time_ms or row.at_ms or 0,
        at_ms=row.at_ms if row.n is not None else None,
        text=row.text if row.text is not None else raw.get("title"),
        is_edited=row.is_edited,
        is_deleted=row.is_deleted,
        is_own=row.user is not None and row.user.hex() == people.me,
        reactions=tuple(Reaction(each["emoji"], each["user"]) for each in json.loads(row.reactions)),
        reply_to=(row.reply_device.hex(), row.reply_id.hex()) if row.reply_device and row.reply_id else None,
        people=_ids(raw.get("users")),
        mentions=_ids(raw.get("mentions")),
        reason=raw.get("reason"),
        thread=(row.thread_device.hex(), row.thread_id.hex())
        if row.thread_device and row.thread_id
        else None,
        expires_ms=raw.get("expires_ms"),
        is_pinned=row.is_pinned,
        poll=Poll.of(raw, row.votes, row.is_closed),
        _client=client,
    )


def message_of_row(row: dict[str, Any], people: People, client: "Client | None") -> Message:
    """A message or change just as it was written, when it comes live."""
    user = row.get("user")
    return Message(
        conversation=row["conversation"].hex(),
        n=row.get("n"),
        id=_hex(row.get("id")),
        device=_hex(row.get("device")),
        type=row["type"],
        sender=people.find(user or row.get("by")),
        time_ms=row.get("time_ms") or row.get("at_ms") or 0,
        at_ms=row.get("at_ms") if row.get("n") is not None else None,
        text=row.get("text") if row.get("text") is not None else row.get("title"),
        is_own=isinstance(user, bytes) and user.hex() == people.me,
        reply_to=_reference(row.get("reply_to")),
        target=_reference(row.get("target")),
        emoji=row.get("emoji"),
        is_on=row.get("on"),
        people=_ids(row.get("users")),
        mentions=_ids(row.get("mentions")),
        reason=row.get("reason"),
        thread=_reference(row.get("thread")),
        expires_ms=row.get("expires_ms"),
        poll=Poll.of(row),
        choices=tuple(row.get("choices") or ()),
        _client=client,
    )


def _hex(data: bytes | None) -> str:
    return data.hex() if data else ""


def _ids(users: list[bytes] | None) -> tuple[str, ...]:
    return tuple(user.hex() for user in users or ())


def _reference(pair: list[bytes] | None) -> tuple[str, str] | None:
    return (pair[0].hex(), pair[1].hex()) if pair else None
