"""Compare docs/promises.md with what a test run left behind, and fail when a promise was not shown.

    python -m tests.promises.check --pytest .build/test/pytest.xml --cargo .build/test/cargo.txt

A promise is a row of a table. Its last cell names its proofs, each in backticks:

    `tests/story/test_story.py::test_x`      a pytest test, all its parameters taken together
    `cargo:inmost_core::content::x`          a Rust test: the crate's name, then the test's
    `figure:seal_200`                        a figure of bench/results/latest.json
    `picture:docs/pictures/chat.svg`         a file that is there

A test that was skipped, ignored or expected to fail shows nothing, so any such test fails the run, named by a promise or not.
"""

import argparse
import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True)
class Promise:
    text: str
    line: int
    proofs: tuple[str, ...]


@dataclass
class Run:
    """What ran: each test's name and whether it passed; and what did not run though it is there."""

    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)

    def __ior__(self, other: "Run") -> "Run":
        self.passed |= other.passed
        self.failed |= other.failed
        self.skipped |= other.skipped
        return self

    def closing_line(self) -> str:
        """The form that CI reads."""
        return f"{len(self.passed)} passed, {len(self.failed)} failed" + (
            f", {len(self.skipped)} skipped" if self.skipped else ""
        )


def read_promises(markdown: str) -> list[Promise]:
    promises = []
    in_body = False
    for number, line in enumerate(markdown.splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.lstrip().startswith("|"):
            in_body = False
        elif all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            in_body = True  # The rule under a table's head: what follows are its rows.
        elif in_body:
            promises.append(Promise(cells[0], number, tuple(re.findall(r"`([^`]+)`", cells[-1]))))
    return promises


def read_pytest(junit_xml: str) -> Run:
    """Read JUnit XML in pytest's xunit1 form, the one that names each test's file."""
    run = Run()
    for case in ElementTree.fromstring(junit_xml).iter("testcase"):
        file = case.get("file", "")
        # classname is the module's dotted name and, for a test in a class, the class's after it.
        module = file.removesuffix(".py").replace("/", ".")
        in_class = [part for part in case.get("classname", "").removeprefix(module).split(".") if part]
        name = "::".join([file, *in_class, case.get("name", "")])
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            run.failed.add(name)
        elif "skipped" in outcomes:
            run.skipped.add(name)
        else:
            run.passed.add(name)
    run.passed -= run.failed  # A test that passed and whose clean-up failed is listed twice.
    return run


def read_cargo(output: str) -> Run:
    run = Run()
    crate = ""
    for line in output.splitlines():
        if found := re.search(r"^\s*(?:Running .*[/(](\w+)-[0-9a-f]+\)?|Doc-tests (\w+))$", line):
            crate = found[1] or found[2]
        elif found := re.match(r"test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)\b", line):
            {"ok": run.passed, "FAILED": run.failed, "ignored": run.skipped}[found[2]].add(
                f"cargo:{crate}::{found[1]}"
            )
    return run


def problem_with(proof: str, run: Run, figures: set[str], root: Path) -> str | None:
    """Say why this proof does not show its promise; nothing if it does."""
    kind, _, name = proof.partition(":")
    if kind == "figure":
        return None if name in figures else "no such figure in bench/results/latest.json"
    if kind == "picture":
        return None if (root / name).is_file() else "no such file"
    if kind != "cargo" and "::" not in proof:
        return "not a pytest test, nor cargo:, figure: or picture:"

    def matching(names: set[str]) -> bool:
        return any(each == proof or each.startswith(proof + "[") for each in names)

    if matching(run.failed):
        return "failed"
    if matching(run.skipped):
        return "was skipped"
    if not matching(run.passed):
        return "did not run, or there is no such test"
    return None


def problems(promises: list[Promise], run: Run, figures: set[str], root: Path) -> list[str]:
    found = []
    if not promises:
        found.append("docs/promises.md makes no promise: has its table's form changed?")
    for promise in promises:
        if not promise.proofs:
            found.append(f"line {promise.line}: nothing shows it: {promise.text}")
        for proof in promise.proofs:
            if problem := problem_with(proof, run, figures, root):
                found.append(f"line {promise.line}: {proof}: {problem}: {promise.text}")
    found += [f"skipped: {name}" for name in sorted(run.skipped)]
    return found


def read_figures(latest: Path) -> set[str]:
    """The names of the figures that `make bench` kept; none if it never ran."""
    if not latest.exists():
        return set()
    return {figure["name"] for figure in json.loads(latest.read_text())["figures"]}


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--pytest", type=Path, required=True, help="JUnit XML, xunit1")
    words.add_argument("--cargo", type=Path, required=True, help="what cargo test printed, both streams")
    words.add_argument("--root", type=Path, default=Path(), help="the checkout")
    given = words.parse_args()

    run = Run()
    run |= read_pytest(given.pytest.read_text())
    run |= read_cargo(given.cargo.read_text(errors="replace"))
    figures = read_figures(given.root / "bench/results/latest.json")
    promises = read_promises((given.root / "docs/promises.md").read_text())
    found = problems(promises, run, figures, given.root)
    for problem in found:
        print(f"promises: {problem}")
    if not found:
        print(f"promises: all {len(promises)} shown")
    print(run.closing_line())
    return 1 if found or run.failed or not run.passed else 0


if __name__ == "__main__":
    sys.exit(main())
