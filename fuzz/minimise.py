"""Of a server target's inputs keep those that reach something: python -m fuzz.minimise frames FROM INTO (atheris cannot merge).

Smallest first; each that goes from a line to a line that none before it did is copied.
"""

import shutil
import sys
import tempfile
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from fuzz.server import TARGETS, target
from fuzz.server.inside import Found, Inside

OURS = ("inmost_server", "inmost_protocol")
Step = tuple[CodeType, int, int]


class Steps:
    """The steps from line to line that were made in our code, on whichever thread."""

    def __init__(self) -> None:
        self.made: set[Step] = set()
        self._is_ours: dict[str, bool] = {}

    def __enter__(self) -> "Steps":
        threading.settrace(self._called)
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        file = frame.f_code.co_filename
        is_ours = self._is_ours.get(file)
        if is_ours is None:
            is_ours = self._is_ours[file] = any(f"/{name}/" in file for name in OURS)
        if not is_ours:
            return None
        before, code = 0, frame.f_code

        def stepped(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal before
            self.made.add((code, before, frame.f_lineno))
            before = frame.f_lineno
            return stepped

        return stepped(frame, event, argument)


def main() -> None:
    name, given, into = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if name not in TARGETS:
        sys.exit(f"There is {', '.join(TARGETS)}.")
    into.mkdir(parents=True, exist_ok=True)
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    files = sorted(given.iterdir(), key=lambda file: (file.stat().st_size, file.name))
    with tempfile.TemporaryDirectory(dir=place) as data, Steps() as steps:
        inside = Inside(Path(data))
        run = target(name, inside)
        kept = 0
        for file in files:
            before = len(steps.made)
            try:
                run(file.read_bytes())
            except Found as found:
                print(f"{file}: {found}")
            if len(steps.made) > before:
                shutil.copy(file, into / file.name)
                kept += 1
        print(f"{name}: {kept} of {len(files)}")
        inside.close()


if __name__ == "__main__":
    main()
