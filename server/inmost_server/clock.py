"""The server's clock, handed to what needs it so that tests can set it."""

import time
from collections.abc import Callable

Clock = Callable[[], int]


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
