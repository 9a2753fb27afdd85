"""Looks for sentences in bytes that should not have them: files, logs, the memory of a process; in every form they might take."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import ahocorasick_rs

FRAGMENT_CHARS = 24
SHORTEST_FRAGMENT_BYTES = 12  # shorter ones stand in any large file by chance
CHUNK_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence that stands in the open: where, in which form, and the sentence."""

    where: str
    offset: int
    form: str
    sentence: str


class PlaintextSearch:
    """Knows all forms of the given sentences; searches anything for all of them at once."""

    def __init__(self, sentences: Iterable[str]) -> None:
        forms: dict[bytes, tuple[str, str]] = {}
        for sentence in sentences:
            for form, pattern in _forms(sentence):
                forms.setdefault(pattern, (form, sentence))
        self._meaning = list(forms.values())
        self._overlap = max((len(pattern) for pattern in forms), default=1) - 1
        self._automaton = ahocorasick_rs.BytesAhoCorasick(list(forms))

    def in_bytes(self, content: bytes, where: str, offset: int = 0) -> Iterator[Found]:
        """All finds in `content`."""
        for index, start, _ in self._automaton.find_matches_as_indexes(content):
            form, sentence = self._meaning[index]
            yield Found(where, offset + start, form, sentence)

    def in_folder(self, folder: Path) -> Iterator[Found]:
        """All finds in every file below `folder`, and in the files' names."""
        for path in sorted(folder.rglob("*")):
            yield from self.in_bytes(str(path).encode(), f"the name of {path}")
            if path.is_file():
                yield from self.in_file(path)

    def in_file(self, path: Path) -> Iterator[Found]:
        """All finds in one file."""
        with path.open("rb") as file:
            tail, position = b"", 0
            while chunk := file.read(CHUNK_BYTES):
                yield from self.in_bytes(tail + chunk, str(path), position - len(tail))
                position += len(chunk)
                tail = chunk[-self._overlap :]

    def in_memory_of(self, pid: int) -> Iterator[Found]:
        """All finds in the readable memory of a running process (as root or its owner)."""
        searched = 0
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                match = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
                if not match or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                    continue
                start, end = (int(bound, 16) for bound in match.groups())
                try:
                    memory.seek(start)
                    content = memory.read(end - start)
                except (OSError, ValueError, OverflowError):
                    continue  # a guard page, or gone since the map was read
                searched += len(content)
                yield from self.in_bytes(content, f"memory of process {pid}", start)
        if searched == 0:
            raise PermissionError(f"no memory of process {pid} could be read: the search would prove nothing")


def _forms(sentence: str) -> Iterator[tuple[str, bytes]]:
    for fragment in {sentence[:FRAGMENT_CHARS], sentence[-FRAGMENT_CHARS:]}:
        plain = fragment.encode()
        if len(plain) < SHORTEST_FRAGMENT_BYTES:
            continue
        yield "UTF-8", plain
        yield "UTF-16 little-endian", fragment.encode("utf-16-le")
        yield "UTF-16 big-endian", fragment.encode("utf-16-be")
        yield "hex", plain.hex().encode()
        yield "HEX", plain.hex().upper().encode()
        escaped = json.dumps(fragment)[1:-1].encode()
        if escaped != plain:
            yield "JSON", escaped
        for shift in range(3):
            # base64 of a text depends on where it begins; the first and last character also on its neighbours.
            encoded = base64.b64encode(b"\0" * shift + plain)[shift + 1 if shift else 0 :].rstrip(b"=")[:-1]
            yield "base64", encoded
            yield "base64url", encoded.replace(b"+", b"-").replace(b"/", b"_")
