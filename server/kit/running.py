"""A whole server on loopback, in the test's own process, with an owner and whom the owner invites."""

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path

from inmost_engine.public import Directory
from inmost_server.app import Server, create_app, open_server
from inmost_server.clock import now_ms
from inmost_server.edge.rates import Rate
from inmost_server.edge.serving import Serving, config
from inmost_server.features.organisation.service import invite_owner
from inmost_server.settings import Settings
from server.kit.people import Device, Key, Person
from server.kit.wire import Talker, Wire


class Running:
    """A server that serves. Times are real, unless `clock` says otherwise."""

    def __init__(
        self,
        data: Path,
        clock: Callable[[], int] = now_ms,
        rates: dict[str, Rate] | None = None,
        database: str | None = None,
    ) -> None:
        self.data, self.clock, self.rates, self.database = data, clock, rates, database
        self.server: Server
        self.address = ""
        self.people: dict[str, Person] = {}
        self._wires: list[Wire] = []

    async def start(self) -> "Running":
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        # Devices sign in for this very address.
        settings = Settings(data=self.data, database=self.database, port=self._socket.getsockname()[1])
        self.server = await open_server(settings, self.clock, self.rates)
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._serving = Serving(config(create_app(self.server), loop="none"))
        self._task = asyncio.get_running_loop().create_task(self._serving._serve([self._socket]))
        while not self._serving.started:
            if self._task.done():
                self._task.result()
                raise RuntimeError("the server did not start")
            await asyncio.sleep(0.005)
        return self

    async def stop(self) -> None:
        self._serving.should_exit = True
        await self._task
        self._socket.close()
        for wire in self._wires:
            await wire.close()
        self._wires.clear()

    @property
    def directory(self) -> Directory:
        return self.server.directory.state

    async def owner(self) -> Person:
        """The first person: entry 0, and the server's key in the directory."""
        made = await invite_owner(self.server.store)
        seed = Key(made.seed)
        org = self.server.organisation.org
        self.server.directory.state = Directory(org, seed.public)
        owner = Person(org, "owner")
        await self.append(owner.claim(self.directory, made.invitation, None, seed, self.clock()))
        key = self.server.organisation.server_key.public
        await self.append(owner.entry(self.directory, "server_key", [key], self.clock()))
        self.people["owner"] = owner
        return owner

    async def invited(self, account: str, role: str = "member", *, is_bot: bool = False) -> Person:
        """Somebody whom the owner invited, and who has claimed."""
        owner = self.people["owner"]
        invitation, seed = os.urandom(16), Key()
        payload = [invitation, seed.public, role, account, is_bot, self.clock() + 86_400_000]
        await self.append(owner.entry(self.directory, "invite", payload, self.clock()))
        person = Person(self.server.organisation.org, account, is_bot)
        await self.append(person.claim(self.directory, invitation, owner.user, seed, self.clock()))
        self.people[account] = person
        return person

    async def further_device(self, person: Person) -> Device:
        device, added = person.add_device(self.directory, self.clock())
        await self.append(added)
        return device

    async def append(self, entry: bytes) -> int:
        return (await self.server.directory.append(entry)).n

    def token(self, device: Device) -> str:
        return self.server.sessions.open_for_device(device.user, device.id).token

    async def wire(self) -> Wire:
        wire = await Wire.to(self.address)
        self._wires.append(wire)
        return wire

    async def connect(self, who: Person | Device, *, sync: bool = True) -> Talker:
        device = who.device if isinstance(who, Person) else who
        wire = await self.wire()
        await wire.open(self.token(device))
        talker = Talker(device, wire, self.server.organisation.server_key.public)
        if sync:
            await talker.sync()
        return talker
