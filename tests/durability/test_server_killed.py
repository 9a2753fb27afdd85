"""Servers are killed again and again while twenty devices send; what was acknowledged is there once, in order, for everybody."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from inmost import Answers, Client, Conversation, Custody, Joined, Message, Sent, join
from inmost_cli import totp
from server.kit.cluster import Cluster
from tests.story.world import World, on

DEVICES = 20
MESSAGES = 2_000
KILLS = 10
KILLS_OF_POSTGRESQL = 3
IN_FLIGHT = 5
DAY_MS = 86_400_000
PATIENCE_S = 120.0


class Fleet:
    """Twenty SDK clients, each with a store of its own on disk: the owner and bots. acknowledged: (device, its text) -> what the server said."""

    def __init__(self, world: World, home: Path) -> None:
        self.world = world
        self.home = home
        self.acknowledged: dict[tuple[int, int], Sent] = {}
        self.changed = asyncio.Condition()

    async def join(self, number: int, link: str, answers: Answers | None = None) -> Joined:
        custody = Custody("key-file", key_file=self.home / f"key{number}")
        return await join(
            link, name=f"Bot {number}", custody=custody, answers=answers, profile=f"bot{number}", home=self.home,
            is_bot=answers is None,
        )  # fmt: skip

    async def everybody_joins(self) -> None:
        await self.join(
            0, await asyncio.to_thread(self.world.server.read_owner_link), Answers(a_password, a_code)
        )
        async with Client("bot0", home=self.home) as owner:
            await owner.ready(PATIENCE_S)
            expires_ms = int(time.time() * 1000) + DAY_MS
            for number in range(1, DEVICES):
                link = await owner.invite(f"bot{number}", is_bot=True, expires_ms=expires_ms)
                await self.join(number, link)

    async def sends(self, number: int, client: Client, room: Conversation) -> None:
        """This device's share of the messages, a few at a time."""
        allowed = asyncio.Semaphore(IN_FLIGHT)

        async def one(place: int) -> None:
            async with allowed:
                sent = await client.send(room, f"{number} says {place}")
            async with self.changed:
                self.acknowledged[number, place] = sent
                self.changed.notify_all()

        await asyncio.gather(*(one(place) for place in range(MESSAGES // DEVICES)))

    async def suffers(self, kills: int, kill: Callable[[], None]) -> None:
        """So many times, each after another equal share of the messages was acknowledged."""
        for number in range(1, kills + 1):
            due = MESSAGES * number // (kills + 1)
            async with self.changed:
                await self.changed.wait_for(lambda due=due: len(self.acknowledged) >= due)
            assert len(self.acknowledged) < MESSAGES
            await asyncio.to_thread(kill)


async def a_password(_: object) -> str:
    return "nine quiet herons over the marsh"


async def a_code(factor: object, _: object) -> str:
    return totp.code_of(factor.secret)  # type: ignore[attr-defined]


@pytest.mark.timeout(400)
async def test_what_was_acknowledged_is_there_once_and_in_order_after_ten_kills_in_two_thousand_sends(
    tmp_path: Path, database: str | None
) -> None:
    with World(tmp_path, on(database)) as world:

        def kill() -> None:
            world.server.stop(signal.SIGKILL)
            world.server.start()

        await everything_acknowledged_is_there(Fleet(world, tmp_path / "devices"), KILLS, kill)


@pytest.mark.timeout(400)
async def test_what_was_acknowledged_is_there_once_and_in_order_after_kill_9_of_postgresql(
    tmp_path: Path, cluster: Cluster
) -> None:
    with cluster.fresh() as database, World(tmp_path, on(database)) as world:

        def kill() -> None:
            cluster.kill()
            cluster.start()

        await everything_acknowledged_is_there(Fleet(world, tmp_path / "devices"), KILLS_OF_POSTGRESQL, kill)


async def everything_acknowledged_is_there(fleet: Fleet, kills: int, kill: Callable[[], None]) -> None:
    """Everybody sends while something is killed, and in the end everybody has the same: what was acknowledged."""
    await fleet.everybody_joins()
    async with AsyncExitStack() as open_ones:
        clients = [
            await open_ones.enter_async_context(Client(f"bot{number}", home=fleet.home))
            for number in range(DEVICES)
        ]
        await asyncio.gather(*(client.ready(PATIENCE_S) for client in clients))
        made = await clients[0].create("Whatever happens", [f"bot{number}" for number in range(1, DEVICES)])
        rooms = await asyncio.gather(*(is_in(client, made) for client in clients))
        async with asyncio.TaskGroup() as together:
            for number, (client, room) in enumerate(zip(clients, rooms, strict=True)):
                together.create_task(fleet.sends(number, client, room))
            together.create_task(fleet.suffers(kills, kill))
        await asyncio.gather(*(client.ready(PATIENCE_S) for client in clients))
        read = await asyncio.gather(*(texts_of(client, made) for client in clients))
        alarms = [alarm for client in clients for alarm in await client.alarms()]
    sent = {
        (answer.n, answer.id, f"{number} says {place}")
        for (number, place), answer in fleet.acknowledged.items()
    }
    assert len(sent) == MESSAGES
    for texts in read:
        assert texts == sorted(sent)
    for number in range(DEVICES):
        numbers = [fleet.acknowledged[number, place].n for place in range(MESSAGES // DEVICES)]
        assert numbers == sorted(numbers), "a device's messages keep their order"
    assert alarms == []


async def is_in(client: Client, made: Conversation) -> Conversation:
    """The conversation as this client has it, once it is a member."""
    changed = asyncio.Event()
    stop = client.host.subscribe(lambda _: changed.set())
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for each in await client.conversations():
                    if each.id == made.id and each.state == "member":
                        return each
                await changed.wait()
                changed.clear()
    finally:
        stop()


async def texts_of(client: Client, room: Conversation) -> list[tuple[int, str, str | None]]:
    """All texts on this device, oldest first."""
    found: list[Message] = []
    before: int | None = None
    while page := await client.history(room.id, before=before, limit=200):
        found = page + found
        before = page[0].n
    return [(each.n or 0, each.id, each.text) for each in found if each.type == "text"]
