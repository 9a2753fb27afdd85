"""A server process of its own, on one core, and the people of an organisation in it."""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import psutil

from bench.devices import Device, now_ms

SERVER_CORE = "0"
CLIENT_CORE = 1
START_TIMEOUT_S = 60.0


class ServerProcess:
    """`inmost up` on an empty folder, pinned to one core."""

    def __init__(self, data: Path, database: str | None = None) -> None:
        self.data = data
        self.started_s = 0.0
        begun = time.perf_counter()
        self._process = subprocess.Popen(
            [
                "taskset",
                "-c",
                SERVER_CORE,
                sys.executable,
                "-m",
                "inmost_cli.main",
                "up",
                "--data",
                str(data),
                "--port",
                "0",
                *(("--database", database) if database else ()),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        text = ""
        while "/join#" not in text:
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError(f"the server did not start: {text}")
            text += line
            if "listens at" in line:
                self.started_s = time.perf_counter() - begun
        found = re.search(r"listens at (\S+)", text)
        assert found is not None
        self.origin = found[1]
        link = re.search(r"join#(\S+)", text)
        self.owner_fragment = link[1] if link else ""
        self.process = psutil.Process(self._process.pid)

    def cpu_s(self) -> float:
        """Processor seconds used so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory_bytes(self) -> int:
        """Resident memory."""
        return int(self.process.memory_info().rss)

    def stop(self) -> None:
        """Ask it to stop, wait."""
        self._process.terminate()
        self._process.wait(30)


class Organisation:
    """An owner, and as many devices as a measurement wants."""

    def __init__(self, server: ServerProcess, http: httpx2.AsyncClient, owner: Device) -> None:
        self.server, self.http, self.owner = server, http, owner
        self._invited = 0

    async def join(self, count: int, *, role: str = "member", is_bot: bool = True) -> list[Device]:
        """Devices that have claimed their invitations and published key packages; they are not connected afterwards."""
        joined = []
        for _ in range(count):
            self._invited += 1
            account = f"bench{self._invited}"
            invited = await self.owner.command(
                "invite",
                account=account,
                role=role,
                is_bot=is_bot,
                expires_ms=now_ms() + 86_400_000,
                name=account,
            )
            device = await Device(self.server.origin).join(
                self.http, invited["fragment"], account, is_bot=is_bot
            )
            await device.connect(self.http)
            await device.disconnect()
            joined.append(device)
        return joined


@contextlib.asynccontextmanager
async def organisation(database: str | None = None) -> AsyncIterator[Organisation]:
    """A fresh server with its owner connected; this process stays on the other core."""
    os.sched_setaffinity(0, {CLIENT_CORE})
    with tempfile.TemporaryDirectory(prefix="inmost-bench-") as folder:
        server = await asyncio.to_thread(ServerProcess, Path(folder) / "data", database)
        try:
            async with httpx2.AsyncClient(base_url=server.origin, timeout=60, trust_env=False) as http:
                owner = await Device(server.origin).join(http, server.owner_fragment, "Owner")
                await owner.connect(http)
                yield Organisation(server, http, owner)
                await owner.disconnect()
        finally:
            server.stop()
            os.sched_setaffinity(0, set(range(os.cpu_count() or 1)))


async def pair(at: Organisation) -> tuple[Device, bytes]:
    """The owner and somebody who reads, both connected, and a conversation of theirs."""
    [reader] = await at.join(1)
    await reader.connect(at.http)
    joined = asyncio.create_task(
        reader.shows(lambda name, details: name == "conversation" and details["change"] == "joined")
    )
    created = await at.owner.command("create", kind="group", title="figures", users=[reader.user])
    await joined
    conversation: bytes = created["conversation"]
    return reader, conversation
