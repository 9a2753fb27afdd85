"""Accounts: passwords' hashes, sealed second factors, backup codes, known networks, the day a person was seen last.

Why: people come back without a device. Grows: about 1 KB a person, 100 bytes for each known network (20 at most).
The previous release can run beside it: it does not know the tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "backup_codes",
        sa.Column("user", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user", "hash", name=op.f("pk_backup_codes")),
    )
    op.create_table(
        "claims",
        sa.Column("entry_digest", sa.LargeBinary(), nullable=False),
        sa.Column("user", sa.LargeBinary(), nullable=False),
        sa.Column("device", sa.LargeBinary(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("is_second", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("entry_digest", name=op.f("pk_claims")),
    )
    op.create_table(
        "credentials",
        sa.Column("user", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=False),
        sa.Column("reset_hash", sa.LargeBinary(), nullable=True),
        sa.Column("reset_expires_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_credentials")),
    )
    op.create_table(
        "known_networks",
        sa.Column("user", sa.LargeBinary(), nullable=False),
        sa.Column("network", sa.LargeBinary(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user", "network", name=op.f("pk_known_networks")),
    )
    op.create_table(
        "last_seen",
        sa.Column("user", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_last_seen")),
    )
