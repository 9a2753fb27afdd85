"""A small organisation behind a server that may lie: made once, copied for each test, its people real clients of the SDK."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import pyotp

from inmost.client import Client
from inmost.factors import AskFactor, Password, StepUp
from inmost.joining import Answers, Joined, join
from inmost.models import Alarm, Message
from inmost.returning import recover
from inmost.store import Custody
from inmost_engine.public import DeviceView, Directory, UserView
from inmost_protocol import decode_request, decode_told
from inmost_protocol.conversations import Commit, CreateConversation
from inmost_protocol.frames import Frame
from inmost_protocol.messages import Send
from protocol.vectors import by_document as formats
from tests.adversary.speaking import ROOT, Attacker

Kind = TypeVar("Kind")

PEOPLE = ("alice", "bob", "carol", "mallory")
# Whoever claims the owner's link has this account.
OWNER = "owner"
# Addresses for devices and people that a test adds.
SPARE = ("spare", "other")
PASSWORD = "seven green bottles on a wall"
READY_TIMEOUT_S = 40.0
EVENT_TIMEOUT_S = 30.0
LOOK_AGAIN_S = 0.05
COMMIT, LINK = 2, 5
DAY_MS = 24 * 3_600_000


def free_ports(count: int) -> list[int]:
    with Sockets() as sockets:
        return [sockets.listen() for _ in range(count)]


class Sockets(contextlib.ExitStack):
    """Holds all sockets until all ports are known, so that none is given twice."""

    def listen(self) -> int:
        one = self.enter_context(socket.socket())
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass(frozen=True)
class Organisation:
    """Made once for a session: the server's data and everybody's profile, stopped, to be copied; and where they listen."""

    folder: Path
    server_port: int
    ports: dict[str, int]
    joined: dict[str, Joined] = field(default_factory=dict)

    @property
    def origins(self) -> dict[str, str]:
        return {person: f"http://127.0.0.1:{port}" for person, port in self.ports.items()}

    @property
    def environment(self) -> dict[str, str]:
        return {"INMOST_ORIGINS": ",".join(self.origins.values()), "INMOST_LOG_LEVEL": "warning"}


def custody_in(folder: Path) -> Custody:
    return Custody("key-file", key_file=folder / "key")


def answers() -> Answers:
    async def password(refused: Exception | None) -> str:
        return PASSWORD

    async def code(factor: Any, refused: Exception | None) -> str:
        import base64

        return pyotp.TOTP(base64.b32encode(factor.secret).decode()).now()

    return Answers(password, code)


class Served:
    """Where a server listens, and where it keeps what it keeps."""

    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        return self.data / "inmost.db"


class HonestServer(Served):
    """`inmost up` as an operator starts it."""

    def __init__(self, data: Path, port: int, environment: dict[str, str]) -> None:
        self.data, self.port = data, port
        self._environment = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
        self._process: asyncio.subprocess.Process | None = None
        self.owner_link = ""

    async def __aenter__(self) -> Self:
        command = [
            sys.executable,
            "-m",
            "inmost_cli.main",
            "up",
            "--data",
            str(self.data),
            "--port",
            str(self.port),
        ]
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=self._environment, stdout=pipe
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(READY_TIMEOUT_S):
            await self._until_it_listens(self._process.stdout)
        return self

    async def _until_it_listens(self, lines: asyncio.StreamReader) -> None:
        is_new = not (self.data / "inmost.db").exists()
        while line := (await lines.readline()).decode().strip():
            if "/join#" in line:
                self.owner_link = line
                return
            if "listens at" in line and not is_new:
                return
        raise AssertionError("the server did not start")

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        await self._process.wait()


class ComplicitServer(Served, Attacker):
    """The real server in the hands of an attacker (complicit_server.py)."""

    def __init__(self, data: Path, port: int, environment: dict[str, str]) -> None:
        super().__init__("tests.adversary.complicit_server", str(data), str(port), environment=environment)
        self.data, self.port = data, port

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await until(lambda: is_listening(self.port))
        return self


async def given_up(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def is_listening(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def until(
    is_so: Callable[[], Awaitable[Any]], timeout_s: float = EVENT_TIMEOUT_S, what: str = ""
) -> Any:
    """Wait for somebody else's process or engine; the first true answer."""
    end = time.monotonic() + timeout_s
    while not (answer := await is_so()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s} s in vain: {what or is_so}")
        await asyncio.sleep(LOOK_AGAIN_S)
    return answer


