"""After the story: the engine for browsers, given everything that everybody's engine was given, answers the same bytes."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.differential.comparison import compared, named
from tests.differential.recorder import HEAD, STEP, item, items, read
from tests.story.conftest import Story

pytestmark = [pytest.mark.timeout(600), pytest.mark.parametrize("story", ["sqlite"], indirect=True)]

FEWEST_MESSAGES = 10_000
# What the story must have had in it, so that this test means what it says.
COMMANDS = {"begin", "create", "invite", "send", "remove", "recover", "sign_in"}


@pytest.fixture(scope="module")
def recordings(story: Story) -> list[Path]:
    """Of everybody, a recovery included though this file runs alone."""
    tablet = story.world.person("bob", computer="bob's tablet")
    shutil.copy(story.bob.recovery_file, tablet.recovery_file)
    tablet.recover(story.world.server.origin, "--revoke-others", backup_code=2)
    story.anna.run("remove", story.said.conversation, "clock", "--yes")
    return sorted(story.recordings.iterdir())


def test_the_browsers_engine_answers_everything_in_the_story_with_the_same_bytes(
    recordings: list[Path],
) -> None:
    asked = Counter(named(each.what, each.given) for recording in recordings for each in read(recording)[1])
    assert {name.removeprefix("command ") for name in asked} >= COMMANDS
    assert asked["command send"] >= FEWEST_MESSAGES
    found = compared(recordings)
    assert [each.differs for each in found if each.differs] == []
    assert sum(len(each.took_ms) for each in found) == sum(asked.values())
    seconds = sum(sum(each.took_ms) for each in found) / 1000
    print(f"{sum(asked.values())} questions to {len(found)} engines, {seconds:.0f} s in WebAssembly")


def test_one_bit_of_one_input_would_be_noticed(recordings: list[Path], tmp_path: Path) -> None:
    recording = min(recordings, key=lambda each: each.stat().st_size)
    changed = tmp_path / "changed"
    with changed.open("wb") as out:
        is_changed = False
        for tag, content in items(recording):
            if tag == STEP and not is_changed:
                content, is_changed = flipped(content), True
            out.write(item(tag, content))
    assert is_changed
    assert changed.stat().st_size == recording.stat().st_size > HEAD.size
    [there] = compared([changed])
    assert there.differs is not None


def flipped(given: bytes) -> bytes:
    """An input with one bit of its entropy changed (the 32 bytes after the time)."""
    start = given.index(b"\xc4\x20") + 2
    return given[:start] + bytes([given[start] ^ 1]) + given[start + 1 :]
