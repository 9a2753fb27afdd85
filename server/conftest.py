"""Fixtures of the server's tests: a store, a running server, one with an owner, and one as REST and browsers see it, each on every database."""

import pytest

from inmost_server.store import store_at
from server.kit.passkeys import Browser, Door
from server.kit.running import Running
from server.kit.signing_in import Rest


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


@pytest.fixture
async def server(tmp_path, database):
    """A server that is spoken to by REST."""
    async with Rest(tmp_path, database) as found:
        yield found


@pytest.fixture
async def owner(server):
    return await server.claimed_owner()


@pytest.fixture
async def door(server):
    """The same server by its name, as passkeys need it."""
    found = Door(server)
    yield found
    await found.http.aclose()


@pytest.fixture
def browser(door):
    return Browser(door.origin)
