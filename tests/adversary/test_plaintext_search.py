"""The search for plaintext finds what is there: else its silence would prove nothing."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adversary.plaintext_search import PlaintextSearch

SENTENCE = "17: The merger with Müller & Söhne is on “Friday” 🤫"
FORMS = {
    "UTF-8": SENTENCE.encode(),
    "UTF-16 little-endian": SENTENCE.encode("utf-16-le"),
    "UTF-16 big-endian": SENTENCE.encode("utf-16-be"),
    "hex": SENTENCE.encode().hex().encode(),
    "HEX": SENTENCE.encode().hex().upper().encode(),
    "JSON": json.dumps(SENTENCE).encode(),
    "base64 at 0": base64.b64encode(SENTENCE.encode()),
    "base64 at 1": base64.b64encode(b"x" + SENTENCE.encode()),
    "base64 at 2": base64.b64encode(b"xy" + SENTENCE.encode()),
    "base64url": base64.urlsafe_b64encode(SENTENCE.encode() + b"\xff\xfe"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_planted_sentence_is_found_in_every_form(form: str, tmp_path: Path) -> None:
    (tmp_path / "database").write_bytes(b"\0" * 1000 + FORMS[form] + b"\0" * 1000)
    found = list(PlaintextSearch([SENTENCE]).in_folder(tmp_path))
    assert found
    assert {find.sentence for find in found} == {SENTENCE}


def test_a_sentence_across_two_reads_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.adversary.plaintext_search.CHUNK_BYTES", 64)
    (tmp_path / "log").write_bytes(b"." * 50 + SENTENCE.encode() + b"." * 50)
    assert list(PlaintextSearch([SENTENCE]).in_folder(tmp_path))


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 4096)
    assert not list(PlaintextSearch([SENTENCE]).in_folder(tmp_path))


def test_a_sentence_in_the_memory_of_a_process_is_found() -> None:
    program = "import sys; kept = sys.stdin.readline(); print('ready', flush=True); sys.stdin.readline()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(SENTENCE.encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"ready\n"
        found = list(PlaintextSearch([SENTENCE]).in_memory_of(process.pid))
        process.stdin.close()
    assert found
