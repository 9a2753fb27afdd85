"""Where the server keeps what must outlast it: one database, one writer, answers only after the disk has them."""

from inmost_server.store.connection import CannotUse, StoreAway, StoreFailed
from inmost_server.store.database import Store, StoreOverloaded
from inmost_server.store.schema import RowNumber, metadata
from inmost_server.store.statement import Statement, upsert
from inmost_server.store.transaction import Reader, Tx
from inmost_server.store.where import is_postgresql, store_at, store_when_there

__all__ = [
    "CannotUse",
    "Reader",
    "RowNumber",
    "Statement",
    "Store",
    "StoreAway",
    "StoreFailed",
    "StoreOverloaded",
    "Tx",
    "is_postgresql",
    "metadata",
    "store_at",
    "store_when_there",
    "upsert",
]
