"""Which passwords are good enough, as a table."""

import secrets
import unicodedata
from importlib.resources import files

import pytest

from inmost_server.features.accounts.known_passwords import KnownPasswordList, packed, shipped_list
from inmost_server.features.accounts.password_policy import WORDS, Weakness, prepared, weakness

GOOD = "violet anchor parade tundra"


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        (GOOD, None),
        ("длинный пароль и чай", None),
        ("今日は良い天気ですね散歩", None),
        ("elevenchars", Weakness.TOO_SHORT),
        ("é" * 11, Weakness.TOO_SHORT),
        (GOOD * 10, Weakness.TOO_LONG),
        ("violet anchor\x00parade tundra", Weakness.NOT_TEXT),
        ("violet anchor\ud800 tundra", Weakness.NOT_TEXT),
        ("my name is Alice and so on", Weakness.NEAR_WORD),
        ("Acme Rockets go to the moon", Weakness.NEAR_WORD),
        ("aaaaaaaaaaaaaaaa", Weakness.GUESSABLE),
        ("passwordpassword", Weakness.GUESSABLE),
        ("qwertyuiop[]asdf", Weakness.GUESSABLE),
        ("correcthorse", Weakness.GUESSABLE),
    ],
)
def test_a_password_is_refused_for_the_first_reason_that_applies(password, expected):
    assert weakness(prepared(password), ("alice", "acme rockets"), shipped_list()) == expected


def test_every_weakness_has_words():
    assert set(WORDS) == set(Weakness)


def test_a_password_is_one_however_a_keyboard_composes_it():
    decomposed = unicodedata.normalize("NFD", "Zoë über die Brücke nach Köln")
    assert prepared(decomposed) == prepared("Zoë über die Brücke nach Köln")


@pytest.mark.parametrize(
    "stolen", ["000webhost4ever", "01022002sanzhar", "041299sinedvolA", "05NA03ta1975sha"]
)
def test_stolen_passwords_are_refused_in_any_case(stolen):
    assert weakness(stolen, (), shipped_list()) == Weakness.KNOWN


def test_the_shipped_list_has_a_million_entries_in_less_than_two_megabytes():
    assert len(shipped_list()) > 1_000_000
    package = files("inmost_server.features.accounts")
    assert len(package.joinpath("known_passwords.bin").read_bytes()) < 2_000_000


def test_the_shipped_list_seldom_refuses_what_is_not_on_it():
    refused = sum(secrets.token_urlsafe(16) in shipped_list() for _ in range(20_000))
    assert refused < 20_000 / 200


def test_a_list_holds_exactly_what_was_packed():
    passwords = {f"password number {n}" for n in range(5_001)}
    made = KnownPasswordList(packed(passwords))
    assert all(password in made for password in passwords)
    assert "Password Number 17" in made
    assert sum(f"another {n}" in made for n in range(5_000)) <= 2


def test_a_damaged_list_is_not_used():
    with pytest.raises(ValueError, match="damaged"):
        KnownPasswordList(packed({"one two three four"})[:-1])
