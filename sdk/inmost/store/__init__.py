"""The client store: one encrypted database per profile, its key, its lock and its search."""

from inmost.store.database import Database, Row, ShownRow, ThreadRow
from inmost.store.keys import Custody, find_key, keyring_is_usable, make_key
from inmost.store.lock import Lock
from inmost.store.search import SearchHit

__all__ = [
    "Custody",
    "Database",
    "Lock",
    "Row",
    "SearchHit",
    "ShownRow",
    "ThreadRow",
    "find_key",
    "keyring_is_usable",
    "make_key",
]
