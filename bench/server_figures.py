"""Figures of the server: durable sends, deliveries for its processor time, memory, start."""

import asyncio
import gc
import tempfile
import time
from collections.abc import Iterable
from os import urandom
from pathlib import Path

from bench.devices import Device, now_ms, pack, unpack
from bench.figure import Figure, bench, of_runs
from bench.organisation import SERVER_CORE, Organisation, ServerProcess, organisation
from bench.peers import Peer, bare_uvicorn, coalescing_floor
from bench.pgbench import single_row_commits
from bench.raw_socket import TAG_ACCEPTED, TAG_ITEM, TAG_REFUSED, RawSocket, open_raw
from server.kit.cluster import Cluster

RUNS = 3
SENDERS = (1, 10, 100)
SECONDS = 1.0  # a device alone stays below what it may send at once
# Sealed beforehand by each sender; those measured alone or among ten need more.
FRAMES_AMONG_ALL, FRAMES_AMONG_FEWER = 1_500, 14_000
AMONG_FEWER = 10 + RUNS - 1
ONLINE = 500
ONE_AT_A_TIME = 150
BURST = 32
BURSTS = 12
IDLE_CONNECTIONS = 100
TEXT = "three hundred bytes sealed, more or less: what a short answer in a working day looks like on the wire"


def sealed_frames(author: Device, conversation: bytes, count: int) -> list[bytes]:
    """Send frames, sealed and ready; the engine never hears what became of them."""
    frames: list[bytes] = []
    for _ in range(count):
        content = {"type": "text", "text": TEXT, "reply_to": None, "mentions": []}
        more = ["command", urandom(16), "send", {"conversation": conversation, "content": content}]
        frames += unpack(author.engine.step(pack([now_ms(), urandom(32), *more])))[1]
    return frames


class Sender:
    """One message in flight: the next goes out when the one before is acknowledged."""

    def __init__(self) -> None:
        self.acknowledged = self.refused = 0
        self.frames: list[bytes] = []
        self.socket: RawSocket | None = None
        self.is_going = False

    def told(self, tag: int) -> None:
        """A frame came."""
        if tag == TAG_ACCEPTED:
            self.acknowledged += 1
        elif tag == TAG_REFUSED:
            self.refused += 1
        else:
            return
        self.next()

    def next(self) -> None:
        """Send the next one, if there is time."""
        if self.is_going and self.frames and self.socket is not None:
            self.socket.send(self.frames.pop())


@bench("durable_sends")
async def durable_sends() -> Iterable[Figure]:
    """Messages a second that are on the disk when they are acknowledged, one in flight for each sender, on SQLite and on PostgreSQL."""
    figures = await _durable_sends("durable_sends", None)
    with Cluster(under=("taskset", "-c", SERVER_CORE)) as cluster, cluster.fresh() as database:
        on_postgresql = await _durable_sends("durable_sends_postgresql", database)
        with cluster.fresh() as other:
            floor = [await asyncio.to_thread(single_row_commits, other, count, RUNS) for count in SENDERS]
    ratios = [
        Figure(f"ours_to_pgbench_{count}", ours.value / alone.value, "times", 0.0, 1, better="higher")
        for count, ours, alone in zip(SENDERS, on_postgresql, floor, strict=True)
    ]
    return [*figures, *on_postgresql, *floor, *ratios]


async def _durable_sends(name: str, database: str | None) -> list[Figure]:
    where = "server and PostgreSQL" if database else "server"
    async with organisation(database) as at:
        senders: list[Sender] = []
        for device in await at.join(max(SENDERS)):
            await device.connect(at.http)
            created = await device.command("create", kind="group", title="mine", users=[])
            sender = Sender()
            is_among_fewer = len(senders) >= max(SENDERS) - AMONG_FEWER
            frames = FRAMES_AMONG_FEWER if is_among_fewer else FRAMES_AMONG_ALL
            sender.frames = sealed_frames(device, created["conversation"], frames)
            token = await device.token(at.http)
            await device.disconnect()
            sender.socket = await open_raw(at.server.origin, token, sender.told)
            senders.append(sender)
        figures = []
        for count in SENDERS:
            rates = [await _rate(_of_run(senders, count, run)) for run in range(RUNS)]
            note = f"{where} on one core, senders on the other"
            figures.append(of_runs(f"{name}_{count}", rates, "a second", better="higher", note=note))
    return figures


def _of_run(senders: list[Sender], count: int, run: int) -> list[Sender]:
    """The last so many, one further to the front in each run: alone, a device would meet the server's limit for one in its second."""
    end = len(senders) - run if count < len(senders) else len(senders)
    return senders[end - count : end]


async def _rate(senders: list[Sender]) -> float:
    before = sum(sender.acknowledged for sender in senders)
    begun = time.perf_counter()
    for sender in senders:
        sender.is_going = True
        sender.next()
    await asyncio.sleep(SECONDS)
    for sender in senders:
        sender.is_going = False
    spent = time.perf_counter() - begun
    for sender in senders:
        if sender.refused and sender.socket is not None:
            raise RuntimeError(f"what is refused is not measured: {sender.socket.refusal!r}")
    if not all(sender.frames for sender in senders):
        raise RuntimeError("a sender ran out of frames: seal more")
    return (sum(sender.acknowledged for sender in senders) - before) / spent


