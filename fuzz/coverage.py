"""How many lines of each parser the corpus reaches: python -m fuzz.coverage RUST.json PYTHON.json PARSERS (by `make fuzz-coverage`)."""

import json
import sys
from pathlib import Path

AT_LEAST = 80.0


def rust_lines(file: Path) -> dict[str, tuple[int, int]]:
    """(reached, all) of each file, as llvm-cov exports it. Unit tests are not compiled into what is measured."""
    found = {}
    for one in json.loads(file.read_text())["data"][0]["files"]:
        lines = one["summary"]["lines"]
        found[one["filename"]] = (lines["covered"], lines["count"])
    return found


def python_lines(file: Path) -> dict[str, tuple[int, int]]:
    """The same, as coverage.py exports it."""
    found = {}
    for name, one in json.loads(file.read_text())["files"].items():
        summary = one["summary"]
        found[name] = (summary["covered_lines"], summary["num_statements"])
    return found


def main() -> int:
    rust, python, parsers = (Path(name) for name in sys.argv[1:4])
    lines = rust_lines(rust) | python_lines(python)
    missed = 0
    for row in parsers.read_text().splitlines():
        if not row or row.startswith("#"):
            continue
        target, parser = row.split()
        reached, every = next((found for name, found in lines.items() if name.endswith(parser)), (0, 0))
        share = 100 * reached / every if every else 0.0
        missed += share < AT_LEAST
        print(
            f"{share:5.1f} %  {reached:4} of {every:4} lines  {target:8}  {parser}{'  <- below 80 %' if share < AT_LEAST else ''}"
        )
    print(
        f"{missed} of the parsers are reached less than {AT_LEAST:.0f} %"
        if missed
        else f"every parser is reached {AT_LEAST:.0f} % or more"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
