"""A server process, its owner, and as many more devices as a test wants, all in memory of this process."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.durability.device import Device
from tests.story.world import World, on

DAY_MS = 86_400_000


class Organisation:
    """A real server with `owner` signed in. Devices come by join()."""

    def __init__(self, world: World, owner: Device) -> None:
        self.world = world
        self.owner = owner
        self.devices = [owner]

    async def link_for(self, account: str, is_bot: bool = True) -> str:
        made = await self.owner.command(
            "invite", account=account, role="member", is_bot=is_bot,
            expires_ms=int(time.time() * 1000) + DAY_MS, name=account,
        )  # fmt: skip
        return str(made["fragment"])

    async def join(self, account: str, is_bot: bool = True) -> Device:
        """Somebody new, connected and synced. Bots have no password, which is what makes them quick."""
        link = await self.link_for(account, is_bot)
        device = await Device(self.owner.origin).join(link, account, is_bot)
        self.devices.append(device)
        return device

    def user(self, account: str) -> bytes:
        found = [person["user"] for person in self.owner.view("people") if person["account"] == account]
        return bytes(found[0])


@asynccontextmanager
async def organisation(
    folder: Path, under: tuple[str, ...] = (), database: str | None = None
) -> AsyncIterator[Organisation]:
    """A fresh server and its owner. under: a command that starts and watches the server."""
    world = World(folder, on(database), under)
    await asyncio.to_thread(world.server.start)
    try:
        link = await asyncio.to_thread(world.server.read_owner_link)
        there = Organisation(world, await Device(world.server.origin).join(link, "Owner", is_bot=False))
        try:
            yield there
        finally:
            await asyncio.gather(*(device.close() for device in there.devices))
    finally:
        await asyncio.to_thread(world.server.stop)
