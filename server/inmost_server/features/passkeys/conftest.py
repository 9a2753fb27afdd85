"""A running server reached by its name, and its owner, for the tests of passkeys."""

import pytest

from server.kit.passkeys import Browser, Door
from server.kit.signing_in import Rest


@pytest.fixture
async def server(tmp_path):
    async with Rest(tmp_path) as found:
        yield found


@pytest.fixture
async def door(server):
    found = Door(server)
    yield found
    await found.http.aclose()


@pytest.fixture
async def owner(server):
    return await server.claimed_owner()


@pytest.fixture
def browser(door):
    return Browser(door.origin)
