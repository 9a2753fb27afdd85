"""Wires the server: one store, one directory, the features, the edge. It only wires."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from litestar import Litestar, Router
from litestar.handlers import BaseRouteHandler
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin

from inmost_engine.public import Applied, Directory, owner_link_fragment, seed_public
from inmost_protocol.directory import DirectoryItem
from inmost_server import metrics, openapi
from inmost_server.addresses import AddressesOnly
from inmost_server.bus import LocalBus
from inmost_server.clock import Clock, now_ms
from inmost_server.edge.connections import Connections
from inmost_server.edge.dispatch import Dispatch
from inmost_server.edge.rates import Rate, Rates
from inmost_server.edge.routes import connect_route
from inmost_server.features.accounts import keys as account_keys
from inmost_server.features.accounts.passwords import Passwords
from inmost_server.features.conversations import frames as conversation_frames
from inmost_server.features.conversations import log
from inmost_server.features.conversations.commits import Commits
from inmost_server.features.conversations.live import LiveConversations
from inmost_server.features.conversations.log import LogBook
from inmost_server.features.conversations.pruning import prune
from inmost_server.features.conversations.reading import Reading
from inmost_server.features.conversations.removals import Removals
from inmost_server.features.conversations.telling import Teller
from inmost_server.features.devices import store as device_rows
from inmost_server.features.devices.frames import DeviceFrames
from inmost_server.features.directory.frames import DirectoryFrames
from inmost_server.features.directory.service import DirectoryService
from inmost_server.features.messages import frames as message_frames
from inmost_server.features.messages.posting import Posting
from inmost_server.features.messages.receipts import Aside
from inmost_server.features.organisation.service import Organisation, invite_owner, open_organisation
from inmost_server.features.sessions.open_sessions import OpenSessions
from inmost_server.features.step_ups.step_ups import StepUps
from inmost_server.features.sync.frames import SyncFrames
from inmost_server.headers import SecurityHeaders
from inmost_server.operating import operating_routes
from inmost_server.pace import Pace
from inmost_server.peer import Handled
from inmost_server.problems import HANDLERS
from inmost_server.rest import Parts, described_only
from inmost_server.rest import router as rest_router
from inmost_server.settings import Settings
from inmost_server.store import Store, StoreFailed, store_when_there
from inmost_server.web import Files, web_routes

EXPIRY_EVERY_S = 1.0
PRUNE_EVERY_S = 3_600.0
FINISH_WITHIN_S = 5.0

__all__ = ["Server", "create_app", "described_only", "open_server", "owner_link"]


class Server:
    """Everything of one running server. `opened` before the first request, `finish` and `close` after the last."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        organisation: Organisation,
        directory: DirectoryService,
        clock: Clock,
        rates: dict[str, Rate] | None,
    ) -> None:
        self.settings, self.store, self.organisation = settings, store, organisation
        self.directory, self.clock = directory, clock
        self.sessions = OpenSessions(clock)
        self.pace = Pace(clock)
        self.step_ups = StepUps(clock)
        self.passwords = Passwords()
        self.directory.sessions = self.sessions
        self.connections = Connections()
        bus = LocalBus()
        bus.subscribe(self.connections.deliver)
        self.teller = Teller(bus, self.connections)
        self.live = LiveConversations(store, directory)
        self.book = LogBook(clock)
        key = organisation.server_key
        self.commits = Commits(store, self.live, self.book, directory, self.teller, key, clock)
        self.removals = Removals(store, self.live, self.commits, directory)
        self.dispatch = Dispatch(
            self._handled(), self.sessions, self.connections, directory, Rates(rates), clock
        )
        directory.told.append(self._told)
        self.sessions.on_end(lambda session: self.connections.close_session(session, "expired"))
        self._tasks: list[asyncio.Task[None]] = []
        # Whose request was refused in between asks again on a new connection, in the old order.
        store.watch(lambda: self.connections.shut("unavailable"), self._database_is_back)

    def _database_is_back(self) -> None:
        self.connections.let_in()
        self.live.run(self.removals.sweep())

    def _handled(self) -> list[Handled]:
        posting = Posting(self.store, self.live, self.book, self.directory, self.teller)
        aside = Aside(self.store, self.live, self.directory, self.teller, self.clock)
        reading = Reading(self.store, self.live, self.book, self.directory, self.commits, self.teller)
        return [
            *DirectoryFrames(self.store, self.directory, self.step_ups).handled(),
            *conversation_frames.handled(self.commits, reading),
            *message_frames.handled(posting, aside),
            *DeviceFrames(self.store, self.directory, self.teller, self.clock).handled(),
            *SyncFrames(self.store, self.directory, self.teller, self.clock).handled(),
        ]

    def _told(self, applied: Applied, entry: bytes) -> None:
        """A directory entry is durable: nothing of whom it shuts out gets further than this turn of the loop."""
        self.connections.forget_callers()
        self.teller.everybody(DirectoryItem(applied.n, entry))
        for user in applied.suspended_users:
            self.connections.close(user=user, code="suspended")
        for device in applied.inactive_devices:
            self.connections.close(device=device, code="revoked")
        self.removals.applied(applied)
        if applied.kind == "chain":
            for device in applied.inactive_devices:
                self.live.run(self._forget_packages(device))

    async def _forget_packages(self, device: bytes) -> None:
        await self.store.write(lambda tx: device_rows.forget(tx, device))

    def routes(self) -> list[Router | BaseRouteHandler]:
        settings = self.settings
        is_new = self.directory.state.next_n == 0
        parts = Parts(
            store=self.store,
            directory=self.directory,
            sessions=self.sessions,
            pace=self.pace,
            clock=self.clock,
            server_key=self.organisation.server_key,
            keys=account_keys.load(settings.data, is_new=is_new),
            passwords=self.passwords,
            origins=settings.accepted_origins,
            near_words=[settings.organisation_name, *([settings.domain] if settings.domain else [])],
            step_ups=self.step_ups,
            title=settings.organisation_name,
        )
        return [
            rest_router(parts),
            connect_route(self.dispatch, self.connections),
            *operating_routes(self.store, settings.metrics_token),
            *web_routes(Files.load()),
        ]

    async def started(self) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self.removals.sweep()),
            loop.create_task(self._every_second()),
            loop.create_task(self._every_hour()),
        ]

    async def finish(self) -> None:
        """Everything that was taken is answered; then everybody hears that the server is stopping."""
        self.connections.hold_all()
        await self.connections.at_rest(FINISH_WITHIN_S)
        await self.removals.finished()
        await self.store.drained()
        # One more turn, so that answers to what has just become durable are written before the goodbyes.
        await asyncio.sleep(0)
        self.connections.close_all("stopping")

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self.directory.state.next_n:
            with suppress(StoreFailed):  # it only makes the next start quicker
                await self.directory.save_snapshot()
        await self.store.drained()
        self.store.close()
        self.passwords.close()

    async def _every_second(self) -> None:
        while True:
            await asyncio.sleep(EXPIRY_EVERY_S)
            self.connections.close_expired(self.clock())
            metrics.WAITING.set(self.store.waiting())

    async def _every_hour(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_EVERY_S)
            with suppress(StoreFailed):  # in an hour, then
                await prune(self.store, self.clock() - log.REQUESTS_REMEMBERED_MS)


