"""A PostgreSQL that goes away and comes back, and what it must promise before it is written to."""

import asyncio
import contextlib
import threading

import psycopg
import pytest

from inmost_server.store import CannotUse, StoreAway, StoreFailed, store_at
from inmost_server.store.postgresql import Postgresql
from inmost_server.store.test_database import add, count, marks_in, with_marks
from server.kit.cut import Cut

PATIENCE_S = 60.0


@pytest.fixture
def url(cluster):
    with cluster.fresh() as url:
        yield url


@pytest.fixture
def cut(cluster, tmp_path):
    with Cut(cluster.folder, tmp_path / "cut") as cut:
        yield cut


@pytest.fixture
async def store(cut, url):
    """Its connections can be cut."""
    store = with_marks(cut.url(url))
    yield store
    store.close()


async def until_it_is_back(store):
    """Ask again what is refused, as clients do, until it is written."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(StoreFailed):
                await store.write(lambda tx: add(tx, 100_000))
                return
            await asyncio.sleep(0.05)


async def test_nothing_is_answered_before_commit_has_returned(store, cut, url):
    committed, may_return = threading.Event(), threading.Event()

    def hold(ask):
        answer = ask()
        committed.set()
        may_return.wait(PATIENCE_S)
        return answer

    cut.on_commit = hold
    writing = asyncio.ensure_future(store.write(lambda tx: add(tx, 1)))
    await asyncio.to_thread(committed.wait, PATIENCE_S)
    assert marks_in(url) == {1}
    assert not writing.done()
    may_return.set()
    assert await writing == 1


async def test_a_commit_whose_answer_was_lost_counts_when_it_is_durable(store, cut, url):
    def lose_the_answer(ask):
        cut.on_commit = lambda ask: ask()
        ask()

    cut.on_commit = lose_the_answer
    told = []

    def unit(tx):
        tx.after_commit(lambda: told.append(1))
        return add(tx, 1)

    assert await asyncio.wait_for(store.write(unit), PATIENCE_S) == 1
    assert told == [1]
    assert marks_in(url) == {1}
    await until_it_is_back(store)


async def test_a_commit_that_was_lost_before_it_was_asked_is_refused_and_nothing_of_it_is_there(
    store, cut, url
):
    def cut_before(ask):
        cut.on_commit = lambda ask: ask()

    await store.write(lambda tx: add(tx, 1))
    cut.on_commit = cut_before
    forgotten, told = [], []

    def unit(tx):
        tx.on_rollback(lambda: forgotten.append(2))
        tx.after_commit(lambda: told.append(2))
        return add(tx, 2)

    with pytest.raises(StoreFailed):
        await asyncio.wait_for(store.write(unit), PATIENCE_S)
    assert (forgotten, told) == ([2], [])
    assert marks_in(url) == {1}
    assert await store.write(lambda tx: add(tx, 2)) == 2


async def test_whoever_watches_hears_of_the_loss_before_anything_is_refused_and_of_the_return(store, cut):
    heard = []
    back = asyncio.Event()
    store.watch(lambda: heard.append("away"), lambda: (heard.append("back"), back.set()))

    def cut_before(ask):
        cut.on_commit = lambda ask: ask()

    cut.on_commit = cut_before
    with pytest.raises(StoreFailed):
        await store.write(lambda tx: add(tx, 1))
    heard.append("refused")
    await asyncio.wait_for(back.wait(), PATIENCE_S)
    assert heard[0] == "away"
    assert sorted(heard) == ["away", "back", "refused"]


async def test_after_kill_9_of_postgresql_everything_answered_is_there_and_the_store_is_back_by_itself(
    cluster, url
):
    store = with_marks(url)
    answered, refused = set(), 0
    enough = asyncio.Event()

    async def sender(first):
        nonlocal refused
        for n in range(first, 4_000, 20):
            try:
                answered.add(await store.write(lambda tx, n=n: add(tx, n)))
            except StoreFailed:
                refused += 1
                await asyncio.sleep(0.01)
            if len(answered) > 300:
                enough.set()

    senders = [asyncio.ensure_future(sender(first)) for first in range(20)]
    await enough.wait()
    await asyncio.to_thread(cluster.kill)
    await asyncio.gather(*senders)
    assert refused > 0
    with pytest.raises(StoreAway):
        await store.read(count)
    await asyncio.to_thread(cluster.start)
    await until_it_is_back(store)
    there = marks_in(url)
    assert answered <= there
    assert await store.read(count) == len(there)
    store.close()


async def test_a_store_that_is_closed_while_its_database_is_away_refuses_what_is_unsettled(store, cut, url):
    may_return = threading.Event()

    def away(ask):
        cut.on_commit = None  # whoever commits after this fails, too
        may_return.set()

    cut.on_commit = away
    store.database._connect = _nobody
    writing = asyncio.ensure_future(store.write(lambda tx: add(tx, 1)))
    await asyncio.to_thread(may_return.wait, PATIENCE_S)
    await store.drained()
    await asyncio.to_thread(store.close)
    with pytest.raises(StoreAway):
        await writing


def _nobody():
    raise StoreAway("nobody is there")


async def test_a_second_server_does_not_write_at_the_same_time(url):
    store = with_marks(url)
    with pytest.raises(StoreAway, match="another server"):
        store_at(url)
    store.close()
    store_at(url).close()


async def test_a_server_does_not_go_on_after_another_has_written(url):
    first = with_marks(url)
    # The first is cut off, and the other is quicker.
    with psycopg.connect(url) as connection:
        pid = first._writer.driver.info.backend_pid
        first.database._connect, connect = _nobody, first.database._connect
        connection.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
    with pytest.raises(StoreFailed):
        await first.write(lambda tx: add(tx, 1))
    second = with_marks(url)
    await second.write(lambda tx: add(tx, 2))
    second.close()
    first.database._connect = connect
    with pytest.raises(CannotUse, match="another server has written"):
        first.database.writer()
    with pytest.raises(StoreFailed):
        await first.write(lambda tx: add(tx, 3))
    assert marks_in(url) == {2}
    first.close()


def test_a_postgresql_that_does_not_sync_is_refused(url):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        try:
            _until_shown(url, "fsync", "off")
            with pytest.raises(CannotUse, match="fsync"):
                store_at(url)
        finally:
            connection.execute("ALTER SYSTEM RESET fsync")
            connection.execute("SELECT pg_reload_conf()")
            _until_shown(url, "fsync", "on")


def test_commits_are_synchronous_whatever_the_database_is_set_to(url):
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())
        try:
            store = store_at(url)
            shown = store._writer.driver.execute("SHOW synchronous_commit").fetchone()
            store.close()
        finally:
            connection.execute(f"ALTER DATABASE {name} RESET synchronous_commit".encode())
    assert shown == ("on",)


def _until_shown(url, setting, value):
    while True:
        with psycopg.connect(url) as connection:
            if connection.execute(f"SHOW {setting}".encode()).fetchone() == (value,):
                return


def test_what_is_no_postgresql_is_said_without_its_password(url):
    with pytest.raises(CannotUse) as wrong:
        store_at("postgresql://inmost:secret@/there?nonsense=1")
    assert "secret" not in str(wrong.value)
    with pytest.raises(CannotUse, match="given as postgresql"):
        store_at("mysql://somewhere")
    with pytest.raises(CannotUse, match="does not exist"):
        store_at(url.replace("/inmost_", "/nothing_"))


def test_a_database_on_another_machine_is_reached_only_by_a_verified_name():
    assert "sslmode=verify-full" in Postgresql("postgresql://inmost@db.example.org/inmost")._url
    assert "sslmode" not in Postgresql("postgresql://inmost@127.0.0.1/inmost")._url
    assert "sslmode" not in Postgresql("postgresql://inmost@/inmost?host=/run/postgresql")._url
    assert "sslmode=require" in Postgresql("postgresql://inmost@db.example.org/inmost?sslmode=require")._url
