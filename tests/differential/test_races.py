"""Devices that commit to one conversation at the same moment, die and come back: the engine for browsers answers the same bytes."""

import asyncio
import functools
from collections import Counter
from pathlib import Path

import pytest

from tests.differential.comparison import compared, named
from tests.differential.recorder import Recording, read
from tests.durability import device
from tests.durability.organisation import organisation
from tests.durability.test_commit_races import (
    GUESTS,
    a_room_of,
    all_reach,
    commits,
    everybody_reads_everybody,
    see_everybody,
)

DEVICES = 6
ROUNDS = 5
# A race has losers: each asks again, so there are more commits than those that came about.
FEWEST_ROTATIONS = DEVICES * ROUNDS - 2 * len(GUESTS)
LOST = "b'Refused'"


@pytest.mark.timeout(300)
async def test_in_races_of_commits_the_browsers_engine_answers_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir(mode=0o700)
    monkeypatch.setattr(device, "Engine", functools.partial(Recording, folder=recordings))
    async with organisation(tmp_path / "world") as there:
        room = await a_room_of(there, DEVICES)
        guests = [await there.join(guest) for guest in GUESTS]
        devices = [each for each in there.devices if each not in guests]
        await see_everybody(there)
        for number in range(ROUNDS):
            epoch = devices[0].conversation(room)["epoch"]
            await asyncio.gather(*(commits(there, room, each, number) for each in devices))
            await all_reach(devices, room, epoch + DEVICES)
        await everybody_reads_everybody(room, devices)
    asked = Counter(named(each.what, each.given) for path in recordings.iterdir() for each in read(path)[1])
    assert asked["command rotate"] >= FEWEST_ROTATIONS
    found = compared(sorted(recordings.iterdir()))
    assert [each.differs for each in found if each.differs] == []
    assert sum(len(each.took_ms) for each in found) == sum(asked.values())
