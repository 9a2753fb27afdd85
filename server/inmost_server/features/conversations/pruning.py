"""Forgets requests whose repetition need not get the first answer any more: the index of requests stays small."""

from inmost_server.features.conversations import log
from inmost_server.features.organisation import store as organisation
from inmost_server.store import Store, Tx

AT_ONCE = 1_000
# Rows are stored in the order of their times, so one number says how far this has come.
DONE = "requests_forgotten_upto"


async def prune(store: Store, before_ms: int) -> int:
    """A thousand at a time, so that posts need not wait; how many rows were passed."""
    passed = 0
    while True:
        found = await store.write(lambda tx: _prune_some(tx, before_ms))
        passed += found
        if found < AT_ONCE:
            return passed


def _prune_some(tx: Tx, before_ms: int) -> int:
    after = int.from_bytes(organisation.get(tx, DONE) or b"", "big")
    upto = log.forget_requests(tx, after, before_ms, AT_ONCE)
    if upto > after:
        organisation.put(tx, DONE, upto.to_bytes(8, "big"))
    return upto - after
