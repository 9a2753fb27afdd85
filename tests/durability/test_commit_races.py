"""Twenty devices commit to one conversation at the same moment, a hundred times over."""

import asyncio
import sqlite3
from pathlib import Path

import psycopg
import pytest

from tests.durability.device import Device
from tests.durability.organisation import Organisation, organisation

DEVICES = 20
ROUNDS = 100
HEADS = 64  # a device writes the head of its log down now and then; what a crash forgets is fetched again
COMES_AND_GOES_EVERY = 10
GUESTS = ("guest0", "guest1")


@pytest.mark.timeout(900)
async def test_twenty_devices_commit_at_once_a_hundred_times_and_none_is_left_behind(
    tmp_path: Path, database: str | None
) -> None:
    async with organisation(tmp_path, database=database) as there:
        room = await a_room_of(there, DEVICES)
        guests = [await there.join(guest) for guest in GUESTS]
        devices = [device for device in there.devices if device not in guests]
        await see_everybody(there)
        for number in range(ROUNDS):
            epoch = devices[0].conversation(room)["epoch"]
            await asyncio.gather(*(commits(there, room, device, number) for device in devices))
            await all_reach(devices, room, epoch + DEVICES)
        await everybody_is_at_the_same_place(database or there.world.server.data / "inmost.db", room, devices)
        await everybody_reads_everybody(room, devices)
        assert [device.alarms for device in there.devices if device.alarms] == []


async def commits(there: Organisation, room: bytes, device: Device, number: int) -> None:
    """One commit of this device's: its keys anew, or, in some rounds, guests who come and go."""
    place, moment = there.devices.index(device), number % COMES_AND_GOES_EVERY
    if moment == 0 and place < len(GUESTS):
        await device.command("add", conversation=room, users=[there.user(GUESTS[place])])
    elif moment == 1 and place == 0:
        await device.command("remove", conversation=room, users=[there.user(guest) for guest in GUESTS])
    else:
        await device.command("rotate", conversation=room)


async def a_room_of(there: Organisation, count: int) -> bytes:
    joined = await asyncio.gather(*(there.join(f"bot{number}") for number in range(count - 1)))
    await see_everybody(there)
    users = [there.user(f"bot{number}") for number in range(count - 1)]
    made = await there.owner.command("create", kind="group", title="Everybody at once", users=users)
    room = bytes(made["conversation"])
    for device in joined:
        await device.until(lambda device=device: is_member(device, room))
    return room


async def see_everybody(there: Organisation) -> None:
    for device in there.devices:
        await device.until(lambda device=device: len(device.view("people")) == len(there.devices))


def is_member(device: Device, room: bytes) -> bool:
    return any(
        each["conversation"] == room and each["state"] == "member" for each in device.view("conversations")
    )


async def all_reach(devices: list[Device], room: bytes, epoch: int) -> None:
    for device in devices:
        await device.until(lambda device=device: device.conversation(room)["epoch"] >= epoch)


async def everybody_is_at_the_same_place(where: str | Path, room: bytes, devices: list[Device]) -> None:
    """The same epoch as the server's, the same length of the log, and a hash of it, as it was last written down."""
    with sqlite3.connect(where) if isinstance(where, Path) else psycopg.connect(where) as database:
        mark = "?" if isinstance(where, Path) else "%s"
        newest = database.execute(
            f"SELECT n, hash FROM log_items WHERE conversation = {mark} ORDER BY n DESC LIMIT {HEADS}",
            (room,),
        ).fetchall()
        (epoch,) = database.execute(
            f"SELECT epoch FROM conversations WHERE conversation = {mark}", (room,)
        ).fetchone()
    database.close()
    for device in devices:
        await device.until(lambda device=device: device.conversation(room)["n"] == newest[0][0])
        assert device.conversation(room)["epoch"] == epoch
        assert any(as_numbers(hash_) in device.disk[b"c" + room] for _, hash_ in newest)


def as_numbers(data: bytes) -> bytes:
    """As the engine's rows have bytes: MessagePack's numbers, those above 127 with a mark before them."""
    return b"".join(b"\xcc%c" % byte if byte > 127 else b"%c" % byte for byte in data)


async def everybody_reads_everybody(room: bytes, devices: list[Device]) -> None:
    """Each says something, sealed for the last epoch and with the log's hash inside, and all open all of it."""
    words = [f"number {number} is here" for number in range(len(devices))]
    content = [{"type": "text", "text": text, "reply_to": None, "mentions": []} for text in words]
    await asyncio.gather(
        *(d.command("send", conversation=room, content=c) for d, c in zip(devices, content, strict=True))
    )
    for device in devices:
        await device.until(lambda device=device: len(device.texts(room)) == len(words))
        assert device.texts(room) == devices[0].texts(room)
        assert sorted(text for _, text in device.texts(room)) == sorted(words)
