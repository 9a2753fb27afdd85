"""The log book: numbers without gaps, whatever fails in between."""

import asyncio
import os

import pytest

from inmost_engine.public import digest, log_next, log_start
from inmost_protocol.conversations import FetchLog
from inmost_server.clock import now_ms
from inmost_server.features.conversations import log
from inmost_server.features.conversations.log import LogBook, NewItem
from inmost_server.features.conversations.pruning import prune
from inmost_server.store import StoreFailed
from server.kit.wire import WasRefused, new_id

ROOM, GROUP = b"r" * 16, b"g" * 16


def item(request=None, entry=b"entry", device=b"d" * 16, room=ROOM):
    return NewItem(room, GROUP, log.KIND_MESSAGE, entry, 0, device, request or os.urandom(16))


async def append(store, book, *items):
    return await store.write(lambda tx: book.append(tx, items))


async def test_numbers_go_on_without_a_gap_after_a_unit_that_failed(store):
    book = LogBook(now_ms)

    def fails(tx):
        book.append(tx, [item(), item()])
        raise ValueError

    results = await asyncio.gather(
        append(store, book, item()), store.write(fails), append(store, book, item()), return_exceptions=True
    )
    assert [results[0][0].n, results[2][0].n] == [0, 1]


async def test_the_same_request_twice_in_one_transaction_stands_once(store):
    book = LogBook(now_ms)
    twice = item(b"q" * 16)
    first, again, other = await append(store, book, twice, twice, item())
    assert (first.n, again.n, other.n) == (0, 0, 1)
    assert (first.again, again.again) == (False, True)


async def test_the_same_request_of_another_device_is_another_request(store):
    book = LogBook(now_ms)
    placed = await append(store, book, item(b"q" * 16), item(b"q" * 16, device=b"e" * 16))
    assert [one.n for one in placed] == [0, 1]


async def test_each_hash_follows_from_the_one_before(store):
    book = LogBook(now_ms)
    placed = await append(store, book, *(item(entry=bytes([n])) for n in range(256)))
    expected = log_start(ROOM, GROUP)
    for one in placed:
        expected = log_next(expected, one.n, one.kind, digest(one.entry))
        assert one.hash == expected


async def test_a_new_book_goes_on_where_the_stored_log_ends(store):
    (first,) = await append(store, LogBook(now_ms), item())
    (second,) = await append(store, LogBook(now_ms), item(entry=b"second"))
    assert second.n == 1
    assert second.hash == log_next(first.hash, 1, log.KIND_MESSAGE, digest(b"second"))


async def test_times_never_go_back_within_a_log(store):
    times = iter([5_000, 4_000, 6_000])
    book = LogBook(lambda: next(times))
    placed = [(await append(store, book, item()))[0] for _ in range(3)]
    assert [one.at_ms for one in placed] == [5_000, 5_000, 6_000]


async def test_requests_are_forgotten_only_when_they_are_old(store):
    times = iter([1_000, 2_000, 3_000])
    book = LogBook(lambda: next(times))
    old, new = item(), item()
    await append(store, book, old)
    await append(store, book, new)
    assert await prune(store, before_ms=1_500) == 1
    assert await store.read(lambda reader: log.answered(reader, old.device, old.request)) is None
    assert await store.read(lambda reader: log.answered(reader, new.device, new.request)) is not None
    assert await prune(store, before_ms=1_500) == 0


@pytest.mark.parametrize("database", [None], ids=["sqlite"])
async def test_a_full_disk_refuses_everything_and_numbers_go_on_when_there_is_room_again(store):
    book = LogBook(now_ms)
    await append(store, book, item())
    driver = store._writer.driver
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count = {pages + 2}")
    results = await asyncio.gather(
        *(append(store, book, item(entry=os.urandom(60_000))) for _ in range(5)), return_exceptions=True
    )
    assert all(isinstance(result, StoreFailed) for result in results)
    driver.execute("PRAGMA max_page_count = 1000000")
    (placed,) = await append(store, book, item())
    assert placed.n == 1


@pytest.mark.parametrize("database", [None], ids=["sqlite"])
async def test_on_a_full_disk_a_send_is_refused_as_unavailable_and_may_be_sent_again(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    driver = team.server.store._writer.driver
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count = {pages}")
    message = owner.message(room, size=100_000)
    with pytest.raises(WasRefused, match="Unavailable"):
        await owner.wire.ask(message)
    driver.execute("PRAGMA max_page_count = 1000000")
    assert (await owner.wire.ask(message)).n == 1
    page = await owner.wire.ask(FetchLog(new_id(), room, 0, 10, without_messages=False))
    assert page.next_n == 2
