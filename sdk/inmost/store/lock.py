"""One process per profile: a lock file that says who holds it."""

import contextlib
import fcntl
import json
import os
import sys
import time
from pathlib import Path
from typing import Self

from inmost.errors import ProfileInUse
from inmost.places import Place


class Lock:
    """The right to open a profile, held until released or until the process ends, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, place: Place, what: str = "", wait_s: float = 2.0) -> Self:
        """Lock the profile, waiting up to wait_s seconds. what: who we are, for others' messages. Raises ProfileInUse."""
        descriptor = os.open(place.lock, os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    pid, holder = _read_holder(descriptor)
                    os.close(descriptor)
                    raise ProfileInUse(place.profile, pid, holder) from None
                time.sleep(0.05)
        holder = json.dumps({"pid": os.getpid(), "what": what or Path(sys.argv[0]).name})
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _read_holder(descriptor: int) -> tuple[int, str]:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        holder = json.loads(os.pread(descriptor, 4096, 0))
        return int(holder["pid"]), str(holder["what"])
    return 0, ""
