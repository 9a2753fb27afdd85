"""Rows of the logs: numbered without gaps, chained by hash, each request's place remembered."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, bindparam, select, update

from inmost_engine.public import digest, log_next, log_start
from inmost_protocol.conversations import LogItem
from inmost_protocol.limits import MAX_HASHES, MAX_PAGE_BYTES, MAX_PAGE_ITEMS
from inmost_server.clock import Clock
from inmost_server.store import Reader, RowNumber, Statement, Tx, metadata

KIND_CREATE: Final = 1
KIND_COMMIT: Final = 2
KIND_PROPOSAL: Final = 3
KIND_MESSAGE: Final = 4
KIND_LINK: Final = 5
KIND_COMPLAINT: Final = 7

MOST_HEADS: Final = 50_000
REQUESTS_REMEMBERED_MS: Final = 14 * 24 * 3_600_000

# 5 M messages of 500 bytes: 2.5 GB of entries, about 0.8 GB of hashes and indexes.
log_items = Table(
    "log_items",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("conversation", LargeBinary, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("device", LargeBinary),
    # The request that appended it, for as long as its repetition must get the first answer; then NULL.
    Column("request", LargeBinary),
    # Last, so that everything else is read without following a long entry.
    Column("entry", LargeBinary),
    Index("ix_log_items_place", "conversation", "n", unique=True),
)
Index(
    "ix_log_items_request",
    log_items.c.device,
    log_items.c.request,
    unique=True,
    sqlite_where=log_items.c.request.is_not(None),
    postgresql_where=log_items.c.request.is_not(None),
)
Index(
    "ix_log_items_links",
    log_items.c.conversation,
    log_items.c.epoch,
    sqlite_where=log_items.c.kind == 5,
    postgresql_where=log_items.c.kind == 5,
)

_L = log_items.c
_HERE = _L.conversation == bindparam("conversation")
_COLUMNS: Final = (
    "conversation",
    "n",
    "kind",
    "entry",
    "digest",
    "hash",
    "epoch",
    "at_ms",
    "device",
    "request",
)
_HEAD = Statement(select(_L.n, _L.hash, _L.at_ms).where(_HERE).order_by(_L.n.desc()).limit(1))
_ONE = Statement(
    select(_L.kind, _L.entry, _L.digest, _L.hash, _L.epoch, _L.device, _L.at_ms).where(
        _HERE, _L.n == bindparam("n")
    )
)
_PAGE = Statement(
    select(_L.n, _L.kind, _L.entry, _L.digest, _L.at_ms)
    .where(_HERE, _L.n >= bindparam("first"), _L.n <= bindparam("last"))
    .order_by(_L.n)
    .limit(bindparam("limit"))
)
_LINKS = Statement(
    select(_L.epoch, _L.n, _L.entry)
    .where(_HERE, _L.kind == 5, _L.epoch >= bindparam("first_epoch"), _L.epoch <= bindparam("last_epoch"))
    .order_by(_L.epoch, _L.n.desc())
)
_DROP_ENTRY = Statement(
    update(log_items).where(_HERE, _L.n == bindparam("n_"), _L.kind == KIND_MESSAGE).values(entry=None)
)
_NEXT_TIMES = Statement(
    select(_L.id, _L.at_ms).where(_L.id > bindparam("after")).order_by(_L.id).limit(bindparam("limit"))
)
_FORGET_REQUESTS = Statement(
    update(log_items).where(_L.id > bindparam("after"), _L.id <= bindparam("upto")).values(request=None)
)
_ANSWERED: Final = (
    "SELECT device, request, conversation, n, at_ms"
    " FROM asked CROSS JOIN log_items WHERE device = asked.a AND request = asked.b AND request IS NOT NULL"
)


class NewItem(NamedTuple):
    """What is to be appended. epoch: of the message, or the epoch a commit, proposal, link or complaint is about."""

    conversation: bytes
    group: bytes
    kind: int
    entry: bytes
    epoch: int
    device: bytes | None = None
    request: bytes | None = None


class Placed(NamedTuple):
    """Where an item stands. again: the same request had appended it before."""

    conversation: bytes
    n: int
    kind: int
    entry: bytes
    at_ms: int
    hash: bytes
    again: bool


class Head(NamedTuple):
    """Where a log ends."""

    next_n: int
    hash: bytes
    at_ms: int


@dataclass(frozen=True, slots=True)
class Stored:
    """One item as it is kept; entry is None when it was deleted."""

    kind: int
    entry: bytes | None
    digest: bytes
    hash: bytes
    epoch: int
    device: bytes | None
    at_ms: int


class LogBook:
    """The one place where numbers and hashes are given out: on the writer's thread, in the order of its queue."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heads: OrderedDict[bytes, Head] = OrderedDict()

    def append(self, tx: Tx, items: Sequence[NewItem]) -> list[Placed]:
        """Number and write items; what a request appended before is found instead."""
        asked = [(item.device, item.request) for item in items if item.request is not None]
        before: dict[tuple[Any, Any], Placed] = {
            (device, request): Placed(conversation, n, 0, b"", at_ms, b"", again=True)
            for device, request, conversation, n, at_ms in (tx.matching(_ANSWERED, asked) if asked else ())
        }
        touched = {item.conversation for item in items}
        tx.on_rollback(lambda: self._forget(touched))
        now_ms = self._clock()
        placed: list[Placed] = []
        rows: list[tuple[Any, ...]] = []
        for item in items:
            key = (item.device, item.request)
            if item.request is not None and key in before:
                placed.append(before[key])
                continue
            head = self._head(tx, item.conversation, item.group)
            at_ms = max(now_ms, head.at_ms)
            hashed = digest(item.entry)
            hash_ = log_next(head.hash, head.next_n, item.kind, hashed)
            self._heads[item.conversation] = Head(head.next_n + 1, hash_, at_ms)
            one = Placed(item.conversation, head.next_n, item.kind, item.entry, at_ms, hash_, again=False)
            placed.append(one)
            if item.request is not None:
                before[key] = one._replace(again=True)
            rows.append(
                (
                    item.conversation,
                    head.next_n,
                    item.kind,
                    item.entry,
                    hashed,
                    hash_,
                    item.epoch,
                    at_ms,
                    item.device,
                    item.request,
                )
            )
        tx.insert_rows(log_items, _COLUMNS, rows)
        return placed

    def _head(self, tx: Tx, conversation: bytes, group: bytes) -> Head:
        known = self._heads.get(conversation)
        if known is None:
            known = head(tx, conversation, group)
            if len(self._heads) >= MOST_HEADS:
                self._heads.popitem(last=False)
            self._heads[conversation] = known
        return known

    def _forget(self, conversations: set[bytes]) -> None:
        for conversation in conversations:
            self._heads.pop(conversation, None)


