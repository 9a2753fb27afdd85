"""A real server behind a site with the built client, and real browsers."""

import os
import socket
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.story.world import World
from web.tests.host.browser import browsers
from web.tests.host.site import Site

WEB = Path(__file__).parents[2]


class Town:
    """A server with Anna, its owner, who uses the command, behind a site that browsers visit."""

    def __init__(self, world: World, site: Site) -> None:
        self.world, self.site = world, site
        self.anna = world.owner("anna")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture(scope="session")
def built_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test's own page around the client, built as the product is."""
    dist = tmp_path_factory.mktemp("dist")
    build = ["npx", "vite", "build", "--config", "tests/host/page/vite.config.ts", "--outDir", str(dist)]
    subprocess.run(build, cwd=WEB, check=True, stdout=subprocess.DEVNULL, env=os.environ)
    return dist


@pytest.fixture(scope="module")
def town(built_client: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("town")
    with Site(built_client) as site:
        (folder / "data").mkdir()
        (folder / "data" / "inmost.toml").write_text(f'origins = ["{site.origin}"]\n')
        world = World(folder)
        # It names the site's origin where it says where it listens.
        world.server.port = site.port = free_port()
        world.server.start()
        try:
            yield Town(world, site)
        finally:
            world.__exit__()


@pytest.fixture(scope="module")
def playwright():
    with sync_playwright() as playing:
        yield playing


@pytest.fixture
def at_browsers(playwright, town: Town, tmp_path: Path):
    town.site.mend()
    with browsers(playwright, tmp_path, town.site) as opened:
        yield opened
