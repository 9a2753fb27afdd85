"""Writes protocol/vectors/v1/frames.json: each frame of the protocol with small and with large values, as hexadecimal bytes.

The Rust engine reads every one and must write the same bytes again (engine/core/src/frames.rs). Run it only when a frame is added:
bytes that stand in the file are frozen.  python protocol/vectors/make_frames.py
"""

import json
import pathlib
import typing

import inmost_protocol
from inmost_protocol import conversations

HERE = pathlib.Path(__file__).parent
ID_BYTES = {"user": 32, "users": 32, "hash": 32, "hash_before": 32, "digest": 32}
LARGE = {"entry": 300, "sealed": 70_000, "commit": 300, "group_info": 260, "tree": 66_000}
ID_FIELDS = {"id", "re", "conversation", "group", "device", "org", "after"}


def sample(name: str, kind: typing.Any, large: bool) -> typing.Any:
    """A value of this type: empty, zero and None, or bytes beyond the next length and numbers beyond 32 bits."""
    if kind is bytes:
        size = ID_BYTES.get(name) or (16 if name in ID_FIELDS else LARGE.get(name, 40) if large else 0)
        return bytes((i * 7 + 1) % 256 for i in range(size))
    if kind is str:
        return "grüße " * 50 if large else ""
    if kind is bool:
        return large
    if kind is int:
        if name == "kind":
            return 4
        return 5_000_000_000 if large else 0
    arguments = typing.get_args(kind)
    if type(None) in arguments:
        return sample(name, arguments[0], large) if large else None
    if typing.get_origin(kind) is list:
        return [sample_item(name, arguments[0], large)] * 20 if large else []
    raise TypeError(f"{name}: {kind}")


TUPLE_NAMES = {
    "rows": ("conversation", "row"),
    "receipts": ("device", "sealed"),
    "packages": ("user", "device", "package"),
    "links": ("epoch", "n", "entry"),
}


def sample_item(name: str, kind: typing.Any, large: bool) -> typing.Any:
    if typing.get_origin(kind) is tuple:
        pairs = zip(TUPLE_NAMES[name], typing.get_args(kind), strict=True)
        return tuple(sample(part, of, large=False) for part, of in pairs)
    if isinstance(kind, type) and issubclass(kind, conversations.Frame):
        return build(kind, large=False)
    return sample("device" if name == "devices" else name, kind, large)


def build(frame: type, large: bool) -> typing.Any:
    hints = typing.get_type_hints(frame)
    return frame(**{name: sample(name, hints[name], large) for name in frame.__struct_fields__})  # type: ignore[attr-defined]


def main() -> None:
    vectors = {}
    for frame in (*inmost_protocol.REQUESTS, *inmost_protocol.ANSWERS, *inmost_protocol.EVENTS):
        for size in ("small", "large"):
            vectors[f"{frame.__name__}/{size}"] = inmost_protocol.encode(build(frame, size == "large")).hex()
    path = HERE / "v1" / "frames.json"
    path.write_text(json.dumps(vectors, indent=0) + "\n")
    print(f"{len(vectors)} frames in {path}")


if __name__ == "__main__":
    main()
