"""What the one writer promises, on every database."""

import asyncio
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, bindparam, func, insert, select

from inmost_server.store import Reader, Statement, Store, StoreFailed, Tx, is_postgresql, store_at

marks = Table("marks", MetaData(), Column("n", Integer, primary_key=True), Column("what", LargeBinary))
_ADD = Statement(insert(marks))
_COUNT = Statement(select(func.count()).select_from(marks))
_FIND = Statement(select(marks.c.what).where(marks.c.n == bindparam("n")))


def add(tx: Tx, n: int) -> int:
    tx.run(_ADD, n=n, what=b"mark")
    return n


def count(reader: Reader) -> int:
    row = reader.one(_COUNT)
    assert row is not None
    return row[0]


def with_marks(where: str) -> Store:
    """where: a file's path, or a URL."""
    if is_postgresql(where):
        store = store_at(where)
        with psycopg.connect(where) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS marks (n INTEGER PRIMARY KEY, what BYTEA)")
    else:
        store = store_at(Path(where))
        with sqlite3.connect(where) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS marks (n INTEGER PRIMARY KEY, what BLOB)")
    connection.close()
    store.start()
    return store


def marks_in(where: str) -> set[int]:
    """What another process sees."""
    with psycopg.connect(where) if is_postgresql(where) else sqlite3.connect(where) as connection:
        found = {n for (n,) in connection.execute("SELECT n FROM marks").fetchall()}
    connection.close()
    return found


@pytest.fixture
def where(tmp_path, database):
    return database or str(tmp_path / "inmost.db")


@pytest.fixture
async def store(where):
    store = with_marks(where)
    yield store
    store.close()


async def test_a_unit_that_fails_spoils_no_other_in_its_transaction(store):
    def fails(tx):
        add(tx, 2)
        raise ValueError("not this one")

    results = await asyncio.gather(
        store.write(lambda tx: add(tx, 1)),
        store.write(fails),
        store.write(lambda tx: add(tx, 3)),
        return_exceptions=True,
    )
    assert results[0] == 1
    assert isinstance(results[1], ValueError)
    assert results[2] == 3
    assert await store.read(count) == 2


async def test_what_a_failed_unit_wanted_to_tell_is_never_told(store):
    told = []

    def fails(tx):
        tx.after_commit(lambda: told.append("failed"))
        raise ValueError

    def works(tx):
        tx.after_commit(lambda: told.append("worked"))

    await asyncio.gather(store.write(fails), store.write(works), return_exceptions=True)
    assert told == ["worked"]


async def test_everything_that_waits_is_one_transaction_and_is_told_in_its_order(store):
    told = []

    def unit(n):
        def write(tx):
            add(tx, n)
            tx.after_commit(lambda: told.append(n))

        return write

    await asyncio.gather(*(store.write(unit(n)) for n in range(500)))
    assert told == list(range(500))


async def test_gathered_items_and_units_are_told_in_the_order_of_the_queue(store):
    told = []

    def gathered(tx, items):
        tx.insert_rows(marks, ("n", "what"), [(n, b"") for n in items])
        return items

    def unit(n):
        def write(tx):
            tx.after_commit(lambda: told.append(n))

        return write

    writes = []
    for n in range(300):
        if n % 7:
            store.gather(gathered, n, lambda result, error: told.append(result))
        else:
            writes.append(asyncio.ensure_future(store.write(unit(n))))
            await asyncio.sleep(0)
    await asyncio.gather(*writes)
    await store.drained()
    await asyncio.sleep(0.05)
    assert told == list(range(300))


async def test_one_bad_gathered_item_fails_alone(store):
    done = {}

    def gathered(tx, items):
        tx.insert_rows(marks, ("n", "what"), [(n, b"") for n in items])
        return items

    def remember(n):
        return lambda result, error: done.update({n: error})

    await store.write(lambda tx: add(tx, 5))
    for n in range(10):
        store.gather(gathered, n, remember(n))
    await store.drained()
    await asyncio.sleep(0.05)
    assert isinstance(done[5], StoreFailed)
    assert [n for n, error in done.items() if error is not None] == [5]
    assert await store.read(count) == 10


async def test_memory_is_told_to_forget_when_its_unit_is_undone(store):
    forgotten = []

    def fails(tx):
        tx.on_rollback(lambda: forgotten.append(1))
        raise ValueError

    with pytest.raises(ValueError):
        await store.write(fails)
    await store.write(lambda tx: tx.on_rollback(lambda: forgotten.append(2)))
    assert forgotten == [1]


async def test_readers_see_everything_that_was_answered(store):
    for n in range(50):
        await store.write(lambda tx, n=n: add(tx, n))
        assert await store.read(lambda reader, n=n: reader.one(_FIND, n=n)) == (b"mark",)


async def test_a_reader_cannot_write(store):
    with pytest.raises(StoreFailed, match=r"read-?only"):
        await store.read(lambda reader: reader.all(_ADD, n=1, what=b""))


async def test_only_the_owner_of_the_machine_reads_the_database(tmp_path):
    path = tmp_path / "inmost.db"
    with_marks(str(path)).close()
    assert path.stat().st_mode & 0o077 == 0


_WRITES_AND_SAYS_SO = """
import asyncio, sys
from inmost_server.store.test_database import add, with_marks

async def main():
    store = with_marks(sys.argv[1])
    async def sender(first):
        for n in range(first, 10**9, 20):
            await store.write(lambda tx: add(tx, n))
            print(n, flush=True)
    await asyncio.gather(*(sender(first) for first in range(20)))

asyncio.run(main())
"""


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@pytest.mark.parametrize("round_", range(3))
def test_what_was_answered_is_there_after_kill_9(where, round_):
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITES_AND_SAYS_SO, where],
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(150 + 70 * round_)]
    process.send_signal(signal.SIGKILL)
    said += [int(line) for line in process.stdout.read().splitlines() if line]
    process.wait()
    process.stdout.close()
    assert set(said) <= marks_in(where)


_WRITES_TEN = """
import asyncio, os, sys
from inmost_server.store.test_database import add, with_marks

async def main():
    store = with_marks(sys.argv[1])
    for n in range(10):
        await store.write(lambda tx: add(tx, n))
        os.write(1, b"answered %d\\n" % n)
    store.close()

asyncio.run(main())
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_disk_has_it_before_each_answer(tmp_path):
    trace = tmp_path / "trace"
    path = tmp_path / "inmost.db"
    subprocess.run(
        [
            "strace",
            "-f",
            "-y",
            "-e",
            "trace=fsync,fdatasync,write,pwrite64",
            "-o",
            str(trace),
            sys.executable,
            "-c",
            _WRITES_TEN,
            str(path),
        ],
        check=True,
        env=environment(),
        stdout=subprocess.DEVNULL,
    )
    synced = False
    answers = 0
    for line in trace.read_text().splitlines():
        if re.search(r"(fsync|fdatasync)(\(.*inmost\.db-wal.*\)| resumed>.*\)) += 0", line):
            synced = True
        elif "answered" in line:
            assert synced, line
            answers += 1
            synced = False
    assert answers == 10
