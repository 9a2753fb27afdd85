"""Everything a device has on its disk, opened with its own passphrase, and tried as a key on what the server holds."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import apsw

from inmost.places import place_of
from inmost.store import find_key
from tests.story.kept import Kept
from tests.story.world import Person

KEY_BYTES = 32
HEADER = b"\x84\x01\x58"  # CBOR[1, hdr (bstr of 24 to 255 bytes), ...
COMMITMENT = b"\x58\x20"  # ... com (bstr 32), ct]
MESSAGEPACK_NUMBERS = re.compile(rb"(?:[\x00-\x7f]|\xcc[\x80-\xff]){32,}")
CBOR_NUMBERS = re.compile(rb"(?:[\x00-\x17]|\x18[\x18-\xff]){32,}")


class Disk:
    """A device's store in the clear. Nobody may have the profile open.

    state      the engine's rows, all keys among them
    messages   number in the conversation -> what the device has written down of it
    """

    def __init__(self, person: Person, conversation: str) -> None:
        place = place_of("default", Path(person.environment["INMOST_HOME"]))
        key = find_key(place, lambda: person.environment["INMOST_PASSPHRASE"])
        connection = apsw.Connection(str(place.store))
        connection.execute(f"PRAGMA key = 'raw:{key.hex()}'")
        try:
            self.state = dict(connection.execute("SELECT key, value FROM state"))
            self.messages = dict(
                connection.execute(
                    "SELECT n, raw FROM messages WHERE conversation = ? AND n IS NOT NULL",
                    (bytes.fromhex(conversation),),
                )
            )
        finally:
            connection.close()

    def possible_keys(self) -> Iterator[bytes]:
        """Every 32 bytes in a row that stand anywhere in the engine's rows, each once."""
        seen: set[bytes] = set()
        for value in self.state.values():
            for run in (value, *_runs_of_bytes(value)):
                for place in range(len(run) - KEY_BYTES + 1):
                    key = run[place : place + KEY_BYTES]
                    if key not in seen:
                        seen.add(key)
                        yield key


def _runs_of_bytes(value: bytes) -> Iterator[bytes]:
    """Bytes that Rust wrote as an array of numbers: those above 127 have a mark before them in MessagePack, above 23 in CBOR."""
    for marked, mark in ((MESSAGEPACK_NUMBERS, b"\xcc"), (CBOR_NUMBERS, b"\x18")):
        for run in marked.findall(value):
            yield re.sub(mark + rb"(.)", rb"\1", run, flags=re.DOTALL)


class Sealed(NamedTuple):
    """A message as the server has it (docs/protocol/messages.md)."""

    n: int
    header_hash: bytes
    commitment: bytes

    def opens_with(self, content_key: bytes) -> bool:
        """Whether this key makes the commitment, without which nobody goes on to open: bytes 44 to 76 of HKDF-Expand(C_e, ...)."""
        info = b"inmost/1 message" + self.header_hash
        first = hmac.digest(content_key, info + b"\x01", "sha256")
        second = hmac.digest(content_key, first + info + b"\x02", "sha256")
        third = hmac.digest(content_key, second + info + b"\x03", "sha256")
        return (second + third)[12:44] == self.commitment


def sealed_on(kept: Kept, conversation: str, after: int) -> list[Sealed]:
    """The messages that a server has kept after number `after`."""
    return [_read(n, entry) for n, entry in kept.entries(bytes.fromhex(conversation), after)]


def _read(n: int, entry: bytes) -> Sealed:
    assert entry.startswith(HEADER)
    header, rest = entry[4 : 4 + entry[3]], entry[4 + entry[3] :]
    assert rest.startswith(COMMITMENT)
    return Sealed(n, hashlib.sha256(header).digest(), rest[2:34])


def opened_by_trying(sealed: Iterable[Sealed], disk: Disk) -> set[int]:
    """The numbers of the messages that anything on the disk opens when it is tried as their content key."""
    left = list(sealed)
    # Messages of one epoch have one key: one of them at a time says it for its neighbours, so the first and last are enough.
    probes = {left[0], left[-1]}
    keys = [key for key in disk.possible_keys() if any(probe.opens_with(key) for probe in probes)]
    return {message.n for message in left for key in keys if message.opens_with(key)}