def head(reader: Reader, conversation: bytes, group: bytes) -> Head:
    """Where the log ends, by what is stored."""
    row = reader.one(_HEAD, conversation=conversation)
    return Head(row[0] + 1, row[1], row[2]) if row else Head(0, log_start(conversation, group), 0)


def hash_before(reader: Reader, conversation: bytes, group: bytes, n: int) -> bytes | None:
    """h_{n-1}; None when the log does not reach that far."""
    if n == 0:
        return log_start(conversation, group)
    stored = one(reader, conversation, n - 1)
    return stored.hash if stored else None


def one(reader: Reader, conversation: bytes, n: int) -> Stored | None:
    row = reader.one(_ONE, conversation=conversation, n=n)
    return Stored(*row) if row else None


def answered(reader: Reader, device: bytes, request: bytes) -> tuple[bytes, int, int] | None:
    """(conversation, n, at_ms) of what this request appended before, if it did."""
    for row in reader.matching(_ANSWERED, [(device, request)]):
        return row[2], row[3], row[4]
    return None


def page(
    reader: Reader, conversation: bytes, first: int, last: int, limit: int, *, without_messages: bool
) -> list[LogItem]:
    """Items first..last without gaps, as many as fit one answer, at least one if there is any."""
    limit = min(limit, MAX_HASHES if without_messages else MAX_PAGE_ITEMS)
    items: list[LogItem] = []
    size = 0
    for n, kind, entry, digest_, at_ms in reader.each(
        _PAGE, conversation=conversation, first=first, last=last, limit=limit
    ):
        shown = None if without_messages and kind == KIND_MESSAGE else entry
        size += len(shown) if shown is not None else len(digest_)
        if items and size > MAX_PAGE_BYTES:
            break
        items.append(LogItem(n, kind, shown, digest_ if shown is None else None, at_ms))
    return items


def links(
    reader: Reader, conversation: bytes, first_epoch: int, last_epoch: int
) -> list[tuple[int, int, bytes]]:
    """(epoch, n, entry), newest first within an epoch, as many as fit one answer."""
    found: list[tuple[int, int, bytes]] = []
    size = 0
    for epoch, n, entry in reader.each(
        _LINKS, conversation=conversation, first_epoch=first_epoch, last_epoch=last_epoch
    ):
        size += len(entry)
        if found and size > MAX_PAGE_BYTES:
            break
        found.append((epoch, n, entry))
    return found


def drop_entry(tx: Tx, conversation: bytes, n: int) -> bool:
    """Forget a message's bytes; its number, kind and digest stay."""
    return tx.run(_DROP_ENTRY, conversation=conversation, n_=n) > 0


def forget_requests(tx: Tx, after: int, before_ms: int, limit: int) -> int:
    """Forget the requests of the items that follow `after` and are older than `before_ms`; the last of them."""
    upto = after
    for id_, at_ms in tx.each(_NEXT_TIMES, after=after, limit=limit):
        if at_ms >= before_ms:
            break
        upto = id_
    if upto > after:
        tx.run(_FORGET_REQUESTS, after=after, upto=upto)
    return upto
