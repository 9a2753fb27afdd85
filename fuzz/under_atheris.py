"""Run a target under atheris: python -m fuzz.under_atheris frames fuzz/corpus/frames -max_total_time=600 (libFuzzer's options).

Outside of fuzz.server, which Python would otherwise import before atheris can instrument it.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["inmost_server", "inmost_protocol"]):
    from fuzz.server import TARGETS, target
    from fuzz.server.inside import Inside


def main() -> None:
    name = sys.argv[1]
    if name not in TARGETS:
        sys.exit(f"There is {', '.join(TARGETS)}.")
    # In memory where there is such a place: a commit of the store waits for the disk.
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as data:
        run = target(name, Inside(Path(data)))
        atheris.Setup([sys.argv[0], *sys.argv[2:]], run)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
