"""What tests of several trees share: where they keep what they store (SQLite and PostgreSQL, each test on both that asks for `database`), and what a server logs."""

import pytest
import structlog

from server.kit.cluster import Cluster


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL for the whole run, started by the first test that wants it."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    """The setting: None for SQLite, or the URL of a fresh database."""
    if request.param == "sqlite":
        yield None
    else:
        with request.getfixturevalue("cluster").fresh() as url:
            yield url


@pytest.fixture
def mistakes():
    """What the server logs as its own mistakes."""
    found = []

    def noted(_, method, event):
        if method in {"error", "critical", "exception"}:
            found.append(event)
        raise structlog.DropEvent

    structlog.configure(processors=[noted], cache_logger_on_first_use=False)
    yield found
    structlog.reset_defaults()


def pytest_collection_modifyitems(items):
    """A test stands where its file is, also when a library made its function: docs/promises.md names it by that."""
    for item in items:
        file, line, name = item.location
        own = item.nodeid.partition("::")[0]
        if file != own:
            item.location = (own, line, name)
