"""One device: the real engine, hosted in memory as docs/protocol/engine.md says, that can die between any two of its effects."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from inmost.server import Address, Rest, Session, from_base64url
from inmost_cli import totp
from inmost_engine.client import Engine
from inmost_engine.client import Refused as EngineRefused
from inmost_protocol import decode_told, encode
from inmost_protocol.frames import Open, Opened
from inmost_protocol.limits import PROTOCOL_VERSION

PASSWORD = "nine quiet herons over the marsh"
TOTP_SECRET = bytes(range(20))
PATIENCE_S = 60.0

Answer = TypeVar("Answer")
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


class Died(Exception):
    """The device's process is gone; what it had on its disk is all there is."""


class Refused(Exception):
    """The engine refused a command. code: the refusal's name."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code


class Device:
    """A device whose disk is `disk`; made again with the same disk it goes on where the one before was killed.

    disk       the engine's rows, as far as they were written
    shown      (conversation, n) -> row of the table `messages`
    die_after  so many effects are carried out, then it dies; None: it lives
    is_deaf    what arrives from now on is lost with the device
    effects    how many were carried out
    heard      the names of events so far
    has_taken  the rows of the last command are on the disk: it is a promise now
    """

    def __init__(self, origin: str, of: "Device | None" = None) -> None:
        self.origin = origin
        self.disk: dict[bytes, bytes] = of.disk if of else {}
        self.shown: dict[bytes, Any] = of.shown if of else {}
        self.alarms: list[dict[str, Any]] = of.alarms if of else []
        self.recovery_key: str | None = of.recovery_key if of else None
        self.backup_codes: list[str] = of.backup_codes if of else []
        self.die_after: int | None = None
        self.is_deaf = False
        self.effects = 0
        self.heard: set[str] = set()
        self.has_taken = False
        self.is_ready = False
        self.is_dead = False
        self._engine = Engine(self.disk.items())
        self._rest = Rest(Address.of(origin))
        self._connection: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._commands: dict[bytes, asyncio.Future[dict[str, Any]]] = {}
        self._one_step = asyncio.Lock()
        self._stepped = asyncio.Condition()
        self._wake: asyncio.TimerHandle | None = None
        self._ticks: set[asyncio.Task[None]] = set()

    # Inputs and effects

    async def _step(self, kind: str, *more: Any) -> None:
        async with self._one_step:
            if self.is_dead:
                raise Died
            given = _pack([time.time_ns() // 1_000_000, os.urandom(32), kind, *more])
            rows, frames, events, wake_at_ms = _unpack(await asyncio.to_thread(self._engine.step, given))
            await self._write(rows)
            self.has_taken = self.has_taken or (kind == "command" and bool(rows))
            await self._tell(frames, events)
            self._wake_at(wake_at_ms)
        async with self._stepped:
            self._stepped.notify_all()

    # Rows, then frames, then events; each of them is one effect, and death comes before the one it is due at.

    async def _write(self, rows: list[Any]) -> None:
        if rows:
            await self._live_through_one()
        for table, key, value in rows:
            kept = self.disk if table == "state" else self.shown
            if value is None:
                kept.pop(key, None)
            else:
                kept[key] = value if table == "state" else _unpack(value)

    async def _tell(self, frames: list[bytes], events: list[Any]) -> None:
        for frame in frames:
            await self._live_through_one()
            if self._connection is not None:
                with contextlib.suppress(ConnectionClosed):
                    await self._connection.send(frame)
        if events:
            await self._live_through_one()
        for name, details in events:
            self._show(name, details)

    async def _live_through_one(self) -> None:
        if self.effects == self.die_after:
            await self.die()
            raise Died
        self.effects += 1

    def _show(self, name: str, details: dict[str, Any]) -> None:
        if name in ("done", "refused"):
            waiting = self._commands.pop(details["command"], None)
            if waiting is not None and not waiting.done():
                if name == "done":
                    waiting.set_result(details)
                else:
                    waiting.set_exception(Refused(details["code"], details["words"]))
        elif name == "ready":
            self.is_ready = True
        elif name == "alarm":
            self.alarms.append(details)
        self.heard.add(name)

    def _wake_at(self, at_ms: int | None) -> None:
        if self._wake is not None:
            self._wake.cancel()
        self._wake = None
        if at_ms is not None and not self.is_dead:
            delay_s = max(0.001, at_ms / 1000 - time.time())
            self._wake = asyncio.get_running_loop().call_later(delay_s, self._tick)

    def _tick(self) -> None:
        tick = asyncio.ensure_future(self._quietly(self._step, "tick"))
        self._ticks.add(tick)
        tick.add_done_callback(self._ticks.discard)

    async def _quietly(self, work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        with contextlib.suppress(Died):
            await work(*arguments)

    # What a person does

    def view(self, name: str, /, **arguments: Any) -> Any:
        return _unpack(self._engine.view(_pack([name, arguments])))

    async def command(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """Give a command and wait for its end. Raises Refused, Died."""
        command, self.has_taken = os.urandom(16), False
        ended = self._commands[command] = asyncio.get_running_loop().create_future()
        try:
            await self._step("command", command, name, arguments)
        except EngineRefused as refused:
            raise Refused(refused.code, refused.words) from None
        async with asyncio.timeout(PATIENCE_S):
            return await ended

    async def until(self, answer: Callable[[], Answer], patience_s: float = PATIENCE_S) -> Answer:
        """Wait for the step after which `answer` gives something; raises Died."""

        def has_come() -> bool:
            nonlocal came
            came = answer()
            return bool(came) or self.is_dead

        came: Any = None
        async with self._stepped, asyncio.timeout(patience_s):
            await self._stepped.wait_for(has_come)
        if not came:
            raise Died
        return came

    def conversation(self, id_: bytes) -> dict[str, Any]:
        found: dict[str, Any] = self.view("conversation", conversation=id_)
        return found

    def texts(self, conversation: bytes) -> list[tuple[int, str]]:
        """(number, text) of the numbered texts that are here, in order."""
        rows = sorted((row["n"], row.get("text")) for key, row in self.shown.items() if key.startswith(conversation) and row["type"] == "text" and row["n"] is not None)  # fmt: skip
        return [(n, text) for n, text in rows]

    # Coming in

    async def join(self, link: str, name: str, is_bot: bool = True) -> Self:
        """Claim an invitation and set up; connected and synced on return."""
        organisation = await self._rest.organisation()
        begun = await self.command("begin", link=link, name=name, origin=self.origin, is_bot=is_bot)
        self.recovery_key = begun["recovery_key"]
        factors = () if is_bot else (PASSWORD, TOTP_SECRET, totp.code_of(TOTP_SECRET))
        claimed = await self._rest.claim(begun["entry"], *factors)
        self.backup_codes = claimed.backup_codes
        await self.command("claimed", server_key=from_base64url(organisation.server_key))
        await self.connect()
        return self

    async def connect(self, session: Session | None = None) -> None:
        """Sign in (or use a session that may only recover), open the connection, and wait until synced. Raises Died."""
        self._connection = await self._open((session or await self._sign_in()).token)
        self._reading = asyncio.ensure_future(self._quietly(self._read, self._connection))
        await self._step("connected")
        if session is None:
            await self.until(lambda: self.is_ready)

    async def _sign_in(self) -> Session:
        nonce = await self._rest.challenge(self.view("me")["device"])
        signed = await self.command("sign_in", origin=self.origin, server_nonce=nonce)
        return await self._rest.session(signed, nonce)

    async def _open(self, token: str) -> ClientConnection:
        connection = await connect(
            self._rest.address.socket_url,
            subprotocols=[Subprotocol("inmost.1")],
            compression=None,
            max_size=None,
            proxy=None,
            ping_interval=None,
        )
        await connection.send(encode(Open(os.urandom(16), token, PROTOCOL_VERSION, "a device")))
        opened = decode_told(await connection.recv(decode=False))
        assert isinstance(opened, Opened), opened
        return connection

    async def _read(self, connection: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                frame = await connection.recv(decode=False)
                if not self.is_deaf:
                    await self._step("frame", frame)
        if self._connection is connection:
            self._connection = None
            self.is_ready = False
            await self._step("disconnected")

    async def disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        if self._reading is not None:
            await self._reading

    @property
    def id(self) -> bytes:
        return bytes(self.view("me")["device"])

    @property
    def is_settled(self) -> bool:
        """It is one of its person's devices: it can sign in."""
        return bool(self.view("me")["phase"] == "ready")

    async def recover(self, session: Session, arguments: dict[str, Any], recovery_key: str | None) -> None:
        """Become one of the person's devices; connected as it and synced on return."""
        self.recovery_key = recovery_key
        await self.connect(session)
        await self.command("recover", recovery_key=recovery_key, **arguments)
        await self.disconnect()
        await self.connect()

    async def recovery(self, account: str) -> tuple[Session, dict[str, Any]]:
        """A session that may only recover, and the arguments of `recover` without the key."""
        got = await self._rest.recovery(account, PASSWORD, self.backup_codes.pop())
        arguments = {
            "org": from_base64url(got.org),
            "account": account,
            "user": from_base64url(got.user),
            "origin": self.origin,
        }
        return Session(got.token, got.expires_ms), arguments

    # Going

    async def die(self) -> None:
        """As by kill -9: what was handed to the connection still arrives, nothing else of this process happens any more."""
        self.is_dead = True
        if self._wake is not None:
            self._wake.cancel()
        for waiting in self._commands.values():
            if not waiting.done():
                waiting.set_exception(Died())
                waiting.exception()  # There may be nobody left to hear it.
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
        async with self._stepped:
            self._stepped.notify_all()

    async def close(self) -> None:
        """The end of a device that lives: its connection and what it holds open."""
        if not self.is_dead:
            await self.die()
        if self._reading is not None:
            await self._reading
        await self._rest.close()

    async def reborn(self) -> "Device":
        """The next process on the same disk, not connected yet."""
        await self.close()
        return Device(self.origin, of=self)
