"""Figures of the engine for browsers: what a browser loads, and its times beside the native engine's, both asked the same."""

import asyncio
import functools
import json
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import devices
from bench.devices import pack, unpack
from bench.figure import Figure, bench, of_runs
from bench.organisation import organisation, pair
from bench.spine_figures import TEXT
from tests.differential.comparison import PKG, compared
from tests.differential.recorder import STEP, Asked, Native, Recording, answered, read

RUNS = 5
MESSAGES = 400
PAGE = 50
MOST_BROTLI_KB = 400

SIZES = """
const { readFileSync } = require("node:fs");
const { brotliCompressSync, gzipSync } = require("node:zlib");
const module = readFileSync(process.argv[1]);
console.log(JSON.stringify([module.length, gzipSync(module, { level: 9 }).length, brotliCompressSync(module).length]));
"""


@bench("wasm_size")
def wasm_size() -> Iterable[Figure]:
    """What a browser loads."""
    module = PKG / "inmost_engine_bg.wasm"
    done = subprocess.run(["node", "-e", SIZES, str(module)], capture_output=True, text=True, check=True)
    raw, gzip, brotli = (size / 1000 for size in json.loads(done.stdout))
    return [
        of_runs("wasm_raw", [raw], "kB"),
        of_runs("wasm_gzip", [gzip], "kB"),
        of_runs("wasm_brotli", [brotli], "kB", aim=MOST_BROTLI_KB),
    ]


@dataclass(frozen=True)
class Times:
    """One replay of a recording: how long an engine took to begin and for each answer, ms."""

    begin_ms: float
    took_ms: list[float]


@bench("wasm_times")
async def wasm_times() -> Iterable[Figure]:
    """Seal, open, page and start in WebAssembly under Node, as many times the native engine's time."""
    with tempfile.TemporaryDirectory() as folder:
        with recorded(Path(folder)):
            author, reader, late, start = await _talk(Path(folder))
        replays = {path: _replays(path) for path in (author, reader, late, start)}
    sends = [place for place, (each, _) in enumerate(replays[author].asked) if _is_send(each)]
    opens = [place for place, (_, effects) in enumerate(replays[reader].asked) if _shows(effects, "message")]
    pages = list(_pages(replays[late].asked))[2:-1]  # the first ones also read rosters and history links
    return [
        replays[author].figure("wasm_seal_200_bytes", "µs", lambda run: 1000 * median(run.took_ms[at] for at in sends)),
        replays[reader].figure("wasm_open_200_bytes", "µs", lambda run: 1000 * median(run.took_ms[at] for at in opens)),
        replays[late].figure("wasm_page_of_50", "ms", lambda run: median(sum(run.took_ms[a:b]) for a, b in pages)),
        replays[start].figure("wasm_start", "ms", lambda run: run.begin_ms),
    ]  # fmt: skip


@contextmanager
def recorded(folder: Path) -> Iterator[None]:
    """Every device made meanwhile is recorded there."""
    devices.Engine = functools.partial(Recording, folder=folder)  # type: ignore[misc,assignment]
    try:
        yield
    finally:
        devices.Engine = Native  # type: ignore[misc]


async def _talk(folder: Path) -> tuple[Path, Path, Path, Path]:
    """Recordings: who writes, who listens, who pages back later, and one that starts from the listener's rows."""
    async with organisation() as at:
        reader, conversation = await pair(at)
        for _ in range(MESSAGES):
            content = {"type": "text", "text": TEXT, "reply_to": None, "mentions": []}
            await at.owner.command("send", conversation=conversation, content=content)
        [late] = await at.join(1)
        await at.owner.command("add", conversation=conversation, users=[late.user])
        await late.connect(at.http)
        await asyncio.sleep(2)
        more = True
        while more:
            page = await late.command("page", conversation=conversation, before=None, limit=PAGE)
            more = page["more"]
        start = Recording(reader.rows.items(), folder)
        start.view(pack(["me", {}]))
        return at.owner.engine.path, reader.engine.path, late.engine.path, start.path  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Replays:
    """One recording, several times, in both builds. asked: each question with the native engine's answer."""

    asked: list[tuple[Asked, bytes]]
    native: list[Times]
    browser: list[Times]

    def figure(self, name: str, unit: str, value: Any) -> Figure:
        ours, theirs = median(map(value, self.native)), [value(run) for run in self.browser]
        note = f"{median(theirs) / ours:.1f} times the native engine's {ours:.1f} {unit}"
        return of_runs(name, theirs, unit, note=note)


def _replays(path: Path) -> Replays:
    native = [_native(path) for _ in range(RUNS)]
    browser = [each for _ in range(RUNS) for each in compared([path])]
    if differs := [each.differs for each in browser if each.differs]:
        raise RuntimeError(differs[0])
    return Replays(
        native[0][1], [times for times, _ in native], [Times(b.begin_ms, b.took_ms) for b in browser]
    )


def _native(path: Path) -> tuple[Times, list[tuple[Asked, bytes]]]:
    rows, asked = read(path)
    begun = time.perf_counter_ns()
    engine = Native(rows)
    begin_ms = (time.perf_counter_ns() - begun) / 1e6
    took_ms, answers = [], []
    for each in asked:
        before = time.perf_counter_ns()
        answer = answered(engine, each.what, each.given)
        took_ms.append((time.perf_counter_ns() - before) / 1e6)
        answers.append((each, answer))
    return Times(begin_ms, took_ms), answers


def _is_send(asked: Asked) -> bool:
    return asked.what == STEP and unpack(asked.given)[2:5:2] == ["command", "send"]


def _shows(effects: bytes, event: str) -> bool:
    decoded = unpack(effects)
    return isinstance(decoded, list) and any(name == event for name, _ in decoded[2])


def _pages(asked: list[tuple[Asked, bytes]]) -> Iterator[tuple[int, int]]:
    """From each command `page` to the step that ends it."""
    begun = None
    for place, (each, effects) in enumerate(asked):
        if each.what != STEP:
            continue
        if unpack(each.given)[2:5:2] == ["command", "page"]:
            begun = place
        if begun is not None and _shows(effects, "done"):
            yield begun, place + 1
            begun = None
