"""Every input that a fuzzer ever found worth keeping, run again at the whole server: an ordinary test, without any fuzzer."""

from pathlib import Path

import pytest

from fuzz.server import TARGETS, target
from fuzz.server.inside import Found, Inside
from inmost_protocol.messages import Send

WRONG_SIGN_IN = 3  # its place among the routes
FROM_HERE = 64
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


def test_each_request_gets_through_when_nothing_is_changed_and_somebody_who_may_asks(inside):
    bodies = TARGETS["bodies"](inside)
    answers = []
    look_at = bodies._look_at

    def noted(status, *of):
        answers.append(status)
        look_at(status, *of)

    bodies._look_at = noted
    for which, (method, path, _) in enumerate(bodies.routes):
        before = len(answers)
        # Nobody, the owner, alice with every factor shown.
        for who in (0, 2, 4):
            bodies.run(bytes((which, who, 0, FROM_HERE)))
        # Only a sign-in for a challenge that was never made is refused whoever asks.
        assert (min(answers[before:]) < 400) != (which == WRONG_SIGN_IN), (method, path, answers[before:])
