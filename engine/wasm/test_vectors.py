"""The frozen vectors as WebAssembly: Rust's own tests of them, built as the engine for browsers is built, run under Node."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = [ROOT / "engine/public/src/vectors.rs", ROOT / "engine/core/tests/formats/vectors.rs"]
LEAST = 10


@pytest.mark.timeout(1800)
def test_every_frozen_vector_holds_as_webassembly() -> None:
    done = subprocess.run(
        [ROOT / "engine/wasm/build", "vectors"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    written = {name for file in TESTS for name in re.findall(r"#\[test\]\nfn (\w+)", file.read_text())}
    ran = {
        name.rpartition("::")[2] for name in re.findall(r"^test (\S+) \.\.\. ok$", done.stdout, re.MULTILINE)
    }
    assert len(written) >= LEAST
    assert ran == written
