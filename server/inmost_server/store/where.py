"""Which database a setting means."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from inmost_server.store.connection import CannotUse, StoreAway
from inmost_server.store.database import FIRST_PAUSE_S, LONGEST_PAUSE_S, Store

SCHEMES = ("postgresql://", "postgres://")


def is_postgresql(where: str | Path) -> bool:
    return isinstance(where, str) and where.startswith(SCHEMES)


def store_at(where: str | Path) -> Store:
    """A file of SQLite's, or the URL of a PostgreSQL. Raises StoreAway, CannotUse."""
    if isinstance(where, Path):
        from inmost_server.store.sqlite import Sqlite

        return Store(Sqlite(where))
    if not is_postgresql(where):
        raise CannotUse(
            "the database is given as postgresql://…, or not at all for SQLite in the data directory"
        )
    # Its driver takes memory and a tenth of a second, wanted only here.
    from inmost_server.store.postgresql import Postgresql

    return Store(Postgresql(where))


async def store_when_there(where: str | Path, waiting: Callable[[str], None]) -> Store:
    """The store, as soon as its database can be reached; `waiting` hears each new reason why it is not. Raises CannotUse."""
    said, pause_s = "", FIRST_PAUSE_S
    while True:
        try:
            return await asyncio.to_thread(store_at, where)
        except StoreAway as reason:
            # Whoever was killed a moment ago still has the lock: not worth a word.
            if str(reason) != said and pause_s > 2 * FIRST_PAUSE_S:
                said = str(reason)
                waiting(said)
        await asyncio.sleep(pause_s)
        pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