@dataclass(frozen=True)
class Seen:
    """One frame that came by the lying server. way: "asked" by the client, or "told" to it."""

    person: str
    device: bytes
    way: str
    frame: Frame


class World:
    """One test's organisation: a real server, a server before it that may lie, and whoever is awake."""

    def __init__(self, organisation: Organisation, folder: Path, complicit: bool) -> None:
        self.organisation = organisation
        self.folder = folder
        self.homes = folder / "homes"
        self._codes_used = 0
        self._stack = AsyncExitStack()
        shutil.copytree(organisation.folder, folder, dirs_exist_ok=True)
        kind = ComplicitServer if complicit else HonestServer
        self.server: Any = kind(folder / "data", organisation.server_port, organisation.environment)
        arguments = {"ports": organisation.ports, "server": self.server.url}
        self.lies = Attacker("tests.adversary.malicious_server", json.dumps(arguments))
        self.clients: dict[str, Client] = {}

    async def __aenter__(self) -> Self:
        try:
            await asyncio.gather(
                self._stack.enter_async_context(self.server), self._stack.enter_async_context(self.lies)
            )
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def wake(self, *profiles: str) -> list[Client]:
        """Open profiles and wait until each is connected and synced."""

        clients = [await self.wake_without_sync(profile) for profile in profiles]
        for client in clients:
            await client.ready(READY_TIMEOUT_S)
        return clients

    async def wake_without_sync(self, profile: str) -> Client:
        """Open a profile that may never get to sync, because of what the server tells it."""
        client = self.clients[profile] = Client(profile, home=self.homes, factor=self._factor_of(profile))
        await self._stack.enter_async_context(client)
        return client

    def _factor_of(self, profile: str) -> AskFactor:
        """What a person shows when a dangerous act needs it."""

        async def factor(_: StepUp) -> Password:
            self._codes_used += 1
            return Password(PASSWORD, self.organisation.joined[profile].backup_codes[self._codes_used])

        return factor

    async def sleep(self, profile: str) -> None:
        """Close a client; its profile stays."""
        await self.clients.pop(profile).__aexit__(None, None, None)

    async def attacker(self, profile: str) -> Attacker:
        """Somebody with a copy of this profile's disk as it is now. Close the client first."""
        stolen = self.folder / "stolen" / str(time.monotonic_ns())
        shutil.copytree(self.homes / profile, stolen / profile)
        return await self._stack.enter_async_context(
            Attacker("tests.adversary.stolen_disk", str(stolen), profile)
        )

    async def connected(self, profile: str) -> Attacker:
        """The same, signed in as that device."""
        attacker = await self.attacker(profile)
        person = profile.partition("-")[0]
        assert await attacker.do("connect", origin=self.organisation.origins[person]) == ""
        return attacker

    async def attack(self, name: str, **arguments: Any) -> None:
        """From now on the server before the real one lies like this (attacks.py)."""
        await self.lies.do("attack", attack=f"tests.adversary.attacks:{name}", arguments=arguments)

    async def honest(self) -> None:
        """The server before the real one lies no more."""
        await self.lies.do("attack", attack="tests.adversary.malicious_server:Attack", arguments={})

    async def mark(self) -> int:
        """Now, for `seen` and `sent`."""
        return int(await self.lies.do("mark"))

    def known(self) -> Directory:
        """The directory as the server has it, verified."""
        entries = self.directory()
        directory = Directory(formats.read_cbor(formats.read_cbor(entries[0])[0])[1])
        for entry in entries:
            directory.apply(entry)
        return directory

    def who(self, account: str) -> UserView:
        user = self.known().user_by_account(OWNER if account == "alice" else account)
        assert user is not None
        return user

    def device(self, account: str, which: int = 0) -> DeviceView:
        """A person's device, by the order they came."""
        return self.known().devices_of(self.who(account).user)[which]

    async def invite_and_join(self, by: Client, account: str, address: str = "spare") -> Joined:
        link = await by.invite(account, expires_ms=time.time_ns() // 1_000_000 + DAY_MS)
        return await self.join(link, account, address)

    async def recover(
        self, person: str, profile: str, *, revoke_others: bool, key: str | None = None
    ) -> None:
        """A person comes back, or comes in with a further device, by the recovery key."""
        joined = self.organisation.joined[person]
        self._codes_used += 1
        await recover(
            self.organisation.origins[person],
            account=joined.account,
            password=PASSWORD,
            code=joined.backup_codes[self._codes_used],
            recovery_key=key or str(joined.recovery_key),
            revoke_others=revoke_others,
            custody=custody_in(self.folder),
            profile=profile,
            home=self.homes,
        )

    async def join(self, link: str, profile: str, address: str = "spare") -> Joined:
        return await join_at(self.organisation.origins[address], link, profile, self.folder)

    async def seen(self, after: int = 0, person: str | None = None, way: str | None = None) -> list[Seen]:
        """What came by the lying server since a mark."""
        frames = await self.lies.do("frames", after=after)
        found = []
        for of, device, which, raw in frames:
            if (person is None or of == person) and (way is None or which == way):
                frame = decode_request(raw) if which == "asked" else decode_told(raw)
                found.append(Seen(of, device, which, frame))
        return found

    async def sent(self, person: str, after: int = 0) -> list[Frame]:
        """What a person's devices sealed or committed since a mark."""
        kinds = (Send, Commit, CreateConversation)
        return [one.frame for one in await self.seen(after, person, "asked") if isinstance(one.frame, kinds)]

    def log(self, conversation: bytes, database: Path | None = None) -> list[tuple[int, int, bytes]]:
        """(n, kind, entry) as the server keeps it."""
        with sqlite3.connect(f"file:{database or self.server.database}?mode=ro", uri=True) as connection:
            rows = connection.execute(
                "SELECT n, kind, entry FROM log_items WHERE conversation = ? ORDER BY n", (conversation,)
            )
            return [(n, kind, entry) for n, kind, entry in rows]

    def head(self, conversation: bytes) -> list[Any]:
        """[n, h_n] of a log's last item."""
        with sqlite3.connect(f"file:{self.server.database}?mode=ro", uri=True) as connection:
            row = connection.execute(
                "SELECT n, hash FROM log_items WHERE conversation = ? ORDER BY n DESC LIMIT 1",
                (conversation,),
            ).fetchone()
        return list(row)

    def commits(self, conversation: bytes) -> list[tuple[int, int, bytes]]:
        """(epoch it applies to, n, message) of each commit."""
        found = []
        for n, kind, entry in self.log(conversation):
            if kind == COMMIT:
                _, epoch, message = formats.read_cbor(entry)
                found.append((epoch, n, message))
        return found

    def links(self, conversation: bytes, epoch: int) -> list[tuple[int, bytes]]:
        """(n, device) of each link of an epoch."""
        links = [(n, formats.read_cbor(entry)) for n, kind, entry in self.log(conversation) if kind == LINK]
        return [(n, link[3]) for n, link in links if link[1] == epoch]

    def later(self, wish: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Something that ends later, or never: it is given up at the end."""
        task = asyncio.ensure_future(wish)
        self._stack.push_async_callback(given_up, task)
        return task

    def directory(self) -> list[bytes]:
        """All entries as the server keeps them."""
        return self._kept("SELECT entry FROM directory_entries ORDER BY n")

    def key_package_of(self, device: bytes) -> bytes:
        return self._kept(
            "SELECT package FROM key_packages WHERE device = ? AND NOT last_resort ORDER BY id", device
        )[-1]

    def vault_of(self, user: bytes) -> bytes:
        return self._kept("SELECT vault FROM vaults WHERE user = ?", user)[0]

    def _kept(self, question: str, *of: bytes) -> list[bytes]:
        with sqlite3.connect(f"file:{self.server.database}?mode=ro", uri=True) as connection:
            return [row[0] for row in connection.execute(question, of)]


def decoded(frame: bytes, kind: type[Kind]) -> Kind:
    """A request of a known kind."""
    found = decode_request(frame)
    assert isinstance(found, kind)
    return found


async def join_at(origin: str, link: str, profile: str, folder: Path) -> Joined:
    return await join(
        origin + link[link.index("/join#") :],
        name=profile.title(),
        custody=custody_in(folder),
        answers=answers(),
        profile=profile,
        home=folder / "homes",
    )


# What a test asks of clients


async def alarms(client: Client, kind: str | None = None) -> list[Alarm]:
    return [alarm for alarm in await client.alarms() if kind in (None, alarm.kind)]


async def alarm(client: Client, kind: str, timeout_s: float = EVENT_TIMEOUT_S) -> Alarm:
    """Wait until this is shown."""

    async def shown() -> list[Alarm]:
        return await alarms(client, kind)

    try:
        found: list[Alarm] = await until(shown, timeout_s)
    except AssertionError:
        among = [one.kind for one in await client.alarms()]
        raise AssertionError(f"ATTACK SUCCEEDED: {kind} was not shown, only {among}") from None
    return found[0]


async def texts(client: Client, conversation: str) -> list[str]:
    """What a person reads there, oldest first."""
    return [message.text for message in await client.history(conversation, limit=500) if message.text]


async def hears(client: Client, conversation: str, text: str, timeout_s: float = EVENT_TIMEOUT_S) -> Message:
    """Wait until a person reads this."""

    async def found() -> Message | None:
        here = await client.history(conversation, limit=500)
        return next((message for message in here if message.text == text), None)

    heard: Message = await until(found, timeout_s, f"{text!r}")
    return heard


async def is_in(
    client: Client, conversation: str, state: str = "member", timeout_s: float = EVENT_TIMEOUT_S
) -> None:
    """Wait until this device is in (or out of) a conversation."""

    async def so() -> bool:
        seen = await client.host.view("conversations")
        states = (state, "waiting") if state == "member" else (state,)  # waiting: a member, for old history
        return any(one["conversation"].hex() == conversation and one["state"] in states for one in seen)

    await until(so, timeout_s, f"{state} of {conversation}")


async def make_organisation(folder: Path) -> Organisation:
    """One server, four people; stopped at the end."""
    names = (*PEOPLE, *SPARE)
    server_port, *ports = free_ports(1 + len(names))
    organisation = Organisation(folder, server_port, dict(zip(names, ports, strict=True)))
    async with AsyncExitStack() as stack:
        server = HonestServer(folder / "data", server_port, organisation.environment)
        await stack.enter_async_context(server)
        arguments = json.dumps({"ports": organisation.ports, "server": server.url})
        await stack.enter_async_context(Attacker("tests.adversary.malicious_server", arguments))
        links = {"alice": server.owner_link}
        organisation.joined["alice"] = await join_at(
            organisation.origins["alice"], links["alice"], "alice", folder
        )
        async with Client("alice", home=folder / "homes") as alice:
            await alice.ready(READY_TIMEOUT_S)
            for person in PEOPLE[1:]:
                links[person] = await alice.invite(person, expires_ms=time.time_ns() // 1_000_000 + DAY_MS)
            for person in PEOPLE[1:]:
                origin = organisation.origins[person]
                organisation.joined[person] = await join_at(origin, links[person], person, folder)
    return organisation


async def worlds(organisation: Organisation, folder: Path, complicit: bool = False) -> AsyncIterator[World]:
    async with World(organisation, folder, complicit) as world:
        yield world
