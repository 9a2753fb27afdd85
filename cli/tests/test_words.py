"""What the command says: refusals in plain words, codes for scripts, tables that fit, nothing that steers a terminal."""

import subprocess
import sys
from pathlib import Path

import pytest

from inmost.errors import InmostError, Offline, ProfileInUse, Refused, SignedOut, WrongPassphrase
from inmost.models import People, Person
from inmost.naming import find_conversation, find_person, title_of
from inmost_cli import totp
from inmost_cli.output import clean, clean_lines
from inmost_cli.reading import excerpt
from inmost_cli.words import CODES, REFUSALS, exit_code, explain

PROTOCOL_WORDS = {"epoch", "commit", "mls", "frame", "leaf", "ratchet", "ciphertext", "payload", "nonce"}


def test_no_refusal_speaks_of_the_protocol():
    for said, hint in REFUSALS.values():
        assert not PROTOCOL_WORDS & set(f"{said} {hint}".lower().replace(".", " ").split())
        assert said.endswith(".")


def test_every_kind_of_failure_has_its_documented_code():
    documented = (Path(__file__).parents[2] / "docs/use/terminal.md").read_text()
    for _, code in CODES:
        assert f"\n| {code} | " in documented
    assert exit_code(ProfileInUse("anna", 1, "inmost listen")) == 4
    assert exit_code(WrongPassphrase()) == 5
    assert exit_code(Offline("x")) == 6
    assert exit_code(Refused("NotAllowed", "no")) == 7
    assert exit_code(SignedOut("revoked", "out")) == 9
    assert exit_code(InmostError("odd")) == 1


def test_a_refusal_nobody_wrote_words_for_keeps_its_own_and_shows_its_code():
    assert explain(Refused("Strange", "the moon is full")) == ("The moon is full.", "(Strange)")
    assert explain(Refused("SlowDown", "", 90.4))[1].startswith("Wait 90 seconds")


def test_other_people_s_text_cannot_steer_the_terminal():
    assert "\x1b" not in clean("red \x1b[31m alarm\r\nover\x07")
    assert clean_lines("a\n\tb\x1b[2J\u202e") == "a\n\tb�[2J�"


def test_an_excerpt_shows_the_word_in_its_place():
    assert "needle" in excerpt("hay " * 100 + "needle" + " hay" * 100, "needle")
    assert excerpt("short", "short") == "short"


def test_codes_are_those_of_rfc_6238():
    secret = b"12345678901234567890"
    assert [totp.code_of(secret, at) for at in (59, 1111111109, 20000000000)] == [
        "287082",
        "081804",
        "353130",
    ]
    assert totp.of_base32(totp.base32(secret).lower()) == secret
    assert "█" in totp.picture(totp.address(secret, "anna", "chat.example.org"))


def person(number: int, account: str, name: str) -> Person:
    return Person(f"{number:064x}", account, name, "member", False, False, "link", False)


def test_people_and_conversations_are_found_by_what_people_call_them():
    people = People(
        [person(1, "anna", "Anna"), person(2, "bob", "Bob"), person(3, "carol", "Carol")], f"{1:064x}"
    )
    assert find_person("@Bob", people).name == "Bob"
    with pytest.raises(InmostError, match="dave"):
        find_person("dave", people)
    with pytest.raises(InmostError):
        find_conversation("plans", [], people)
    assert title_of("group", None, [f"{n:064x}" for n in (1, 2, 3)], people) == "Bob, Carol"
    assert title_of("direct", None, [f"{n:064x}" for n in (1, 2)], people) == "Bob"


def run(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": "/usr/bin:/bin", "INMOST_HOME": str(home), **environment}
    return subprocess.run(
        [sys.executable, "-m", "inmost_cli.main", *arguments],
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_failures_are_on_standard_error_with_a_hint_and_a_code(tmp_path):
    ended = run("conversations", home=tmp_path)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "no profile" in ended.stderr
    assert "inmost join" in ended.stderr
    assert "\x1b" not in ended.stderr


def test_wrong_use_is_code_2(tmp_path):
    assert run("send", home=tmp_path).returncode == 2
    assert run("no-such-thing", home=tmp_path).returncode == 2
    assert (
        run("join", "https://chat.example.org/join#x", home=tmp_path, INMOST_PASSPHRASE="p").returncode == 2
    )


def test_help_fits_eighty_columns(tmp_path):
    for command in ([], ["send"], ["people"], ["join"]):
        shown = run(*command, "--help", home=tmp_path, COLUMNS="80").stdout
        assert shown
        assert max(len(line) for line in shown.splitlines()) <= 80


def test_a_server_does_not_carry_the_client_about():
    loaded = "import sys; from inmost_cli.main import make_app; make_app(whole=False); print(int('inmost' in sys.modules))"
    ended = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert ended.stdout == "0\n"
