"""Alembic's entry: runs migrations on the database that revisions.py gives it."""

from alembic import context

from inmost_server.store.schema import metadata

with context.config.attributes["engine"].connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    # Committed here where SQLAlchemy and not Alembic began the transaction.
    connection.commit()
