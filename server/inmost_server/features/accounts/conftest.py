"""A running server for the tests of accounts."""

import pytest

from inmost_server.testing.running import running


@pytest.fixture
async def server(tmp_path):
    async with running(tmp_path) as found:
        yield found
