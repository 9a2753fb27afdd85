"""After the story: nothing of what was said stands in the open on the server or on a member's disk, and the search would have found it."""

import base64
import json
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

import psycopg
import pytest

from tests.adversary.plaintext_search import SHORTEST_FRAGMENT_BYTES, Found, PlaintextSearch
from tests.story.conftest import NEW_TITLE, TITLE, Story
from tests.story.kept import copy_of
from tests.story.world import Server

pytestmark = pytest.mark.timeout(600)

PLANTED = "Müller keeps the second key of the boathouse under the third “plank”"
FORMS = {
    "UTF-8": PLANTED.encode(),
    "UTF-16 little-endian": PLANTED.encode("utf-16-le"),
    "UTF-16 big-endian": PLANTED.encode("utf-16-be"),
    "base64": base64.b64encode(PLANTED.encode()),
    "hex": PLANTED.encode().hex().encode(),
    "JSON": json.dumps(PLANTED).encode(),
}
ALL_FORMS = b"\0".join(FORMS.values())


@pytest.fixture(scope="module")
def search(story: Story) -> PlaintextSearch:
    """Knows everything that was said and every name of a conversation, and one sentence that nobody has said yet."""
    words = [*story.said.words, TITLE, NEW_TITLE, *story.names]
    assert len(words) > 400
    assert all(len(text.encode()) >= SHORTEST_FRAGMENT_BYTES for text in words)
    return PlaintextSearch([*words, PLANTED])


def forms_in(found: Iterable[Found]) -> set[str]:
    return {each.form for each in found if each.sentence == PLANTED}


def all_in(search: PlaintextSearch, folders: Iterable[Path]) -> list[Found]:
    return [found for folder in folders for found in search.in_folder(folder)]


def test_the_servers_files_hold_nothing_that_was_said(
    story: Story, search: PlaintextSearch, tmp_path: Path
) -> None:
    assert all_in(search, story.kept.searched(tmp_path)) == []
    copy = tmp_path / "data"
    shutil.copytree(story.world.server.data, copy)
    (copy / "notes").write_bytes(ALL_FORMS)
    assert forms_in(search.in_folder(copy)) >= FORMS.keys()


def test_a_sentence_in_the_servers_database_would_be_found(
    story: Story, search: PlaintextSearch, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with copy_of(story.kept, tmp_path / "data") as copy:
        copy.plant(FORMS.values())
        found = all_in(search, copy.searched(scratch))
        assert forms_in(found) >= FORMS.keys()
        if copy.url is not None:
            for where in ("/base/", "/pg_wal/", str(scratch)):
                assert forms_in(each for each in found if where in each.where) >= FORMS.keys()


def test_the_servers_log_holds_nothing_that_was_said(
    story: Story, search: PlaintextSearch, tmp_path: Path
) -> None:
    lines = story.world.server.log()
    assert any("listens at" in line for line in lines)
    (tmp_path / "log").write_text("\n".join(lines))
    assert list(search.in_folder(tmp_path)) == []
    with (tmp_path / "log").open("ab") as log:
        log.write(ALL_FORMS)
    assert forms_in(search.in_folder(tmp_path)) >= FORMS.keys()


def test_the_servers_memory_holds_nothing_that_was_said(story: Story, search: PlaintextSearch) -> None:
    server = story.world.server
    assert list(search.in_memory_of(server.pid)) == []
    with half_a_request(server, ALL_FORMS):
        assert forms_in(search.in_memory_of(server.pid)) >= FORMS.keys()
    if story.kept.url is not None:
        assert [found for pid in serving(story.kept.url) for found in search.in_memory_of(pid)] == []
        with psycopg.connect(story.kept.url) as connection:
            connection.execute(f"PREPARE careless AS SELECT '{PLANTED}'".encode())
            assert forms_in(search.in_memory_of(connection.info.backend_pid)) >= {"UTF-8"}


def serving(url: str) -> list[int]:
    """The processes of PostgreSQL that work for the server."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert rows
    return [pid for (pid,) in rows]


def half_a_request(server: Server, body: bytes) -> socket.socket:
    """A request whose end never comes: the server has to keep what is here of it."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    head = f"POST /api/v1/challenges HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\nContent-Length: {len(body) + 1}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def test_a_members_disk_holds_nothing_in_the_open(story: Story, search: PlaintextSearch) -> None:
    for person in story.everybody:
        home = Path(person.environment["INMOST_HOME"])
        assert (home / "default" / "store.db").stat().st_size > 1_000_000
        assert list(search.in_folder(home)) == []
