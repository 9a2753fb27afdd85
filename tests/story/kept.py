"""What the server has kept, on either database: its files, the database's files, and the rows in them."""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, Self

import psycopg
from psycopg.sql import SQL, Identifier

from server.kit.cluster import Cluster

KIND_MESSAGE = 4
ENTRIES = (
    "SELECT n, entry FROM log_items"
    " WHERE conversation = {0} AND n > {0} AND kind = {0} AND entry IS NOT NULL ORDER BY n"
)
PLANT = "UPDATE log_items SET entry = entry || {0} WHERE id = (SELECT max(id) FROM log_items)"


class Kept(Protocol):
    """What a server has kept. url: of its database, None for SQLite."""

    url: str | None

    def entries(self, conversation: bytes, after: int) -> list[tuple[int, bytes]]:
        """(number, entry) of the messages after number `after`, as they were sealed."""

    def searched(self, scratch: Path) -> list[Path]:
        """The folders in which everything it has kept stands as it is. scratch: an empty folder for what has to be laid out first."""

    def copied(self, folder: Path) -> "Kept":
        """The same once more, to be changed. folder: where; not there yet."""

    def plant(self, what: Iterable[bytes]) -> None:
        """Write it into the database, as a careless server would."""

    def close(self) -> None:
        """Of a copy: the end of what it runs on."""


class KeptInSqlite:
    """See Kept. All of it is in the data folder."""

    url = None

    def __init__(self, data: Path) -> None:
        self._data = data

    def entries(self, conversation: bytes, after: int) -> list[tuple[int, bytes]]:
        database = sqlite3.connect(f"file:{self._data / 'inmost.db'}?mode=ro", uri=True)
        rows = database.execute(ENTRIES.format("?"), (conversation, after, KIND_MESSAGE)).fetchall()
        database.close()
        return rows

    def searched(self, scratch: Path) -> list[Path]:
        assert (self._data / "inmost.db").stat().st_size > 0
        return [self._data]

    def copied(self, folder: Path) -> Self:
        shutil.copytree(self._data, folder)
        return type(self)(folder)

    def plant(self, what: Iterable[bytes]) -> None:
        for form in what:
            database = sqlite3.connect(self._data / "inmost.db")
            database.execute(PLANT.format("?"), (form,))
            database.commit()
            database.close()

    def close(self) -> None:
        """Nothing runs."""


class KeptInPostgresql:
    """See Kept. The data folder, and everything PostgreSQL has: tables, write-ahead log, its own log."""

    def __init__(self, data: Path, cluster: Cluster, url: str) -> None:
        self._data = data
        self._cluster = cluster
        self.url = url

    def entries(self, conversation: bytes, after: int) -> list[tuple[int, bytes]]:
        with psycopg.connect(self.url) as connection:
            query = ENTRIES.format("%s").encode()
            return connection.execute(query, (conversation, after, KIND_MESSAGE)).fetchall()

    def searched(self, scratch: Path) -> list[Path]:
        """PostgreSQL compresses long values, so the rows are laid out as well."""
        with psycopg.connect(self.url) as connection:
            connection.execute("CHECKPOINT")
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (table,) in tables.fetchall():
                copying = SQL("COPY {} TO STDOUT (FORMAT binary)").format(Identifier(table))
                with connection.cursor().copy(copying) as rows, (scratch / table).open("wb") as out:
                    for part in rows:
                        out.write(part)
        assert (scratch / "log_items").stat().st_size > 0
        assert any((self._cluster.data / "pg_wal").iterdir())
        return [self._data, self._cluster.folder, scratch]

    def copied(self, folder: Path) -> Self:
        shutil.copytree(self._data, folder)
        cluster = Cluster(of=self._cluster).__enter__()
        database = self.url.partition("@/")[2].partition("?")[0]
        return type(self)(folder, cluster, cluster.url(database))

    def plant(self, what: Iterable[bytes]) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for form in what:
                connection.execute(PLANT.format("%b").encode(), (form,))

    def close(self) -> None:
        self._cluster.__exit__()


@contextmanager
def copy_of(kept: Kept, folder: Path) -> Iterator[Kept]:
    """A copy to be changed, for as long as it is needed."""
    copy = kept.copied(folder)
    try:
        yield copy
    finally:
        copy.close()
