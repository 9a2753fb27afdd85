"""`inmost send --jsonl` killed again and again in the middle of its lines: what it said to be sent is there, and nothing is there twice."""

import json
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.story.world import Person, World

KILLS = 5
LINES = 60
DUE = 10  # answers, before it is killed


@pytest.mark.timeout(300)
def test_every_line_that_was_answered_is_there_once_after_kill_9(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        anna = world.owner("anna")
        bot = world.invited("bot", anna, "--bot")
        room = anna.run("create", "Killed in the middle", "bot", "--json").records[0]["id"]
        answered: dict[int, str] = {}
        for kill in range(KILLS):
            answered |= answered_before_the_kill(anna, room, kill)
        # The next run sends what the killed ones had written down, then its own line.
        stream = json.dumps({"text": "the last line"}) + "\n"
        assert anna.run("send", room, "--jsonl", stdin=stream).records[0]["n"]
        assert anna.run("status", "--json").records[0]["waiting"] == 0
        read = {person.account: texts_of(person, room) for person in (anna, bot)}
    assert read[anna.account] == read["bot"]
    words = [text for _, text in read["bot"]]
    assert len(words) == len(set(words))
    assert len(answered) >= KILLS * DUE
    assert {n: text for n, text in read["bot"] if n in answered} == answered
    for kill in range(KILLS):
        lines = [int(text.split()[-1]) for text in words if text.startswith(f"run {kill} ")]
        assert lines == [*range(len(lines))], "what is there of a run is its beginning, in order"


@pytest.mark.timeout(300)
def test_a_return_that_was_killed_is_begun_again(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        anna = world.owner("anna")
        room = anna.run("create", "Lost and found", "--json").records[0]["id"]
        anna.run("send", room, "Remember me.")
        home = Path(anna.environment["INMOST_HOME"])
        shutil.rmtree(home)
        process = anna.start(*anna.recovering(world.server.origin, "--revoke-others"))
        while not (home / "default" / "key.json").exists() or not (home / "default" / "store.db").exists():
            assert process.process.poll() is None
            time.sleep(0.01)
        process.stop(signal.SIGKILL)
        anna.recover(world.server.origin, "--revoke-others", backup_code=1)
        assert [text for _, text in texts_of(anna, room)] == ["Remember me."]


def answered_before_the_kill(person: Person, room: str, kill: int) -> dict[int, str]:
    """Start a stream, kill it after some answers; number -> text of all it has answered."""
    process = person.start("send", room, "--jsonl")
    for place in range(LINES):
        process.write(json.dumps({"text": f"run {kill} line {place}", "ref": place}))
    for _ in range(DUE):
        process.out.wait_for(lambda line: "at_ms" in line, timeout_s=60)
    process.stop(signal.SIGKILL)
    person.processes.remove(process)
    answers = [json.loads(line) for line in process.out.until_now() if line.endswith("}")]
    return {answer["n"]: f"run {kill} line {answer['ref']}" for answer in answers}


def texts_of(person: Person, room: str) -> list[tuple[int, str]]:
    return [
        (record["n"], record["text"])
        for record in person.history(room, "--all")
        if record["type"] == "text" and record["n"] is not None
    ]
