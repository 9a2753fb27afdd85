"""The migrations and the tables that the features declare are the same, on every database."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from inmost_server.store import every_table
from inmost_server.store.postgresql import Postgresql
from inmost_server.store.sqlite import Sqlite


@pytest.fixture
def engine(tmp_path, database, cluster):
    """On a database that has been brought from nothing to the newest revision."""
    if database is None:
        Sqlite(tmp_path / "inmost.db").upgrade()
        engine = create_engine(f"sqlite:///{tmp_path / 'inmost.db'}")
    else:
        url = cluster.empty()
        Postgresql(url).upgrade()
        engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
    yield engine
    engine.dispose()


def test_migrations_make_exactly_the_tables_that_features_declare(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, every_table.metadata) == []


def test_a_file_at_the_newest_revision_is_left_alone(tmp_path):
    path = tmp_path / "inmost.db"
    Sqlite(path).upgrade()
    before = path.read_bytes()
    Sqlite(path).upgrade()
    assert path.read_bytes() == before
