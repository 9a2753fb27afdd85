"""A bot in ten lines: handlers for messages, run until stopped."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

from inmost.client import Client
from inmost.models import Message
from inmost.profile import Passphrase

Handler = Callable[[Message], Awaitable[None]]

log = logging.getLogger("inmost.bot")
POSITION = "bot"


class Bot:
    """Answers messages. Make it with open(), give it handlers, run() it.

    A handler gets every message of other people in every conversation the bot is in, one after the other in each order; what came while the
    bot was away comes first, and a message whose handling a crash cut short comes again. An exception in a handler is logged and the bot
    goes on.

    client   the connected Client, while run() runs
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self._on_message: list[Handler] = []
        self._on_change: list[Handler] = []
        self._on_start: list[Callable[[], Awaitable[None]]] = []

    @classmethod
    def open(
        cls, profile: str = "default", *, home: Path | None = None, passphrase: Passphrase = None
    ) -> Self:
        """A bot on a profile made by `inmost join`. Arguments as for Client."""
        return cls(Client(profile, home=home, passphrase=passphrase, what=f"bot {profile}"))

    def on_message(self, handler: Handler) -> Handler:
        """Call this with each text of somebody else."""
        self._on_message.append(handler)
        return handler

    def on_change(self, handler: Handler) -> Handler:
        """Call this with everything else: edits, deletions, reactions, titles, people joining and leaving."""
        self._on_change.append(handler)
        return handler

    def on_start(self, handler: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """Call this once the bot is connected and synced."""
        self._on_start.append(handler)
        return handler

    def run(self) -> None:
        """Run until SIGINT or SIGTERM. Raises what entering a Client raises, SignedOut when the bot was shut out."""
        asyncio.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        task = asyncio.ensure_future(self.serve())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def serve(self) -> None:
        """What run() runs, for programs with an event loop of their own; cancel it to stop."""
        async with self.client as client:
            started = asyncio.ensure_future(self._start())
            try:
                async for message in client.messages(missed=POSITION):
                    await self._handle(message)
            finally:
                started.cancel()

    async def _start(self) -> None:
        await self.client.ready(None)
        for handler in self._on_start:
            await handler()

    async def _handle(self, message: Message) -> None:
        if message.is_own:
            return
        for handler in self._on_message if message.type == "text" else self._on_change:
            try:
                await handler(message)
            except Exception:
                # What was said stays out of logs; the traceback names only code.
                log.exception("A handler failed at message %s of %s", message.n, message.conversation)
