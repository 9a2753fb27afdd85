"""Has the engine for browsers answer a recording, and says where it differs from the engine that was recorded."""

import base64
import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tests.differential.recorder import Native, answered, read

ROOT = Path(__file__).parents[2]
PKG = ROOT / "engine/wasm/pkg"
REPLAY = Path(__file__).parent / "replay.mjs"
PARTS = ("rows", "frames", "events", "wake_at_ms")
TIMEOUT_S = 500.0


@dataclass(frozen=True)
class Compared:
    """differs: what is different, in words; None for nothing. took_ms: of each answer, up to the first that differs."""

    recording: Path
    begin_ms: float
    took_ms: list[float]
    differs: str | None


def compared(recordings: Iterable[Path]) -> list[Compared]:
    """Replay each recording in one process of Node."""
    done = subprocess.run(
        ["node", str(REPLAY), str(PKG), *map(str, recordings)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [
        Compared(Path(line["recording"]), line["begin_ms"], line["took_ms"], difference(line))
        for line in map(json.loads, done.stdout.splitlines())
    ]


def difference(line: dict[str, Any]) -> str | None:
    """What differs, by names and lengths: the words and keys in it stay in the recording."""
    if line["differs_at"] is None:
        return None
    rows, asked = read(Path(line["recording"]))
    engine = Native(rows)
    place = line["differs_at"]
    for each in asked[:place]:
        answered(engine, each.what, each.given)
    here = asked[place]
    native, browser = answered(engine, here.what, here.given), base64.b64decode(line["got"])
    where = f"number {place} of {len(asked)} in {line['recording']}, {named(here.what, here.given)}"
    if native == browser:
        return f"{where}: both builds answer alike now, but not as it was recorded"
    return f"{where}: {'; '.join(parts_that_differ(native, browser)) or f'{len(native)} and {len(browser)} bytes'}"


def named(what: bytes, given: bytes) -> str:
    read_ = msgspec.msgpack.decode(given)
    if what == b"q":
        return f"view {read_[0]}"
    _, _, kind, *more = read_
    if kind == "command":
        return f"command {more[1]}"
    return f"frame {msgspec.msgpack.decode(more[0])[0]!r}" if kind == "frame" else str(kind)


def parts_that_differ(native: bytes, browser: bytes) -> list[str]:
    try:
        one, other = msgspec.msgpack.decode(native), msgspec.msgpack.decode(browser)
        both = list(zip(PARTS, one, other, strict=True))
    except (msgspec.DecodeError, ValueError, TypeError):
        return []
    found = []
    for part, ours, theirs in both:
        if ours == theirs:
            continue
        found.append(part if part == "wake_at_ms" else f"{part}: {len(ours)} and {len(theirs)}")
        if part != "wake_at_ms":
            pairs = [(a, b) for a, b in zip(ours, theirs, strict=False) if a != b]
            found += [f"{outline(a)} against {outline(b)}" for a, b in pairs[:5]]
    return found


def outline(each: Any) -> str:
    if isinstance(each, bytes):
        return f"{len(each)} bytes"
    table, *more = each
    if len(more) == 2:
        return f"{table} {more[0][:1]!r}{more[0][17:].hex()[:24]} ({len(more[1] or b'')} bytes)"
    return str(table)
