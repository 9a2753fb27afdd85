"""Which start of a server writes, and the number of its last transaction.

Why: on PostgreSQL a COMMIT whose answer was lost is looked up by it. Grows: never, it is one row.
The previous release can run beside it: it does not know the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    writer = op.create_table(
        "writer",
        sa.Column("one", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_writer")),
    )
    op.bulk_insert(writer, [{"one": 1, "turn": 0, "batch": 0}])
