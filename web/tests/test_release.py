"""The same sources give the same web app, wherever and whenever it is built; and what a build keeps of itself is whole."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).parents[1]
ROOT = WEB.parent
# A year and a day later, in the same process's eyes.
LATER = """
const shift = 366 * 86_400_000;
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) { super(...(given.length === 0 ? [Real.now() + shift] : given)); }
  static now() { return Real.now() + shift; }
};
"""


def _build(place: Path, **environment: str) -> dict[str, str]:
    """Build a copy of the sources at a place; the digests of what came out."""
    made_of = ["src", "public", "build", "index.html", "package.json", "tsconfig.json", "vite.config.ts"]
    for name in made_of:
        source = WEB / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, place / "web" / name)
    for folder in ("engine/wasm/pkg", "sdk/inmost/store/schema"):
        shutil.copytree(ROOT / folder, place / folder)
    (place / "web" / "node_modules").symlink_to(WEB / "node_modules")
    subprocess.run(
        [WEB / "node_modules" / ".bin" / "vite", "build", "--logLevel", "error"],
        cwd=place / "web",
        check=True,
        env={**os.environ, **environment},
    )
    return json.loads((place / "web" / "dist" / "files.json").read_text())["files"]


@pytest.fixture
def later(tmp_path: Path) -> str:
    script = tmp_path / "later.mjs"
    script.write_text(LATER)
    return f"--import {script.as_uri()}"


def test_two_builds_in_two_places_at_two_times_are_the_same_bytes(tmp_path: Path, later: str):
    for place in ("here", "quite/another/place"):
        (tmp_path / place / "web").mkdir(parents=True)
    here = _build(tmp_path / "here", TZ="UTC")
    there = _build(tmp_path / "quite/another/place", TZ="Asia/Tokyo", NODE_OPTIONS=later)
    assert here == there
    assert "index.html" in here
    assert any(path.endswith(".wasm") for path in here)
