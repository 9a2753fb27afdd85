"""Takes each defence out in turn and shows that its attack then succeeds: `make test-defences`.

    python -m tests.adversary.defences [NAME ...]

A defence is a patch in without/. Its head says what it takes out and which test must turn red:

    Takes out: the server's check of who may come back
    Turns red: tests/adversary/test_revoked_device.py::test_...

Several tests, one a line, must all turn red; of one that runs with several parameters one is enough. Each is applied to a
scratch checkout of HEAD with build outputs of its own. It counts only if the honest journey stays green and the test fails at
its assertion about the attack; a crash, a timeout or an import error is no proof.
The results stand in without/RESULT.md.
"""

import datetime
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
WITHOUT = Path(__file__).parent / "without"
SCRATCH = ROOT / ".build" / "defences"
TREE = SCRATCH / "tree"
PATHS = ("", "protocol", "server", "sdk", "cli", "engine/python")
HONEST = "tests/adversary/test_honest.py"
SUCCEEDED = "ATTACK SUCCEEDED"
BUILD_TIMEOUT_S = 3600
TEST_TIMEOUT_S = 400


@dataclass(frozen=True)
class Defence:
    name: str
    patch: Path
    takes_out: str
    turns_red: tuple[str, ...]

    @property
    def touches_rust(self) -> bool:
        return re.search(r"^\+\+\+ b/\S+\.rs$", self.patch.read_text(), re.MULTILINE) is not None


@dataclass(frozen=True)
class Outcome:
    defence: Defence
    proved: bool
    words: str
    took_s: float


def read(patch: Path) -> Defence:
    """A patch and what its head says of it."""
    head = patch.read_text().partition("diff --git")[0]
    takes_out, turns_red = (
        re.findall(rf"^{key}: (.+)$", head, re.MULTILINE) for key in ("Takes out", "Turns red")
    )
    if len(takes_out) != 1 or not turns_red:
        raise SystemExit(f"{patch.name} does not say what it takes out and which test turns red")
    return Defence(patch.stem, patch, takes_out[0], tuple(turns_red))


def run(*command: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=TREE, env=environment(), capture_output=True, text=True, timeout=timeout_s, check=False
    )


def environment() -> dict[str, str]:
    """The scratch checkout's packages before the installed ones; its own build outputs."""
    paths = os.pathsep.join(str(TREE / path) for path in PATHS)
    return {**os.environ, "PYTHONPATH": paths, "CARGO_TARGET_DIR": str(SCRATCH / "target")}


def prepare() -> str:
    """A clean scratch checkout of HEAD; its commit."""
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    if not TREE.exists():
        subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)
        subprocess.run(
            ["git", "worktree", "add", "--quiet", "--detach", str(TREE)], cwd=ROOT, check=True, timeout=120
        )
    run("git", "checkout", "--quiet", "--force", "--detach", commit.stdout.strip())
    return commit.stdout.strip()


def build() -> str:
    """Engine and attackers' tools; the error, if any."""
    for target in ("engine", "attacker"):
        built = run("make", target, timeout_s=BUILD_TIMEOUT_S)
        if built.returncode:
            return built.stderr[-2000:]
    return ""


def pytest(*tests: str) -> dict[str, str] | str:
    """What each failed test said, by its name as in `tests`; the error, if pytest did not come to an end."""
    report = SCRATCH / "report.xml"
    report.unlink(missing_ok=True)
    options = ("-q", "-p", "no:cacheprovider", f"--junit-xml={report}")
    try:
        ran = run(
            str(ROOT / ".venv/bin/python"),
            "-m",
            "pytest",
            *options,
            *tests,
            timeout_s=TEST_TIMEOUT_S * len(tests),
        )
    except subprocess.TimeoutExpired:
        return "timeout"
    if ran.returncode not in (0, 1):
        return (ran.stdout + ran.stderr)[-300:]
    said: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{str(case.get('classname')).replace('.', '/')}.py::{case.get('name')}"
        test = next(test for test in tests if name == test or name.startswith((f"{test}[", f"{test}::")))
        said.setdefault(test, "")
        for failure in (*case.iter("failure"), *case.iter("error")):
            said[test] += failure.text or "it broke"
    missing = set(tests) - set(said)
    return f"did not run: {missing}" if missing else {test: words for test, words in said.items() if words}


