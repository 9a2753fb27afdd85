"""The client store: what is shown, found, kept and forgotten, whichever order rows come in."""

import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import msgspec
import pytest

from inmost.errors import ProfileInUse, StoreDamaged, StoreTooNew, WrongKey
from inmost.places import place_of
from inmost.store import Database, Lock, database
from sdk.tests.stored import (
    ANNA,
    BOB,
    ROOM,
    close,
    delete,
    edit,
    expired,
    message,
    pin,
    poll,
    react,
    target,
    text,
    vote,
)

KEY = bytes(range(32))


@pytest.fixture
def store(tmp_path: Path):
    database = Database.open(tmp_path / "store.db", KEY)
    yield database
    database.close()


def shown(store: Database) -> list[tuple[int | None, str | None]]:
    return [(row.n, row.text) for row in store.shown(ROOM)]


def test_rows_come_back_and_nil_deletes_them(store):
    store.write([("state", b"a", b"1"), ("state", b"b", b"2")])
    store.write([("state", b"a", None), ("state", b"b", b"3")])
    assert dict(store.state()) == {b"b": b"3"}


def test_a_step_is_written_whole_or_not_at_all(store):
    store.write([("state", b"a", b"1"), text(1, "before")])
    with pytest.raises(StoreDamaged):
        store.write([("state", b"a", b"2"), text(2, "after"), ("elsewhere", b"k", b"v")])
    assert dict(store.state()) == {b"a": b"1"}
    assert shown(store) == [(1, "before")]


def test_what_is_shown_and_found_does_not_depend_on_the_order_of_pages(tmp_path):
    rows = [
        text(1, "the first plan"),
        edit(2, 1, "the second plan"),
        edit(3, 1, "somebody else's plan", user=BOB),
        edit(4, 1, "the third plan"),
        text(5, "soon regretted"),
        delete(6, 5),
    ]
    for number, order in enumerate(itertools.permutations(rows)):
        if number % 12:
            continue
        store = Database.open(tmp_path / f"{number}.db", KEY)
        for row in order:
            store.write([row])
        assert [(row.n, row.text, row.is_edited, row.is_deleted) for row in store.shown(ROOM)] == [
            (1, "the third plan", True, False),
            (5, None, False, True),
        ]
        assert [hit.n for hit in store.search("plan")] == [1]
        assert [hit.text for hit in store.search("third")] == ["the third plan"]
        for gone in ("first", "second", "somebody", "regretted"):
            assert store.search(gone) == []
        store.close()


def test_the_newest_reaction_of_each_person_and_emoji_counts(store):
    rows = [
        text(1, "cake in the kitchen"),
        react(2, 1, "🎂", True),
        react(3, 1, "🎂", True, user=ANNA),
        react(4, 1, "🎂", False),
        react(5, 1, "👍", True),
    ]
    store.write(reversed(rows))
    (row,) = store.shown(ROOM)
    assert json.loads(row.reactions) == [
        {"emoji": "🎂", "user": ANNA.hex()},
        {"emoji": "👍", "user": BOB.hex()},
    ]


def test_votes_count_whichever_order_pages_come_in(tmp_path):
    rows = [
        poll(1),
        vote(2, 1, [0]),
        vote(3, 1, [2]),
        vote(4, 1, [1, 2], user=ANNA),  # Two where one may be chosen.
        vote(5, 1, [3], user=ANNA),  # An option there is not.
        close(6, 1, user=BOB),  # Not his poll.
        close(7, 1),
        vote(8, 1, [0]),
    ]
    for number in range(8):
        store = Database.open(tmp_path / f"{number}.db", KEY)
        for row in rows[number:] + rows[:number]:
            store.write([row])
        [shown] = store.shown(ROOM)
        assert (shown.votes, shown.is_closed) == (f'[{{"user":"{BOB.hex()}","choices":[2]}}]', True)
        store.close()


