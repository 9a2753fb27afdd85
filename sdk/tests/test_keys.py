"""How the store's key is kept."""

import json
from pathlib import Path

import keyring
import keyring.backend
import pytest

from inmost.errors import KeyUnavailable, NoProfile, PassphraseNeeded, WrongKey, WrongPassphrase
from inmost.places import place_of
from inmost.store import Custody, find_key, keyring_is_usable, make_key


@pytest.fixture
def place(tmp_path: Path):
    place = place_of("anna", tmp_path / "home")
    place.make()
    place.store.touch()
    return place


def test_a_passphrase_opens_the_store_and_another_is_refused(place):
    key = make_key(place, Custody("passphrase", passphrase=lambda: "seven green bottles"))
    assert find_key(place, lambda: "seven green bottles") == key
    with pytest.raises(WrongPassphrase):
        find_key(place, lambda: "six green bottles")
    with pytest.raises(PassphraseNeeded):
        find_key(place)
    assert key.hex() not in place.key.read_text()


def test_a_key_file_says_that_it_protects_nothing(place, tmp_path):
    custody = Custody("key-file", key_file=tmp_path / "bot.key")
    key = make_key(place, custody)
    assert find_key(place) == key
    assert "no protection against a copied disk" in custody.in_words
    assert "no protection against a copied disk" in json.loads(place.key.read_text())["warning"]
    assert (tmp_path / "bot.key").stat().st_mode & 0o077 == 0
    (tmp_path / "bot.key").write_text("not a key")
    with pytest.raises(WrongKey):
        find_key(place)
    (tmp_path / "bot.key").unlink()
    with pytest.raises(KeyUnavailable):
        find_key(place)


def test_a_computer_without_keyring_says_so(place):
    if keyring_is_usable():
        return  # This computer has one: what follows is about those that have none.
    with pytest.raises(KeyUnavailable, match="no keyring"):
        make_key(place, Custody("keyring"))


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring as a backend may be one, in this process."""

    priority = 5  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture
def ring():
    before = keyring.get_keyring()
    ring = MemoryKeyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


def test_the_keyring_keeps_the_key_and_the_folder_does_not(place, ring):
    assert keyring_is_usable()
    key = make_key(place, Custody("keyring"))
    assert find_key(place) == key
    assert key.hex() not in place.key.read_text()
    ring.kept.clear()
    with pytest.raises(KeyUnavailable, match="no key for this profile"):
        find_key(place)


def test_a_keyring_that_writes_plain_files_is_not_used(ring):
    ring.priority = 0.5
    assert not keyring_is_usable()


def test_a_profile_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NoProfile, match="anna"):
        find_key(place_of("anna", tmp_path))
