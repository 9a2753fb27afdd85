"""The fuzzers have a lock file of their own, and `make fuzz` is not part of `make test`: that it can still be built is looked at here."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = ("inmost-core", "inmost-public", "inmost-fuzz")


def needs(lock: Path) -> dict[str, set[str]]:
    """The names of what each of our crates depends on, as this lock file has it. Tests' own dependencies are only in the workspace's."""
    packages = tomllib.loads(lock.read_text())["package"]
    return {
        package["name"]: {needed.split()[0] for needed in package.get("dependencies", [])}
        for package in packages
        if package["name"] in OURS
    }


def dependencies(manifest: Path) -> set[str]:
    return set(tomllib.loads(manifest.read_text())["dependencies"])


def test_the_fuzzers_lock_knows_everything_that_the_engine_needs():
    locked = needs(ROOT / "fuzz/libfuzzer/Cargo.lock")
    for name, folder in zip(OURS, ("engine/core", "engine/public", "fuzz/engine"), strict=True):
        assert dependencies(ROOT / folder / "Cargo.toml") <= locked[name], (
            "make fuzz would not build: cargo update --workspace in fuzz/libfuzzer"
        )
