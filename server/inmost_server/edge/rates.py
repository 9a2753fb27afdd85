"""How fast one device may go: token buckets by kind of request."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rate:
    """per_second on average, `burst` at once."""

    per_second: float
    burst: int


MESSAGES: Final = "messages"
CHANGES: Final = "changes"
READING: Final = "reading"
SIGNALS: Final = "signals"

RATES: Final = {
    MESSAGES: Rate(per_second=500, burst=5_000),
    CHANGES: Rate(per_second=50, burst=1_000),
    READING: Rate(per_second=500, burst=5_000),
    # Each goes to every member at once. Somebody who types says so every four seconds, and once a minute that they are there.
    SIGNALS: Rate(per_second=2, burst=60),
}


class Bucket:
    """One bucket; `take` says how many ms to wait, 0 when there was a token."""

    __slots__ = ("_at_ms", "_rate", "_tokens")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._tokens = float(rate.burst)
        self._at_ms = 0

    def take(self, now_ms: int) -> int:
        passed = max(0, now_ms - self._at_ms)
        self._at_ms = now_ms
        self._tokens = min(float(self._rate.burst), self._tokens + passed * self._rate.per_second / 1000)
        if self._tokens >= 1:
            self._tokens -= 1
            return 0
        return max(1, int((1 - self._tokens) * 1000 / self._rate.per_second))


class Rates:
    """The buckets of every device seen lately. They outlive its connection, so that reconnecting gains nothing."""

    MOST_DEVICES = 20_000

    def __init__(self, rates: dict[str, Rate] | None = None) -> None:
        self._rates = rates or RATES
        self._buckets: dict[tuple[bytes, str], Bucket] = {}

    def wait_ms(self, device: bytes, kind: str, now_ms: int) -> int:
        """0 when the device may go on, else how long it has to wait."""
        key = (device, kind)
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self.MOST_DEVICES * len(self._rates):
                self._buckets.pop(next(iter(self._buckets)))
            bucket = self._buckets[key] = Bucket(self._rates[kind])
        return bucket.take(now_ms)
