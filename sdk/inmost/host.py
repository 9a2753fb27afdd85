"""Hosts the engine: pumps inputs and effects, keeps a connection, signs in, wakes up. It decides nothing about the protocol."""

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from inmost.connection import Connection
from inmost.core import Core, Effects, Event, Input
from inmost.errors import InmostError, NotAServer, Offline, Refused, SignedOut, StoreDamaged
from inmost.server import Address, Rest, Session

MOST_INPUTS_AT_ONCE: Final = 256
MOST_INPUTS_WAITING: Final = 4096
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
RENEW_BEFORE_S: Final = 120.0
SHORTEST_WAKE_S: Final = 0.005
LONGEST_SETTLING_S: Final = 0.5
SETTLING_STEP_S: Final = 0.04
CLOSED_FOR_GOOD: Final = {"revoked", "suspended", "replaced"}
# Refusals of a sign-in that trying again does not change.
SIGN_IN_FOR_GOOD: Final = {"DeviceInactive": "revoked"}

Result = TypeVar("Result")


@dataclass
class Entry:
    """One input on its way to the engine, who waits for it, the connection it brings, and what is told once it is on the disk."""

    input: Input
    command: asyncio.Future[dict[str, Any]] | None = None
    taken: asyncio.Future[None] | None = None
    connection: Connection | None = None
    kept: asyncio.Event | None = None

    @property
    def is_turn(self) -> bool:
        """Changes which connection frames go to, so it is never taken together with others."""
        return self.input.kind in ("connected", "disconnected")


