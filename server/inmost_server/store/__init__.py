"""Where the server keeps what must outlast it: one database, one writer, answers only after the disk has them."""

from inmost_server.store.database import Reader, Store, StoreFailed, StoreOverloaded, Tx
from inmost_server.store.schema import metadata
from inmost_server.store.statement import Statement, upsert

__all__ = ["Reader", "Statement", "Store", "StoreFailed", "StoreOverloaded", "Tx", "metadata", "upsert"]