def prove(defence: Defence) -> Outcome:
    """Without this defence the honest journey stays green and the attack succeeds."""
    began = time.monotonic()

    def outcome(proved: bool, words: str) -> Outcome:
        run("git", "apply", "--reverse", str(defence.patch))
        return Outcome(defence, proved, words, time.monotonic() - began)

    applied = run("git", "apply", str(defence.patch))
    if applied.returncode:
        return Outcome(defence, False, f"does not apply: {applied.stderr.strip()[:300]}", 0)
    if defence.touches_rust and (error := build()):
        return outcome(False, f"does not build: {error.strip()[-300:]}")
    said = pytest(HONEST, *defence.turns_red)
    if isinstance(said, str):
        return outcome(False, f"the tests did not run: {said}")
    if HONEST in said:
        return outcome(False, f"the honest journey fails: {last_error(said[HONEST])}")
    proofs = [attacked(test, said.get(test)) for test in defence.turns_red]
    words = "; ".join(dict.fromkeys(words for _, words in proofs))
    return outcome(all(is_proof for is_proof, _ in proofs), words)


def attacked(test: str, said: str | None) -> tuple[bool, str]:
    """Whether this test failed at its assertion about the attack, and what it said. said: None when it stayed green."""
    if said is None:
        return False, f"{name_of(test)} stays green"
    if found := re.search(rf"^E .*({SUCCEEDED}: [^\n]*)", said, re.MULTILINE):
        return True, found[1]
    return False, f"{name_of(test)} is red, but not by the attack: {last_error(said)}"


def name_of(test: str) -> str:
    return test.partition("::")[2]


def last_error(said: str) -> str:
    errors = [line for line in said.splitlines() if line.startswith("E ")]
    return (errors or said.splitlines() or ["nothing was said"])[-1].strip()[:300]


def write_result(outcomes: list[Outcome], commit: str) -> None:
    """Keep what was proved; what was not run this time keeps its line."""
    result = WITHOUT / "RESULT.md"
    kept = {}
    if result.exists():
        rows = re.findall(r"^\| `([^`]+)` \|.*$", result.read_text(), re.MULTILINE)
        lines = re.findall(r"^\| `[^`]+` \|.*$", result.read_text(), re.MULTILINE)
        kept = dict(zip(rows, lines, strict=True))
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M")
    for one in outcomes:
        verdict = "red, as it must be" if one.proved else "NOT SHOWN"
        words = one.words.replace("|", "/").replace("\n", " ")
        tests = ", ".join(f"`{name_of(test)}`" for test in one.defence.turns_red)
        kept[one.defence.name] = (
            f"| `{one.defence.name}` | {one.defence.takes_out} | {tests} | {verdict} | {words} | {today}, {commit[:10]} |"
        )
    there = {patch.stem for patch in WITHOUT.glob("*.patch")}
    lines = [kept[name] for name in sorted(kept) if name in there]
    head = (
        "# Each defence taken out\n\n"
        "Written by `make test-defences`: each patch in this folder, applied to the commit named, left the honest journey green\n"
        "and made its tests fail at the assertion about the attack. Where it says *by switch*, the same lines stood behind switches in\n"
        "one build and this one alone was switched; the honest journey of the passkeys' ran once with eight of them out. The commit is\n"
        "the one whose product code was built. What MLS or the cipher refuses by itself stands in [UNPATCHED.md](UNPATCHED.md).\n\n"
        "| defence | what the patch takes out | test | outcome | what the test said | when, commit |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
    )
    result.write_text(head + "\n".join(lines) + "\n")


def main(names: list[str]) -> int:
    defences = [read(patch) for patch in sorted(WITHOUT.glob("*.patch"))]
    wanted = [one for one in defences if not names or one.name in names]
    # Those that need no build first.
    wanted.sort(key=lambda one: (one.touches_rust, one.name))
    commit = prepare()
    if error := build():
        print(f"HEAD does not build:\n{error}")
        return 1
    outcomes = []
    is_built_with_patch = False
    for defence in wanted:
        if is_built_with_patch and not defence.touches_rust:
            build()
        outcome = prove(defence)
        is_built_with_patch = defence.touches_rust
        outcomes.append(outcome)
        print(
            f"{'red ' if outcome.proved else 'NOT '} {defence.name}: {outcome.words} ({outcome.took_s:.0f} s)",
            flush=True,
        )
        write_result(outcomes, commit)
    build()
    return 0 if all(outcome.proved for outcome in outcomes) else 1


if __name__ == "__main__":
    assert shutil.which("git")
    sys.exit(main(sys.argv[1:]))
