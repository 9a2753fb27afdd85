"""After the story: nothing of what was said stands in the open on the server or on a member's disk, and the search would have found it."""

import base64
import json
import shutil
import socket
import sqlite3
from pathlib import Path

import pytest

from tests.adversary.plaintext_search import SHORTEST_FRAGMENT_BYTES, PlaintextSearch
from tests.story.conftest import NEW_TITLE, TITLE, Story
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


def forms_in(search: PlaintextSearch, folder: Path) -> set[str]:
    return {found.form for found in search.in_folder(folder) if found.sentence == PLANTED}


def test_the_servers_files_hold_nothing_that_was_said(
    story: Story, search: PlaintextSearch, tmp_path: Path
) -> None:
    data = story.world.server.data
    assert (data / "inmost.db").stat().st_size > 0
    assert list(search.in_folder(data)) == []
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    (copy / "notes").write_bytes(ALL_FORMS)
    assert forms_in(search, copy) >= FORMS.keys()


def test_a_sentence_in_the_servers_database_would_be_found(
    story: Story, search: PlaintextSearch, tmp_path: Path
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(story.world.server.data, copy)
    for form in FORMS.values():
        database = sqlite3.connect(copy / "inmost.db")
        database.execute(
            "UPDATE log_items SET entry = entry || ? WHERE id = (SELECT max(id) FROM log_items)", (form,)
        )
        database.commit()
        database.close()
    assert forms_in(search, copy) >= FORMS.keys()


def test_the_servers_log_holds_nothing_that_was_said(
    story: Story, search: PlaintextSearch, tmp_path: Path
) -> None:
    lines = story.world.server.log()
    assert any("listens at" in line for line in lines)
    (tmp_path / "log").write_text("\n".join(lines))
    assert list(search.in_folder(tmp_path)) == []
    with (tmp_path / "log").open("ab") as log:
        log.write(ALL_FORMS)
    assert forms_in(search, tmp_path) >= FORMS.keys()


def test_the_servers_memory_holds_nothing_that_was_said(story: Story, search: PlaintextSearch) -> None:
    server = story.world.server
    assert list(search.in_memory_of(server.pid)) == []
    with half_a_request(server, ALL_FORMS):
        assert {found.form for found in search.in_memory_of(server.pid)} >= FORMS.keys()


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
