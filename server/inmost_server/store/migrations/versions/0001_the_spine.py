"""Organisation, directory, conversations with their logs, messages' receipts, key packages and vaults.

Why: the first release. Grows: log_items by about 700 bytes a message; all else with people and conversations.
The previous release can run beside it: there is none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "away",
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("user", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", "user", name=op.f("pk_away")),
    )
    op.create_index("ix_away_user", "away", ["user"], unique=False)
    op.create_table(
        "conversations",
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("group", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("removal_epoch", sa.BigInteger(), nullable=False),
        sa.Column("group_info", sa.LargeBinary(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", name=op.f("pk_conversations")),
    )
    op.create_index("ix_conversations_open", "conversations", ["open"], unique=False)
    op.create_table(
        "directory_entries",
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.LargeBinary(), nullable=True),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_directory_entries")),
    )
    op.create_index("ix_directory_entries_request", "directory_entries", ["device", "request"], unique=True)
    op.create_table(
        "group_rows",
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", "key", name=op.f("pk_group_rows")),
    )
    op.create_table(
        "key_packages",
        sa.Column("id", ROW_NUMBER, nullable=False),
        sa.Column("device", sa.LargeBinary(), nullable=False),
        sa.Column("last_resort", sa.Boolean(), nullable=False),
        sa.Column("package", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_packages")),
    )
    op.create_index("ix_key_packages_device", "key_packages", ["device", "last_resort"], unique=False)
    op.create_table(
        "log_items",
        sa.Column("id", ROW_NUMBER, nullable=False),
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.LargeBinary(), nullable=True),
        sa.Column("request", sa.LargeBinary(), nullable=True),
        sa.Column("entry", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_items")),
    )
    op.create_index(
        "ix_log_items_links",
        "log_items",
        ["conversation", "epoch"],
        unique=False,
        sqlite_where=sa.text("kind = 5"),
        postgresql_where=sa.text("kind = 5"),
    )
    op.create_index("ix_log_items_place", "log_items", ["conversation", "n"], unique=True)
    op.create_index(
        "ix_log_items_request",
        "log_items",
        ["device", "request"],
        unique=True,
        sqlite_where=sa.text("request IS NOT NULL"),
        postgresql_where=sa.text("request IS NOT NULL"),
    )
    op.create_table(
        "members",
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("device", sa.LargeBinary(), nullable=False),
        sa.Column("user", sa.LargeBinary(), nullable=False),
        sa.Column("since_epoch", sa.BigInteger(), nullable=False),
        sa.Column("removal_pending", sa.Boolean(), nullable=False),
        sa.Column("until_n", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("conversation", "device", name=op.f("pk_members")),
    )
    op.create_index("ix_members_device", "members", ["device"], unique=False)
    op.create_index("ix_members_user", "members", ["user"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_organisation")),
    )
    op.create_table(
        "receipts",
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("device", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", "device", name=op.f("pk_receipts")),
    )
    op.create_table(
        "vault_rows",
        sa.Column("user", sa.LargeBinary(), nullable=False),
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("row", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user", "conversation", name=op.f("pk_vault_rows")),
    )
    op.create_table(
        "vaults",
        sa.Column("user", sa.LargeBinary(), nullable=False),
        sa.Column("vault", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_vaults")),
    )
    op.create_table(
        "welcome_epochs",
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("group", sa.LargeBinary(), nullable=False),
        sa.Column("tree", sa.LargeBinary(), nullable=False),
        sa.Column("welcome", sa.LargeBinary(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("conversation", "epoch", name=op.f("pk_welcome_epochs")),
    )
    op.create_table(
        "welcomes",
        sa.Column("device", sa.LargeBinary(), nullable=False),
        sa.Column("conversation", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", "conversation", name=op.f("pk_welcomes")),
    )
    op.create_index("ix_welcomes_epoch", "welcomes", ["conversation", "epoch"], unique=False)
