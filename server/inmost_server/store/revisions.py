"""Brings a database to the present schema; loads Alembic only when there is something to bring."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

MIGRATIONS = Path(__file__).with_name("migrations")


def newest() -> str:
    """The revision this code is written for: migrations/versions/NNNN_what.py with the highest number."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def upgrade(engine: "Engine") -> None:
    """Run what is missing, on a connection of this engine, which is not used after."""
    # Half a second of imports, wanted only here.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")
    engine.dispose()
