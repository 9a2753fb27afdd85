"""A running server for the tests of people."""

import pytest

from server.kit.signing_in import Rest


@pytest.fixture
async def server(tmp_path):
    async with Rest(tmp_path) as found:
        yield found
