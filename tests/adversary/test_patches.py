"""Patches that take defences out must go with the code, or nobody notices that a proof has become stale."""

import subprocess

import pytest

from tests.adversary.defences import ROOT, WITHOUT, read

PATCHES = sorted(WITHOUT.glob("*.patch"))


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_patch_that_takes_a_defence_out_still_applies_and_names_a_test_that_is_there(patch):
    applied = subprocess.run(
        ["git", "apply", "--check", patch], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert applied.returncode == 0, applied.stderr
    file, _, name = read(patch).turns_red.partition("::")
    assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text()
