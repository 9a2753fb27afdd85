"""The built files of the web app (web/dist): found by the list that the build made of them, in the encodings it made."""

import asyncio
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import msgspec

BUILT: Final = Path(__file__).parent / "dist"
LIST: Final = "files.json"
# What a browser may take instead of the file as it is, the smallest first; the build made them beside it.
ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
TYPES: Final = {".wasm": "application/wasm", ".webmanifest": "application/manifest+json"}


class _Listed(msgspec.Struct, frozen=True):
    """What the build wrote. files: SHA-256 (hex) of each file by its path."""

    version: str
    files: dict[str, str]


@dataclass(frozen=True)
class File:
    """One file as it goes out. encoding: None for the file as it is."""

    content: bytes
    media_type: str
    encoding: str | None
    digest: str


class Files:
    """The files of one build, or of none. Only what its list names is ever read."""

    def __init__(self, folder: Path, listed: dict[str, str]) -> None:
        self._folder, self._listed = folder, listed

    @classmethod
    def load(cls, folder: Path = BUILT) -> Self:
        """None at all where the web app was not built. Raises msgspec.DecodeError when its list cannot be read."""
        listed = folder / LIST
        if not listed.is_file():
            return cls(folder, {})
        found = msgspec.json.decode(listed.read_bytes(), type=_Listed)
        # The list is not in itself.
        return cls(folder, {**found.files, LIST: ""})

    @property
    def is_built(self) -> bool:
        return bool(self._listed)

    def __contains__(self, path: str) -> bool:
        return path in self._listed

    async def file(self, path: str, accepted: str) -> File:
        """The file at a listed path in the best encoding of an Accept-Encoding header. Raises KeyError."""
        digest = self._listed[path]
        return await asyncio.to_thread(self._read, path, accepted, digest)

    def _read(self, path: str, accepted: str, digest: str) -> File:
        whole = self._folder / path
        kind = TYPES.get(whole.suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        offered = {part.partition(";")[0].strip() for part in accepted.lower().split(",")}
        for encoding, ending in ENCODINGS.items():
            encoded = whole.with_name(whole.name + ending)
            if encoding in offered and encoded.is_file():
                return File(encoded.read_bytes(), kind, encoding, digest)
        return File(whole.read_bytes(), kind, None, digest)
