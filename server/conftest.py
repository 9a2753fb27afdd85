"""Fixtures of the server's tests: a running server, and one with an owner."""

import pytest

from server.kit.running import Running


@pytest.fixture
async def running(tmp_path):
    """A server that nobody owns yet."""
    running = await Running(tmp_path / "data").start()
    yield running
    await running.stop()


@pytest.fixture
async def team(running):
    """A server with its owner."""
    await running.owner()
    return running
