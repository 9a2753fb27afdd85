"""Structured logs, one JSON object a line, without anything that says who somebody is."""

import logging
import sys

import structlog

SHOWN_BYTES = 4


def configure(level: str) -> None:
    """JSON to standard error. Ids appear only through `short`."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Access lines hold network addresses; uvicorn's own only what went wrong.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


def short(id_: bytes) -> str:
    """The beginning of a device's or conversation's id: enough to follow one through a log, too little to be one."""
    return id_[:SHOWN_BYTES].hex()
