"""Turns whatever a handler raised into a refusal: no peer ever gets a stack trace."""

import structlog

from inmost_engine.public import Refused
from inmost_server.refusals import FromEngine, Refusal, SlowDown, Unavailable
from inmost_server.store import StoreFailed, StoreOverloaded

OVERLOADED_WAIT_MS = 1_000

log = structlog.get_logger("inmost.edge")


def as_refusal(error: BaseException) -> Refusal:
    """The refusal an error stands for; what nobody foresaw is logged and Unavailable."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Refused):
        return FromEngine(error.code, error.words, current_epoch=error.current_epoch)
    if isinstance(error, StoreOverloaded):
        return SlowDown(retry_after_ms=OVERLOADED_WAIT_MS)
    if not isinstance(error, StoreFailed):
        log.error("handler_failed", exc_info=error)
    return Unavailable(retry_after_ms=OVERLOADED_WAIT_MS)
