"""Rows of conversations: the group as the server follows it, who has a leaf, Welcomes that wait."""


from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, Text

from inmost_server.store import metadata

conversations = Table(
    "conversations",
    metadata,
    Column("conversation", LargeBinary, primary_key=True),
    Column("group", LargeBinary, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    # An epoch in which somebody was removed: nothing sealed before it is accepted any more.
    Column("removal_epoch", BigInteger, nullable=False),
    Column("group_info", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Index("ix_conversations_open", "open"),
)

group_rows = Table(
    "group_rows",
    metadata,
    Column("conversation", LargeBinary, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# One row for each leaf. `until_n` is the number of the commit that removed it: what it may still fetch ends there.
members = Table(
    "members",
    metadata,
    Column("conversation", LargeBinary, primary_key=True),
    Column("device", LargeBinary, primary_key=True),
    Column("user", LargeBinary, nullable=False),
    Column("until_n", BigInteger),
    Index("ix_members_device", "device"),
    Index("ix_members_user", "user"),
)

away = Table(
    "away",
    metadata,
    Column("conversation", LargeBinary, primary_key=True),
    Column("user", LargeBinary, primary_key=True),
    Index("ix_away_user", "user"),
)

# Which pending Removes of the server stand in the log of the present epoch.
removals = Table(
    "removals",
    metadata,
    Column("conversation", LargeBinary, primary_key=True),
    Column("device", LargeBinary, primary_key=True),
    Column("cause_n", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
)

welcomes = Table(
    "welcomes",
    metadata,
    Column("device", LargeBinary, primary_key=True),
    Column("conversation", LargeBinary, primary_key=True),
    Column("group", LargeBinary, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("welcome", LargeBinary, nullable=False),
)

# The tree at an epoch for which Welcomes wait.
trees = Table(
    "trees",
    metadata,
    Column("conversation", LargeBinary, primary_key=True),
    Column("epoch", BigInteger, primary_key=True),
    Column("tree", LargeBinary, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