async def open_server(
    settings: Settings,
    clock: Clock = now_ms,
    rates: dict[str, Rate] | None = None,
    store: Store | None = None,
) -> Server:
    """Open the data directory on the running event loop, with a store that is open already or as soon as it can be. Raises CannotUse."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = store or await store_when_there(settings.database_at, waiting=_nobody_hears)
    store.start()
    organisation = await open_organisation(store)
    directory = DirectoryService(store, clock)
    await directory.load(organisation.org, organisation.owner_seed_public)
    return Server(settings, store, organisation, directory, clock, rates)


def _nobody_hears(reason: str) -> None:
    """Who opens a server without a store of its own waits in silence."""


async def owner_link(server: Server, account: str = "owner") -> str | None:
    """The fragment of a fresh owner's link, voiding the one before; None once there is an owner."""
    if server.directory.state.next_n > 0:
        return None
    made = await invite_owner(server.store)
    org = server.organisation.org
    server.directory.state = Directory(org, seed_public(made.seed))
    return owner_link_fragment(org, made.invitation, made.seed, account)


class _Application(Litestar):
    """Litestar for msgspec alone: loading Pydantic, which nothing here is written in, would take a third of the start."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


def create_app(server: Server, *more: Callable[[], Any]) -> Litestar:
    """The application of an opened server. `more` runs when it has started."""
    app = _Application(
        route_handlers=server.routes(),
        on_startup=[server.started, *more],
        on_shutdown=[server.close],
        exception_handlers=HANDLERS,
        state=_state(server),
        openapi_config=openapi.config(),
        debug=False,
        logging_config=None,
        pdb_on_exception=False,
        middleware=[],
    )
    # Around everything, so that what matches no route has them too.
    app.asgi_handler = SecurityHeaders(AddressesOnly(app.asgi_handler))
    return app


def _state(server: Server) -> Any:
    from litestar.datastructures import State

    return State({"server": server, "process": os.getpid()})
