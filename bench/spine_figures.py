"""Figures of the engine: sealing, opening, paging, and what a change of membership costs."""

import asyncio
import time
from collections.abc import Iterable
from os import urandom
from statistics import median
from typing import Any

from bench.devices import Device, now_ms, pack, unpack
from bench.figure import Figure, bench, of_runs
from bench.organisation import Organisation, organisation, pair

RUNS = 5
SEALS_PER_RUN = 200
TEXT = (
    "A message of two hundred bytes, as people write them all day long; nothing in it is special. " * 2
    + "That is it...."
)


@bench("messages")
async def messages() -> Iterable[Figure]:
    """Seal and open a 200-byte message, and open a page of fifty, from Python."""
    async with organisation() as at:
        reader, conversation = await pair(at)
        await asyncio.sleep(3)  # what a new group still has to do in the background
        seals, opens, state_rows = [], [], 0
        for _ in range(RUNS):
            frames, spent, rows = _seal(at.owner, conversation)
            state_rows = max(state_rows, rows)
            seals.append(spent)
            opens.append(await _open(at.owner, reader, frames))
        [late] = await at.join(1)
        await at.owner.command("add", conversation=conversation, users=[late.user])
        pages = await _pages(at, late, conversation)
    assert len(TEXT.encode()) == 200
    note = f"{state_rows} rows of state per message beside the outbox"
    return [
        of_runs("seal_200_bytes", seals, "µs", aim=60, note=note),
        of_runs("open_200_bytes", opens, "µs", aim=60),
        of_runs("page_of_50", pages, "ms", aim=8, note="the engine's part: verify the log, open, make rows"),
    ]


def _seal(author: Device, conversation: bytes) -> tuple[list[bytes], float, int]:
    """Frames, µs each (median), and the most rows of state one message wrote apart from its outbox row."""
    frames, times, most = [], [], 0
    for _ in range(SEALS_PER_RUN):
        content = {"type": "text", "text": TEXT, "reply_to": None, "mentions": []}
        given = pack(
            [
                now_ms(),
                urandom(32),
                "command",
                urandom(16),
                "send",
                {"conversation": conversation, "content": content},
            ]
        )
        begun = time.perf_counter_ns()
        effects = author.engine.step(given)
        times.append((time.perf_counter_ns() - begun) / 1000)
        rows, sent, _, _ = unpack(effects)
        most = max(most, sum(table == "state" for table, _, _ in rows) - 1)
        for table, key, value in rows:
            (author.rows if table == "state" else author.shown)[key] = value
        frames += sent
    return frames, median(times), most


async def _open(author: Device, reader: Device, frames: list[bytes]) -> float:
    """µs each (median) for the reader's step with a message that just came."""
    reader.timed = []
    seen = asyncio.create_task(_count_messages(reader, len(frames)))
    await asyncio.sleep(0)
    for frame in frames:
        await author.send_frame(frame)
    await seen
    return median(reader.timed) / 1000


async def _count_messages(reader: Device, count: int) -> None:
    left = count

    def counted(name: str, _: Any) -> bool:
        nonlocal left
        left -= name == "message"
        return left == 0

    await reader.shows(counted)


async def _pages(at: Organisation, late: Device, conversation: bytes) -> list[float]:
    """ms of the engine for each page of fifty, by a device that was not there when they were written."""
    await late.connect(at.http)
    await asyncio.sleep(2)
    spent = []
    more = True
    while more:
        before = late.spent_ns
        page = await late.command("page", conversation=conversation, before=None, limit=50)
        spent.append((late.spent_ns - before) / 1e6)
        more = page["more"]
    return spent[2:-1]  # the first ones also read rosters and history links


@bench("membership")
async def membership() -> Iterable[Figure]:
    """Create, add, join and remove in conversations of 2, 10 and 100 devices."""
    figures: list[Figure] = []
    async with organisation() as at:
        everybody: list[Device] = []
        for size in (2, 10, 100):
            everybody += await at.join(size + 1 - len(everybody))
            figures += await _membership_at(at, size, everybody)
    return figures


@bench("membership_1000")
async def membership_1000() -> Iterable[Figure]:
    """The same at 1,000 devices, of which a sample is online (setting up takes minutes)."""
    async with organisation() as at:
        everybody = await at.join(1000)
        return await _membership_at(at, 1000, everybody)


async def _membership_at(at: Organisation, size: int, everybody: list[Device]) -> list[Figure]:
    """`size` devices with the owner's; one more is added and removed. One member is online."""
    members, newcomer = everybody[: size - 1], everybody[size - 1]
    witness = members[0]
    await witness.connect(at.http)
    sent = at.owner.bytes_sent
    begun = time.perf_counter()
    created = await at.owner.command(
        "create", kind="group", title=f"{size}", users=[member.user for member in members]
    )
    conversation = created["conversation"]
    create_ms, create_bytes = (time.perf_counter() - begun) * 1000, at.owner.bytes_sent - sent
    await asyncio.sleep(2)
    adds, joins, removes, follows = [], [], [], []
    add_bytes = remove_bytes = 0
    for _ in range(3):
        adds.append(await _timed(at.owner, "add", conversation, newcomer))
        add_bytes = adds[-1][1]
        before = newcomer.spent_ns
        await newcomer.connect(at.http)
        await asyncio.sleep(1)
        joins.append((newcomer.spent_ns - before) / 1e6)
        await newcomer.disconnect()
        before = witness.spent_ns
        removes.append(await _timed(at.owner, "remove", conversation, newcomer))
        remove_bytes = max(remove_bytes, removes[-1][1])
        await asyncio.sleep(0.5)
        follows.append((witness.spent_ns - before) / 1e6)
    await witness.disconnect()
    return [
        Figure(f"create_{size}", create_ms, "ms", 0.0, 1, note=f"{create_bytes:,} bytes sent"),
        of_runs(f"add_to_{size}", [ms for ms, _ in adds], "ms", note=f"{add_bytes:,} bytes sent"),
        of_runs(f"join_{size}", joins, "ms", note="the joiner's engine, its sync included"),
        of_runs(
            f"remove_from_{size}",
            [ms for ms, _ in removes],
            "ms",
            note=f"{remove_bytes:,} bytes sent at most",
        ),
        of_runs(f"follow_removal_{size}", follows, "ms", note="a member's engine"),
    ]


async def _timed(owner: Device, wish: str, conversation: bytes, whom: Device) -> tuple[float, int]:
    sent, begun = owner.bytes_sent, time.perf_counter()
    await owner.command(wish, conversation=conversation, users=[whom.user])
    return (time.perf_counter() - begun) * 1000, owner.bytes_sent - sent
