"""Watches a process's connection to the server, to say when it ended."""

import threading
import time
from typing import Self

import psutil

LOOK_EVERY_S = 0.01


class ConnectionWatch:
    """Looks at the TCP connections of a process until the one to `port` is gone.

    ended_at   time.monotonic() of the first look that did not find it, None before
    """

    def __init__(self, pid: int, port: int) -> None:
        self._process = psutil.Process(pid)
        self._port = port
        self.ended_at: float | None = None
        self._ended = threading.Event()
        assert self._is_open(), "there is no connection to watch"

    def _is_open(self) -> bool:
        try:
            return any(
                each.raddr and each.raddr.port == self._port and each.status == psutil.CONN_ESTABLISHED
                for each in self._process.net_connections("tcp")
            )
        except psutil.Error:
            return False

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.is_set():
            if not self._is_open():
                self.ended_at = time.monotonic()
                self._ended.set()
            time.sleep(LOOK_EVERY_S)

    def seconds_open_after(self, moment: float, at_most_s: float) -> float:
        """How long after `moment` (time.monotonic()) it was still open; 0 when it had ended before. AssertionError after at_most_s."""
        assert self._ended.wait(max(0.0, moment + at_most_s - time.monotonic())), (
            "the connection is still open"
        )
        assert self.ended_at is not None
        return max(0.0, self.ended_at - moment)


def connections_of(pid: int, port: int) -> int:
    """How many clients are connected to the server process that listens on `port`."""
    return sum(
        each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port
        for each in psutil.Process(pid).net_connections("tcp")
    )
