"""Attackers are processes that are spoken to: one JSON line for each wish, one for its answer, one for each thing they did.

Bytes travel as {"hex": ...}. A wish: {"id", "do", ...}. Its answer: {"re", ...} or {"re", "failed"}. A deed: {"did", ...}.
"""

import asyncio
import contextlib
import itertools
import json
import os
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
LONGEST_LINE_BYTES = 2**28

Handler = Callable[[str, dict[str, Any]], Awaitable[Any]]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    raise TypeError(type(value))


def write(**line: Any) -> bytes:
    return json.dumps(line, default=_plain).encode() + b"\n"


def read(line: bytes) -> dict[str, Any]:
    def bytes_again(pairs: dict[str, Any]) -> Any:
        return bytes.fromhex(pairs["hex"]) if pairs.keys() == {"hex"} else pairs

    value: dict[str, Any] = json.loads(line, object_hook=bytes_again)
    return value


# In the attacker's process


def say(did: str, **more: Any) -> None:
    """Tell the test what was done."""
    sys.stdout.buffer.write(write(did=did, **more))
    sys.stdout.buffer.flush()


async def serve(handle: Handler) -> None:
    """Do what is wished, until standard input ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LONGEST_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    say("ready")
    tasks: set[asyncio.Task[None]] = set()
    async for line in reader:
        task = loop.create_task(_one(handle, read(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _one(handle: Handler, wish: dict[str, Any]) -> None:
    id_, do = wish.pop("id"), wish.pop("do")
    try:
        answer = write(re=id_, answer=await handle(do, wish))
    except Exception as error:
        answer = write(re=id_, failed=f"{error!r}\n{traceback.format_exc()}")
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


# In the test


class AttackFailed(AssertionError):
    """The attacker could not even try."""


class Attacker:
    """One attacker's process, from `async with` to its end."""

    def __init__(self, module: str, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})}
        self._ids = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._deeds: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._command, cwd=ROOT, env=self._environment, stdin=pipe, stdout=pipe, limit=LONGEST_LINE_BYTES
        )
        self._reading = asyncio.create_task(self._read())
        try:
            await self.did("ready", START_TIMEOUT_S)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        assert self._reading is not None
        assert self._process.stdin is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        self._process.stdin.close()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told: dict[str, Any] = (
                read(line) if line.startswith(b"{") else {"did": "printed", "line": line.decode()}
            )
            if "re" not in told:
                self._deeds.put_nowait(told)
            elif not (future := self._waiting.pop(told["re"])).done():
                if "failed" in told:
                    future.set_exception(AttackFailed(told["failed"]))
                else:
                    future.set_result(told["answer"])
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(AttackFailed(f"{self._command} has ended"))

    async def do(self, do: str, **more: Any) -> Any:
        """Wish for something and wait for the answer. Raises AttackFailed."""
        assert self._process is not None
        assert self._process.stdin is not None
        id_ = next(self._ids)
        future = self._waiting[id_] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(write(id=id_, do=do, **more))
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return await future

    async def did(self, what: str, timeout_s: float = ANSWER_TIMEOUT_S) -> dict[str, Any]:
        """The next deed of this name; others before it are passed over."""
        async with asyncio.timeout(timeout_s):
            while (deed := await self._deeds.get())["did"] != what:
                assert self._reading is not None
                if self._reading.done() and self._deeds.empty():
                    raise AttackFailed(f"{self._command} has ended")
        return deed
