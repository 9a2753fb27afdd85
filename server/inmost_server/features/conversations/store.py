"""Rows of conversations: the group as the server follows it, who has a leaf, Welcomes that wait."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    Column,
    Index,
    LargeBinary,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    union,
    update,
)

from inmost_protocol.conversations import WaitingWelcome
from inmost_server.store import Reader, Statement, Tx, metadata, upsert

Change = tuple[bytes, bytes | None]

conversations = Table(
    "conversations",
    metadata,
    Column("conversation", LargeBinary, primary_key=True),
    Column("group", LargeBinary, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    # The epoch after the last commit that removed somebody: nothing sealed before it is accepted any more.
    Column("removal_epoch", BigInteger, nullable=False),
    Column("group_info", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    # The group's settings extension, so that posts are judged without the group; none in rows of the first release.
    Column("settings", LargeBinary),
    Index("ix_conversations_open", "open"),
)

# The group itself, as inmost_engine.public keeps it: about 5 KB a leaf.
group_rows = Table(
    "group_rows",
    metadata,
    Column("conversation", LargeBinary, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# One row for each leaf there is or was. until_n: the commit that removed it; what its device may fetch ends there.
members = Table(
    "members",
    metadata,
    Column("conversation", LargeBinary, primary_key=True),
    Column("device", LargeBinary, primary_key=True),
    Column("user", LargeBinary, nullable=False),
    Column("since_epoch", BigInteger, nullable=False),
    Column("removal_pending", Boolean, nullable=False),
    Column("until_n", BigInteger),
    Index("ix_members_device", "device"),
    Index("ix_members_user", "user"),
)

away = Table(
    "away",
    metadata,
    Column("conversation", LargeBinary, primary_key=True),
    Column("user", LargeBinary, primary_key=True),
    Index("ix_away_user", "user"),
)

# What the joiners of one epoch need, kept while one of their Welcomes waits.
welcome_epochs = Table(
    "welcome_epochs",
    metadata,
    Column("conversation", LargeBinary, primary_key=True),
    Column("epoch", BigInteger, primary_key=True),
    Column("group", LargeBinary, nullable=False),
    Column("tree", LargeBinary, nullable=False),
    Column("welcome", LargeBinary, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

welcomes = Table(
    "welcomes",
    metadata,
    Column("device", LargeBinary, primary_key=True),
    Column("conversation", LargeBinary, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Index("ix_welcomes_epoch", "conversation", "epoch"),
)

_C, _M, _W, _E = conversations.c, members.c, welcomes.c, welcome_epochs.c
_HERE: BindParameter[bytes] = bindparam("conversation")
_FIND = Statement(
    select(_C.group, _C.epoch, _C.kind, _C.open, _C.removal_epoch, _C.settings).where(
        _C.conversation == _HERE
    )
)
_GROUP_INFO = Statement(select(_C.group_info).where(_C.conversation == _HERE))
_PUT = upsert(conversations, "conversation")
_GROUP_ROWS = Statement(
    select(group_rows.c.key, group_rows.c.value).where(group_rows.c.conversation == _HERE)
)
_PUT_GROUP_ROW = upsert(group_rows, "conversation", "key")
_DROP_GROUP_ROW = Statement(
    delete(group_rows).where(group_rows.c.conversation == _HERE, group_rows.c.key == bindparam("key"))
)
_ROSTER = Statement(
    select(_M.device, _M.user, _M.since_epoch, _M.removal_pending).where(
        _M.conversation == _HERE, _M.until_n.is_(None)
    )
)
_PUT_MEMBER = upsert(members, "conversation", "device")
_MEMBER_GONE = Statement(
    update(members)
    .where(_M.conversation == bindparam("here"), _M.device == bindparam("who"))
    .values(until_n=bindparam("until_n"), removal_pending=False)
)
_NOTHING_PENDING = Statement(
    update(members).where(_M.conversation == bindparam("here")).values(removal_pending=False)
)
_PENDING = Statement(
    update(members)
    .where(_M.conversation == bindparam("here"), _M.device == bindparam("who"))
    .values(removal_pending=True)
)
_UNTIL = Statement(select(_M.until_n).where(_M.conversation == _HERE, _M.device == bindparam("device")))
_WITH_LEAF = Statement(select(_M.conversation).where(_M.device == bindparam("device"), _M.until_n.is_(None)))
_LEAVES = Statement(select(_M.device).where(_M.until_n.is_(None)).distinct())
_CLEAR_AWAY = Statement(delete(away).where(away.c.conversation == _HERE))
_ADD_AWAY = Statement(insert(away))
_PUT_EPOCH = upsert(welcome_epochs, "conversation", "epoch")
_PUT_WELCOME = upsert(welcomes, "device", "conversation")
_EPOCH = Statement(
    select(_E.tree, _E.n, _E.hash).where(_E.conversation == _HERE, _E.epoch == bindparam("epoch"))
)
_HAS_WELCOME = Statement(select(_W.epoch).where(_W.device == bindparam("device"), _W.conversation == _HERE))
_DROP_WELCOME = Statement(delete(welcomes).where(_W.device == bindparam("device"), _W.conversation == _HERE))
_DROP_UNUSED_EPOCHS = Statement(
    delete(welcome_epochs).where(
        _E.conversation == _HERE, _E.epoch.not_in(select(_W.epoch).where(_W.conversation == _HERE))
    )
)
_WAITING = Statement(
    select(_W.conversation, _E.group, _W.epoch, _E.n, _E.welcome)
    .join(welcome_epochs, (_E.conversation == _W.conversation) & (_E.epoch == _W.epoch))
    .where(
        _W.device == bindparam("device"),
        _W.conversation > bindparam("after"),
        _W.conversation <= bindparam("upto"),
    )
    .order_by(_W.conversation)
)
_BY_DEVICE = select(_M.conversation).where(_M.device == bindparam("device"), _M.until_n.is_(None))
_BY_USER = select(_M.conversation).where(_M.user == bindparam("user"), _M.until_n.is_(None))
_BY_AWAY = select(away.c.conversation).where(away.c.user == bindparam("user"))
# Of what is open only the general channel: everybody else's open channels are joined by who wishes to.
_BY_GENERAL = select(_C.conversation).where(_C.conversation == bindparam("general"))
_OF_PERSON = union(_BY_DEVICE, _BY_USER, _BY_AWAY, _BY_GENERAL).subquery()
_HAS_LEAF = (
    select(_M.device)
    .where(_M.conversation == _C.conversation, _M.device == bindparam("device"), _M.until_n.is_(None))
    .exists()
)
_STATES = Statement(
    select(_C.conversation, _C.group, _C.epoch, _HAS_LEAF)
    .where(_C.conversation.in_(select(_OF_PERSON.c.conversation)), _C.conversation > bindparam("after"))
    .order_by(_C.conversation)
    .limit(bindparam("limit"))
)
_COUNT = Statement(select(func.count()).select_from(conversations))


@dataclass(frozen=True, slots=True)
class Found:
    """A conversation as its row says."""

    group: bytes
    epoch: int
    kind: str
    open: bool
    removal_epoch: int
    settings: bytes | None


@dataclass(frozen=True, slots=True)
class Member:
    """A device with a leaf."""

    device: bytes
    user: bytes
    since_epoch: int
    removal_pending: bool


def find(reader: Reader, conversation: bytes) -> Found | None:
    row = reader.one(_FIND, conversation=conversation)
    return Found(row[0], row[1], row[2], bool(row[3]), row[4], row[5]) if row else None


def put(tx: Tx, conversation: bytes, found: Found, group_info: bytes, created_ms: int) -> None:
    tx.run(
        _PUT,
        conversation=conversation,
        group=found.group,
        epoch=found.epoch,
        kind=found.kind,
        open=found.open,
        removal_epoch=found.removal_epoch,
        group_info=group_info,
        created_ms=created_ms,
        settings=found.settings,
    )


def group_info(reader: Reader, conversation: bytes) -> bytes | None:
    row = reader.one(_GROUP_INFO, conversation=conversation)
    return row[0] if row else None


def group_rows_of(reader: Reader, conversation: bytes) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in reader.all(_GROUP_ROWS, conversation=conversation)]


def change_group(tx: Tx, conversation: bytes, changes: Iterable[Change]) -> None:
    for key, value in changes:
        if value is None:
            tx.run(_DROP_GROUP_ROW, conversation=conversation, key=key)
        else:
            tx.run(_PUT_GROUP_ROW, conversation=conversation, key=key, value=value)


def roster(reader: Reader, conversation: bytes) -> list[Member]:
    return [
        Member(device, user, since, bool(pending))
        for device, user, since, pending in reader.all(_ROSTER, conversation=conversation)
    ]


def add_member(tx: Tx, conversation: bytes, device: bytes, user: bytes, since_epoch: int) -> None:
    tx.run(
        _PUT_MEMBER,
        conversation=conversation,
        device=device,
        user=user,
        since_epoch=since_epoch,
        removal_pending=False,
        until_n=None,
    )


def remove_member(tx: Tx, conversation: bytes, device: bytes, until_n: int) -> None:
    tx.run(_MEMBER_GONE, here=conversation, who=device, until_n=until_n)
    drop_welcome(tx, conversation, device)


def set_pending(tx: Tx, conversation: bytes, devices: Iterable[bytes]) -> None:
    """Exactly these devices' removals are pending now."""
    tx.run(_NOTHING_PENDING, here=conversation)
    for device in devices:
        tx.run(_PENDING, here=conversation, who=device)


