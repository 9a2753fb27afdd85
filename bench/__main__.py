"""Runs the measurements and keeps what they gave: `python -m bench [NAME ...]`."""

import asyncio
import inspect
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import server_figures, setup_figures, spine_figures, wasm_figures, web_figures
from bench.figure import Bench, Figure, registered

RESULTS = Path(__file__).parent / "results" / "latest.json"
MEASURED_IN = (spine_figures, server_figures, setup_figures, wasm_figures, web_figures)


def main(names: list[str]) -> int:
    """Run the named measurements (all without names), print a table, write bench/results/latest.json."""
    benches = registered()
    unknown = [name for name in names if name not in benches]
    if unknown:
        print(
            f"No measurement is called {', '.join(unknown)}. There are: {', '.join(benches)}.",
            file=sys.stderr,
        )
        return 2
    kept, where = _kept(), _where()  # once: each figure kept makes the checkout "dirty"
    for name in names or list(benches):
        for figure in _run(benches[name]):
            kept[figure.name] = {**asdict(figure), "met": figure.is_met, **where}
            _write(kept)
    return 0


def _run(chosen: Bench) -> Iterable[Figure]:
    print(f"\n{chosen.name}: {chosen.tells}", flush=True)
    started = time.monotonic()
    figures = chosen.measure()
    if inspect.isawaitable(figures):
        figures = asyncio.run(_awaited(figures))
    for figure in figures:
        print(_line(figure), flush=True)
        yield figure
    print(f"  ({time.monotonic() - started:.0f} s)", flush=True)


async def _awaited(figures: Any) -> Iterable[Figure]:
    awaited: Iterable[Figure] = await figures
    return awaited


def _line(figure: Figure) -> str:
    aim = ""
    if figure.aim is not None:
        sign = "at most" if figure.better == "lower" else "at least"
        aim = f"  aim {sign} {figure.aim:,g}: {'met' if figure.is_met else 'MISSED'}"
    note = f"  ({figure.note})" if figure.note else ""
    return f"  {figure.name:<44} {figure.value:>12,.1f} {figure.unit:<12} ±{figure.spread:.0%}{aim}{note}"


def _where() -> dict[str, str]:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return {
        "machine": f"{platform.machine()}, {_cores()} cores, Linux {platform.release()}",
        "commit": commit.stdout.strip() or "unknown",
        "measured_on": datetime.now(UTC).date().isoformat(),
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _kept() -> dict[str, Any]:
    if not RESULTS.exists():
        return {}
    figures: list[dict[str, Any]] = json.loads(RESULTS.read_text())["figures"]
    return {figure["name"]: figure for figure in figures}


def _write(kept: dict[str, Any]) -> None:
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"figures": list(kept.values())}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