class Audience:
    """Counts deliveries at all receivers."""

    def __init__(self) -> None:
        self.delivered = 0
        self._wanted = 0
        self._there = asyncio.Event()

    def told(self, tag: int) -> None:
        """A frame came to one of them."""
        if tag == TAG_ITEM:
            self.delivered += 1
            if self.delivered >= self._wanted:
                self._there.set()

    async def has(self, wanted: int) -> None:
        """Wait for so many deliveries."""
        self._wanted = wanted
        self._there.clear()
        if self.delivered < wanted:
            await asyncio.wait_for(self._there.wait(), 120)


@bench("deliveries")
async def deliveries() -> Iterable[Figure]:
    """Deliveries to 500 online devices for each second of the server's processor, durable first; and the same by peers."""
    async with organisation() as at:
        members = await at.join(ONLINE)
        created = await at.owner.command(
            "create", kind="group", title="all", users=[member.user for member in members]
        )
        frames = sealed_frames(
            at.owner, created["conversation"], ONE_AT_A_TIME * RUNS + BURST * BURSTS * RUNS
        )
        owner_token = await at.owner.token(at.http)
        await at.owner.disconnect()
        audience, memory = Audience(), at.server.memory_bytes()
        for member in members:
            await open_raw(at.server.origin, await member.token(at.http), audience.told)
        per_connection = (at.server.memory_bytes() - memory) / len(members) / 1024
        socket = await open_raw(at.server.origin, owner_token, lambda tag: None)
        gc.collect()
        single = [
            await _deliver(at.server, socket, audience, frames, ONE_AT_A_TIME, 1, ONLINE) for _ in range(RUNS)
        ]
        burst = [
            await _deliver(at.server, socket, audience, frames, BURSTS, BURST, ONLINE) for _ in range(RUNS)
        ]
    peers = await _peers()
    return [
        of_runs("deliveries_one_at_a_time", single, "per CPU s", aim=120_000, better="higher"),
        of_runs(
            "deliveries_in_bursts",
            burst,
            "per CPU s",
            aim=1_000_000,
            better="higher",
            note=f"{BURST} at once",
        ),
        Figure("kb_per_online_connection", per_connection, "KB", 0.0, 1, aim=20),
        *peers,
        *_ratios(single, burst, peers),
    ]


async def _deliver(
    server: ServerProcess | Peer,
    socket: RawSocket,
    audience: Audience,
    frames: list[bytes],
    rounds: int,
    at_once: int,
    online: int,
) -> float:
    cpu, before = server.cpu_s(), audience.delivered
    for _ in range(rounds):
        for _ in range(at_once):
            socket.send(frames.pop())
        await audience.has(audience.delivered - audience.delivered % online + at_once * online)
    return (audience.delivered - before) / (server.cpu_s() - cpu)


async def _peers() -> list[Figure]:
    figures: list[Figure] = []
    for start in (bare_uvicorn, coalescing_floor):
        peer = await asyncio.to_thread(start)
        try:
            audience = Audience()
            for _ in range(ONLINE):
                await peer.listen(audience)
            socket = await peer.speak()
            payload = [urandom(300) for _ in range(ONE_AT_A_TIME * RUNS + BURST * BURSTS * RUNS)]
            single = [
                await _deliver(peer, socket, audience, payload, ONE_AT_A_TIME, 1, ONLINE) for _ in range(RUNS)
            ]
            burst = [
                await _deliver(peer, socket, audience, payload, BURSTS, BURST, ONLINE) for _ in range(RUNS)
            ]
        finally:
            peer.stop()
        note = "peer in the same run, not durable"
        figures.append(of_runs(f"{peer.name}_one_at_a_time", single, "per CPU s", better="higher", note=note))
        figures.append(of_runs(f"{peer.name}_in_bursts", burst, "per CPU s", better="higher", note=note))
    return figures


def _ratios(single: list[float], burst: list[float], peers: list[Figure]) -> list[Figure]:
    ours = {"one_at_a_time": sorted(single)[len(single) // 2], "in_bursts": sorted(burst)[len(burst) // 2]}
    ratios = []
    for peer in peers:
        kind = "in_bursts" if peer.name.endswith("in_bursts") else "one_at_a_time"
        ratios.append(
            Figure(f"ours_to_{peer.name}", ours[kind] / peer.value, "times", 0.0, 1, better="higher")
        )
    return ratios


@bench("idle")
async def idle() -> Iterable[Figure]:
    """Start of a server that has been set up, its memory with nobody there, and the cost of an idle connection."""
    starts, memories = [], []
    with tempfile.TemporaryDirectory(prefix="inmost-bench-") as folder:
        for _ in range(RUNS + 1):
            server = await asyncio.to_thread(ServerProcess, Path(folder) / "data")
            await asyncio.sleep(1)
            starts.append(server.started_s)
            memories.append(server.memory_bytes() / 1e6)
            server.stop()
    per_connection = await _idle_connections()
    return [
        of_runs("server_start", starts[1:], "s", aim=1, note="from the command to listening"),
        of_runs("server_idle_memory", memories[1:], "MB", aim=120),
        Figure(
            "kb_per_idle_connection",
            per_connection,
            "KB",
            0.0,
            1,
            aim=20,
            note=f"{IDLE_CONNECTIONS} connections, signed in",
        ),
    ]


async def _idle_connections() -> float:
    async with organisation() as at:
        tokens = await _tokens(at, IDLE_CONNECTIONS)
        before = at.server.memory_bytes()
        opened = [await open_raw(at.server.origin, token, lambda tag: None) for token in tokens]
        return (at.server.memory_bytes() - before) / len(opened) / 1024


async def _tokens(at: Organisation, count: int) -> list[str]:
    return [await device.token(at.http) for device in await at.join(count)]
