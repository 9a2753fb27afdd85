"""One device's engine as a state machine without input or output of its own (docs/protocol/engine.md)."""

from collections.abc import Iterable
from typing import final

class Refused(Exception):
    """The one error. code: stable name; words: for people. The step that raised it has changed nothing."""

    code: str
    words: str

@final
class Engine:
    """One device. Used by one thread at a time; step and view release the GIL."""

    def __init__(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """rows: the `state` table as it was persisted, empty for a new device. Raises Refused(Corrupt)."""

    def step(self, input: bytes) -> bytes:
        """Take one input, [now_ms, entropy (32 fresh random bytes), kind, ...], give [rows, frames, events, wake_at_ms], both MessagePack.

        Carry the effects out in this order: rows (one durable transaction), frames, events. Raises Refused.
        """

    def view(self, question: bytes) -> bytes:
        """Answer [name, map] from state; changes nothing. MessagePack. Raises Refused(UnknownCommand, Unknown, ...)."""
