"""Every input that a fuzzer ever found worth keeping, run again at the whole server: an ordinary test, without any fuzzer."""

from pathlib import Path

import pytest

from fuzz.server import TARGETS, target
from fuzz.server.inside import Found, Inside
from inmost_protocol.messages import Send

CORPUS = Path(__file__).parents[1] / "corpus"


@pytest.fixture
def inside(tmp_path):
    made = Inside(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_that_was_ever_sent_brings_the_server_out_of_its_way(inside, name):
    run = target(name, inside)
    kept = sorted((CORPUS / name).iterdir())
    assert kept
    for file in kept:
        try:
            run(file.read_bytes())
        except Found as found:
            raise AssertionError(f"{file.name}: {found}") from found
    inside.run(inside.still_answers())


def test_what_is_fuzzed_behind_valid_framing_gets_through_when_nothing_is_changed(inside):
    frames = TARGETS["frames"](inside)
    answered = {}
    for which, frame in enumerate(frames.valid()):
        seen = []
        told = inside.told

        async def noted(connection, written, payload, told=told, seen=seen):
            found = await told(connection, written, payload)
            seen.extend(found)
            return found

        inside.told = noted
        frames.run(bytes((0, which if which > 1 else which + len(frames.valid()), 0)))
        inside.told = told
        answered[type(frame)] = [type(one).__name__ for one in seen]
    assert "Accepted" in answered[Send], answered
    done = [
        kind
        for kind, names in answered.items()
        if any(name not in {"Opened", "Refused", "Synced", "Goodbye"} for name in names)
    ]
    assert len(done) >= 14, answered
