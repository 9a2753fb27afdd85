"""Writes down what a host gives to its engine and what it gets, so that another build can be asked the same.

A recording is one engine's life in one file: its rows, then each step and view with a hash of the answer. It holds the keys and words of a test:
it goes to a folder of the test's own, and nowhere else.
"""

import hashlib
import os
import struct
import threading
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from inmost_engine import client

# Each item of a recording: one of these, its length (4 bytes, big-endian), its bytes.
KEY, VALUE, STEP, VIEW, OUTCOME = b"k", b"v", b"s", b"q", b"o"
HEAD = struct.Struct(">cI")

Native = client.Engine


class Asked(NamedTuple):
    """One question to an engine. outcome: the chain of all answers' hashes up to this one."""

    what: bytes
    given: bytes
    outcome: bytes


def item(tag: bytes, content: bytes) -> bytes:
    return HEAD.pack(tag, len(content)) + content


def chained(chain: bytes, answer: bytes) -> bytes:
    return hashlib.sha256(chain + answer).digest()


def refusal(refused: client.Refused) -> bytes:
    """A refusal as an answer; no MessagePack begins like this."""
    return b"\xc1" + f"{refused.code}: {refused.words}".encode()


def answered(engine: Native, what: bytes, given: bytes) -> bytes:
    try:
        return engine.step(given) if what == STEP else engine.view(given)
    except client.Refused as refused:
        return refusal(refused)


class Recording:
    """An engine that writes down what it is asked. Each answer is in the file before the host has it."""

    def __init__(self, rows: Iterable[tuple[bytes, bytes]], folder: Path) -> None:
        kept = [(bytes(key), bytes(value)) for key, value in rows]
        self._engine = Native(kept)
        self._chain = bytes(32)
        self._one_at_a_time = threading.Lock()
        self.path = folder / f"{os.getpid()}-{os.urandom(4).hex()}"
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        weakref.finalize(self, os.close, self._file)
        write(self._file, b"".join(item(KEY, key) + item(VALUE, value) for key, value in kept))

    def step(self, given: bytes) -> bytes:
        return self._ask(STEP, given)

    def view(self, given: bytes) -> bytes:
        return self._ask(VIEW, given)

    def _ask(self, what: bytes, given: bytes) -> bytes:
        with self._one_at_a_time:
            try:
                answer = self._engine.step(given) if what == STEP else self._engine.view(given)
            except client.Refused as refused:
                self._write(what, given, refusal(refused))
                raise
            self._write(what, given, answer)
            return answer

    def _write(self, what: bytes, given: bytes, answer: bytes) -> None:
        self._chain = chained(self._chain, answer)
        write(self._file, item(what, given) + item(OUTCOME, self._chain))


def write(file: int, content: bytes) -> None:
    """All of it, now: what a killed process was asked last is what one wants to know."""
    while content:
        content = content[os.write(file, content) :]


def items(recording: Path) -> Iterator[tuple[bytes, bytes]]:
    """All whole items of a file; a killed process may have left half of one at the end."""
    content, at = recording.read_bytes(), 0
    while at + HEAD.size <= len(content):
        tag, length = HEAD.unpack_from(content, at)
        at += HEAD.size
        if at + length > len(content):
            return
        yield tag, content[at : at + length]
        at += length


def read(recording: Path) -> tuple[list[tuple[bytes, bytes]], list[Asked]]:
    """The rows an engine began with, and all it was asked."""
    rows: list[tuple[bytes, bytes]] = []
    asked: list[Asked] = []
    before = (b"", b"")
    for tag, content in items(recording):
        if tag == VALUE:
            rows.append((before[1], content))
        elif tag == OUTCOME:
            asked.append(Asked(*before, content))
        before = (tag, content)
    return rows, asked