def test_a_vote_taken_back_counts_for_nothing_and_a_multiple_poll_takes_several(store):
    store.write(
        [poll(1, multiple=True), vote(2, 1, [0, 2]), vote(3, 1, [1], user=ANNA), vote(4, 1, [], user=ANNA)]
    )
    [shown] = store.shown(ROOM)
    votes = {each["user"]: each["choices"] for each in json.loads(shown.votes)}
    assert votes == {BOB.hex(): [0, 2], ANNA.hex(): []}


def test_what_ended_takes_with_it_all_that_was_said_about_it(tmp_path):
    about = [edit(2, 1, "a later secret"), react(3, 1, "👀", True), pin(4, 1, True)]
    for number, order in enumerate([[text(1, "a secret"), *about], [*about, text(1, "a secret")]]):
        store = Database.open(tmp_path / f"{number}.db", KEY)
        store.write(order)
        assert [hit.text for hit in store.search("secret")] == ["a later secret"]
        store.write([expired(1)])
        store.write([edit(5, 1, "a secret after all")])
        [shown] = store.shown(ROOM)
        assert (shown.type, shown.text, shown.is_pinned, shown.reactions) == ("expired", None, False, "[]")
        assert store.search("secret") == []
        assert store.pinned(ROOM) == []
        assert store.numbers_after(ROOM, 0) == [1]
        store.close()


@pytest.mark.parametrize("words", ["on its way", "on its way, and changed"])
@pytest.mark.parametrize("is_gone_first", [True, False])
def test_what_waited_is_found_once_when_it_has_its_number(store, words, is_gone_first):
    waiting = text(None, "on its way", id_=9)
    gone = (waiting[0], waiting[1], None)
    arrived = text(5, words, id_=9)
    store.write([waiting])
    store.write([gone, arrived] if is_gone_first else [arrived, gone])
    assert shown(store) == [(5, words)]
    assert [(hit.n, hit.text) for hit in store.search("on its way")] == [(5, words)]
    store.write([delete(6, 9)])
    assert shown(store) == [(5, None)]
    assert store.search("way") == []


def test_what_waited_and_stood_in_the_log_before_counts_where_it_stood(store):
    waiting = text(None, "said once", id_=9)
    store.write([text(3, "said once", id_=9), waiting])
    store.write([(waiting[0], waiting[1], None), text(5, "said once", id_=9)])
    assert shown(store) == [(3, "said once")]
    assert [hit.n for hit in store.search("said")] == [3]


def test_unread_is_what_others_said_after_the_place_read_to(store):
    store.write([
        text(1, "read"), text(2, "own", user=BOB), text(3, "hello", mentions_me=True), poll(4), react(5, 3, "👍", True),
        message(6, "title", text="a title"), text(7, "deleted"), delete(8, 7), message(9, "unknown"),
        text(None, "waiting"),
    ])  # fmt: skip
    assert store.unread(ROOM, 1, BOB) == (3, 1)
    assert store.unread(ROOM, 4, BOB) == (1, 0)
    assert store.unread(ROOM, 9, BOB) == (0, 0)


def test_threads_are_listed_by_their_last_answer_and_paged(store):
    store.write([text(n, f"root {n}") for n in (1, 2)])
    store.write([text(n, f"answer {n}", thread=target(1 + n % 2)) for n in range(3, 10)])
    store.write([delete(10, 9), text(None, "waiting", id_=99, thread=target(2))])
    listed = [(int.from_bytes(each.id), each.replies) for each in store.threads(ROOM)]
    assert listed == [(2, 4), (1, 3)]
    device, id_ = target(1)
    assert [row.n for row in store.thread(ROOM, device, id_)] == [4, 6, 8]
    assert [row.n for row in store.thread(ROOM, device, id_, before=8, limit=1)] == [6]
    assert [row.n for row in store.thread(ROOM, *target(2))] == [3, 5, 7, 9, None]


