"""Brings a database to the present schema; loads Alembic only when there is something to bring."""

import sqlite3
from pathlib import Path

MIGRATIONS = Path(__file__).with_name("migrations")


def newest() -> str:
    """The revision this code is written for: migrations/versions/NNNN_what.py with the highest number."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def present(path: Path) -> str | None:
    """The revision a database is at, None when it is empty."""
    connection = sqlite3.connect(path)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    finally:
        connection.close()
    return str(row[0]) if row else None


def upgrade(path: Path) -> None:
    if present(path) == newest():
        return
    # Half a second of imports, wanted only here.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{path}")
    command.upgrade(config, "head")
