"""What every frame must look like before a feature sees it: ids of their length, numbers that fit the store."""

from functools import cache

import msgspec

from inmost_protocol.frames import Request

ID_BYTES = 16
MOST = 2**63 - 1
_IDS = frozenset({"conversation", "group"})
_NUMBERS = frozenset({"n", "epoch", "first", "limit", "first_epoch", "last_epoch"})


@cache
def _fields(kind: type[Request]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = [field.name for field in msgspec.structs.fields(kind)]
    return tuple(name for name in names if name in _IDS), tuple(name for name in names if name in _NUMBERS)


def tag_of(kind: type[Request]) -> int:
    """The number that stands first in the frames of this kind."""
    tag = kind.__struct_config__.tag
    assert isinstance(tag, int)
    return tag


def is_well_formed(frame: Request) -> bool:
    """Whether ids have 16 bytes and numbers are 0..2^63-1."""
    ids, numbers = _fields(type(frame))
    return all(len(getattr(frame, name)) == ID_BYTES for name in ids) and all(
        0 <= getattr(frame, name) <= MOST for name in numbers
    )


def what_can_be_read(payload: bytes) -> tuple[int | None, bytes]:
    """(tag, id) of something that did not decode; 16 zero bytes where no id can be read."""
    try:
        parts = msgspec.msgpack.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None, bytes(ID_BYTES)
    if not isinstance(parts, list) or not parts or not isinstance(parts[0], int):
        return None, bytes(ID_BYTES)
    id_ = parts[1] if len(parts) > 1 else None
    if isinstance(id_, bytes) and len(id_) == ID_BYTES:
        return parts[0], id_
    return parts[0], bytes(ID_BYTES)
