"""The migrations and the tables that the features declare are the same."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from inmost_server.store import every_table, revisions


def test_migrations_make_exactly_the_tables_that_features_declare(tmp_path):
    path = tmp_path / "inmost.db"
    revisions.upgrade(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), every_table.metadata)
    engine.dispose()
    assert differences == []


def test_a_database_at_the_newest_revision_is_left_alone(tmp_path):
    path = tmp_path / "inmost.db"
    revisions.upgrade(path)
    before = path.read_bytes()
    assert revisions.present(path) == revisions.newest()
    revisions.upgrade(path)
    assert path.read_bytes() == before
