"""Devices that commit to one conversation at the same moment, die and come back: the engine for browsers answers the same bytes."""

import asyncio
import functools
from collections import Counter
from pathlib import Path

import pytest

from tests.differential.comparison import compared, named
from tests.differential.recorder import Recording, read
from tests.durability import device
from tests.durability.device import Device
from tests.durability.organisation import Organisation, organisation
from tests.durability.test_commit_races import (
    GUESTS,
    a_room_of,
    all_reach,
    everybody_reads_everybody,
    see_everybody,
)

DEVICES = 6
ROUNDS = 5
OTHER_COMMITS = 2 * len(GUESTS)


@pytest.mark.timeout(300)
async def test_in_races_of_commits_the_browsers_engine_answers_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir(mode=0o700)
    (tmp_path / "world").mkdir()
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
        devices[-1] = await killed_and_back(there, devices[-1])
        await everybody_reads_everybody(room, devices)
    asked = Counter(named(each.what, each.given) for path in recordings.iterdir() for each in read(path)[1])
    assert asked["command rotate"] == DEVICES * ROUNDS - OTHER_COMMITS
    assert asked["command add"] == asked["command remove"] == len(GUESTS)
    assert len([*recordings.iterdir()]) == DEVICES + len(GUESTS) + 1
    found = compared(sorted(recordings.iterdir()))
    assert [each.differs for each in found if each.differs] == []
    assert sum(len(each.took_ms) for each in found) == sum(asked.values())


async def commits(there: Organisation, room: bytes, device: Device, number: int) -> None:
    """Two guests come in the first round and go in the next two, one by one (decision 0016); all others take new keys meanwhile."""
    place = there.devices.index(device)
    guests = [there.user(guest) for guest in GUESTS]
    if number == 0 and place < len(GUESTS):
        await device.command("add", conversation=room, users=[guests[place]])
    elif 0 < number <= len(GUESTS) and place == 0:
        await device.command("remove", conversation=room, users=[guests[number - 1]])
    else:
        await device.command("rotate", conversation=room)


async def killed_and_back(there: Organisation, device: Device) -> Device:
    again = await device.reborn()
    there.devices[there.devices.index(device)] = again
    await again.connect()
    return again
