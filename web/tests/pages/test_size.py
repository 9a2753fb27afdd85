"""What a browser has to load before somebody can sign in or read."""

import gzip
import re
from pathlib import Path

import pytest

from web.tests.pages.conftest import built

MOST_BYTES = 250_000


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("app"))


def needed(app: Path, *names: str) -> set[Path]:
    """The scripts of these names with everything they import at once."""
    assets = app / "assets"
    left = [next(iter(assets.glob(f"{name}-*.js"))) for name in names]
    found: set[Path] = set()
    while left:
        script = left.pop()
        if script in found:
            continue
        found.add(script)
        imported = re.findall(r'(?:from|import)\s*"\./([\w.-]+\.js)"', script.read_text())
        left += [assets / name for name in imported]
    return found


@pytest.mark.parametrize("page", ["welcome", "join", "shell"])
def test_the_first_page_needs_no_more_script_than_promised(app: Path, page: str):
    total = sum(len(gzip.compress(each.read_bytes(), 6)) for each in needed(app, "app", page))
    assert 50_000 < total <= MOST_BYTES
