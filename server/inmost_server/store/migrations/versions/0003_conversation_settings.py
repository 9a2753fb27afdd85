"""Each conversation's settings beside its row, so that whether somebody may write there is decided without the group.

Why: announcement channels, and guests where there are none. Grows: about 100 bytes a conversation, 40 for each listed role.
The previous release can run beside it: it has no way to change what this is asked for, and an empty one is read from the group.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("settings", sa.LargeBinary(), nullable=True))
