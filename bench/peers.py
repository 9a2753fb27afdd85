"""Peers of the fan-out figure, run on the same core in the same run: what the transport alone can do."""

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from bench.organisation import SERVER_CORE
from bench.raw_socket import RawSocket

HERE = Path(__file__).parent


class Peer:
    """A process that sends every message it gets to everybody connected, storing nothing."""

    def __init__(self, name: str, module: str) -> None:
        self.name = name
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, sys.executable, "-m", module, str(self.port)],
            stderr=subprocess.DEVNULL,
        )
        self._statistics = psutil.Process(self._process.pid)
        for _ in range(200):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"{name} did not start")

    def cpu_s(self) -> float:
        """Processor seconds used so far."""
        times = self._statistics.cpu_times()
        return float(times.user + times.system)

    async def listen(self, audience: Any) -> RawSocket:
        """A connection that only receives."""
        return await self._connect(audience.told)

    async def speak(self) -> RawSocket:
        """A connection that sends."""
        return await self._connect(lambda _: None)

    async def _connect(self, told: Any) -> RawSocket:
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(
            lambda: RawSocket(f"127.0.0.1:{self.port}", "", told, is_ours=False), "127.0.0.1", self.port
        )
        await asyncio.wait_for(made.synced, 30)
        return made

    def stop(self) -> None:
        """End it; it holds nothing that would want a graceful end, and 500 connections that would wait for one."""
        self._process.kill()
        self._process.wait(10)


def bare_uvicorn() -> Peer:
    """uvicorn's WebSockets through raw ASGI: a coroutine and a framework call for each delivery."""
    return Peer("uvicorn_asgi", "bench.peer_asgi")


def coalescing_floor() -> Peer:
    """An asyncio.Protocol on uvloop that writes one prepared frame to each transport: about what Python's floor is."""
    return Peer("uvloop_protocol", "bench.peer_protocol")