def until_n(reader: Reader, conversation: bytes, device: bytes) -> int | None:
    """The number of the commit that removed this device; None when it has a leaf or never had one."""
    row = reader.one(_UNTIL, conversation=conversation, device=device)
    return row[0] if row else None


def conversations_of(reader: Reader, device: bytes) -> list[bytes]:
    """Where this device has a leaf."""
    return [row[0] for row in reader.all(_WITH_LEAF, device=device)]


def devices_with_leaves(reader: Reader) -> list[bytes]:
    return [row[0] for row in reader.all(_LEAVES)]


def set_away(tx: Tx, conversation: bytes, users: Iterable[bytes]) -> None:
    tx.run(_CLEAR_AWAY, conversation=conversation)
    for user in users:
        tx.run(_ADD_AWAY, conversation=conversation, user=user)


def put_welcome(
    tx: Tx,
    waiting: WaitingWelcome,
    devices: Sequence[bytes],
    tree: bytes,
    hash_: bytes,
) -> None:
    """A Welcome for these devices, with the tree they join by."""
    tx.run(
        _PUT_EPOCH,
        conversation=waiting.conversation,
        epoch=waiting.epoch,
        group=waiting.group,
        tree=tree,
        welcome=waiting.welcome,
        n=waiting.n,
        hash=hash_,
    )
    for device in devices:
        tx.run(_PUT_WELCOME, device=device, conversation=waiting.conversation, epoch=waiting.epoch)


