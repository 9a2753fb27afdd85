"""What every adversary test starts from: an organisation of four people, and the attackers' tools built."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adversary.speaking import ROOT
from tests.adversary.world import Organisation, World, make_organisation, worlds

LONGEST_S = 120


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An attack that hangs is a failed test, soon."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(LONGEST_S, func_only=True))


def is_built() -> bool:
    """`make test` has built the attackers' tools; after a change of what they are made of, a single test builds them anew."""
    built = ROOT / "tests/adversary/inmost_attacker.abi3.so"
    sources = [*(ROOT / "tests/adversary/mls/src").iterdir(), *(ROOT / "engine/public/src").rglob("*.rs")]
    newest = max(source.stat().st_mtime for source in sources)
    return built.exists() and built.stat().st_mtime > newest


@pytest.fixture(scope="session")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Organisation:
    if not is_built():
        subprocess.run(["make", "attacker"], cwd=ROOT, check=True, timeout=600)
    return asyncio.run(make_organisation(tmp_path_factory.mktemp("organisation")))


@pytest.fixture
async def world(organisation: Organisation, tmp_path: Path) -> AsyncIterator[World]:
    """Behind an honest server that a lying one stands before."""
    async for one in worlds(organisation, tmp_path):
        yield one


@pytest.fixture
async def complicit(organisation: Organisation, tmp_path: Path) -> AsyncIterator[World]:
    """Behind a server whose operator takes part in the attack."""
    async for one in worlds(organisation, tmp_path, complicit=True):
        yield one
