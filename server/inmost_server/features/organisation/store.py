"""Rows of the organisation: a few named values, written once or seldom."""

from typing import Final

from sqlalchemy import Column, LargeBinary, Table, Text, bindparam, select

from inmost_server.store import Reader, Statement, Tx, metadata, upsert

ORG: Final = "org"
SERVER_KEY: Final = "server_key_secret"
OWNER_SEED_PUBLIC: Final = "owner_seed_public"
OWNER_INVITATION: Final = "owner_invitation"
COUNT_KEY: Final = "count_key"

organisation = Table(
    "organisation",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

_GET = Statement(select(organisation.c.value).where(organisation.c.name == bindparam("name")))
_PUT = upsert(organisation, "name")


def get(reader: Reader, name: str) -> bytes | None:
    row = reader.one(_GET, name=name)
    return bytes(row[0]) if row else None


def put(tx: Tx, name: str, value: bytes) -> None:
    tx.run(_PUT, name=name, value=value)
