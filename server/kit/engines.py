"""Real engines on real connections: the smallest host there can be, in memory."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from inmost_engine.client import Engine
from inmost_engine.public import Directory, owner_link_fragment, seed_public
from inmost_protocol import encode
from inmost_protocol.acts import Act
from inmost_protocol.frames import Open
from inmost_server.clock import now_ms
from inmost_server.features.organisation.service import invite_owner
from server.kit.running import Running

WAIT_S = 30.0


class CommandRefused(Exception):
    """The engine refused a command; code is its name."""

    def __init__(self, code: str, words: str) -> None:
        self.code = code
        super().__init__(f"{code}: {words}")


class Host:
    """One device's engine with its rows in memory, connected or not."""

    def __init__(self, running: Running, name: str) -> None:
        self.running, self.name = running, name
        self.rows: dict[tuple[str, bytes], bytes] = {}
        self.engine = Engine([])
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.changed = asyncio.Condition()
        self.recovery_key: str | None = None
        self.user = self.device = b""
        self._session = ""
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._waker: asyncio.TimerHandle | None = None

    # --- the engine

    async def step(self, *given: Any) -> None:
        """One input; rows first, then frames, then events."""
        packed = msgspec.msgpack.encode([now_ms(), os.urandom(32), *given])
        rows, frames, events, wake_at_ms = msgspec.msgpack.decode(self.engine.step(packed))
        for table, key, value in rows:
            if value is None:
                self.rows.pop((table, key), None)
            else:
                self.rows[(table, key)] = value
        if self._socket is not None:
            for frame in frames:
                try:
                    await self._socket.send(frame)
                except ConnectionClosed:
                    break
        self._wake_at(wake_at_ms)
        async with self.changed:
            self.events += [(name, content) for name, content in events]
            self.changed.notify_all()

    def view(self, name: str, /, **given: Any) -> Any:
        return msgspec.msgpack.decode(self.engine.view(msgspec.msgpack.encode([name, given])))

    async def command(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """Give a command and wait for its end."""
        command = os.urandom(16)
        await self.step("command", command, name, arguments)

        def ended() -> dict[str, Any] | None:
            for kind, content in self.events:
                if kind in {"done", "refused"} and content["command"] == command:
                    if kind == "refused":
                        raise CommandRefused(content["code"], content["words"])
                    return content
            return None

        return await self.until(ended, name)

    async def until(self, found: Callable[[], Any], what: str = "it") -> Any:
        """Wait until something is there."""
        try:
            async with asyncio.timeout(WAIT_S), self.changed:
                await self.changed.wait_for(found)
        except TimeoutError:
            raise AssertionError(f"{self.name} waited for {what}; events: {self.events[-8:]}") from None
        return found()

    def alarms(self) -> list[dict[str, Any]]:
        return [content for name, content in self.events if name == "alarm"]

    def _wake_at(self, at_ms: int | None) -> None:
        if self._waker is not None:
            self._waker.cancel()
            self._waker = None
        if at_ms is not None:
            delay = max(0.0, (at_ms - now_ms()) / 1000)
            loop = asyncio.get_running_loop()
            self._waker = loop.call_later(
                delay, lambda: self._tasks.append(loop.create_task(self.step("tick")))
            )

    # --- the connection

    async def connect(self, token: str | None = None) -> None:
        session = token or self.running.server.sessions.open_for_device(self.user, self.device).token
        self._session = session
        self._socket = await connect(
            f"{self.running.address.replace('http', 'ws', 1)}/v1/connect",
            max_size=None,
            compression=None,
            proxy=None,
        )
        await self._socket.send(encode(Open(os.urandom(16), session, 1, "kit")))
        await self._socket.recv()
        await self.step("connected")
        self._tasks.append(asyncio.get_running_loop().create_task(self._read(self._socket)))

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for frame in socket:
                await self.step("frame", frame)
        except ConnectionClosed:
            pass
        if self._socket is socket:
            self._socket = None
            await self.step("disconnected")

    async def ready(self) -> "Host":
        await self.until(lambda: any(name == "ready" for name, _ in self.events), "ready")
        return self

    async def close(self) -> None:
        if self._waker is not None:
            self._waker.cancel()
        if self._socket is not None:
            await self._socket.close()
        for task in list(self._tasks):
            if not task.done():
                task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def show_factor(self, act: Act) -> None:
        """As if this session had shown a factor for a dangerous act a moment ago."""
        session = self.running.server.sessions.find(self._session)
        assert session is not None
        self.running.server.step_ups.grant(session, act)

    # --- the story

    async def claim(self, fragment: str, **claimed: Any) -> "Host":
        """Take an invitation, be known, be connected."""
        begun = await self.command(
            "begin", link=fragment, name=self.name.title(), origin=self.running.address
        )
        self.user, self.device = begun["user"], begun["device"]
        self.recovery_key = begun["recovery_key"]
        await self.running.append(begun["entry"])
        await self.command("claimed", **claimed)
        await self.connect()
        return await self.ready()

    def messages(self, conversation: bytes) -> list[dict[str, Any]]:
        """What there is to show, in the order of the log."""
        found = [
            msgspec.msgpack.decode(value)
            for (table, key), value in sorted(self.rows.items())
            if table == "messages" and key[:16] == conversation
        ]
        return [message for message in found if message["type"] == "text"]

    async def send(self, conversation: bytes, text: str) -> dict[str, Any]:
        content = {"type": "text", "text": text, "reply_to": None, "mentions": []}
        return await self.command("send", conversation=conversation, content=content)

    async def has_read(self, conversation: bytes, text: str) -> None:
        await self.until(lambda: text in [one["text"] for one in self.messages(conversation)], text)

    def conversation(self, conversation: bytes) -> dict[str, Any] | None:
        known = {one["conversation"]: one for one in self.view("conversations")}
        return known.get(conversation)

    async def in_state(self, conversation: bytes, state: str) -> None:
        await self.until(
            lambda: (self.conversation(conversation) or {}).get("state") == state,
            f"{state}, is {self.conversation(conversation)}",
        )


class Team:
    """An organisation of engines."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.hosts: list[Host] = []

    def new(self, name: str) -> Host:
        host = Host(self.running, name)
        self.hosts.append(host)
        return host

    async def owner(self) -> Host:
        server = self.running.server
        made = await invite_owner(server.store)
        server.directory.state = Directory(server.organisation.org, seed_public(made.seed))
        fragment = owner_link_fragment(server.organisation.org, made.invitation, made.seed, "owner")
        return await self.new("olga").claim(fragment, server_key=server.organisation.server_key.public)

    async def join(self, inviter: Host, name: str, role: str = "member", *, is_bot: bool = False) -> Host:
        invited = await inviter.command(
            "invite", account=name, role=role, is_bot=is_bot, expires_ms=now_ms() + 86_400_000, name=name
        )
        return await self.new(name).claim(invited["fragment"])

    async def close(self) -> None:
        for host in self.hosts:
            await host.close()
