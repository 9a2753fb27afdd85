"""Whom the directory shuts out is removed from every conversation: posts wait from the entry on, proposals follow."""

import asyncio

import structlog

from inmost_engine.public import Applied
from inmost_server.features.conversations import store as rows
from inmost_server.features.conversations.commits import Commits
from inmost_server.features.conversations.live import LiveConversations
from inmost_server.features.directory.service import DirectoryService
from inmost_server.store import Store

log = structlog.get_logger("inmost.removals")


class Removals:
    """Started by directory entries, and once at start for what a crash left between an entry and its proposals."""

    def __init__(
        self, store: Store, live: LiveConversations, commits: Commits, directory: DirectoryService
    ) -> None:
        self._store, self._live, self._commits, self._directory = store, live, commits, directory
        self._tasks: set[asyncio.Task[None]] = set()

    def applied(self, applied: Applied) -> None:
        """In the same turn in which the entry became durable: nothing is accepted past it."""
        shut_out = applied.inactive_devices
        if not shut_out:
            return
        for conversation in self._live.loaded():
            conversation.pending.update(device for device in shut_out if device in conversation.since_epoch)
        self._start(shut_out)

    async def sweep(self) -> None:
        """Propose what no entry will start any more."""
        with_leaves = await self._store.read(rows.devices_with_leaves)
        shut_out = [device for device in with_leaves if not self._directory.state.is_active(device)]
        if shut_out:
            await self._propose(shut_out)

    async def finished(self) -> None:
        """Return when no proposal is being written."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, devices: list[bytes]) -> None:
        task = asyncio.get_running_loop().create_task(self._propose(devices))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _propose(self, devices: list[bytes]) -> None:
        for device in devices:
            conversations = await self._store.read(
                lambda reader, device=device: rows.conversations_of(reader, device)  # type: ignore[misc]
            )
            for conversation in conversations:
                try:
                    await self._commits.propose_removals(conversation)
                except Exception:
                    # Posts there stay refused; the next commit there, or the next start, proposes again.
                    log.exception("proposal_failed")
