"""A fuzzer's bytes read as a script: which valid thing to take, and what to change in it (fuzz/engine/src/script.rs has the same idea)."""

from typing import Any

EDGES = (
    0, 1, 2, 23, 24, 127, 128, 255, 256, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**63,
    2**64 - 1, -1, -(2**31), -(2**63),
)  # fmt: skip
TEXTS = (
    "",
    "\0",
    "a",
    "ä" * 40,
    "１２３４５６",
    "𝔸",
    "-1",
    "null",
    "../..",
    "%00",
    "A" * 2_000,
    "\u202e",
    "=",
    "AA==",
)
WHOLE = 232
# Repetitions within repetitions would fill the memory with what the fuzzer itself made.
MOST_REPETITIONS = 2


class Script:
    """Bytes, one after the other; zeros when they are over."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0
        self._repetitions = 0

    def is_over(self) -> bool:
        return self._at >= len(self._data)

    def byte(self) -> int:
        if self.is_over():
            return 0
        self._at += 1
        return self._data[self._at - 1]

    def below(self, n: int) -> int:
        return self.byte() % max(n, 1)

    def take(self, n: int) -> bytes:
        taken = self._data[self._at : self._at + n]
        self._at += n
        return taken

    def _may_repeat(self) -> bool:
        self._repetitions += 1
        return self._repetitions <= MOST_REPETITIONS

    def rest(self) -> bytes:
        return self.take(len(self._data))

    def edit(self, value: Any, others: list[Any]) -> Any:
        """The value with one thing somewhere in it changed; `others` are values to put in its place."""
        if isinstance(value, list | tuple) and value:
            items, chosen = list(value), self.byte()
            if chosen < WHOLE:
                place = chosen % len(items)
                items[place] = self.edit(items[place], others)
                return items
            return self._reordered(items, others)
        if isinstance(value, dict) and value:
            name = sorted(value)[self.below(len(value))]
            if self.byte() >= WHOLE:
                return {key: kept for key, kept in value.items() if key != name}
            return {**value, name: self.edit(value[name], others)}
        return self._replaced(value, others)

    def _reordered(self, items: list[Any], others: list[Any]) -> list[Any]:
        what, place = self.byte() % 6, self.below(len(items))
        if what == 0:
            del items[place]
        elif what == 1:
            items.insert(place, items[place])
        elif what == 2:
            items[0], items[place] = items[place], items[0]
        elif what == 3:
            del items[place:]
        elif what == 4:
            items.append(others[self.below(len(others))])
        elif self._may_repeat():
            items += [items[place]] * self.byte()
        return items

    def _replaced(self, value: Any, others: list[Any]) -> Any:
        what = self.byte() % 10
        if what <= 1:
            return EDGES[self.below(len(EDGES))]
        if what == 2:
            if isinstance(value, bytes):
                return self.scratched(value)
            if isinstance(value, str):
                return self.scratched(value.encode()).decode(errors="replace")
            return not value
        if what == 3 and isinstance(value, str | bytes):
            return value[: self.byte()]
        if what == 4 and isinstance(value, str | bytes) and self._may_repeat():
            return value * (1 + self.byte())
        if what == 5:
            return others[self.below(len(others))]
        if what == 6:
            return None
        if what == 7:
            return TEXTS[self.below(len(TEXTS))]
        if what == 8:
            return self.take(self.byte() % 64)
        return [[], {}, True, 1.5, [[]], [None] * 20][self.below(6)]

    def scratched(self, data: bytes) -> bytes:
        """Bytes with one to four places changed."""
        changed = bytearray(data)
        for _ in range(1 + self.byte() % 4):
            place = (self.byte() << 8 | self.byte()) % (len(changed) + 1)
            what = self.byte() % 4
            if what == 0 or place == len(changed):
                changed.insert(place, self.byte())
            elif what == 1:
                del changed[place]
            elif what == 2:
                changed[place] ^= 1 << (self.byte() % 8)
            else:
                del changed[place:]
        return bytes(changed)