class Host:
    """Runs one engine. Use from one event loop; start(), then command(), view() and subscribe(), at last close()."""

    def __init__(self, core: Callable[[], Core]) -> None:
        """core is called in the one thread that will ever touch engine and store."""
        self._make_core = core
        self._core: Core | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inmost-engine")
        self._inputs: asyncio.Queue[Entry] = asyncio.Queue(MOST_INPUTS_WAITING)
        self._held: list[Entry] = []
        self._commands: dict[bytes, asyncio.Future[dict[str, Any]]] = {}
        self._subscribers: list[Callable[[Event], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._connection: Connection | None = None
        self._staying: asyncio.Task[None] | None = None
        self._wake: asyncio.TimerHandle | None = None
        self._rest: Rest | None = None
        self._session: Session | None = None
        self._is_ready = asyncio.Event()
        self._changed = asyncio.Event()
        self._attempts_failed = 0
        self._last_error: InmostError | None = None
        self._ended: InmostError | None = None

    async def start(self) -> None:
        """Load the engine. Raises what opening the store raises."""
        self._core = await self.in_thread(self._make_core)
        # What ended while nothing ran is deleted before anybody reads it.
        effects = await self.in_thread(self._core.feed, [Input("tick")])
        self._wake_at(effects.wake_at_ms)
        self._run(self._pump())

    async def in_thread(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Run work where engine and store are; nothing else runs there meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    @property
    def core(self) -> Core:
        assert self._core is not None, "start() comes first"
        return self._core

    # Commands, views, events

    async def command(
        self, name: str, kept: asyncio.Event | None = None, /, **arguments: Any
    ) -> dict[str, Any]:
        """Give a command and wait for its end. kept: set when the engine took it and its rows are on the disk.

        Raises Refused, StoreDamaged; SignedOut or Offline when the host ends meanwhile.
        """
        if self._ended is not None and not isinstance(self._ended, SignedOut):
            raise self._ended
        command = os.urandom(16)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._commands[command] = future
        try:
            await self._inputs.put(
                Entry(Input("command", (command, name, arguments)), command=future, kept=kept)
            )
            return await future
        finally:
            self._commands.pop(command, None)

    async def view(self, name: str, /, **arguments: Any) -> Any:
        """Ask the engine what it knows. Raises Refused."""
        return await self.in_thread(self.core.view, name, arguments)

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call listener with each event, after its rows are durable; it must not block. Returns what ends that."""
        self._subscribers.append(listener)
        return lambda: self._subscribers.remove(listener)

    # The pump: one batch of inputs at a time; rows, then frames, then events

    async def _pump(self) -> None:
        try:
            while True:
                batch = await self._next_batch()
                effects = await self.in_thread(self.core.feed, [entry.input for entry in batch])
                self._carry_out(batch, effects)
        except StoreDamaged as damaged:
            self._end(damaged)

    async def _next_batch(self) -> list[Entry]:
        batch = [self._held.pop()] if self._held else [await self._inputs.get()]
        while not batch[-1].is_turn and len(batch) < MOST_INPUTS_AT_ONCE and not self._inputs.empty():
            entry = self._inputs.get_nowait()
            if entry.is_turn:
                self._held.append(entry)
                break
            batch.append(entry)
        return batch

    def _carry_out(self, batch: list[Entry], effects: Effects) -> None:
        if batch[0].input.kind == "connected":
            self._connection = batch[0].connection
        elif batch[0].input.kind == "disconnected":
            self._connection = None
            self._is_ready.clear()
        if self._connection is not None:
            for frame in effects.frames:
                self._connection.send(frame)
        for place, refused in effects.refused.items():
            command = batch[place].command
            if command is not None and not command.done():
                command.set_exception(refused)
        for place, entry in enumerate(batch):
            if entry.kept is not None and place not in effects.refused:
                entry.kept.set()
        self._wake_at(effects.wake_at_ms)
        for event in effects.events:
            self._show(event)
        for entry in batch:
            if entry.taken is not None and not entry.taken.done():
                entry.taken.set_result(None)

    def _show(self, event: Event) -> None:
        name, details = event
        if name in ("done", "refused"):
            future = self._commands.get(details["command"])
            if future is not None and not future.done():
                if name == "done":
                    future.set_result(details)
                else:
                    future.set_exception(Refused(details["code"], details["words"]))
            return
        if name == "ready":
            self._is_ready.set()
            self._attempts_failed = 0
            self._change()
        for listener in list(self._subscribers):
            listener(event)

    def _wake_at(self, at_ms: int | None) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if at_ms is not None:
            delay_s = max(SHORTEST_WAKE_S, at_ms / 1000 - time.time())
            self._wake = asyncio.get_running_loop().call_later(delay_s, self._tick)

    async def settle(self) -> None:
        """Before closing: let what the engine wants to do at once be done, half a second at most.

        A command that ends right after its answer would else leave undone what comes after it, such as keeping the vault up to date.
        """
        until = time.monotonic() + LONGEST_SETTLING_S
        while self._connection is not None and time.monotonic() < until:
            await asyncio.sleep(SETTLING_STEP_S)
            is_due = (
                self._wake is not None
                and self._wake.when() - asyncio.get_running_loop().time() < SETTLING_STEP_S
            )
            if not is_due and self._inputs.empty():
                return

    def _tick(self) -> None:
        self._wake = None
        self._run(self._inputs.put(Entry(Input("tick"))))

    # The connection

    def connect(self, address: Address, session: Session | None = None, trust: str | None = None) -> None:
        """Connect and stay connected, as the device; or once with a given session (one that may only recover)."""
        self._rest = Rest(address, trust)
        self._staying = self._run(self._stay_connected(self._rest, session))

    async def ready(self, timeout_s: float | None = None, tries: int | None = None) -> None:
        """Wait until everything is synced. tries: give up after so many connections that did not come about.

        Raises Offline, CertificateRefused, SignedOut, StoreDamaged.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not self._is_ready.is_set():
                    if self._ended is not None:
                        raise self._ended
                    if tries is not None and self._attempts_failed >= tries:
                        raise self._last_error or Offline()
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise self._last_error or Offline("The server did not answer in time.") from None

    async def connected(self, timeout_s: float) -> None:
        """Wait until the connection is open and the engine knows."""
        async with asyncio.timeout(timeout_s):
            while self._connection is None:
                if self._ended is not None:
                    raise self._ended
                if self._attempts_failed:
                    raise self._last_error or Offline()
                self._changed.clear()
                await self._changed.wait()

    @property
    def is_ready(self) -> bool:
        return self._is_ready.is_set()

    @property
    def trouble(self) -> InmostError | None:
        """What ended this host, or the last try to connect; None while connected."""
        return self._ended or (None if self._is_ready.is_set() else self._last_error)

    async def session(self) -> Session:
        """A session good for REST. Raises as ready()."""
        assert self._rest is not None, "connect() comes first"
        if self._session is None or self._session.expires_ms / 1000 - time.time() < RENEW_BEFORE_S / 2:
            self._session = await self._sign_in(self._rest)
        return self._session

    async def _stay_connected(self, rest: Rest, session: Session | None) -> None:
        only_once = session is not None
        while self._ended is None:
            try:
                self._session = session or await self._sign_in(rest)
                session = None
                connection = await Connection.open(rest.address, self._session.token)
                try:
                    await self._serve(connection, rest)
                finally:
                    await connection.close()
                self._judge_goodbye(connection)
            except Refused as refused:
                self._failed(refused)
            except (Offline, NotAServer) as error:
                self._failed(error)
            if only_once:
                return
            await asyncio.sleep(self._pause_s())

    def _pause_s(self) -> float:
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self._attempts_failed, 10))
        return random.uniform(0.1, longest)  # noqa: S311 (spreads clients after a restart; no secret)

    def _failed(self, error: InmostError) -> None:
        self._attempts_failed += 1
        self._last_error = error
        if isinstance(error, Refused):
            code = SIGN_IN_FOR_GOOD.get(error.code) or (error.code if error.code in CLOSED_FOR_GOOD else None)
            if code is not None:
                self._end(SignedOut(code, str(error)))
        self._change()

    def _judge_goodbye(self, connection: Connection) -> None:
        goodbye = connection.goodbye
        if goodbye is not None and goodbye.code in CLOSED_FOR_GOOD:
            self._end(SignedOut(goodbye.code, goodbye.words))
        elif goodbye is not None and goodbye.code != "expired":
            self._failed(Offline(goodbye.words))

    async def _serve(self, connection: Connection, rest: Rest) -> None:
        await self._turn(Entry(Input("connected"), connection=connection))
        self._change()
        renewal = asyncio.create_task(self._renew(connection, rest))
        try:
            async for frame in connection.frames():
                await self._inputs.put(Entry(Input("frame", (frame,))))
        finally:
            renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewal
            await asyncio.shield(self._turn(Entry(Input("disconnected"))))
            self._change()

    async def _turn(self, entry: Entry) -> None:
        entry.taken = asyncio.get_running_loop().create_future()
        await self._inputs.put(entry)
        await entry.taken

    async def _renew(self, connection: Connection, rest: Rest) -> None:
        while self._session is not None:
            left_s = self._session.expires_ms / 1000 - time.time() - RENEW_BEFORE_S
            await asyncio.sleep(max(1.0, left_s))
            try:
                self._session = await self._sign_in(rest)
            except InmostError:
                continue  # The connection lives until the session ends; then signing in again says why.
            connection.renew(self._session.token)

    async def _sign_in(self, rest: Rest) -> Session:
        me = await self.view("me")
        nonce = await rest.challenge(me["device"])
        signed = await self.command("sign_in", origin=rest.address.origin, server_nonce=nonce)
        return await rest.session({**signed, "device": signed.get("device") or me["device"]}, nonce)

    async def disconnect(self) -> None:
        """End the connection and its attempts; the engine goes on."""
        if self._staying is not None:
            self._staying.cancel()
            await asyncio.gather(self._staying, return_exceptions=True)
            self._staying = None
        if self._rest is not None:
            await self._rest.close()
            self._rest = None
        self._session = None
        self._attempts_failed = 0

    # The end

    def _end(self, why: InmostError) -> None:
        if self._ended is None:
            self._ended = why
        for future in self._commands.values():
            if not future.done():
                future.set_exception(why)
        self._change()
        for listener in list(self._subscribers):
            listener(("ended", {"why": why}))

    def _change(self) -> None:
        self._changed.set()

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._end(
                error if isinstance(error, InmostError) else StoreDamaged(f"The client stopped: {error!r}")
            )

    async def close(self) -> None:
        """Disconnect, finish what is under way, close engine and store."""
        await self.disconnect()
        if self._wake is not None:
            self._wake.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._core is not None:
            await self.in_thread(self._core.close)
            self._core = None
        self._thread.shutdown()
