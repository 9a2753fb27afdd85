"""What a bus carries, and what every bus can do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Told:
    """One event, already encoded: the same bytes go to every connection.

    conversation   to the connections that follow it; None: to `devices`, or to everybody when that is None too
    n              its number in that conversation's log, by which a lossy bus's gap shows; None for what has no number
    devices        only to these
    but            not to this device
    """

    frame: bytes
    conversation: bytes | None = None
    n: int | None = None
    devices: tuple[bytes, ...] | None = None
    but: bytes | None = None


Deliver = Callable[[Told], None]


class Bus(Protocol):
    """Events of one conversation reach each subscriber in the order in which they were published, or not at all."""

    def publish(self, told: Told) -> None:
        """Tell every process, this one too."""

    def subscribe(self, deliver: Deliver) -> None:
        """Call `deliver` on the event loop for everything published from now on."""
