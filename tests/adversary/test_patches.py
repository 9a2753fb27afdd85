"""Patches that take defences out must go with the code, or nobody notices that a proof has become stale."""

import re
import subprocess

import pytest

from tests.adversary.defences import HONEST, ROOT, WITHOUT, read

PATCHES = sorted(WITHOUT.glob("*.patch"))
# No attacks: how people live without one, and the tools.
NO_ATTACKS = {HONEST, "tests/adversary/test_patches.py", "tests/adversary/test_plaintext_search.py"}


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_patch_that_takes_a_defence_out_still_applies_and_names_a_test_that_is_there(patch):
    applied = subprocess.run(
        ["git", "apply", "--check", patch], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert applied.returncode == 0, applied.stderr
    for test in read(patch).turns_red:
        file, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text()


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_patch_stands_in_the_result_as_shown(patch):
    (row,) = [
        line
        for line in (WITHOUT / "RESULT.md").read_text().splitlines()
        if line.startswith(f"| `{patch.stem}` |")
    ]
    assert "| red, as it must be |" in row
    assert all(f"`{test.partition('::')[2]}`" in row for test in read(patch).turns_red), "prove it anew"


def test_every_attack_has_a_patch_that_lets_it_through_or_a_reason_why_none_does():
    shown = {test.partition("[")[0] for patch in PATCHES for test in read(patch).turns_red}
    reasons = (WITHOUT / "UNPATCHED.md").read_text()
    for file in sorted((ROOT / "tests/adversary").glob("test_*.py")):
        path = str(file.relative_to(ROOT))
        for name in re.findall(r"^async def (test_\w+)|^def (test_\w+)", file.read_text(), re.MULTILINE):
            test = "".join(name)
            is_named = f"{path}::{test}" in shown or f"| `{test}` |" in reasons
            assert is_named or path in NO_ATTACKS, f"{path}::{test}"
