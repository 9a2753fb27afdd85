"""Rows of the logs: numbered without gaps, chained by hash, each request's place remembered."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table

from inmost_server.store import metadata

# 5 M messages of 500 bytes: 2.5 GB of entries, about 0.6 GB of hashes and indexes.
log_items = Table(
    "log_items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation", LargeBinary, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("entry", LargeBinary),
    Column("digest", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("device", LargeBinary),
    Column("request", LargeBinary),
    Index("ix_log_items_place", "conversation", "n", unique=True),
)
Index(
    "ix_log_items_request",
    log_items.c.device,
    log_items.c.request,
    unique=True,
    sqlite_where=log_items.c.request.is_not(None),
)
Index("ix_log_items_links", log_items.c.conversation, log_items.c.epoch, sqlite_where=log_items.c.kind == 5)
