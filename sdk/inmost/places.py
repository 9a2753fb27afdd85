"""Where a profile lives on disk: its folder, its files, and that nobody else may read them."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from inmost.errors import NoProfile, NotFound


@dataclass(frozen=True)
class Place:
    """One profile's folder: one account on one device.

    profile   1 to 64 letters, digits, `.`, `-` or `_`
    folder    INMOST_HOME (or ~/.local/share/inmost) / profile, mode 0700
    """

    profile: str
    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "store.db"

    @property
    def key(self) -> Path:
        """How the store's key is kept; never the key itself."""
        return self.folder / "key.json"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def is_there(self) -> bool:
        return self.key.exists() and self.store.exists()

    def must_be_there(self) -> None:
        """Raises NoProfile."""
        if not self.is_there:
            raise NoProfile(f"There is no profile “{self.profile}” on this computer.")

    def make(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)


def place_of(profile: str = "default", home: Path | None = None) -> Place:
    """Find the folder of a profile. home: instead of INMOST_HOME. Raises NotFound for a name that cannot be one."""
    if not re.fullmatch(r"[\w][\w.-]{0,63}", profile):
        raise NotFound(f"“{profile}” cannot be a profile's name: letters, digits, dots, dashes only.")
    return Place(profile, (home or default_home()) / profile)


def default_home() -> Path:
    if given := os.environ.get("INMOST_HOME"):
        return Path(given).expanduser()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "inmost"


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, complete or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
