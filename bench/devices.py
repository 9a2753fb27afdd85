"""Many devices in one process: the real engine with its rows in memory, over real connections to a real server."""

import asyncio
import base64
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Self

import httpx2
import msgspec
import pyotp
from websockets.asyncio.client import ClientConnection, connect

from inmost_engine.client import Engine
from inmost_protocol import encode
from inmost_protocol.frames import Open
from inmost_protocol.limits import PROTOCOL_VERSION

PASSWORD = "nine quiet herons over the marsh"
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder().decode


def now_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


def to_base64url(content: bytes) -> str:
    """Without padding, as the REST interface has it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Device:
    """One engine. Rows are kept in memory: what is measured here is the engine, the wire and the server."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.rows: dict[bytes, bytes] = {}
        self.shown: dict[bytes, Any] = {}
        self.engine = Engine([])
        self.bytes_sent = 0
        self.row_bytes = 0
        self.spent_ns = 0
        self.timed: list[int] | None = None
        self.user = self.device = b""
        self.fragment = ""
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._commands: dict[bytes, asyncio.Future[dict[str, Any]]] = {}
        self._ready = asyncio.Event()
        self._waiting: deque[tuple[Callable[[str, dict[str, Any]], bool], asyncio.Future[None]]] = deque()
        self._wake: asyncio.TimerHandle | None = None

    def feed(self, kind: str, *more: Any) -> list[bytes]:
        """One step; rows are taken, events shown; the frames are returned and, when connected, sent."""
        given = pack([now_ms(), os.urandom(32), kind, *more])
        begun = time.perf_counter_ns()
        effects = self.engine.step(given)
        spent = time.perf_counter_ns() - begun
        self.spent_ns += spent
        if self.timed is not None:
            self.timed.append(spent)
        rows, frames, events, wake_at_ms = unpack(effects)
        for table, key, value in rows:
            kept = self.rows if table == "state" else self.shown
            self.row_bytes += len(key) + len(value or b"")
            if value is None:
                kept.pop(key, None)
            else:
                kept[key] = value
        for name, details in events:
            self._show(name, details)
        self._wake_at(wake_at_ms)
        for frame in frames:
            self.bytes_sent += len(frame)
        return list(frames)

    def view(self, name: str, /, **arguments: Any) -> Any:
        """What the engine knows."""
        return unpack(self.engine.view(pack([name, arguments])))

    async def command(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """Give a command, wait for its end."""
        command = os.urandom(16)
        ended = self._commands[command] = asyncio.get_running_loop().create_future()
        await self._step("command", command, name, arguments)
        return await asyncio.wait_for(ended, 600)

    async def _step(self, kind: str, *more: Any) -> None:
        frames = self.feed(kind, *more)
        if self._socket is not None:
            for frame in frames:
                await self._socket.send(frame)

    def _show(self, name: str, details: dict[str, Any]) -> None:
        if name in ("done", "refused"):
            ended = self._commands.pop(details["command"], None)
            if ended is not None and not ended.done():
                if name == "done":
                    ended.set_result(details)
                else:
                    ended.set_exception(RuntimeError(f"{details['code']}: {details['words']}"))
        elif name == "ready":
            self._ready.set()
        for wanted, seen in list(self._waiting):
            if not seen.done() and wanted(name, details):
                seen.set_result(None)
                self._waiting.remove((wanted, seen))

    async def shows(self, wanted: Callable[[str, dict[str, Any]], bool]) -> None:
        """Wait for an event."""
        seen: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, seen))
        await asyncio.wait_for(seen, 600)

    def _wake_at(self, at_ms: int | None) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if at_ms is not None and self._socket is not None:
            loop = asyncio.get_running_loop()
            self._wake = loop.call_later(
                max(0.005, (at_ms - now_ms()) / 1000), lambda: loop.create_task(self._step("tick"))
            )

    async def send_frame(self, frame: bytes) -> None:
        """Send a frame that a step gave before."""
        assert self._socket is not None
        await self._socket.send(frame)

    # Joining and connecting

    async def join(self, http: httpx2.AsyncClient, fragment: str, name: str, *, is_bot: bool = False) -> Self:
        """Claim an invitation (a person's with password and second factor, a bot's without)."""
        begun = await self.command("begin", link=fragment, name=name, origin=self.origin, is_bot=is_bot)
        claim: dict[str, Any] = {"entry": to_base64url(begun["entry"])}
        if not is_bot:
            secret = os.urandom(20)
            code = pyotp.TOTP(base64.b32encode(secret).decode()).now()
            claim |= {"password": PASSWORD, "totp_secret": to_base64url(secret), "totp_code": code}
        answer = await http.post("/api/v1/claims", json=claim)
        if answer.status_code >= 400:
            raise RuntimeError(answer.text)
        organisation = (await http.get("/api/v1/organisation")).json()
        server_key = organisation["server_key"]
        await self.command("claimed", server_key=base64.urlsafe_b64decode(server_key + "=="))
        me = self.view("me")
        self.user, self.device = me["user"], me["device"]
        return self

    async def token(self, http: httpx2.AsyncClient) -> str:
        """A fresh access token, by challenge."""
        challenge = (await http.post("/api/v1/challenges", json={"device": to_base64url(self.device)})).json()
        nonce = challenge["server_nonce"]
        signed = await self.command(
            "sign_in", origin=self.origin, server_nonce=base64.urlsafe_b64decode(nonce + "==")
        )
        session = {
            "device": to_base64url(self.device),
            "server_nonce": nonce,
            "client_nonce": to_base64url(signed["client_nonce"]),
            "time_ms": signed["time_ms"],
            "signature": to_base64url(signed["signature"]),
        }
        answer = await http.post("/api/v1/sessions", json=session)
        token: str = answer.json()["token"]
        return token

    async def connect(self, http: httpx2.AsyncClient) -> Self:
        """Connect and sync."""
        token = await self.token(http)
        self._socket = await connect(
            self.origin.replace("http", "ws", 1) + "/v1/connect",
            subprotocols=["inmost.1"],  # type: ignore[list-item]
            compression=None,
            max_size=2**25,
            proxy=None,
        )
        await self._socket.send(encode(Open(os.urandom(16), token, PROTOCOL_VERSION, "bench")))
        await self._socket.recv()
        self._ready.clear()
        self._reading = asyncio.create_task(self._read(self._socket))
        await self._step("connected")
        await asyncio.wait_for(self._ready.wait(), 600)
        return self

    async def _read(self, socket: ClientConnection) -> None:
        async for frame in socket:
            await self._step("frame", frame)

    async def disconnect(self) -> None:
        """Leave the connection; the engine and its rows stay."""
        if self._socket is not None and self._reading is not None:
            socket, self._socket = self._socket, None
            self._reading.cancel()
            await socket.close()
            self.feed("disconnected")
