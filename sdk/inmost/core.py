"""Feeds the engine and carries out its rows: when this returns effects, everything they rest on is on the disk."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from inmost.errors import Refused, StoreDamaged
from inmost.store import Database
from inmost_engine import client as binding

Event: TypeAlias = tuple[str, dict[str, Any]]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


@dataclass(frozen=True)
class Input:
    """One input of the engine (docs/protocol/engine.md), without time and entropy, which are added when it is fed."""

    kind: str
    more: tuple[Any, ...] = ()


@dataclass
class Effects:
    """What is left to do after the rows were written: send frames in this order, then show events.

    refused      inputs the engine refused as such, by their place among those fed
    wake_at_ms   unix milliseconds, or None
    """

    frames: list[bytes] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    wake_at_ms: int | None = None
    refused: dict[int, Refused] = field(default_factory=dict)


class Core:
    """The engine and its store. One thread at a time; every call may take as long as the disk."""

    def __init__(self, database: Database) -> None:
        self.database = database
        try:
            self._engine = binding.Engine(database.state())
        except binding.Refused as refused:
            raise StoreDamaged(f"The engine's rows do not read: {refused.words}") from None
        self._is_ahead_of_disk = False
        self._wake_at_ms: int | None = None

    def feed(
        self, inputs: list[Input], now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    ) -> Effects:
        """Step through inputs and make all their rows durable in one transaction.

        Raises StoreDamaged when the disk failed: the engine then knows more than the disk and takes nothing more.
        """
        if self._is_ahead_of_disk:
            raise StoreDamaged("The store could not be written before; start again.")
        effects = Effects(wake_at_ms=self._wake_at_ms)
        rows: list[Any] = []
        for place, given in enumerate(inputs):
            try:
                answer = self._engine.step(_encode([now_ms(), os.urandom(32), given.kind, *given.more]))
            except binding.Refused as refused:
                effects.refused[place] = Refused(refused.code, refused.words)
                continue
            step_rows, frames, events, effects.wake_at_ms = _decode(answer)
            rows += step_rows
            effects.frames += frames
            effects.events += [(name, details) for name, details in events]
        if rows:
            try:
                self.database.write(rows)
            except BaseException:
                self._is_ahead_of_disk = True
                raise
        self._wake_at_ms = effects.wake_at_ms
        return effects

    def view(self, name: str, arguments: dict[str, Any] | None = None) -> Any:
        """Ask the engine what it knows. Raises Refused."""
        try:
            return _decode(self._engine.view(_encode([name, arguments or {}])))
        except binding.Refused as refused:
            raise Refused(refused.code, refused.words) from None

    def close(self) -> None:
        del self._engine
        self.database.close()