def test_a_store_of_the_first_version_is_brought_up_to_date_and_keeps_everything(tmp_path):
    path = tmp_path / "store.db"
    version_one(path).close()
    store = Database.open(path, KEY)
    assert shown(store) == [(1, "before the update")]
    assert [hit.n for hit in store.search("update")] == [1]
    store.write([text(2, "an answer", thread=target(1)), pin(3, 1, True)])
    assert [row.n for row in store.pinned(ROOM)] == [1]
    assert dict(store.state()) == {b"a": b"1"}
    store.close()


def version_one(path: Path) -> apsw.Connection:
    """A store as the first version left it: its tables, no view or trigger of a later one."""
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA key = 'raw:{KEY.hex()}'")
    connection.execute("PRAGMA journal_mode = wal")
    schema = Path(database.__file__).with_name("schema")
    connection.execute((schema / "0001_tables.sql").read_text())
    # A view and a trigger of the same names, which do something else.
    connection.execute("CREATE VIEW shown_messages AS SELECT 1")
    connection.execute("CREATE TRIGGER message_gone AFTER DELETE ON messages BEGIN DELETE FROM state; END")
    _, key, value = text(1, "before the update")
    row = msgspec.msgpack.decode(value)
    connection.execute(
        "INSERT INTO messages (key, conversation, place, n, id, device, user, time_ms, at_ms, epoch, type, text, raw)"
        " VALUES (?, ?, 1, 1, ?, ?, ?, ?, ?, 1, 'text', ?, ?)",
        (key, ROOM, row["id"], row["device"], row["user"], row["time_ms"], row["at_ms"], row["text"], value),
    )
    connection.execute("INSERT INTO search (rowid, text) SELECT row_id, text FROM messages")
    connection.execute("INSERT INTO state (key, value) VALUES (?, ?)", (b"a", b"1"))
    connection.execute("PRAGMA user_version = 1")
    return connection


def test_the_first_message_of_an_id_counts_though_the_second_was_read_first(store):
    store.write([text(7, "said again, otherwise", id_=1)])
    store.write([text(1, "said once", id_=1)])
    assert shown(store) == [(1, "said once")]
    assert store.search("otherwise") == []


def test_a_waiting_message_is_last_and_gives_way_to_its_number(store):
    store.write([text(None, "on its way", id_=9), text(4, "already there")])
    assert shown(store) == [(4, "already there"), (None, "on its way")]
    waiting_key = text(None, "on its way", id_=9)[1]
    store.write([("messages", waiting_key, None), text(5, "on its way", id_=9)])
    assert shown(store) == [(4, "already there"), (5, "on its way")]
    assert [hit.n for hit in store.search("on its way")] == [5]


def test_pages_go_back_without_gap_or_repetition(store):
    store.write([text(n, f"number {n}") for n in range(120)])
    read: list[int | None] = []
    before = None
    while page := store.shown(ROOM, before, 50):
        read = [row.n for row in page] + read
        before = page[0].n
    assert read == list(range(120))


def test_joining_and_titles_are_shown_and_reactions_are_not_rows(store):
    store.write(
        [
            message(1, "joined", users=[BOB], by=ANNA),
            message(2, "title", text="Plans"),
            react(3, 9, "👍", True),
        ]
    )
    assert [row.type for row in store.shown(ROOM)] == ["joined", "title"]


def test_deleted_words_leave_the_file(tmp_path):
    store = Database.open(tmp_path / "store.db", KEY)
    store.write([text(1, "a slip of the tongue"), edit(2, 1, "a slip of the pen"), delete(3, 1)])
    columns = list(store._connection.execute("SELECT text, raw FROM messages WHERE type IN ('text', 'edit')"))
    assert columns == [(None, None), (None, None)]
    # Again, as a page read twice would bring them.
    store.write([text(1, "a slip of the tongue"), edit(2, 1, "a slip of the pen")])
    columns = list(store._connection.execute("SELECT text, raw FROM messages WHERE type IN ('text', 'edit')"))
    assert columns == [(None, None), (None, None)]
    store.close()


