"""What the store's tests write: message rows as an engine writes them."""

from typing import Any

import msgspec

from inmost.store import Row

ROOM = b"room" * 4
ANNA = b"a" * 32
BOB = b"b" * 32


def message(
    n: int | None, type_: str, *, id_: int | None = None, user: bytes = ANNA, room: bytes = ROOM, **more: Any
) -> Row:
    """The row of a message by user's only device; its id is its number unless told."""
    identity = (id_ if id_ is not None else n or 0).to_bytes(16, "big")
    key = room + (n.to_bytes(8, "big") if n is not None else b"\xff" * 8 + identity)
    value = {
        "conversation": room, "n": n, "id": identity, "device": user[:16], "user": user,
        "time_ms": 1_000 + (n or 0), "at_ms": None if n is None else 2_000 + n, "epoch": 1, "type": type_, **more,
    }  # fmt: skip
    return ("messages", key, msgspec.msgpack.encode(value))


def text(n: int | None, words: str, **more: Any) -> Row:
    return message(n, "text", text=words, reply_to=None, mentions=[], **more)


def target(n: int, user: bytes = ANNA) -> list[bytes]:
    return [user[:16], n.to_bytes(16, "big")]


def edit(n: int, of: int, words: str, *, author: bytes = ANNA, user: bytes = ANNA) -> Row:
    return message(n, "edit", target=target(of, author), text=words, mentions=[], user=user)


def delete(n: int, of: int, *, author: bytes = ANNA, user: bytes = ANNA) -> Row:
    return message(n, "delete", target=target(of, author), user=user)


def react(n: int, of: int, emoji: str, on: bool, *, author: bytes = ANNA, user: bytes = BOB) -> Row:
    return message(n, "react", target=target(of, author), emoji=emoji, on=on, user=user)


def poll(n: int, options: int = 3, *, multiple: bool = False, user: bytes = ANNA) -> Row:
    names = [f"option {number}" for number in range(options)]
    return message(n, "poll", text=f"question {n}", options=names, multiple=multiple, user=user)


def vote(n: int, of: int, choices: list[int], *, author: bytes = ANNA, user: bytes = BOB) -> Row:
    return message(n, "vote", target=target(of, author), choices=choices, user=user)


def close(n: int, of: int, *, author: bytes = ANNA, user: bytes = ANNA) -> Row:
    return message(n, "close", target=target(of, author), user=user)


def pin(n: int, of: int, on: bool, *, author: bytes = ANNA, user: bytes = BOB) -> Row:
    return message(n, "pin", target=target(of, author), on=on, user=user)


def expired(n: int, *, user: bytes = ANNA) -> Row:
    return message(n, "expired", user=user)
