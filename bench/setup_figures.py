"""Figures of setting up: how long `make up` takes."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from bench.figure import Figure, bench, of_runs

ROOT = Path(__file__).parent.parent
LONGEST_S = 1800


@bench("make_up")
def make_up() -> Iterable[Figure]:
    """`make up` in a fresh clone until it listens, and again."""
    with tempfile.TemporaryDirectory(prefix="inmost-clone-") as folder:
        clone = Path(folder) / "inmost"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        cold = _up(clone)
        warm = [_up(clone) for _ in range(3)]
        shutil.rmtree(clone)
    note = "system packages were there; the registries' downloads may come from a cache of this machine"
    return [
        Figure("make_up_cold", cold, "s", 0.0, 1, note=note),
        of_runs("make_up_warm", warm, "s", aim=10),
    ]


def _up(clone: Path) -> float:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CARGO_TARGET_DIR")
    }
    begun = time.perf_counter()
    process = subprocess.Popen(
        ["make", "up", "ARGS=--port 0", "YES=1"],
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    spent, said = 0.0, ""
    for line in process.stdout:
        said += line
        if re.search(r"listens at", line):
            spent = time.perf_counter() - begun
            break
        if time.perf_counter() - begun > LONGEST_S:
            break
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(60)
    if not spent:
        raise RuntimeError(f"make up did not end with a server:\n{said}")
    return spent
