"""The shipped list of common and stolen passwords, as short hashes: asked without a network, readable by nobody.

known_passwords.bin is made by make_known_passwords.py from OWASP SecLists (MIT licence). A password is looked up by the first 29 bits of its
SHA-256. Format: the magic; for each value of the first 17 bits, how many hashes begin so (u8); then of each hash the next 12 bits,
in order, packed without gaps. One in five hundred unlisted passwords is refused by accident, which costs its owner a second try.
"""

import hashlib
from array import array
from functools import cache
from importlib.resources import files
from itertools import accumulate

MAGIC = b"inmost/1 known passwords\n"
BUCKET_BITS = 17
REST_BITS = 12
BUCKETS = 1 << BUCKET_BITS


class KnownPasswordList:
    """Membership by hash; passwords are case-folded first."""

    def __init__(self, data: bytes) -> None:
        if not data.startswith(MAGIC):
            raise ValueError("not a list of known passwords")
        counts = data[len(MAGIC) : len(MAGIC) + BUCKETS]
        self._starts = array("I", [0, *accumulate(counts)])
        self._rests = data[len(MAGIC) + BUCKETS :]
        if len(self._rests) != (self._starts[-1] * REST_BITS + 7) // 8:
            raise ValueError("the list of known passwords is damaged")

    def __len__(self) -> int:
        return self._starts[-1]

    def __contains__(self, password: object) -> bool:
        if not isinstance(password, str):
            return False
        bucket, rest = split_hash(password)
        return any(self._rest(i) == rest for i in range(self._starts[bucket], self._starts[bucket + 1]))

    def _rest(self, index: int) -> int:
        """Two rests share three bytes."""
        at = index // 2 * 3
        if index % 2 == 0:
            return self._rests[at] << 4 | self._rests[at + 1] >> 4
        return (self._rests[at + 1] & 15) << 8 | self._rests[at + 2]


def split_hash(password: str) -> tuple[int, int]:
    """The first 17 bits and the next 12 of a password's hash."""
    digest = hashlib.sha256(password.casefold().encode("utf-8", "surrogatepass")).digest()
    both = int.from_bytes(digest[:4]) >> (32 - BUCKET_BITS - REST_BITS)
    return both >> REST_BITS, both & ((1 << REST_BITS) - 1)


def packed(passwords: set[str]) -> bytes:
    """The file's bytes for a set of passwords."""
    hashes = sorted({split_hash(password) for password in passwords})
    counts = bytearray(BUCKETS)
    for bucket, _ in hashes:
        counts[bucket] += 1
    rests = [rest for _, rest in hashes]
    body = bytearray()
    for first, second in zip(rests[::2], [*rests[1::2], 0], strict=False):
        body += (first << REST_BITS | second).to_bytes(3)
    return MAGIC + bytes(counts) + bytes(body[: (len(rests) * REST_BITS + 7) // 8])


@cache
def shipped_list() -> KnownPasswordList:
    """The list in the package, read once."""
    return KnownPasswordList(files(__package__).joinpath("known_passwords.bin").read_bytes())
