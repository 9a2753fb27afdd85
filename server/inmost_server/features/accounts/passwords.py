"""Hashes and checks passwords with argon2id in a few threads of their own, so that sign-ins cost a known amount of memory and CPU."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from inmost_server.refusals import SlowDown

MEMORY_KIB = 64 * 1024
PASSES = 3
THREADS = 2
MAX_WAITING = 64  # about three seconds of work for two threads
BUSY_RETRY_MS = 3_000

# Of no password: what is checked when there is no such account, so that both cost the same. Salt and hash are random bytes.
NOBODYS = "k3oKgvPRZPhXl6nBz0uFVQ$9RrBfKqH0d9cWmZlT4v1yN7sX2eUaPjGi5oLhQwEr3A"

R = TypeVar("R")


class Passwords:
    """Never holds more than THREADS * MEMORY_KIB; whoever would wait too long is told to come back (SlowDown)."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)
        self._nobodys_hash = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1${NOBODYS}"
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="inmost-password")
        self._waiting = 0

    async def hashed(self, password: str) -> str:
        """The encoded hash, with its parameters and salt in it."""
        return await self._run(self._hasher.hash, password)

    async def is_right(self, encoded: str | None, password: str) -> bool:
        """Whether the password is the one hashed; for None it costs the same and is False."""
        return await self._run(self._verify, encoded or self._nobodys_hash, password) and encoded is not None

    def close(self) -> None:
        self._threads.shutdown()

    def _verify(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., R], *arguments: str) -> R:
        if self._waiting >= MAX_WAITING:
            raise SlowDown(retry_after_ms=BUSY_RETRY_MS)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1
