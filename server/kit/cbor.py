"""Deterministic CBOR, written by hand so that a test does not check the engine with the engine."""

from collections.abc import Sequence
from typing import TypeAlias

Item: TypeAlias = "int | bytes | str | bool | Sequence[Item] | None"


def _head(major: int, value: int) -> bytes:
    if value < 24:
        return bytes((major << 5 | value,))
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << (8 * size):
            return bytes((major << 5 | extra,)) + value.to_bytes(size, "big")
    raise ValueError(value)


def encode(item: Item) -> bytes:
    """RFC 8949 section 4.2.1, of what the protocol uses."""
    if item is None:
        return b"\xf6"
    if isinstance(item, bool):
        return b"\xf5" if item else b"\xf4"
    if isinstance(item, int):
        return _head(0, item) if item >= 0 else _head(1, -1 - item)
    if isinstance(item, bytes):
        return _head(2, len(item)) + item
    if isinstance(item, str):
        text = item.encode()
        return _head(3, len(text)) + text
    return _head(4, len(item)) + b"".join(encode(one) for one in item)