PLANTED = "the harbour lights go out at nine, wear the green scarf"


def test_no_word_of_a_message_is_in_the_files_and_the_search_finds_a_planted_one(tmp_path):
    store = Database.open(tmp_path / "store.db", KEY)
    store.write([text(1, PLANTED), ("state", b"inmost-state-key", b"inmost-state-value" * 10)])
    store.set("server", b"https://inmost.example")
    assert store.search("green scarf")

    def found(needle: bytes) -> list[str]:
        return [file.name for file in tmp_path.iterdir() if needle in file.read_bytes()]

    secrets = [
        PLANTED.encode(),
        b"green scarf",
        b"inmost-state",
        b"https://inmost.example",
        KEY,
        KEY.hex().encode(),
        b"CREATE",
    ]
    assert [found(secret) for secret in secrets] == [[]] * len(secrets)
    store.close()
    assert [found(secret) for secret in secrets] == [[]] * len(secrets)
    (tmp_path / "control").write_bytes(b"\0\1" + PLANTED.encode())
    assert found(PLANTED.encode()) == ["control"]


def test_another_key_does_not_open_it_and_does_no_harm(tmp_path):
    Database.open(tmp_path / "store.db", KEY).close()
    with pytest.raises(WrongKey):
        Database.open(tmp_path / "store.db", bytes(32))
    Database.open(tmp_path / "store.db", KEY).close()


def test_a_store_of_a_newer_version_is_left_alone(tmp_path):
    store = Database.open(tmp_path / "store.db", KEY)
    store._connection.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(StoreTooNew):
        Database.open(tmp_path / "store.db", KEY)


def test_the_files_are_for_their_owner_only(tmp_path, store):
    store.write([text(1, "x")])
    assert {file.stat().st_mode & 0o077 for file in tmp_path.iterdir() if file.suffix == ".db"} == {0}


WRITER = """
import sys
from pathlib import Path
from inmost.store import Database
from sdk.tests.stored import text
store = Database.open(Path(sys.argv[1]), bytes(range(32)))
def tell(kind, name, table, row_id):
    if table == "messages" and row_id == 12_000:  # Far more than the page cache: pages of this transaction have spilled into the log.
        print("in the middle", flush=True)
rows = [text(n + 10, f"row {n} of a large transaction " * 10) for n in range(40_000)]
store.write([("state", b"k", b"before"), text(1, "was there before")])
print("ready", flush=True)
store._connection.set_update_hook(tell)
store.write([("state", b"k", b"after"), *rows])
"""


def test_a_process_killed_in_a_large_transaction_leaves_the_store_as_it_was(tmp_path):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, tmp_path / "store.db"], stdout=subprocess.PIPE, text=True
    )
    assert [writer.stdout.readline().strip() for _ in range(2)] == ["ready", "in the middle"]
    assert (tmp_path / "store.db-wal").stat().st_size > 4_000_000
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    store = Database.open(tmp_path / "store.db", KEY)
    assert list(store._connection.execute("PRAGMA integrity_check")) == [("ok",)]
    assert dict(store.state()) == {b"k": b"before"}
    assert shown(store) == [(1, "was there before")]
    store.write([text(2, "and goes on")])
    store.close()


HOLDER = """
import sys, time
from pathlib import Path
from inmost.places import place_of
from inmost.store import Lock
lock = Lock.take(place_of("anna", Path(sys.argv[1])), "inmost listen")
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_process_is_told_who_has_the_profile_open_and_the_end_of_that_process_frees_it(tmp_path):
    place = place_of("anna", tmp_path)
    place.make()
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(ProfileInUse, match="inmost listen") as refused:
        Lock.take(place, "inmost send", wait_s=0.1)
    assert refused.value.pid == holder.pid
    holder.kill()
    holder.wait()
    holder.stdout.close()
    Lock.take(place, "inmost send", wait_s=1).release()
