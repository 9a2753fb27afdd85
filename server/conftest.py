"""Fixtures of the server's tests: a store, a running server, and one with an owner, each on every database."""

import pytest

from inmost_server.store import store_at
from server.kit.running import Running


@pytest.fixture
async def store(tmp_path, database):
    """A store with nothing in it."""
    store = store_at(database or tmp_path / "inmost.db")
    store.start()
    yield store
    store.close()


@pytest.fixture
async def running(tmp_path, database):
    """A server that nobody owns yet."""
    running = await Running(tmp_path / "data", database=database).start()
    yield running
    await running.stop()


@pytest.fixture
async def team(running):
    """A server with its owner."""
    await running.owner()
    return running