def welcome_epoch(reader: Reader, conversation: bytes, device: bytes) -> int | None:
    """The epoch of the Welcome that waits for this device here."""
    row = reader.one(_HAS_WELCOME, conversation=conversation, device=device)
    return row[0] if row else None


def tree_at(reader: Reader, conversation: bytes, epoch: int) -> tuple[bytes, int, bytes] | None:
    """(tree, n, h_n) at an epoch that Welcomes wait for."""
    row = reader.one(_EPOCH, conversation=conversation, epoch=epoch)
    return (row[0], row[1], row[2]) if row else None


def drop_welcome(tx: Tx, conversation: bytes, device: bytes) -> None:
    if tx.run(_DROP_WELCOME, conversation=conversation, device=device):
        tx.run(_DROP_UNUSED_EPOCHS, conversation=conversation)


def waiting_welcomes(reader: Reader, device: bytes, after: bytes, upto: bytes) -> list[WaitingWelcome]:
    """Welcomes for this device in conversations after..upto."""
    return [WaitingWelcome(*row) for row in reader.all(_WAITING, device=device, after=after, upto=upto)]


def states(
    reader: Reader, device: bytes, user: bytes, after: bytes, limit: int, general: bytes | None
) -> list[tuple[bytes, bytes, int, bool]]:
    """(conversation, group, epoch, has a leaf) of what this device is in, or comes into by itself, by id.

    general: the general channel, for whoever belongs there.
    """
    found = reader.all(_STATES, device=device, user=user, after=after, limit=limit, general=general or b"")
    return [(conversation, group, epoch, bool(leaf)) for conversation, group, epoch, leaf in found]


def count(reader: Reader) -> int:
    row = reader.one(_COUNT)
    assert row is not None
    return int(row[0])
