"""The encrypted database of one profile: opens it, writes one step's rows in one durable transaction, reads messages back."""

import importlib.resources
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

import apsw
import msgspec

from inmost.errors import StoreDamaged, StoreTooNew, WrongKey
from inmost.store.search import SearchHit, search

# Each brings a store from the version before to its own; what is computed (views.sql) is made anew after them.
SCHEMA: Final = ("0001_tables.sql", "0002_threads_polls_and_unread.sql")
SCHEMA_VERSION: Final = len(SCHEMA)
WAITING_PLACE: Final = 2**63 - 1
NUMBER_BYTES: Final = 8
WAITING: Final = b"\xff" * NUMBER_BYTES  # in the key of what waits, where the number will be

# (table, key, value); value None deletes.
Row: TypeAlias = tuple[str, bytes, bytes | None]

SHOWN_COLUMNS: Final = (
    "row_id, key, conversation, n, id, device, user, time_ms, at_ms, epoch, type, text, is_edited, is_deleted, "
    "reactions, reply_device, reply_id, thread_device, thread_id, is_pinned, votes, is_closed, raw"
)
# What somebody who was away has yet to read; changes and what only the conversation says of itself are not it.
UNREAD_TYPES: Final = ("text", "poll", "unknown", "unreadable")


class ShownRow(msgspec.Struct, frozen=True):
    """One row of the view shown_messages: a message with its edits, deletion and reactions resolved.

    n           number in the conversation's log, None while it waits to be sent
    text        None when deleted, or for a type without text
    reactions   JSON array of {"emoji", "user" (hex)}
    votes       of a poll: JSON array of {"user" (hex), "choices"}, the vote of each person that counts
    raw         the engine's MessagePack map of the message as first written; None when deleted
    """

    row_id: int
    key: bytes
    conversation: bytes
    n: int | None
    id: bytes | None
    device: bytes | None
    user: bytes | None
    time_ms: int | None
    at_ms: int | None
    epoch: int | None
    type: str
    text: str | None
    is_edited: bool
    is_deleted: bool
    reactions: str
    reply_device: bytes | None
    reply_id: bytes | None
    thread_device: bytes | None
    thread_id: bytes | None
    is_pinned: bool
    votes: str | None
    is_closed: bool
    raw: bytes | None


class ThreadRow(msgspec.Struct, frozen=True):
    """A thread: (device, id) of the message it hangs on, how many answers are here, the number of the last one."""

    device: bytes
    id: bytes
    replies: int
    last_n: int | None


class Change:
    """A row to carry out. columns: of a message. waited: the key that a numbered message had while it waited."""

    def __init__(self, table: str, key: bytes, value: bytes | None) -> None:
        self.table, self.key, self.value = table, key, value
        self.columns: dict[str, Any] = {}
        self.waited = b""
        if table == "messages" and value is not None:
            self.columns = _columns(key, value)
            if self.columns["n"] is not None and self.columns["id"] is not None:
                self.waited = self.columns["conversation"] + WAITING + self.columns["id"]


