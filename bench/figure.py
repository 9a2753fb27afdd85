"""What a figure is: a name, a unit, an aim, and several runs of one measurement."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Literal

Better = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    name     where it is found again, e.g. "seal_200_bytes"
    value    median over the runs, in `unit`
    spread   (largest - smallest) / median over the runs, 0.0 for one run
    aim      what we want, None where the figure is only told; `better` says which side of it is good
    note     what a reader must know, the reason included when the aim is missed
    """

    name: str
    value: float
    unit: str
    spread: float
    runs: int
    aim: float | None = None
    better: Better = "lower"
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the aim is met; None where there is none."""
        if self.aim is None:
            return None
        return self.value <= self.aim if self.better == "lower" else self.value >= self.aim


def of_runs(
    name: str,
    values: Iterable[float],
    unit: str,
    *,
    aim: float | None = None,
    better: Better = "lower",
    note: str = "",
) -> Figure:
    """The median of several runs, with their spread."""
    measured = sorted(values)
    middle = median(measured)
    spread = (measured[-1] - measured[0]) / middle if middle else 0.0
    return Figure(name, middle, unit, spread, len(measured), aim, better, note)


Measurement = Callable[[], Iterable[Figure] | Awaitable[Iterable[Figure]]]


@dataclass(slots=True)
class Bench:
    """One measurement under a name; it may give several figures."""

    name: str
    measure: Measurement
    tells: str = ""


_benches: dict[str, Bench] = {}


def bench(name: str) -> Callable[[Measurement], Measurement]:
    """Register a measurement under `name` (what `make bench ONLY=name` takes)."""

    def register(measure: Measurement) -> Measurement:
        _benches[name] = Bench(name, measure, (measure.__doc__ or "").strip().splitlines()[0])
        return measure

    return register


def registered() -> dict[str, Bench]:
    """All measurements, in the order they were registered."""
    return dict(_benches)
