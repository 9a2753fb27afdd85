"""Whether the terminal is light or dark: asked of the terminal itself, before the screen is drawn."""

import os
import re
import select
import sys
import termios
import time
import tty
from typing import Final

ASK: Final = b"\x1b]11;?\x1b\\\x1b[c"
ANSWER: Final = re.compile(rb"\x1b\]11;rgb:([0-9a-f]+)/([0-9a-f]+)/([0-9a-f]+)", re.IGNORECASE)
# Every terminal answers the second question, so one that does not know the first costs no waiting.
LAST_ANSWER: Final = re.compile(rb"\x1b\[\?[\d;]*c")
# What came later would be taken for typing, so this is long; only a terminal that answers nothing at all makes one wait.
LONGEST_WAIT_S: Final = 3.0
HALF: Final = 0.5


def is_light() -> bool:
    """What the terminal says, else what COLORFGBG says, else dark."""
    said = _asked() if sys.stdin.isatty() and sys.stdout.isatty() else None
    return said if said is not None else _from_environment()


def _from_environment() -> bool:
    background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return background in ("7", "15")


def _asked() -> bool | None:
    descriptor = sys.stdin.fileno()
    try:
        before = termios.tcgetattr(descriptor)
        tty.setcbreak(descriptor)
    except termios.error:
        return None
    try:
        os.write(sys.stdout.fileno(), ASK)
        return _is_light_colour(_read(descriptor))
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _read(descriptor: int) -> bytes:
    said, until = b"", time.monotonic() + LONGEST_WAIT_S
    while not LAST_ANSWER.search(said) and (left := until - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left)[0]:
            said += os.read(descriptor, 1024)
    return said


def _is_light_colour(said: bytes) -> bool | None:
    found = ANSWER.search(said)
    if found is None:
        return None
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in found.groups())
    return bool(0.299 * red + 0.587 * green + 0.114 * blue > HALF)