class Database:
    """One profile's store. Not to be used by two threads at once.

    Every write is one transaction that has reached the disk (WAL, synchronous FULL) when the method returns.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path, key: bytes) -> Self:
        """Open or make the database at path. key: 32 bytes. Raises WrongKey, StoreTooNew, StoreDamaged."""
        connection = apsw.Connection(str(path))
        path.chmod(0o600)
        try:
            connection.execute(f"PRAGMA key = 'raw:{key.hex()}'")
            # In this order; docs/decisions: without exclusive locking a browser's store does not survive a crash, and both are one.
            connection.execute("PRAGMA locking_mode = exclusive")
            connection.execute("PRAGMA journal_mode = wal")
            connection.execute("PRAGMA synchronous = full")
            connection.execute("PRAGMA secure_delete = on")
            connection.execute("PRAGMA recursive_triggers = on")
            connection.execute("PRAGMA temp_store = memory")
            _bring_up_to_date(connection)
        except apsw.NotADBError:
            connection.close()
            raise WrongKey() from None
        except apsw.Error as error:
            connection.close()
            raise StoreDamaged(f"The store cannot be opened: {error}") from error
        return cls(connection)

    def close(self) -> None:
        self._connection.close()

    def state(self) -> Iterator[tuple[bytes, bytes]]:
        """The engine's rows."""
        yield from self._connection.execute("SELECT key, value FROM state")

    def write(self, rows: Iterable[Row]) -> None:
        """Carry out rows, all or none, durable on return. Raises StoreDamaged."""
        changes = [Change(*row) for row in rows]
        gone = {change.key for change in changes if change.table == "messages" and change.value is None}
        numbered = gone & {change.waited for change in changes if change.columns}
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for change in changes:
                    if change.table == "state":
                        self._write_state(change.key, change.value)
                    elif change.table == "messages":
                        self._write_message(change, numbered)
                    else:
                        raise StoreDamaged(
                            f"The engine wrote to a table this version does not have: {change.table}"
                        )
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except apsw.Error as error:
            raise StoreDamaged(f"The store cannot be written: {error}") from error

    def _write_state(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self._connection.execute("DELETE FROM state WHERE key = ?", (key,))
        else:
            self._connection.execute("INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)", (key, value))

    def _write_message(self, change: Change, numbered: set[bytes]) -> None:
        """numbered: the keys of what waited and gets its number in the same step."""
        if change.value is None:
            if change.key not in numbered:
                self._delete_message(change.key)
            return
        if change.waited in numbered:
            if self._number(change):
                return
            self._delete_message(change.waited)
        self._delete_message(change.key)
        names, places = ", ".join(change.columns), ", ".join("?" * len(change.columns))
        self._connection.execute(
            f"INSERT INTO messages ({names}) VALUES ({places})",  # noqa: S608 (names of columns)
            tuple(change.columns.values()),
        )

    def _delete_message(self, key: bytes) -> None:
        self._connection.execute("DELETE FROM messages WHERE key = ?", (key,))

    def _number(self, change: Change) -> bool:
        """Give what waited its number where it stands: to take its words out of the search and in again costs ten times as much.

        False when it is not here, says something else now, or stands here twice.
        """
        columns = change.columns
        [(copies,)] = self._connection.execute(
            "SELECT count(*) FROM messages WHERE conversation = ? AND device = ? AND id = ?",
            (columns["conversation"], columns["device"], columns["id"]),
        )
        if copies != 1:
            return False
        sets = ", ".join(f"{name} = ?" for name in columns)
        self._connection.execute(
            f"UPDATE messages SET {sets} WHERE key = ? AND type = ? AND text IS ?",  # noqa: S608 (names of columns)
            (*columns.values(), change.waited, columns["type"], columns["text"]),
        )
        return self._connection.changes() == 1

    def setting(self, name: str) -> bytes | None:
        return next(
            (
                row[0]
                for row in self._connection.execute("SELECT value FROM settings WHERE name = ?", (name,))
            ),
            None,
        )

    def set(self, name: str, value: bytes | None) -> None:
        """Keep a setting of the host; None forgets it."""
        if value is None:
            self._connection.execute("DELETE FROM settings WHERE name = ?", (name,))
        else:
            self._connection.execute(
                "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, value)
            )

    def row(self, conversation: bytes, n: int) -> dict[str, Any] | None:
        """The engine's map of what stands at number n, edits and reactions included; None if it is not here."""
        key = conversation + n.to_bytes(NUMBER_BYTES, "big")
        found = next(iter(self._connection.execute("SELECT raw FROM messages WHERE key = ?", (key,))), None)
        return msgspec.msgpack.decode(found[0]) if found and found[0] is not None else None

    def shown(self, conversation: bytes, before: int | None = None, limit: int = 50) -> list[ShownRow]:
        """The newest `limit` messages before number `before` (None: the newest, what waits included), oldest first."""
        rows = self._connection.execute(
            f"SELECT {SHOWN_COLUMNS} FROM shown_messages WHERE conversation = ? AND place < ?"  # noqa: S608 (a constant)
            " ORDER BY place DESC, row_id DESC LIMIT ?",
            (conversation, before, limit) if before is not None else (conversation, WAITING_PLACE, limit),
        ).fetchall()
        waiting = self._waiting(conversation) if before is None else []
        return [_shown(row) for row in reversed(rows)] + waiting

    def _waiting(self, conversation: bytes) -> list[ShownRow]:
        rows = self._connection.execute(
            f"SELECT {SHOWN_COLUMNS} FROM shown_messages WHERE conversation = ? AND place = ? ORDER BY row_id",  # noqa: S608
            (conversation, WAITING_PLACE),
        )
        return [_shown(row) for row in rows]

    def shown_one(self, conversation: bytes, device: bytes, id: bytes) -> ShownRow | None:  # noqa: A002
        """The message (device, id) as shown, or None if it is not here."""
        rows = self._connection.execute(
            f"SELECT {SHOWN_COLUMNS} FROM shown_messages WHERE conversation = ? AND device = ? AND id = ?",  # noqa: S608
            (conversation, device, id),
        )
        return next((_shown(row) for row in rows), None)

    def shown_at(self, conversation: bytes, n: int) -> ShownRow | None:
        """The message at number n as shown; None if it is not here, or is an edit, a deletion or a reaction."""
        key = conversation + n.to_bytes(NUMBER_BYTES, "big")
        rows = self._connection.execute(f"SELECT {SHOWN_COLUMNS} FROM shown_messages WHERE key = ?", (key,))  # noqa: S608
        return next((_shown(row) for row in rows), None)

    def pinned(self, conversation: bytes) -> list[ShownRow]:
        """What is pinned in a conversation, as far as it is here, oldest first."""
        rows = self._connection.execute(
            f"SELECT {SHOWN_COLUMNS} FROM shown_messages AS m WHERE conversation = ? AND is_pinned AND NOT is_deleted"  # noqa: S608
            " AND EXISTS (SELECT 1 FROM messages AS p WHERE p.conversation = m.conversation"
            " AND p.target_device = m.device AND p.target_id = m.id AND p.type = 'pin') ORDER BY place",
            (conversation,),
        )
        return [_shown(row) for row in rows]

    def threads(self, conversation: bytes) -> list[ThreadRow]:
        """The threads of a conversation, as far as they are here, the one with the newest answer first."""
        rows = self._connection.execute(
            "SELECT device, id, replies, last_n FROM threads WHERE conversation = ? ORDER BY last_place DESC",
            (conversation,),
        )
        return [ThreadRow(*row) for row in rows]

    def thread(
        self,
        conversation: bytes,
        device: bytes,
        id: bytes,  # noqa: A002
        before: int | None = None,
        limit: int = 50,
    ) -> list[ShownRow]:
        """The newest `limit` answers in a thread before number `before` (None: what waits included), oldest first."""
        rows = self._connection.execute(
            f"SELECT {SHOWN_COLUMNS} FROM shown_messages"  # noqa: S608 (a constant)
            " WHERE conversation = ? AND thread_device = ? AND thread_id = ? AND place <= ?"
            " ORDER BY place DESC, row_id DESC LIMIT ?",
            (conversation, device, id, WAITING_PLACE if before is None else before - 1, limit),
        ).fetchall()
        return [_shown(row) for row in reversed(rows)]

    def unread(self, conversation: bytes, after: int, user: bytes) -> tuple[int, int]:
        """Of what stands after number `after` and is not by user: how many messages, and how many that mention user."""
        kinds = ", ".join("?" * len(UNREAD_TYPES))
        found = self._connection.execute(
            "SELECT count(*), coalesce(sum(mentions_me), 0) FROM shown_messages"  # noqa: S608 (question marks)
            f" WHERE conversation = ? AND place > ? AND n IS NOT NULL AND type IN ({kinds}) AND user IS NOT ?"
            " AND NOT is_deleted",
            (conversation, after, *UNREAD_TYPES, user),
        )
        messages, mentions = next(iter(found))
        return int(messages), int(mentions)

    def numbers_after(self, conversation: bytes, n: int) -> list[int]:
        """The numbers after n of which there is a row, in order."""
        rows = self._connection.execute(
            "SELECT n FROM messages WHERE conversation = ? AND place > ? AND n IS NOT NULL ORDER BY place",
            (conversation, n),
        )
        return [row[0] for row in rows]

    def search(self, query: str, conversation: bytes | None = None, limit: int = 50) -> list[SearchHit]:
        """Messages whose shown text contains every word of the query, newest first; a "quoted part" counts as one word."""
        return search(self._connection, query, conversation, limit)


def _columns(key: bytes, value: bytes) -> dict[str, Any]:
    """The columns of `messages` for the engine's map of a message."""
    row: dict[str, Any] = msgspec.msgpack.decode(value)
    reply_device, reply_id = row.get("reply_to") or (None, None)
    target_device, target_id = row.get("target") or (None, None)
    thread_device, thread_id = row.get("thread") or (None, None)
    choices, options, n = row.get("choices"), row.get("options"), row.get("n")
    return {
        "key": key,
        "conversation": row["conversation"],
        "place": WAITING_PLACE if n is None else n,
        "n": n,
        "id": row.get("id"),
        "device": row.get("device"),
        "user": row.get("user"),
        "time_ms": row.get("time_ms"),
        "at_ms": row.get("at_ms"),
        "epoch": row.get("epoch"),
        "type": row["type"],
        "text": row.get("text"),
        "emoji": row.get("emoji"),
        "is_on": row.get("on"),
        "reply_device": reply_device,
        "reply_id": reply_id,
        "target_device": target_device,
        "target_id": target_id,
        "thread_device": thread_device,
        "thread_id": thread_id,
        "mentions_me": row.get("mentions_me"),
        "choices": None if choices is None else json.dumps(choices),
        "option_count": None if options is None else len(options),
        "is_multiple": row.get("multiple"),
        "raw": value,
    }


def _shown(row: Any) -> ShownRow:
    named = dict(zip(ShownRow.__struct_fields__, row, strict=True))
    return msgspec.convert(named, ShownRow, strict=False)


def _bring_up_to_date(connection: apsw.Connection) -> None:
    version = int(next(iter(connection.execute("PRAGMA user_version")))[0])
    if version > SCHEMA_VERSION:
        raise StoreTooNew()
    if version == SCHEMA_VERSION:
        return
    files = importlib.resources.files("inmost.store").joinpath("schema")
    steps = [files.joinpath(name).read_text() for name in (*SCHEMA[version:], "views.sql")]
    connection.execute("BEGIN IMMEDIATE")
    for kind, name in connection.execute(
        "SELECT type, name FROM sqlite_master WHERE type IN ('view', 'trigger')"
    ).fetchall():
        connection.execute(f"DROP {kind} IF EXISTS {name}")  # A view takes its own triggers with it.
    for step in steps:
        connection.execute(step)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
