"""The stories, built as the product is, and a browser."""

import os
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from web.tests.pages.looks import WEB, window
from web.tests.pages.site import served


def built(folder: Path, *arguments: str) -> Path:
    # The release is written beside the files that it lists: relative, as the product's own folder is named.
    out = os.path.relpath(folder, WEB)
    build = ["npx", "vite", "build", "--outDir", out, "--emptyOutDir", *arguments]
    subprocess.run(build, cwd=WEB, check=True, stdout=subprocess.DEVNULL, env=os.environ)
    return folder


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory):
    with served(built(tmp_path_factory.mktemp("looks"), "--mode", "looks")) as at:
        yield at


# One Playwright at a time in a process: other folders' tests have their own.
@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playing:
        opened = playing.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def looks(browser: Browser, address: str):
    with window(browser, address, width=1280, height=800, scheme="light") as opened:
        yield opened
        assert opened.complaints == []


@pytest.fixture
def narrow(browser: Browser, address: str):
    with window(browser, address, width=320, height=640, scheme="light") as opened:
        yield opened
        assert opened.complaints == []
